# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about processors."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.model.machine import Processor
from generator.model.plan import PartitionPlan, Plan, ProcessorGrant

MAXIMUM_PROCESSORS = 256
"""MRM_MAX_PROCESSORS of MrmPlan.h."""


def _grants(plan: Plan) -> Iterator[tuple[PartitionPlan, ProcessorGrant]]:
    """All processors given to anyone."""
    for partition in plan.partitions:
        for grant in partition.processors.grants:
            yield partition, grant


@error
def processor_exists(plan: Plan) -> Iterator[Finding]:
    """Every processor named by APIC ID is in the machine."""
    for _, grant in _grants(plan):
        if grant.processor is None:
            known = [str(processor.apic_id) for processor in plan.machine.processors if not processor.bsp]
            listed = ", ".join(known[:16]) + (", …" if len(known) > 16 else "")
            yield Finding(
                grant.place,
                f"the machine {plan.machine.name} has no processor with APIC ID {grant.apic_id}",
                f"one of {listed}",
                "change the APIC ID",
            )


@error
def processor_not_bsp(plan: Plan) -> Iterator[Finding]:
    """The bootstrap processor stays with the PC's firmware and the controller."""
    for _, grant in _grants(plan):
        if grant.processor is not None and grant.processor.bsp:
            yield Finding(
                grant.place,
                f"APIC ID {grant.apic_id} is the bootstrap processor, on which the controller runs",
                "another processor",
                "change the APIC ID",
            )


@error
def processor_owned_once(plan: Plan) -> Iterator[Finding]:
    """No processor is given twice, neither to two partitions nor to one."""
    owners: dict[int, PartitionPlan] = {}
    for partition, grant in _grants(plan):
        owner = owners.get(grant.apic_id)
        if owner is None:
            owners[grant.apic_id] = partition
        else:
            yield Finding(
                grant.place,
                f"the processor with APIC ID {grant.apic_id} belongs to '{owner.name.value}' already",
                "a processor nobody else has",
                "change one of them",
            )


@error
def processor_enough(plan: Plan) -> Iterator[Finding]:
    """The machine has as many processors as the partitions ask for, besides the bootstrap processor."""
    most = sum(not processor.bsp for processor in plan.machine.processors)
    for partition in plan.partitions:
        processors = partition.processors
        if len(processors.grants) < processors.wanted:
            yield Finding(
                processors.place,
                f"'{partition.name.value}' asks for {processors.wanted} processors, "
                f"{len(processors.grants)} are left for it",
                f"at most {most} processors for all partitions together",
                "ask for fewer here or in other partitions",
            )


@error
def processor_limit(plan: Plan) -> Iterator[Finding]:
    """No partition has more than 256 processors."""
    for partition in plan.partitions:
        if partition.processors.wanted > MAXIMUM_PROCESSORS:
            yield Finding(
                partition.processors.place,
                f"{partition.processors.wanted} processors",
                f"at most {MAXIMUM_PROCESSORS} for one partition",
                "ask for fewer",
            )


@warning
def processor_whole_core(plan: Plan) -> Iterator[Finding]:
    """Hardware threads of one core belong to one owner: they share caches, MTRRs and more."""
    owners: dict[int, str] = {grant.apic_id: partition.name.value for partition, grant in _grants(plan)}
    cores: dict[tuple[int, int], list[Processor]] = {}
    for processor in plan.machine.processors:
        cores.setdefault((processor.package, processor.core), []).append(processor)
    for partition, grant in _grants(plan):
        if grant.processor is None:
            continue
        name = partition.name.value
        for sibling in cores[(grant.processor.package, grant.processor.core)]:
            owner = "the controller" if sibling.bsp else owners.get(sibling.apic_id, name)
            if owner != name and sibling.apic_id != grant.apic_id:
                yield Finding(
                    grant.place,
                    f"APIC ID {grant.apic_id} shares a core with APIC ID {sibling.apic_id} of {owner}",
                    "whole cores",
                    "give all hardware threads of a core to one partition",
                )
