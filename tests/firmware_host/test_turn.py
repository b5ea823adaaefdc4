# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Turns of kernels at what they share while they boot (MrmLifecycleLib)."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide


@dataclass(frozen=True)
class Fact:
    """A partition as the controller sees it."""

    live: bool = True
    starts: int = 1
    waits: bool = False
    over: bool = False


WAITING, BOOTING, BOOTED, OFF = Fact(waits=True), Fact(), Fact(over=True), Fact(live=False, waits=True)


GONE = 0xFFFFFFFF
"""MRM_PLAN_NOBODY."""


class Turns:
    """An MRM_TURNS."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self.c = decide.ffi.new("MRM_TURNS *")

    def next(self, now: int, *facts: Fact) -> int | None:
        """The partition whose turn it is now, or None."""
        array = self._decide.ffi.new("MRM_TURN_FACTS[]", max(1, len(facts)))
        for c, fact in zip(array, facts, strict=False):
            c.Live, c.Starts, c.Waits, c.Over = fact.live, fact.starts, fact.waits, fact.over
        found = self._decide.ffi.new("UINTN *")
        return found[0] if self._decide.call("MrmTurnNext", self.c, array, len(facts), now, found) else None

    def renumber(self, *numbers: int | None) -> None:
        """Give the partitions other numbers; None for one that is gone."""
        array = self._decide.ffi.new("UINT32[]", [GONE if number is None else number for number in numbers])
        self._decide.call("MrmTurnRenumber", self.c, array, len(numbers))


def test_one_at_a_time_in_the_order_of_the_plan(decide: Decide) -> None:
    turns = Turns(decide)
    assert turns.next(0, OFF, WAITING, WAITING) == 1
    assert turns.next(10, OFF, BOOTING, WAITING) is None
    assert turns.next(20, OFF, BOOTED, WAITING) == 2
    assert turns.next(30, OFF, BOOTED, BOOTED) is None


def test_nobody_waits_for_one_that_is_no_more(decide: Decide) -> None:
    turns = Turns(decide)
    assert turns.next(0, WAITING, WAITING) == 0
    assert turns.next(10, OFF, WAITING) == 1


def test_a_new_life_is_not_the_holder(decide: Decide) -> None:
    turns = Turns(decide)
    assert turns.next(0, WAITING, WAITING) == 0
    assert turns.next(10, Fact(starts=2), WAITING) == 1


def test_an_os_that_calls_no_service_keeps_others_for_a_time(decide: Decide) -> None:
    turns, limit = Turns(decide), decide.MRM_TURN_MILLISECONDS
    assert turns.next(5, WAITING, WAITING) == 0
    assert turns.next(4 + limit, BOOTING, WAITING) is None
    assert turns.next(5 + limit, BOOTING, WAITING) == 1


def test_who_runs_is_not_kept(decide: Decide) -> None:
    """A turn is granted only to somebody who asks; nobody else is ever named."""
    assert Turns(decide).next(0, BOOTED, BOOTING, OFF) is None


def test_a_turn_goes_on_under_another_number(decide: Decide) -> None:
    turns = Turns(decide)
    assert turns.next(0, OFF, WAITING) == 1
    turns.renumber(None, 0)
    assert turns.next(10, BOOTING, WAITING) is None
    assert turns.next(20, BOOTED, WAITING) == 1
    turns.renumber(0, None)
    assert turns.next(30, WAITING) == 0
    turns.renumber()
    assert turns.next(40, BOOTING, WAITING) == 1


FACTS = st.builds(Fact, st.booleans(), st.integers(1, 3), st.booleans(), st.booleans())


@given(st.lists(st.tuples(st.integers(0, 2000), st.lists(FACTS, min_size=4, max_size=4)), max_size=12))
def test_whatever_partitions_claim(decide: Decide, steps: list[tuple[int, list[Fact]]]) -> None:
    """Somebody who waits gets a turn, unless one was granted that is neither over nor too old."""
    turns, now = Turns(decide), 0
    held: tuple[int, Fact, int] | None = None
    for pause, facts in steps:
        now += pause
        if held is not None:
            index, then, since = held
            seen = facts[index]
            if (
                not seen.live
                or seen.starts != then.starts
                or seen.over
                or now - since >= decide.MRM_TURN_MILLISECONDS
            ):
                held = None
        granted = turns.next(now, *facts)
        waiting = [index for index, fact in enumerate(facts) if fact.live and fact.waits]
        expected = waiting[0] if held is None and waiting else None
        assert granted == expected
        if granted is not None:
            held = granted, facts[granted], now
