# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which processors of the live machine a partition gets (MrmMachineLib)."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.api import load_machine
from generator.model.intent import BootIntent, MemoryIntent, PartitionIntent, ProcessorsIntent
from generator.model.machine import Machine as PlannersMachine
from generator.model.machine import Processor as PlannersProcessor
from generator.model.plan import ProcessorsPlan
from generator.places import Located, Place
from generator.resolve.processors import resolve_processors
from tests.firmware_host.decide import PROJECT, Decide

NOBODY, CONTROLLER = -1, -2
"""Owners that are no partition."""


@dataclass
class Processor:
    """A processor of the machine; the first one is the boot processor."""

    apic_id: int
    core: tuple[int, int]
    thread: int = 0
    usable: bool = True
    owner: int = NOBODY
    domain: int = 0


@dataclass(frozen=True)
class Promise:
    """What a partition is promised."""

    apic_ids: tuple[int, ...]
    by_count: bool = True
    shared: bool = False
    domain: int | None = None
    """NUMA node of its memory."""


@dataclass
class Machine:
    """Processors and a plan."""

    processors: list[Processor]
    promises: list[Promise]
    channels: Promise | None = None
    """The channel processor."""

    def choose(self, decide: Decide, partition: int) -> tuple[str, list[int], tuple[int, int, int]]:
        """The verdict, the APIC IDs chosen, and what is said of a refusal: APIC ID, sibling, how many."""
        ffi = decide.ffi
        facts = ffi.new("MRM_PROCESSOR_FACTS[]", len(self.processors))
        for number, (fact, processor) in enumerate(zip(facts, self.processors, strict=True)):
            fact.ApicId, fact.Thread = processor.apic_id, processor.thread
            fact.Package, fact.Core = processor.core
            fact.Domain = processor.domain
            fact.Bsp, fact.Usable = number == 0, processor.usable and number != 0
            fact.Owner = self._owner(decide, processor.owner)
        ids = [ffi.new("UINT32[]", promise.apic_ids) for promise in self.promises]
        partitions = ffi.new("MRM_PLAN_PARTITION[]", len(self.promises))
        for c, promise, apic_ids in zip(partitions, self.promises, ids, strict=True):
            c.ProcessorCount, c.ApicIds = len(promise.apic_ids), apic_ids
            c.ProcessorsByCount, c.SharedCores = promise.by_count, promise.shared
        plan = ffi.new("MRM_PLAN *", {"PartitionCount": len(self.promises), "Partitions": partitions})
        if self.channels is not None:
            plan.ChannelProcessor, plan.ChannelByCount = True, self.channels.by_count
            (plan.ChannelApicId,) = self.channels.apic_ids
        asked = self.channels if partition == CONTROLLER else self.promises[partition]
        assert asked is not None
        chosen = ffi.new("UINTN[]", max(1, len(asked.apic_ids)))
        result = ffi.new("MRM_PROCESSORS_RESULT *")
        near = ffi.NULL if asked.domain is None else ffi.new("UINT32 *", asked.domain)
        owner = self._owner(decide, partition)
        decide.call("MrmProcessorsChoose", facts, len(facts), plan, owner, near, chosen, result)
        verdict = ffi.string(ffi.cast("MRM_PROCESSORS_VERDICT", result.Verdict)).removeprefix("MrmProcessors")
        found = [self.processors[i].apic_id for i in chosen] if verdict == "Found" else []
        return verdict, found, (result.ApicId, result.Sibling, result.Found)

    @staticmethod
    def _owner(decide: Decide, owner: int) -> int:
        """An owner as C calls it."""
        return {NOBODY: decide.MRM_NOBODY, CONTROLLER: decide.MRM_CONTROLLER}.get(owner, owner)

    def holder(self, number: int, partition: int) -> int:
        """Whose a processor is or will be, apart from this partition's own plan.

        The boot processor is the controller's, whatever a plan for another machine says.
        """
        processor = self.processors[number]
        if number == 0:
            return NOBODY
        if processor.owner != NOBODY:
            return processor.owner
        # A partition that has processors already, perhaps others than planned, gets no more.
        having = {processor.owner for processor in self.processors}
        for other, promise in enumerate(self.promises):
            if other != partition and other not in having and processor.apic_id in promise.apic_ids:
                return other
        return NOBODY

    def may_have(self, number: int, partition: int) -> bool:
        """Whether a processor may be given to a partition at all."""
        processor, shared = self.processors[number], self.promises[partition].shared
        if number == 0 or not processor.usable or self.holder(number, partition) != NOBODY:
            return False
        for sibling, other in enumerate(self.processors):
            if other.core != processor.core or sibling == number:
                continue
            holder = self.holder(sibling, partition)
            if sibling == 0 and not shared:
                return False
            if holder not in (NOBODY, partition) and not (shared and self.promises[holder].shared):
                return False
        return True


def cores(count: int, threads: int = 2) -> list[Processor]:
    """A machine of one package; APIC IDs count through all threads."""
    return [Processor(c * threads + t, (0, c), t) for c in range(count) for t in range(threads)]


def test_as_planned_where_the_machine_is_as_planned(decide: Decide) -> None:
    machine = Machine(cores(3), [Promise((2, 3)), Promise((4, 5), by_count=False)])
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 3])
    assert machine.choose(decide, 1)[:2] == ("Found", [4, 5])


def test_a_spare_one_is_of_a_core_of_its_own_first(decide: Decide) -> None:
    """3 is disabled. Beside 2 nobody is left, so the next whole core is taken, not half of somebody's."""
    machine = Machine(cores(4), [Promise((2, 3)), Promise((4,))])
    machine.processors[3].usable = False
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 6])
    machine = Machine(cores(4), [Promise((2, 99)), Promise((4,))])
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 3])


def test_no_spare_one_beside_another_partition_or_the_controller(decide: Decide) -> None:
    """1 is on the boot processor's core, 3 and 5 beside others."""
    machine = Machine(cores(3), [Promise((99,)), Promise((2,)), Promise((4,))])
    assert machine.choose(decide, 0) == ("Few", [], (99, 0, 0))
    machine.promises[0] = Promise((99,), shared=True)
    assert machine.choose(decide, 0)[:2] == ("Found", [1])
    machine.processors[1].usable = False
    assert machine.choose(decide, 0)[0] == "Few"
    machine.promises[1] = Promise((2,), shared=True)
    assert machine.choose(decide, 0)[:2] == ("Found", [3])


def test_a_spare_one_is_near_the_memory_of_the_partition(decide: Decide) -> None:
    """But a core that is nobody's goes before a nearer one that is shared."""
    machine = Machine(cores(4), [Promise((99, 98), domain=1), Promise((4,), shared=True)])
    for processor in machine.processors[4:]:
        processor.domain = 1
    assert machine.choose(decide, 0)[:2] == ("Found", [6, 7])
    machine.promises[0] = Promise((99, 98))
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 3])
    machine.promises[0] = Promise((99, 98), shared=True, domain=1)
    machine.processors[7].usable = False
    assert machine.choose(decide, 0)[:2] == ("Found", [6, 2])
    machine.promises[0] = Promise((99, 98, 97, 96), shared=True, domain=1)
    assert machine.choose(decide, 0)[:2] == ("Found", [6, 2, 3, 5])


def test_of_shared_cores_as_few_as_possible_are_taken(decide: Decide) -> None:
    """Threads of a core are far apart in the list: some firmware lists the first ones of all cores first."""
    processors = [Processor(c + 3 * t, (0, c), t) for t in range(3) for c in range(3)]
    shared = [Promise((1,), shared=True), Promise((2,), shared=True)]
    machine = Machine(processors, [Promise((99, 98), shared=True), *shared])
    machine.processors[3].usable = machine.processors[6].usable = False
    assert machine.choose(decide, 0)[:2] == ("Found", [4, 7])


@pytest.mark.parametrize("by_count", [True, False])
def test_whole_cores_also_where_the_plan_did_not_know_them(decide: Decide, by_count: bool) -> None:
    """Planned for a PC without hyper-threads, started on one with them."""
    machine = Machine(cores(4), [Promise((2,), by_count), Promise((3,), by_count)])
    if by_count:
        assert machine.choose(decide, 0)[:2] == ("Found", [4])
    else:
        assert machine.choose(decide, 0) == ("Core", [], (2, 3, 0))
    machine.promises = [Promise((2,), by_count, True), Promise((3,), by_count, True)]
    assert machine.choose(decide, 0)[:2] == ("Found", [2])


@pytest.mark.parametrize(
    ("apic_id", "verdict"), [(99, "Missing"), (0, "Bsp"), (5, "Unusable"), (2, "Owned"), (4, "Found")]
)
def test_what_is_wrong_with_a_named_one(decide: Decide, apic_id: int, verdict: str) -> None:
    machine = Machine(cores(3), [Promise((apic_id,), by_count=False), Promise((2,))])
    machine.processors[5].usable, machine.processors[2].owner = False, 1
    assert machine.choose(decide, 0)[0] == verdict


def test_the_channel_processor_is_planned_for_too(decide: Decide) -> None:
    """No partition gets it or another thread of its core.  It does not get what a partition is to have."""
    machine = Machine(cores(4), [Promise((99,), shared=True), Promise((4,))], Promise((2,)))
    assert machine.choose(decide, CONTROLLER)[:2] == ("Found", [2])
    assert machine.choose(decide, 0)[:2] == ("Found", [6])
    machine.processors[2].usable = False
    assert machine.choose(decide, CONTROLLER)[:2] == ("Found", [3])
    machine.processors[3].usable = False
    assert machine.choose(decide, CONTROLLER)[:2] == ("Found", [6])
    machine.processors[6].owner = CONTROLLER
    assert machine.choose(decide, 0)[:2] == ("Found", [1]), "not 7, beside it"
    machine.promises[0] = Promise((6,), by_count=False)
    assert machine.choose(decide, 0) == ("Owned", [], (6, 0, 0))


def test_no_processor_is_left_for_channels(decide: Decide) -> None:
    machine = Machine(cores(3), [Promise((2,)), Promise((4,))], Promise((5,)))
    assert machine.choose(decide, CONTROLLER)[0] == "Few", "5 is beside 4, 1 beside the boot processor"
    machine.channels = Promise((5,), by_count=False)
    assert machine.choose(decide, CONTROLLER) == ("Core", [], (5, 4, 0))


@st.composite
def _machines(draw: st.DrawFn) -> Machine:
    """A small machine, and a plan that may have been made for another."""
    threads = draw(st.integers(1, 2))
    processors = cores(draw(st.integers(1, 6)), threads)
    for processor in processors:
        processor.usable = draw(st.sampled_from([True, True, True, False]))
    ids = draw(st.permutations(range(len(processors) + 2)))
    promises = []
    for _ in range(draw(st.integers(1, 3))):
        taken, ids = ids[: draw(st.integers(1, 3))], ids[3:]
        if taken:
            promises.append(Promise(tuple(taken), draw(st.booleans()), draw(st.booleans())))
    return Machine(processors, promises)


@given(_machines())
def test_whatever_the_machine_is(decide: Decide, machine: Machine) -> None:
    """Each partition in turn gets what it may have, all or nothing; nobody's promise becomes another's."""
    for partition, promise in enumerate(machine.promises):
        allowed = {p.apic_id for n, p in enumerate(machine.processors) if machine.may_have(n, partition)}
        verdict, chosen, said = machine.choose(decide, partition)
        if promise.by_count:
            assert (verdict == "Found") == (len(allowed) >= len(promise.apic_ids))
            assert verdict in ("Found", "Few") and (verdict == "Found" or said[2] == len(allowed))
        else:
            assert (verdict == "Found") == allowed.issuperset(promise.apic_ids)
        if verdict != "Found":
            continue
        assert len(set(chosen)) == len(chosen) == len(promise.apic_ids)
        assert allowed.issuperset(chosen)
        assert set(chosen) >= allowed & set(promise.apic_ids)
        alone = {
            p.apic_id
            for p in machine.processors
            if p.apic_id in allowed
            and all(
                n != 0 and machine.holder(n, partition) in (NOBODY, partition)
                for n, other in enumerate(machine.processors)
                if other.core == p.core
            )
        }
        spare = set(chosen) - set(promise.apic_ids)
        assert spare <= alone or alone <= set(chosen)
        for processor in machine.processors:
            if processor.apic_id in chosen:
                processor.owner = partition


@dataclass(frozen=True)
class Loss:
    """A plan of the planner, and one of its partitions, whose processors the live machine lacks."""

    processors: tuple[Processor, ...]
    plans: tuple[ProcessorsPlan, ...]
    lost: int
    near: int | None

    def left(self) -> list[Processor]:
        """The processors that the live machine has."""
        gone = {grant.apic_id for grant in self.plans[self.lost].grants}
        return [processor for processor in self.processors if processor.apic_id not in gone]

    def planner(self, count: int) -> list[int]:
        """What the planner gives where it knows that they are gone, and what the others have."""
        promises = []
        for number, plan in enumerate(self.plans):
            ids = () if number == self.lost else tuple(Located(g.apic_id, PLACE) for g in plan.grants)
            wanted = Located(count, PLACE) if number == self.lost else None
            asked = ProcessorsIntent(PLACE, wanted, ids, shared_cores=plan.shared_cores)
            promises.append(partition(asked, self.near if number == self.lost else None))
        plans = resolve_processors(promises, machine_of(self.left()))
        return [grant.apic_id for grant in plans[self.lost].grants]

    def controller(self, decide: Decide, count: int) -> list[int]:
        """What the controller gives."""
        promises = []
        for number, plan in enumerate(self.plans):
            ids = [grant.apic_id for grant in plan.grants]
            lost = number == self.lost
            if lost:
                ids = (ids * count)[:count] if ids else [9999] * count
            promises.append(Promise(tuple(ids), lost, plan.shared_cores, self.near if lost else None))
        return Machine(self.left(), promises).choose(decide, self.lost)[1]


PLACE = Place("machine")
PC = load_machine(PROJECT / "platforms" / "q35.yaml")


def machine_of(processors: list[Processor]) -> PlannersMachine:
    """A machine as the planner knows it."""
    known = [
        PlannersProcessor(PLACE, p.apic_id, *p.core, p.thread, p.domain, number == 0)
        for number, p in enumerate(processors)
    ]
    return replace(PC, processors=tuple(known))


def partition(processors: ProcessorsIntent, node: int | None) -> PartitionIntent:
    """A partition that wants processors, and memory on a NUMA node."""
    memory = MemoryIntent(PLACE, None, node=None if node is None else Located(node, PLACE))
    return PartitionIntent(PLACE, None, processors, memory, (), None, BootIntent(PLACE, ()))


@st.composite
def _losses(draw: st.DrawFn) -> Loss:
    """Threads of a core are neighbours or far apart in the list; partitions by name and by count."""
    threads, count = draw(st.integers(1, 3)), draw(st.integers(2, 8))
    domains = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    places = [(core, thread) for core in range(count) for thread in range(threads)]
    places = draw(st.sampled_from([places, sorted(places, key=lambda place: place[1])]))
    processors = tuple(
        Processor(number, (core // 4, core), thread, domain=domains[core])
        for number, (core, thread) in enumerate(places)
    )
    promises = []
    free = draw(st.permutations(range(1, len(processors))))
    for _ in range(draw(st.integers(1, 4))):
        shared, node = draw(st.booleans()), draw(st.none() | st.integers(0, 2))
        if draw(st.booleans()):
            wanted: Located[int] | None = Located(draw(st.integers(1, 4)), PLACE)
            ids: tuple[Located[int], ...] = ()
        else:
            taken, free = free[: draw(st.integers(1, 3))], free[3:]
            wanted, ids = None, tuple(Located(apic_id, PLACE) for apic_id in taken)
        promises.append(partition(ProcessorsIntent(PLACE, wanted, ids, shared_cores=shared), node))
    plans = resolve_processors(promises, machine_of(list(processors)))
    lost = draw(st.integers(0, len(plans) - 1))
    near = promises[lost].memory.node
    return Loss(processors, tuple(plans), lost, None if near is None else near.value)


@given(_losses(), st.integers(1, 6))
def test_the_controller_chooses_as_the_planner_does(decide: Decide, loss: Loss, count: int) -> None:
    """Whole cores first, near the partition's memory first, as few shared cores as possible."""
    planned = loss.planner(count)
    assert loss.controller(decide, count) == (planned if len(planned) == count else [])


def test_places_that_cannot_be_are_not_believed(decide: Decide) -> None:
    ffi = decide.ffi
    facts = ffi.new(
        "MRM_PROCESSOR_FACTS[]", [{"ApicId": n, "Core": n // 2, "Thread": n % 2} for n in range(4)]
    )
    assert decide.call("MrmProcessorsLocate", facts, 4)
    assert [(f.Core, f.Thread) for f in facts] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    facts[3].Thread = 0
    assert not decide.call("MrmProcessorsLocate", facts, 4)
    assert [(f.Package, f.Core, f.Thread) for f in facts] == [(0, n, 0) for n in range(4)]
