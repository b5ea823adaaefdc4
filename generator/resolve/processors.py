# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which processors a partition gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.model.intent import PartitionIntent, ProcessorsIntent
from generator.model.machine import Machine, Processor
from generator.model.plan import ProcessorGrant, ProcessorsPlan
from generator.places import Located

Core = tuple[int, int]
"""Package and core."""


def resolve_processors(
    intents: Sequence[PartitionIntent], machine: Machine, own: ProcessorsIntent | None = None
) -> list[ProcessorsPlan]:
    """Processors for all partitions, in their order; then, if wanted, the controller's own for channels.

    Named processors go first, whatever the order of partitions.  A count then gets whole cores that no other
    partition uses, in the order of the machine file.  If that is not enough, and the partition allows it, it
    gets threads of cores whose other owners allow it, too.  Nobody gets the BSP.  The controller comes last,
    near the memory of the first partition that has a card on a network.
    """
    choice = _Choice(machine)
    plans: dict[int, ProcessorsPlan] = {}
    for number, intent in enumerate(intents):
        if intent.processors.count is None:
            plans[number] = choice.named(number, intent.processors)
    controller = len(intents)
    if own is not None and own.count is None:
        plans[controller] = choice.named(controller, own)
    for number, intent in enumerate(intents):
        if intent.processors.count is not None:
            plans[number] = choice.counted(number, intent.processors, intent.processors.count, _near(intent))
    if own is not None and own.count is not None:
        near = next((_near(intent) for intent in intents if intent.network), None)
        plans[controller] = choice.counted(controller, own, own.count, near)
    return [plans[number] for number in sorted(plans)]


def _near(intent: PartitionIntent) -> int | None:
    """The NUMA node of a partition's memory, if it names one."""
    return intent.memory.node.value if intent.memory.node is not None else None


class _Choice:
    """The processors of a machine, and who has them already."""

    def __init__(self, machine: Machine) -> None:
        self._by_id = machine.processors_by_apic_id()
        self._cores: dict[Core, list[Processor]] = {}
        for processor in machine.processors:
            self._cores.setdefault((processor.package, processor.core), []).append(processor)
        self._owners: dict[int, int] = {}
        self._sharing: set[int] = set()

    def named(self, owner: int, asked: ProcessorsIntent) -> ProcessorsPlan:
        """Exactly the processors that are named, alone or with their core, package or node."""
        if not asked.chosen:
            return ProcessorsPlan(asked.place, 0, False, ())
        missing: list[Located[str]] = []
        grants: list[ProcessorGrant] = []
        for apic_id in asked.apic_ids:
            grants.append(ProcessorGrant(apic_id.place, apic_id.value, self._by_id.get(apic_id.value)))
        package = asked.package.value if asked.package is not None else 0
        for core in asked.cores:
            threads = self._cores.get((package, core.value), [])
            if not threads:
                missing.append(Located(f"core {core.value} of package {package}", core.place))
            grants.extend(ProcessorGrant(core.place, thread.apic_id, thread) for thread in threads)
        if not asked.apic_ids and not asked.cores:
            for threads in self._confined(asked):
                if not any(thread.bsp for thread in threads):
                    grants.extend(ProcessorGrant(asked.place, thread.apic_id, thread) for thread in threads)
            missing.extend(self._nowhere(asked))
        for grant in grants:
            self._take(owner, grant.apic_id, asked)
        return ProcessorsPlan(
            asked.place, len(grants) or 1, False, tuple(grants), asked.shared_cores, tuple(missing)
        )

    def counted(
        self, owner: int, asked: ProcessorsIntent, count: Located[int], near: int | None
    ) -> ProcessorsPlan:
        """Any free processors, first those of whole cores near a NUMA node."""
        cores = list(self._confined(asked))
        if near is not None:
            cores.sort(key=lambda threads: threads[0].node != near)
        taken: list[Processor] = []
        for whole in (True, False):
            for threads in cores:
                if len(taken) == count.value:
                    break
                if whole == self._untouched(threads) and (
                    whole or (asked.shared_cores and self._open(threads))
                ):
                    usable = [t for t in threads if not t.bsp and t.apic_id not in self._owners]
                    taken.extend(usable[: count.value - len(taken)])
            for processor in taken:
                self._take(owner, processor.apic_id, asked)
        return ProcessorsPlan(
            asked.place,
            count.value,
            asked.package is None and asked.node is None,
            tuple(ProcessorGrant(asked.place, processor.apic_id, processor) for processor in taken),
            asked.shared_cores,
            tuple(self._nowhere(asked)),
        )

    def _take(self, owner: int, apic_id: int, asked: ProcessorsIntent) -> None:
        """Somebody has a processor now; the first owner stays."""
        self._owners.setdefault(apic_id, owner)
        if asked.shared_cores:
            self._sharing.add(owner)

    def _confined(self, asked: ProcessorsIntent) -> Iterator[list[Processor]]:
        """The cores of the package and the NUMA node that are asked for."""
        for (package, _), threads in self._cores.items():
            if asked.package is not None and asked.package.value != package:
                continue
            if asked.node is not None and asked.node.value != threads[0].node:
                continue
            yield threads

    def _nowhere(self, asked: ProcessorsIntent) -> Iterator[Located[str]]:
        """A package or NUMA node that has no processors."""
        if next(self._confined(asked), None) is None:
            words = [
                f"{name} {found.value}"
                for name, found in (("package", asked.package), ("NUMA node", asked.node))
                if found is not None
            ]
            if words:
                yield Located(" and ".join(words), asked.place)

    def _untouched(self, threads: Sequence[Processor]) -> bool:
        """Whether a core belongs to nobody."""
        return not any(thread.bsp or thread.apic_id in self._owners for thread in threads)

    def _open(self, threads: Sequence[Processor]) -> bool:
        """Whether all partitions on a core share it with others."""
        return all(self._owners.get(t.apic_id, -1) in {*self._sharing, -1} for t in threads)
