# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about PCI functions that are named one by one: at levels that tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error
from generator.hardware.functions import singles_of
from generator.model.plan import PartitionPlan, PciGrant, Plan
from generator.model.ports import is_port
from generator.printable import printable


def names_function(partition: PartitionPlan, grant: PciGrant) -> bool:
    """Whether a partition of a level that tells functions apart names one that is no bridge."""
    port = grant.port
    return partition.level != "cooperative" and port is not None and not is_port(port) and port.bridge is None


@error
def pci_function(plan: Plan) -> Iterator[Finding]:
    """A function by itself needs a level above cooperative, MSI, pages and a reset of its own: later."""
    named = [(p, grant) for p in plan.partitions for grant in p.pci if names_function(p, grant)]
    singles = {single.function.path: single for single in singles_of(plan.machine)} if named else {}
    for partition, grant in named:
        path, port = grant.root_port.value, grant.port
        if port is None or path in plan.machine.firmware.boot_devices:
            continue
        title = printable(port.title or f"{port.vendor:04x}:{port.device:04x}")
        single = singles.get(path)
        lacks = single.guarded if single is not None else "it is a part of the chipset"
        if lacks is not None:
            yield Finding(
                grant.root_port.place,
                f"{path} ({title}) cannot be given to '{partition.name.value}' by itself: {lacks}",
                "a function that can be told apart, or a port",
                "name another one; `python -m generator hardware` lists them",
            )
        else:
            yield Finding(
                grant.root_port.place,
                f"{path} ({title}) could be told apart in '{partition.name.value}', which is "
                f"{partition.level}, but the controller does not bind single functions yet",
                "a root port, or a switch's downstream port, with everything behind it",
                "name a port until then",
            )
