# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Latencies: what cyclictest prints is read; percentiles, table and goal follow from it."""

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cyclictest import Histogram, OutputError, read_histogram
from bench.latency import CONDITIONS, QUIET, SAME, command, read_sample
from bench.report.latencies import TITLES, by_condition, latency_goal, latency_table
from bench.results import ALONE, BARE, Latency
from bench.timing import WorkError

OUTPUT = """\
# /dev/cpu_dma_latency set to 0us
# Histogram
000007 000010
000012 000988
000100 000001
# Total: 000000999
# Min Latencies: 00007
# Avg Latencies: 00012
# Max Latencies: 70000
# Histogram Overflows: 00001
# Histogram Overflow at cycle number:
# Thread 0: 00500
"""


def test_what_is_printed_is_read() -> None:
    found = read_histogram(OUTPUT)
    assert found == Histogram({7: 10, 12: 988, 100: 1, 70000: 1}, 70000)
    assert [found.quantile(part) for part in (0.01, 0.5, 0.998, 0.999, 1)] == [7, 12, 12, 100, 70000]


@pytest.mark.parametrize("text", ["", "000012 000988", OUTPUT.replace("# Max", "# most"), "sh: not found"])
def test_what_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(OutputError, match="expected a histogram"):
        read_histogram(text)


@given(st.dictionaries(st.integers(0, 99999), st.integers(1, 1000), min_size=1), st.floats(0.001, 1))
def test_a_percentile_is_a_latency_that_was_seen(counts: dict[int, int], part: float) -> None:
    found = Histogram(counts, max(counts))
    latency = found.quantile(part)
    assert latency in counts
    assert sum(count for at, count in counts.items() if at <= latency) >= part * found.total
    assert sum(count for at, count in counts.items() if at < latency) < part * found.total


def test_a_sample_without_its_writer_is_none() -> None:
    sample = read_sample(OUTPUT, BARE, QUIET, 3)
    assert sample == Latency(BARE, QUIET, 3, 12, 100, 70000, 1000, 0)
    written = read_sample(f"{OUTPUT}WRITES 17 100.25 102.75\n", ALONE, SAME, 0)
    assert (written.writes, written.writing) == (17, 2.5)
    for ending, condition in (("", SAME), ("WRITES 0 1.00 2.00\n", SAME), ("WRITES 1 1.00 2.00\n", QUIET)):
        with pytest.raises(WorkError, match="written"):
            read_sample(OUTPUT + ending, BARE, condition, 0)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_typed_is_a_command_of_one_line(condition: str) -> None:
    typed = command(condition, 2)
    assert "\n" not in typed and "-l 2000 " in typed
    assert subprocess.run(["sh", "-n", "-c", typed]).returncode == 0


LATENCIES = [
    Latency(BARE, "nobody", 0, 10, 100, 200, 1000, 0),
    Latency(ALONE, "nobody", 0, 10, 104, 900, 1000, 0),
    Latency(BARE, "same", 0, 10, 0, 200, 1000, 5),
    Latency(ALONE, "same", 0, 10, 3, 300, 1000, 14, 2.0),
    Latency(BARE, "other", 0, 10, 100, 200, 1000, 5),
]


def test_each_condition_is_a_ratio_and_one_is_judged() -> None:
    found = by_condition(LATENCIES)
    assert [(one.title, one.ratio.median) for one in found] == [(TITLES["nobody"], 1.04), (TITLES["same"], 3)]
    assert [reached for _, _, reached in latency_goal(found)] == [None]
    table = latency_table(found).splitlines()
    assert len(table) == 6 and "1.04 (1.04–1.04)" in table[3] and " 7 |" in table[5]
    assert " – |" in table[4], "older results do not say in which time"
    for late, reached in ((104, True), (120, False)):
        often = [
            replace(one, round=number)
            for number in range(6)
            for one in (LATENCIES[0], replace(LATENCIES[1], late=late))
        ]
        assert [verdict for _, _, verdict in latency_goal(by_condition(often))] == [reached]
