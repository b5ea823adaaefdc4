# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The draw of a campaign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.faults.kinds import KINDS
from ci.faults.schedule import schedule

VICTIMS = {"one": 1, "two": 2}


@given(st.integers(), st.integers(0, 60))
def test_the_same_seed_gives_the_same_campaign(seed: int, count: int) -> None:
    drawn = schedule(seed, count, VICTIMS)
    assert drawn == schedule(seed, count, VICTIMS)
    assert [injection.number for injection in drawn] == list(range(1, count + 1))


@given(st.integers())
def test_every_kind_comes_up_before_one_comes_up_again(seed: int) -> None:
    drawn = schedule(seed, 2 * len(KINDS), VICTIMS)
    names = [injection.kind.name for injection in drawn]
    everything = sorted(kind.name for kind in KINDS)
    assert sorted(names[: len(KINDS)]) == everything
    assert sorted(names[len(KINDS) :]) == everything


@given(st.integers())
def test_who_lacks_processors_is_not_hit(seed: int) -> None:
    for injection in schedule(seed, 3 * len(KINDS), VICTIMS):
        assert VICTIMS[injection.victim] >= injection.kind.processors


def test_different_seeds_give_different_campaigns() -> None:
    assert len({schedule(seed, 20, VICTIMS) for seed in range(20)}) == 20


@pytest.mark.parametrize("victims", [{}, {"one": 1}])
def test_a_kind_that_can_hit_nobody_is_an_error(victims: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="a partition it can hit"):
        schedule(1, 1, victims)
