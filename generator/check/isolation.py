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

CONFINED_PROCESSORS = 2
"""Of one partition, that interrupts of its PCI functions can be confined to: MRM_IOMMU_PROCESSORS."""


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
    """PCI functions of a contained partition are confined: by an AMD IOMMU, to two processors; or trusted."""
    for partition in plan.partitions:
        level = partition.isolation
        if level is None or level.value != "contained" or partition.dma is not None:
            continue
        if not partition.knows("dma", "processors"):
            continue
        if partition.owns_chipset:
            lack = "nothing confines DMA and interrupts of what the owner of the chipset has"
        elif not partition.pci:
            continue
        elif plan.machine.acpi.iommu != "amd-vi":
            lack = f"the machine {plan.machine.name} has no AMD IOMMU to confine DMA of its PCI functions"
        elif partition.processors.wanted > CONFINED_PROCESSORS:
            lack = "the IOMMU confines interrupts of its PCI functions to two processors at most"
        else:
            continue
        yield Finding(
            level.place,
            f"'{partition.name.value}' is contained, and {lack}",
            "'dma: trusted', if its system programs them for its own memory and processors only",
            "add that, give it no PCI functions, or write 'isolation: guarded'",
        )
