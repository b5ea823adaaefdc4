# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about isolation levels: what the machine must have to hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.check.registry import Finding, error
from generator.model.plan import Plan

_LACKS: Mapping[str, str] = {
    "none": "has neither SVM nor VT-x, or they are switched off",
    "vt-x": "has VT-x, and MRM's guard knows SVM only",
}
"""Kinds of virtualization in a machine file that cannot hold a partition."""


@error
def isolation_virtualization(plan: Plan) -> Iterator[Finding]:
    """A level above cooperative needs AMD's SVM; where the machine file does not tell, the boot judges."""
    lacks = _LACKS.get(plan.machine.features.virtualization or "")
    for partition in plan.partitions:
        level = partition.isolation
        if lacks is not None and level is not None and level.value != "cooperative":
            yield Finding(
                level.place,
                f"'{partition.name.value}' is {level.value}, and the machine {plan.machine.name} {lacks}",
                "processors with SVM, and SVM on in the firmware's setup",
                "switch it on and scan the machine again, or write 'isolation: cooperative'",
            )


@error
def isolation_dma(plan: Plan) -> Iterator[Finding]:
    """A contained partition with PCI functions says that their DMA is trusted: nothing confines it yet."""
    for partition in plan.partitions:
        level = partition.isolation
        if level is None or level.value != "contained" or not partition.pci or not partition.knows("dma"):
            continue
        if partition.dma is None:
            yield Finding(
                level.place,
                f"'{partition.name.value}' is contained, and nothing confines DMA and message-signalled "
                "interrupts of its PCI functions yet",
                "'dma: trusted', if its system programs them for its own memory and processors only",
                "add that, give it no PCI functions, or write 'isolation: guarded'",
            )
