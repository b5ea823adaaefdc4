# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Isolation levels: exits are read from what mrmctl prints; tables and goals tell them."""

import pytest

from bench.analysis import AnalysisError
from bench.levels import COOPERATIVE, LEVELS, exits_of, since
from bench.report.levels import exit_table, level_goals, level_table
from bench.results import ExitCount, LevelCount
from bench.subject import PARTITIONS

METRICS = """\
mrmctl metrics\r
# TYPE mrm_partition_exits counter\r
mrm_partition_exits_total{partition="measured",reason="io"} 612\r
mrm_partition_exits_total{partition="measured",reason="msr"} 17\r
mrm_partition_exits_total{partition="other",reason="io"} 99\r
mrm_partition_exits_denied_total{partition="measured"} 3\r
# EOF\r
"""


def test_exits_are_read_as_a_console_shows_them() -> None:
    assert exits_of(METRICS) == {"io": 612, "msr": 17}
    with pytest.raises(AnalysisError, match="no exits of nobody"):
        exits_of(METRICS, "nobody")


def test_what_came_between_two_counts() -> None:
    assert since({"io": 600, "msr": 17}, {"io": 612, "msr": 17, "kick": 1}) == {"io": 12, "msr": 0, "kick": 1}


COUNTS = [
    LevelCount("guarded", "pipe", 1000, 1001, 1),
    LevelCount("guarded", "read", 500, 500, 1),
    LevelCount("contained", "pipe", 1000, 1100, 1),
]
EXITS = [
    ExitCount("guarded", "idle", 60.0, {"io": 0}),
    ExitCount("contained", "idle", 60.0, {"io": 0, "msr": 7}),
]


def test_tables_have_each_level() -> None:
    pipe, read = level_table(COUNTS, {"pipe": 999}).splitlines()[2:]
    assert "999 (0.9990)" in pipe and "1,001 (1.0010)" in pipe and "1,100 (1.1000)" in pipe and "–" in read
    idle, msr = exit_table(EXITS).splitlines()[2:]
    assert "none" in idle and "msr 7" in msr


def level_of_pipe(held: int) -> list[bool]:
    """Whether the goal is reached if a pipe takes so many instructions instead of 1000."""
    counts = [*COUNTS[1:], LevelCount("guarded", "pipe", 1000, held, 1)]
    return [reached for _, _, reached in level_goals(counts, [])]


def test_only_the_level_that_promises_it_is_judged() -> None:
    assert [reached for _, _, reached in level_goals(COUNTS, EXITS)] == [True, True]
    worse = [*COUNTS, LevelCount("guarded", "compute", 1000, 997, 1)]
    exits = [*EXITS, ExitCount("guarded", "load", 60.0, {"kick": 1})]
    found = list(level_goals(worse, exits))
    assert [seen for _, seen, _ in found] == ["at most 0.0030 away (compute)", "1"]
    assert [reached for _, _, reached in found] == [False, False]
    # What differs from boot to boot is no level's.
    assert level_of_pipe(1100) == [True]
    assert list(level_goals([], [])) == []


def test_partition_files_differ_in_nothing_but_the_level() -> None:
    def words(name: str) -> list[str]:
        lines = (PARTITIONS / f"{name}.yaml").read_text().splitlines()
        return [line for line in lines if not line.startswith("#") and line.strip() != "dma: trusted"]

    for level in LEVELS:
        assert [line for line in words(level) if line.strip() != f"isolation: {level}"] == words(COOPERATIVE)
