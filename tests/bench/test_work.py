# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The work program and its script do their work on any Linux; here, on this host."""

import json
import subprocess
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.counts import ROWS as COUNTED
from bench.guest import build_work
from bench.report.lines import read_lines
from bench.results import ALONE, ResultsError
from bench.timing import ROWS
from ci.progress import PROJECT

SCRIPT = PROJECT / "bench" / "run.sh"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_work(tmp_path_factory.mktemp("work") / "work")


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=120)


def test_every_row_is_done_or_says_why_not(work: Path) -> None:
    done = run(work, "-t", "1")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["row"] for line in lines] == list(ROWS)
    assert done.returncode == 1
    for line in lines:
        if line["row"].startswith("disk-"):
            assert line["error"] == "No such device"
        else:
            assert line["value"] > 0 and line["unit"] in ("ns", "MB/s") and line["repetitions"] > 0


def test_counted_work_is_the_same_each_time(work: Path) -> None:
    """Marked or not: the marker does nothing on a real processor."""
    rows = [row for row in COUNTED if not row.startswith("memory-")]
    done = [
        {
            line["row"]: line["repetitions"]
            for line in map(json.loads, run(work, how, *rows).stdout.splitlines())
        }
        for how in ("-c", "-m")
    ]
    assert done[0] == done[1] and set(done[0]) == set(rows)


@pytest.mark.parametrize("words", [["nonsense"], ["-x"]])
def test_wrong_arguments_are_told(work: Path, words: list[str]) -> None:
    done = run(work, *words)
    assert done.returncode == 2 and "usage: work" in done.stderr


def test_the_script_writes_what_can_be_compared(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.jsonl"
    words: list[str | Path] = ["-o", file, "-n", "2", "-t", "1"]
    # Once with a compiler of its own, as a stranger does; a row that cannot be done is no failure.
    assert run(SCRIPT, *words, "null-syscall").returncode == 0
    assert run(SCRIPT, *words, "-w", work, "null-syscall", "pipe", "disk-4k-random").returncode == 0
    facts, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert facts["kernel"].startswith("Linux ") and facts["processors"] > 0
    assert [line["round"] for line in lines if "value" in line] == [0, 0, 1, 1]
    assert {sample.row for sample in read_lines(file, ALONE)} == {"null-syscall", "pipe"}
    assert main(["compare", str(file), str(file)]) == 0
    assert "1.00 (1.00–1.00)" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["-n", "many"], ["-w", "/nowhere"], ["-q"]])
def test_the_script_says_what_is_wrong(words: list[str], tmp_path: Path) -> None:
    done = run(SCRIPT, "-o", tmp_path / "figures.jsonl", *words)
    assert done.returncode == 2 and done.stderr


def test_a_file_that_is_none_of_the_scripts_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x"
    for text in ("", "not JSON", '{"value": 1}', "[1]"):
        file.write_text(text)
        with pytest.raises(ResultsError, match=r"bench/run\.sh"):
            read_lines(file, ALONE)
