# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about processors."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.model.machine import Processor
from generator.model.plan import Plan, ProcessorGrant, ProcessorsPlan

MAXIMUM_PROCESSORS = 256
"""MRM_MAX_PROCESSORS of MrmPlan.h."""
FIRST_X2APIC_ID = 255
"""Local APICs in xAPIC mode cannot be addressed from here on; 255 means all of them."""


def _asked(plan: Plan) -> Iterator[tuple[str, ProcessorsPlan]]:
    """All that ask for processors, partitions first, then channels; and what is planned for them."""
    for partition in plan.partitions:
        yield f"'{partition.name.value}'", partition.processors
    if plan.channels is not None:
        yield "'channels'", plan.channels


def _grants(plan: Plan) -> Iterator[tuple[str, ProcessorsPlan, ProcessorGrant]]:
    """All processors given to anyone."""
    for owner, processors in _asked(plan):
        for grant in processors.grants:
            yield owner, processors, grant


@error
def processor_exists(plan: Plan) -> Iterator[Finding]:
    """Every processor, core, package and NUMA node that is named is in the machine."""
    for _, processors in _asked(plan):
        for missing in processors.missing:
            yield Finding(
                missing.place,
                f"the machine {plan.machine.name} has no {missing.value} with processors",
                "what the machine file lists",
                "change the number",
            )
    for *_, grant in _grants(plan):
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
    for *_, grant in _grants(plan):
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
    owners: dict[int, str] = {}
    for asker, _, grant in _grants(plan):
        owner = owners.get(grant.apic_id)
        if owner is None:
            owners[grant.apic_id] = asker
        else:
            yield Finding(
                grant.place,
                f"the processor with APIC ID {grant.apic_id} belongs to {owner} already",
                "a processor nobody else has",
                "change one of them",
            )


@error
def processor_enough(plan: Plan) -> Iterator[Finding]:
    """There are as many processors as the partitions ask for, besides the bootstrap processor's core."""
    most = sum(not processor.bsp for processor in plan.machine.processors)
    threads = any(processor.thread for processor in plan.machine.processors)
    unknown = {f"'{each.name.value}'" for each in plan.partitions if not each.knows("processors")}
    for asker, processors in _asked(plan):
        if asker in unknown:
            continue
        if len(processors.grants) < processors.wanted and not processors.missing:
            yield Finding(
                processors.place,
                f"{asker} asks for {processors.wanted} processors, {len(processors.grants)} are left for it",
                f"at most {most} processors for all partitions together"
                + (", in whole cores" if threads else ""),
                "ask for fewer here or in other partitions"
                + (", or write 'allow_shared_cores: true'" if threads else ""),
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


@error
def processor_whole_core(plan: Plan) -> Iterator[Finding]:
    """Hardware threads of one core belong to one owner, unless shared cores are allowed: they share MTRRs."""
    owners = {grant.apic_id: asker for asker, _, grant in _grants(plan)}
    cores: dict[tuple[int, int], list[Processor]] = {}
    for processor in plan.machine.processors:
        cores.setdefault((processor.package, processor.core), []).append(processor)
    for name, processors, grant in _grants(plan):
        if grant.processor is None or processors.shared_cores:
            continue
        for sibling in cores[(grant.processor.package, grant.processor.core)]:
            owner = "the controller" if sibling.bsp else owners.get(sibling.apic_id, name)
            if owner != name and sibling.apic_id != grant.apic_id:
                yield Finding(
                    grant.place,
                    f"APIC ID {grant.apic_id} shares a core with APIC ID {sibling.apic_id} of {owner}",
                    "whole cores",
                    "give all threads of a core to one partition, or write 'allow_shared_cores: true'",
                )


@error
def processor_x2apic(plan: Plan) -> Iterator[Finding]:
    """Processors with APIC IDs from 255 on are given away only if the machine's x2APIC is on."""
    state = plan.machine.features.x2apic
    for *_, grant in _grants(plan):
        if (
            grant.processor is not None
            and grant.apic_id >= FIRST_X2APIC_ID
            and state in ("absent", "available")
        ):
            yield Finding(
                grant.place,
                f"APIC ID {grant.apic_id} needs x2APIC, which is not enabled on {plan.machine.name}",
                f"APIC IDs below {FIRST_X2APIC_ID}",
                "switch x2APIC on in the firmware's setup and scan the machine again",
            )


@warning
def processor_numa_near(plan: Plan) -> Iterator[Finding]:
    """Processors, memory and devices of a partition are on the same NUMA node."""
    if len({processor.node for processor in plan.machine.processors}) < 2:
        return
    places = {root.uid: root.node for root in plan.machine.roots}
    for partition in plan.partitions:
        grants = partition.processors.grants
        nodes = sorted({grant.processor.node for grant in grants if grant.processor is not None})
        if not nodes:
            continue
        on = "processors on NUMA node " + ", ".join(map(str, nodes))
        memory = partition.memory
        intent = memory.intent
        if not partition.knows("processors"):
            continue
        if not partition.knows("memory"):
            pass
        elif intent.node is not None and memory.node is not None and intent.node.value not in nodes:
            yield Finding(
                intent.node.place,
                f"'{partition.name.value}' has memory on NUMA node {intent.node.value}, {on}",
                "one node: memory of another is slower",
                "change 'node' or choose other processors",
            )
        elif memory.node is None and intent.above is intent.at is None and intent.within is None:
            yield Finding(
                partition.processors.place,
                f"'{partition.name.value}' has {on}, its memory may lie on any",
                "processors and enough memory on one node",
                "confine 'processors' to one node, or ask for less memory",
            )
        for grant in partition.pci:
            node = places.get(grant.root_port.value.root)
            if node is not None and node not in nodes:
                yield Finding(
                    grant.root_port.place,
                    f"{grant.root_port.value} is on NUMA node {node}, '{partition.name.value}' has {on}",
                    "devices and processors on one node",
                    "choose other processors or another port",
                )
