# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which processors of the live machine a partition gets (MrmMachineLib)."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

NOBODY = -1


@dataclass
class Processor:
    """A processor of the machine; the first one is the boot processor."""

    apic_id: int
    core: tuple[int, int]
    thread: int = 0
    usable: bool = True
    owner: int = NOBODY


@dataclass(frozen=True)
class Wish:
    """What a partition is promised."""

    apic_ids: tuple[int, ...]
    by_count: bool = True
    shared: bool = False


@dataclass
class Machine:
    """Processors and a plan."""

    processors: list[Processor]
    wishes: list[Wish]

    def choose(self, decide: Decide, partition: int) -> tuple[str, list[int], tuple[int, int, int]]:
        """The verdict, the APIC IDs chosen, and what is said of a refusal: APIC ID, sibling, how many."""
        ffi = decide.ffi
        facts = ffi.new("MRM_PROCESSOR_FACTS[]", len(self.processors))
        for number, (fact, processor) in enumerate(zip(facts, self.processors, strict=True)):
            fact.ApicId, fact.Thread = processor.apic_id, processor.thread
            fact.Package, fact.Core = processor.core
            fact.Bsp, fact.Usable = number == 0, processor.usable and number != 0
            fact.Owner = decide.MRM_NOBODY if processor.owner == NOBODY else processor.owner
        ids = [ffi.new("UINT32[]", wish.apic_ids) for wish in self.wishes]
        partitions = ffi.new("MRM_PLAN_PARTITION[]", len(self.wishes))
        for c, wish, apic_ids in zip(partitions, self.wishes, ids, strict=True):
            c.ProcessorCount, c.ApicIds = len(wish.apic_ids), apic_ids
            c.ProcessorsByCount, c.SharedCores = wish.by_count, wish.shared
        plan = ffi.new("MRM_PLAN *", {"PartitionCount": len(self.wishes), "Partitions": partitions})
        chosen = ffi.new("UINTN[]", max(1, len(self.wishes[partition].apic_ids)))
        result = ffi.new("MRM_PROCESSORS_RESULT *")
        decide.call("MrmProcessorsChoose", facts, len(facts), plan, partition, chosen, result)
        verdict = ffi.string(ffi.cast("MRM_PROCESSORS_VERDICT", result.Verdict)).removeprefix("MrmProcessors")
        found = [self.processors[i].apic_id for i in chosen] if verdict == "Found" else []
        return verdict, found, (result.ApicId, result.Sibling, result.Found)

    def holder(self, number: int, partition: int) -> int:
        """Whose a processor is or will be, apart from this partition's own plan.

        The boot processor is the controller's, whatever a plan for another machine says.
        """
        processor = self.processors[number]
        if number == 0:
            return NOBODY
        if processor.owner != NOBODY:
            return processor.owner
        for other, wish in enumerate(self.wishes):
            if other != partition and processor.apic_id in wish.apic_ids:
                return other
        return NOBODY

    def may_have(self, number: int, partition: int) -> bool:
        """Whether a processor may be given to a partition at all."""
        processor, shared = self.processors[number], self.wishes[partition].shared
        if number == 0 or not processor.usable or self.holder(number, partition) != NOBODY:
            return False
        for sibling, other in enumerate(self.processors):
            if other.core != processor.core or sibling == number:
                continue
            holder = self.holder(sibling, partition)
            if sibling == 0 and not shared:
                return False
            if holder not in (NOBODY, partition) and not (shared and self.wishes[holder].shared):
                return False
        return True


def cores(count: int, threads: int = 2) -> list[Processor]:
    """A machine of one package; APIC IDs count through all threads."""
    return [Processor(c * threads + t, (0, c), t) for c in range(count) for t in range(threads)]


def test_as_planned_where_the_machine_is_as_planned(decide: Decide) -> None:
    machine = Machine(cores(3), [Wish((2, 3)), Wish((4, 5), by_count=False)])
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 3])
    assert machine.choose(decide, 1)[:2] == ("Found", [4, 5])


def test_a_spare_one_is_of_a_core_of_its_own_first(decide: Decide) -> None:
    """3 is disabled. Beside 2 nobody is left, so the next whole core is taken, not half of somebody's."""
    machine = Machine(cores(4), [Wish((2, 3)), Wish((4,))])
    machine.processors[3].usable = False
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 6])
    machine = Machine(cores(4), [Wish((2, 99)), Wish((4,))])
    assert machine.choose(decide, 0)[:2] == ("Found", [2, 3])


def test_no_spare_one_beside_another_partition_or_the_controller(decide: Decide) -> None:
    """1 is on the boot processor's core, 3 and 5 beside others."""
    machine = Machine(cores(3), [Wish((99,)), Wish((2,)), Wish((4,))])
    assert machine.choose(decide, 0) == ("Few", [], (99, 0, 0))
    machine.wishes[0] = Wish((99,), shared=True)
    assert machine.choose(decide, 0)[:2] == ("Found", [1])
    machine.processors[1].usable = False
    assert machine.choose(decide, 0)[0] == "Few"
    machine.wishes[1] = Wish((2,), shared=True)
    assert machine.choose(decide, 0)[:2] == ("Found", [3])


@pytest.mark.parametrize("by_count", [True, False])
def test_whole_cores_also_where_the_plan_did_not_know_them(decide: Decide, by_count: bool) -> None:
    """Planned for a PC without hyper-threads, started on one with them."""
    machine = Machine(cores(4), [Wish((2,), by_count), Wish((3,), by_count)])
    if by_count:
        assert machine.choose(decide, 0)[:2] == ("Found", [4])
    else:
        assert machine.choose(decide, 0) == ("Core", [], (2, 3, 0))
    machine.wishes = [Wish((2,), by_count, True), Wish((3,), by_count, True)]
    assert machine.choose(decide, 0)[:2] == ("Found", [2])


@pytest.mark.parametrize(
    ("apic_id", "verdict"), [(99, "Missing"), (0, "Bsp"), (5, "Unusable"), (2, "Owned"), (4, "Found")]
)
def test_what_is_wrong_with_a_named_one(decide: Decide, apic_id: int, verdict: str) -> None:
    machine = Machine(cores(3), [Wish((apic_id,), by_count=False), Wish((2,))])
    machine.processors[5].usable, machine.processors[2].owner = False, 1
    assert machine.choose(decide, 0)[0] == verdict


@st.composite
def _machines(draw: st.DrawFn) -> Machine:
    """A small machine, and a plan that may have been made for another."""
    threads = draw(st.integers(1, 2))
    processors = cores(draw(st.integers(1, 6)), threads)
    for processor in processors:
        processor.usable = draw(st.sampled_from([True, True, True, False]))
    ids = draw(st.permutations(range(len(processors) + 2)))
    wishes = []
    for _ in range(draw(st.integers(1, 3))):
        taken, ids = ids[: draw(st.integers(1, 3))], ids[3:]
        if taken:
            wishes.append(Wish(tuple(taken), draw(st.booleans()), draw(st.booleans())))
    return Machine(processors, wishes)


@given(_machines())
def test_whatever_the_machine_is(decide: Decide, machine: Machine) -> None:
    """Each partition in turn gets what it may have, all or nothing; nobody's share becomes another's."""
    for partition, wish in enumerate(machine.wishes):
        allowed = {p.apic_id for n, p in enumerate(machine.processors) if machine.may_have(n, partition)}
        verdict, chosen, said = machine.choose(decide, partition)
        if wish.by_count:
            assert (verdict == "Found") == (len(allowed) >= len(wish.apic_ids))
            assert verdict in ("Found", "Few") and (verdict == "Found" or said[2] == len(allowed))
        else:
            assert (verdict == "Found") == allowed.issuperset(wish.apic_ids)
        if verdict != "Found":
            continue
        assert len(set(chosen)) == len(chosen) == len(wish.apic_ids)
        assert allowed.issuperset(chosen)
        assert set(chosen) >= allowed & set(wish.apic_ids)
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
        spare = set(chosen) - set(wish.apic_ids)
        assert spare <= alone or alone <= set(chosen)
        for processor in machine.processors:
            if processor.apic_id in chosen:
                processor.owner = partition


def test_places_that_cannot_be_are_not_believed(decide: Decide) -> None:
    ffi = decide.ffi
    facts = ffi.new(
        "MRM_PROCESSOR_FACTS[]", [{"ApicId": n, "Core": n // 2, "Thread": n % 2} for n in range(4)]
    )
    assert decide.call("MrmProcessorsPlace", facts, 4)
    assert [(f.Core, f.Thread) for f in facts] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    facts[3].Thread = 0
    assert not decide.call("MrmProcessorsPlace", facts, 4)
    assert [(f.Package, f.Core, f.Thread) for f in facts] == [(0, n, 0) for n in range(4)]
