# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Results are read as they were written, and tables, chart and page say what is in them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.__main__ import main
from bench.report.chart import LEAST, MOST, chart, place
from bench.report.page import goals, missing, performance_charts, performance_page
from bench.report.ratios import compare, speed_goal
from bench.report.table import TITLES, markdown, ratio_table
from bench.results import (
    AGAIN,
    ALONE,
    BARE,
    LOAD,
    PARTS,
    CommitCount,
    Counts,
    ExitCount,
    Latency,
    LevelCount,
    Link,
    Outside,
    PhaseCount,
    PlannerTime,
    Restart,
    Results,
    ResultsError,
    RowCount,
    Sample,
    ServiceCount,
    StartCount,
    Taken,
    read_results,
    rounds_of,
    write_results,
)
from bench.timing import NETWORK_ROWS, TOOL_ROWS
from ci.progress import PROJECT

SAMPLES = [
    Sample(subject, row, unit, value * factor, number)
    for number, value in enumerate((100.0, 110.0, 90.0, 105.0, 95.0, 100.0))
    for row, unit in (("pipe", "ns"), ("memory-read", "MB/s"))
    for subject, factor in ((BARE, 1.0), (ALONE, 2.0), (AGAIN, 1.0))
]
RESULTS = Results(
    "2026-11-29",
    {"host": "2 processors"},
    Counts(
        [RowCount("read", 1000, 1001, 3)],
        [Outside("boot", 30.5, 10**9, 12, 0)],
        [ServiceCount("GetVariable", 12, 100, 150.5, 900)],
        [PhaseCount("SEC", 5000, {"MrmSec": 4000, "no module": 1000}, {"MrmSec": 5 << 10})],
        {"idle": 1000.0},
        levels=[LevelCount("guarded", "read", 1000, 1001, 3)],
        exits=[ExitCount("guarded", "idle", 60.0, {"io": 0})],
        commit=CommitCount(20, 10_000, 300_000, 400_000),
        starts=[
            StartCount(1, 10, 90, 290, 20, PhaseCount("building", 10, {"Mrm": 10}, {"Mrm": 3 << 20})),
            StartCount(8, 240, 720, 2400, 800),
        ],
    ),
    SAMPLES,
    {"Mrm.efi without a plan": 2**20 + 1, "partition firmware, unpacked": 5 * 2**19},
    [
        Restart(subject, loader, number, first * factor, 2 * first * factor, 4 * first * factor)
        for number, first in enumerate((4.0, 5.0, 6.0))
        for loader in ("grub", "alone")
        for subject, factor in ((BARE, 1.0), (ALONE, 0.25 if loader == "grub" else 0.5))
    ],
    [Latency(subject, "nobody", 0, 10, late, 90, 2000, 0) for subject, late in ((BARE, 50), (ALONE, 60))],
    [PlannerTime(64, 1088, 512, 1.25, 100 << 20)],
    [
        Link(who, "round-trip-paused", "ns", took, 0)
        for who, took in (("channel-boot", 4.9e6), ("virtio", 3e6))
    ],
    {"Mrm.efi, loaded": 987_654},
    {part: Taken("2026-11-29", {"host": "2 processors"}, 3 if part == "counts" else 1) for part in PARTS},
)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "results.json"
    write_results(RESULTS, file)
    assert read_results(file) == RESULTS


def test_results_that_do_not_tell_it_were_all_taken_together(tmp_path: Path) -> None:
    """Those of earlier runs, whose load was that of the first part."""
    file = tmp_path / "results.json"
    old = replace(RESULTS, machine={"host": "2 processors", LOAD: "7.8"}, memory={}, taken={})
    write_results(old, file)
    told = json.loads(file.read_text())
    del told["taken"]
    file.write_text(json.dumps(told))
    found = read_results(file).taken
    assert found.keys() == set(PARTS) - {"memory"}
    assert {(one.date, *one.machine.items()) for one in found.values()} == {
        ("2026-11-29", ("host", "2 processors"))
    }
    assert {part: one.rounds for part, one in found.items()} == {part: rounds_of(old, part) for part in found}
    assert (found["counts"].rounds, found["times"].rounds, found["restarts"].rounds) == (3, 6, 3)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1}', '{"format": 1, "date": 1, "machine": []}']
)
def test_what_is_no_result_is_refused_with_its_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(text)
    with pytest.raises(ResultsError, match=re.escape(str(file))):
        read_results(file)


def test_twice_the_time_is_half_the_speed_and_twice_the_rate_is_twice() -> None:
    pipe, memory = compare(SAMPLES)
    assert (pipe.row, pipe.ratios[ALONE].median, pipe.ratios[AGAIN].median) == ("pipe", 0.5, 1)
    assert (memory.row, memory.ratios[ALONE].median) == ("memory-read", 2)


def test_a_sample_without_its_neighbour_does_not_count() -> None:
    lacking = [sample for sample in SAMPLES if (sample.subject, sample.round) != (BARE, 2)]
    assert compare(lacking)[0].ratios[ALONE].count == 5
    assert compare([sample for sample in SAMPLES if sample.subject != BARE]) == []


def test_the_table_has_the_subjects_that_were_measured() -> None:
    table = ratio_table(compare(SAMPLES))
    assert TITLES[ALONE] in table and TITLES["neighbour"] not in table
    assert "0.50 (0.50–0.50)" in table
    assert len({len(line) for line in table.splitlines()}) == 1


words = st.text(st.characters(codec="ascii", exclude_characters="|\n", categories=["L", "N"]), max_size=12)


@given(st.lists(st.tuples(words, words, words), max_size=5))
def test_the_columns_of_a_table_line_up(rows: list[tuple[str, str, str]]) -> None:
    lines = markdown(["a", "b", "c"], rows).splitlines()
    assert len(lines) == len(rows) + 2
    assert len({tuple(match.start() for match in re.finditer(r"\|", line)) for line in lines}) == 1


def test_the_chart_is_drawn_to_scale() -> None:
    assert place(LEAST) < place(1.0) < place(MOST)
    assert place(1.0) - place(0.75) == pytest.approx(place(1.25) - place(1.0))
    assert place(99) == place(MOST) and place(0) == place(LEAST)
    drawn = ElementTree.fromstring(chart(compare(SAMPLES), "a < b"))
    points = [element for element in drawn.iter() if element.tag.endswith("circle")]
    # Two rows with two subjects, and the legend.
    assert len(points) == 4 + len(TITLES)
    assert f"{place(0.5):.1f}" in {point.get("cx") for point in points}
    # What lies beyond the axis has an arrow's head.
    assert len([element for element in drawn.iter() if element.tag.endswith("polygon")]) == 1


def test_the_page_tells_each_goal_and_its_outcome() -> None:
    outcome = {goal.split(":")[0]: verdict for goal, _, verdict in goals(RESULTS)}
    assert outcome == {
        "instructions of the same work": "reached",
        "instructions in firmware or controller outside runtime services": "reached",
        "speed of a partition alone": "missed",
        "instructions of the same work when guarded": "reached",
        "exits of a guarded partition that runs": "reached",
        "8 starts at a time": "reached",
        "a partition's start to its loader": "reached",
        "our part of SetVariable": "reached",
        "a partition's restart to its loader": "missed",
        "99.9 % of latencies of a real-time kernel": "too few rounds",
        "first packet after a pause": "reached",
        "Mrm.efi": "missed",
        "partition firmware, unpacked": "reached",
    }
    page = performance_page(RESULTS)
    for word in (
        *(
            "GetVariable",
            "MrmSec",
            "1.0010",
            "2 processors",
            "0.25 (0.25–0.25)",
            "1.200",
            "1.20 (1.20–1.20)",
            "1,088",
            "987,654",
            "mean of 20",
            "0.31 ms",
            "Mrm 3,072",
            "5,120",
        ),
        *(path.as_posix() for path in performance_charts(RESULTS)),
    ):
        assert word in page


def test_the_page_in_the_docs_is_made_of_the_results_in_the_docs() -> None:
    results = read_results(PROJECT / "docs" / "performance.json")
    assert {part: one.rounds for part, one in results.taken.items()} == {
        part: rounds_of(results, part) for part in results.taken
    }
    assert (PROJECT / "docs" / "performance.md").read_text() == performance_page(results)
    for name, drawing in performance_charts(results).items():
        assert (PROJECT / "docs" / name).read_text() == drawing


def test_results_are_published_with_their_page(tmp_path: Path) -> None:
    file, docs = tmp_path / "run" / "performance.json", tmp_path / "docs"
    write_results(RESULTS, file)
    assert main(["report", str(file), "--output", str(docs)]) == 0
    assert read_results(docs / "performance.json") == RESULTS
    assert (docs / "performance.md").read_text() == performance_page(RESULTS)


@pytest.mark.parametrize(("again", "reached"), [(1.0, False), (1.1, True)])
def test_a_row_that_a_second_bare_machine_misses_as_well_is_noise(again: float, reached: bool) -> None:
    samples = [
        Sample(subject, "read", "ns", value, number)
        for subject, value in ((BARE, 1.0), (AGAIN, again), (ALONE, 1.1))
        for number in range(6)
    ]
    assert [verdict for *_, verdict in speed_goal(compare(samples))] == [reached]


def test_too_few_rounds_are_not_judged_by_their_intervals() -> None:
    few = replace(RESULTS, samples=[sample for sample in SAMPLES if sample.round < 5])
    (verdict,) = (verdict for goal, _, verdict in goals(few) if goal.startswith("speed of a partition alone"))
    assert verdict == "too few rounds"


def test_what_was_not_measured_is_said() -> None:
    nothing = Results("2026-11-30", {})
    assert "restarts and boots by loader" in list(missing(nothing))
    assert not {"restarts and boots by loader", "times beside the bare machine"} & set(missing(RESULTS))
    assert "No restarts were taken" in performance_page(nothing)
    assert "bytes that a partition's start writes, by phase and module" in list(missing(nothing))
    assert not [what for what in missing(RESULTS) if "start" in what or "build" in what]
    # Results of a run that had no such rows yet.
    assert {"the network card"} <= set(missing(RESULTS))
    rows = [Sample(BARE, row, "/s", 1.0, 0) for row in (*TOOL_ROWS, *NETWORK_ROWS)]
    assert not {"the network card"} & set(missing(replace(RESULTS, samples=rows)))
