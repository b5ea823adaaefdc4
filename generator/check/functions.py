# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about PCI functions that are given away by themselves, at levels that tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from generator.blob.form import MAXIMUM_ALONE, MAXIMUM_FUNCTIONS
from generator.check.registry import Finding, error, warning
from generator.hardware.functions import Single, singles_of
from generator.model.plan import PartitionPlan, PciGrant, Plan
from generator.printable import printable


def _named(plan: Plan) -> Iterator[tuple[PartitionPlan, PciGrant, Single | None]]:
    """Functions that are given away by themselves, and what can be told of each; nothing of a bridge."""
    grants = [(partition, grant) for partition in plan.partitions for grant in partition.pci if grant.alone]
    singles = {single.function.path: single for single in singles_of(plan.machine)} if grants else {}
    for partition, grant in grants:
        yield partition, grant, singles.get(grant.root_port.value)


def _title(grant: PciGrant) -> str:
    """A function in messages."""
    port = grant.port
    told = printable(port.title or f"{port.vendor:04x}:{port.device:04x}") if port is not None else "unknown"
    return f"{grant.root_port.value} ({told})"


@error
def pci_function(plan: Plan) -> Iterator[Finding]:
    """A function by itself has MSI or MSI-X, pages of its own, ECAM, and a reset that leaves others alone."""
    for partition, grant, single in _named(plan):
        if grant.root_port.value in plan.machine.firmware.boot_devices:
            continue
        lacks = single.guarded if single is not None else "it is a part of the chipset"
        if lacks is not None:
            yield Finding(
                grant.root_port.place,
                f"{_title(grant)} cannot be given to '{partition.name.value}' by itself: {lacks}",
                "a function that can be told apart, or a port",
                "name another one; `python -m generator hardware` lists them",
            )


@error
def pci_function_limit(plan: Plan) -> Iterator[Finding]:
    """No partition has more than 16 functions of one bus by themselves."""
    for partition in plan.partitions:
        for grants in partition.buses:
            if grants[0].alone and len(grants) > MAXIMUM_FUNCTIONS:
                yield Finding(
                    grants[MAXIMUM_FUNCTIONS].root_port.place,
                    f"'{partition.name.value}' has {len(grants)} functions of one bus",
                    f"{MAXIMUM_FUNCTIONS} at most",
                    "give some to another partition",
                )


@error
def pci_function_total(plan: Plan) -> Iterator[Finding]:
    """No partition has more than 32 functions by themselves, on all buses together."""
    for partition in plan.partitions:
        alone = [grant for grants in partition.buses if grants[0].alone for grant in grants]
        if len(alone) > MAXIMUM_ALONE:
            yield Finding(
                alone[MAXIMUM_ALONE].root_port.place,
                f"'{partition.name.value}' has {len(alone)} functions by themselves",
                f"{MAXIMUM_ALONE} at most, which is what its guard keeps apart",
                "give some to another partition",
            )


@warning
def reset_methods(plan: Plan) -> Iterator[Finding]:
    """A function by itself can be reset by itself: its bus, which others have too, never is."""
    for _, grant, single in _named(plan):
        if single is not None and single.guarded is None and not single.own_reset:
            yield Finding(
                grant.root_port.place,
                f"{_title(grant)} has no reset of its own: a restart may find it in any state",
                "a function with function-level reset, or one that D3hot resets",
                "choose another one, or see that its driver resets it",
            )
