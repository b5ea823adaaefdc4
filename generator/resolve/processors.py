# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which processors a partition gets."""

from __future__ import annotations

from collections.abc import Sequence

from generator.model.intent import PartitionIntent
from generator.model.machine import Machine, Processor
from generator.model.plan import ProcessorGrant, ProcessorsPlan


def resolve_processors(wishes: Sequence[PartitionIntent], machine: Machine) -> list[ProcessorsPlan]:
    """Processors for all partitions, in their order.

    Named processors go first, whatever the order of partitions.  Who asks for a count gets whole cores that
    nobody else uses, in the order of the machine file, then what is left of shared cores; never the BSP.
    """
    by_id = machine.processors_by_apic_id()
    named = {apic_id.value for wish in wishes for apic_id in wish.processors.apic_ids}
    free = iter(_in_order_of_choice(machine.processors, named))
    plans: list[ProcessorsPlan] = []
    for wish in wishes:
        asked = wish.processors
        if asked.count is None:
            grants = tuple(
                ProcessorGrant(apic_id.place, apic_id.value, by_id.get(apic_id.value))
                for apic_id in asked.apic_ids
            )
        else:
            taken = [processor for _, processor in zip(range(asked.count.value), free, strict=False)]
            grants = tuple(ProcessorGrant(asked.place, processor.apic_id, processor) for processor in taken)
        plans.append(ProcessorsPlan(asked.place, asked.wanted, asked.count is not None, grants))
    return plans


def _in_order_of_choice(processors: Sequence[Processor], named: set[int]) -> list[Processor]:
    """Free processors: those on untouched cores first, siblings together; then the others."""
    cores: dict[tuple[int, int], list[Processor]] = {}
    for processor in processors:
        cores.setdefault((processor.package, processor.core), []).append(processor)
    whole: list[Processor] = []
    shared: list[Processor] = []
    for siblings in cores.values():
        usable = [p for p in siblings if not p.bsp and p.apic_id not in named]
        (whole if len(usable) == len(siblings) else shared).extend(usable)
    return whole + shared
