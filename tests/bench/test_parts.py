# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Parts are measured one after the other or one by itself, and each keeps its own date and machine."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from bench import machine, modules, parts
from bench.__main__ import main
from bench.parts import Extent, measure
from bench.report.page import performance_page
from bench.report.taken import apart, boots, taken_on
from bench.results import LOAD, PARTS, PlannerTime, Results, RowCount, Taken, read_results, write_results

OLD = {"host": "2 processors", "kernel": "6.12.1", LOAD: "7.8"}
NEW = {"host": "2 processors", "kernel": "6.12.2", LOAD: "0.3"}
PLANS = [PlannerTime(64, 1088, 512, 1.25, 100 << 20)]
RESULTS = Results(
    "2026-11-29",
    OLD,
    sizes={"Mrm.efi without a plan": 1000},
    plans=PLANS,
    taken={part: Taken("2026-11-29", OLD, 1) for part in ("plans", "sizes")},
)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> str:
    """The date of what is measured now: sizes, on another machine than the results'."""
    monkeypatch.setattr(machine, "describe_machine", lambda: NEW)
    monkeypatch.setattr(modules, "check", lambda: None)
    monkeypatch.setattr(machine, "sizes", lambda _: {"Mrm.efi without a plan": 2000})
    return datetime.date.today().isoformat()


def test_each_part_can_be_asked_for() -> None:
    assert tuple(parts.PARTS) == PARTS


def test_a_part_that_is_measured_again_is_dated_again_and_no_other_one(tmp_path: Path, today: str) -> None:
    file = tmp_path / "performance.json"
    write_results(RESULTS, file)
    assert main(["run", "--only", "sizes", "--results", str(file)]) == 0
    found = read_results(file)
    assert (found.date, found.machine, found.plans) == (RESULTS.date, OLD, PLANS)
    assert found.sizes == {"Mrm.efi without a plan": 2000}
    assert found.taken == {"plans": RESULTS.taken["plans"], "sizes": Taken(today, NEW, 1)}
    sentence = f"Measured on {today}; kernel: 6.12.2; load of the host at the start: 0.3."
    page = (tmp_path / "performance.md").read_text()
    assert page == performance_page(found) and page.count(sentence) == 1
    assert page.index("## Size") < page.index(sentence) < page.index("2,000")
    assert "A section that was measured on another day or machine says so." in page


def test_a_first_run_of_one_part_has_its_date(tmp_path: Path, today: str) -> None:
    file = tmp_path / "performance.json"
    assert main(["run", "--only", "sizes", "--results", str(file)]) == 0
    found = read_results(file)
    assert (found.date, found.machine, list(found.taken)) == (today, NEW, ["sizes"])
    assert "A section that" not in performance_page(found)


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("part", ["levels", "memory"])
def test_what_a_quick_run_leaves_out_keeps_its_date(part: str, tmp_path: Path) -> None:
    assert measure(part, RESULTS, Extent(tmp_path, quick=True)) is RESULTS


def test_the_load_of_the_host_alone_makes_no_other_machine() -> None:
    idle = {**OLD, LOAD: "0.1"}
    assert not apart(replace(RESULTS, taken={"plans": Taken(RESULTS.date, idle, 1)}), "plans")
    later = replace(RESULTS, taken={"plans": Taken("2026-12-03", OLD, 1)})
    assert list(taken_on(later, "plans", "Idle: seen")) == ["Idle: seen on 2026-12-03."]
    assert list(taken_on(RESULTS, "plans")) == list(taken_on(RESULTS, "times")) == []


def test_of_how_many_boots_the_least_is_counted_is_said() -> None:
    rows = replace(RESULTS, taken={"counts": Taken("2026-11-29", OLD, 3), "levels": RESULTS.taken["plans"]})
    assert list(boots(rows, "counts")) == ["The least of 3 boots each."]
    assert list(boots(rows, "levels")) == ["Of one boot each."]
    assert list(boots(RESULTS, "counts")) == []


def test_a_section_of_two_parts_tells_their_dates_apart() -> None:
    counts = replace(
        RESULTS.counts, rows=[RowCount("read", 1000, 1001, 3)], boot_processor={"idle": 1.0, "busy": 2.0}
    )
    taken = {"counts": Taken("2026-11-29", OLD, 3), "channels": Taken("2026-12-03", OLD, 6)}
    page = performance_page(replace(RESULTS, counts=counts, taken=taken))
    assert "With cards and disks: measured on 2026-12-03." in page
    assert '"Idle" and "busy", without cards and disks: measured' not in page
