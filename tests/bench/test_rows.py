# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same work, counted: the least of all boots, and a goal that knows what two boots differ by."""

from bench.counts import ROWS, row_counts
from bench.report.rows import row_goal, row_table
from bench.results import RowCount


def test_the_least_of_all_boots_counts() -> None:
    rows = len(ROWS)
    found = row_counts([[12] * rows, [10] * rows], [[11] * rows, [13] * rows], [[14] * rows, [15] * rows])
    assert found == [RowCount(row, 10, 11, 2, 14) for row in ROWS]
    assert row_counts([[10] * rows], [[11] * rows], [])[0] == RowCount(ROWS[0], 10, 11, 1)


def test_what_boots_of_the_bare_machine_differ_by_is_no_fault_of_the_partition() -> None:
    noisy = RowCount("fork-exit", 1000, 1030, 3, 970)
    quiet = RowCount("pipe", 1000, 1001, 3, 1000)
    ((goal, seen, reached),) = row_goal([noisy, quiet])
    assert goal.endswith("within noise") and reached
    assert seen == "at most 0.0010 away (pipe; 0.0000 between boots of the bare machine)"
    assert not next(row_goal([noisy, RowCount("pipe", 1000, 1003, 3, 1000)]))[2]
    # A difference that is larger than the noise by more than the bound is one.
    assert not next(row_goal([RowCount("fork-exit", 1000, 1030, 3, 1020)]))[2]


def test_results_without_a_second_bare_machine_are_judged_by_what_is_the_same_in_each_boot() -> None:
    old = [RowCount("pipe", 1000, 1030, 3), RowCount("read", 1000, 1003, 3)]
    assert list(row_goal([])) == list(row_goal(old[:1])) == []
    ((goal, seen, reached),) = row_goal(old)
    assert "noise" not in goal and goal.endswith("the same in each boot")
    assert seen == "at most 0.0030 away (read)" and not reached
    assert "again" not in row_table(old)
    both = row_table([*old, RowCount("stat", 1000, 999, 3, 1001)])
    assert "1,001 (1.0010)" in both and "–" in both and "0.9990" in both
