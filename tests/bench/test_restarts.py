# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Restarts: only those that were taken next to each other are divided; bars are drawn to scale."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.bars import Bar, bars, step_of
from bench.report.restarts import by_loader, restart_chart, restart_goal, restart_table
from bench.results import ALONE, BARE, Restart

RESTARTS = [
    Restart(BARE, "grub", 0, 10.0, 12.0, 20.0),
    Restart(ALONE, "grub", 0, 2.0, 4.0, 11.0),
    Restart(BARE, "grub", 1, 100.0, 101.0, 109.0),
    Restart(ALONE, "grub", 1, 30.0, 33.0, 40.0),
    Restart(BARE, "grub", 2, 1.0, 2.0, 3.0),
    Restart(ALONE, "alone", 0, 1.0, 2.0, 3.0),
]


def test_only_restarts_of_one_round_are_divided() -> None:
    (grub,) = by_loader(RESTARTS)
    assert grub.title == "shim and GRUB" and grub.ratio.count == 2
    assert (grub.ratio.low, grub.ratio.median, grub.ratio.high) == (0.2, 0.25, 0.3)
    assert grub.spans == {BARE: [55, 1.5, 8], ALONE: [16, 2.5, 7]}


def test_the_goal_is_judged_by_the_worst_loader() -> None:
    assert list(restart_goal([])) == []
    slow = [Restart(kind, "alone", 0, seconds, 9.0, 9.0) for kind, seconds in ((BARE, 4.0), (ALONE, 3.0))]
    ((_, seen, reached),) = restart_goal(by_loader([*RESTARTS, *slow]))
    assert (seen, reached) == ("at most 0.75 (the kernel's EFI stub)", False)
    assert next(restart_goal(by_loader(RESTARTS)))[2] is True


def test_table_and_chart_have_both_of_each_loader() -> None:
    found = by_loader(RESTARTS)
    table = restart_table(found).splitlines()
    assert len(table) == 4 and "0.25 (0.20–0.30)" in table[3] and "16.0 s" in table[3]
    drawn = restart_chart(found)
    assert "shim and GRUB: the PC" in drawn and "shim and GRUB: a partition" in drawn


@given(st.floats(1e-6, 1e9))
def test_a_few_ticks_reach_any_length(length: float) -> None:
    assert 0 < step_of(length) * 2 <= length * 2 and length / step_of(length) <= 6.000001


def test_no_length_has_a_tick_too() -> None:
    assert step_of(0) == 1


def test_bars_are_drawn_to_scale() -> None:
    drawn = ElementTree.fromstring(bars([Bar("a < b", [1, 3]), Bar("c", [8])], ["x", "y"], "title"))
    # The background and the legend come first.
    widths = [float(e.get("width", 0)) for e in drawn.iter() if e.tag.endswith("rect")][3:]
    assert widths[1] == pytest.approx(3 * widths[0], abs=0.2)
    assert widths[2] == pytest.approx(8 * widths[0], abs=0.5)
    assert [e.text for e in drawn.iter() if e.tag.endswith("text")][-1] == "8.00"
