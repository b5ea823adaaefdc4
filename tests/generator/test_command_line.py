# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The command line: exit statuses, streams, no tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.__main__ import main
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]

DEMONSTRATION = PROJECT / "partitions" / "two-kernels.yaml"


def test_help_explains_itself() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "generator", "--help"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for word in ("check", "plan", "emit", "rules", "file:line:column", "Exit status"):
        assert word in run.stdout


def test_plan_tells_lines_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(DEMONSTRATION)]) == 0
    text = capsys.readouterr().out
    assert "two-kernels.yaml:" in text
    assert "q35.yaml:" in text
    assert "no_ipi_broadcast=1" in text
    assert "PREEMPT_RT" in text


def test_plan_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(DEMONSTRATION), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == 1


def test_emit_says_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for changed in ("4 files changed", "0 files changed"):
        assert main(["emit", str(DEMONSTRATION), "--output", str(tmp_path / "out")]) == 0
        assert changed in capsys.readouterr().out


def test_all_problems_at_once_and_status_1(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(document(partition(console="COM9", colour="red", memory="1")))
    for command in (["check"], ["plan"], ["emit", "--output", "unused"]):
        assert main([command[0], str(path), *command[1:]]) == 1
        told = capsys.readouterr().err.splitlines()
        assert [line.rsplit(" ", 1)[1] for line in told] == [
            "[memory-aligned]",
            "[memory-minimum]",
            "[console-exists]",
            "[yaml-unknown-key]",
        ]
        assert all(line.startswith(f"{path}:") for line in told)
    assert not Path("unused").exists()


def test_check_as_json(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write(document(partition(console="COM9")))), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert [(problem["rule"], problem["line"], problem["column"]) for problem in told["problems"]] == [
        ("console-exists", 8, 14)
    ]


def test_warnings_do_not_stop_anything(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(document(partition(boot="{file: files/linux, options: noapic}")))
    assert main(["check", str(path)]) == 0
    assert "[boot-options-harmless]" in capsys.readouterr().err
    assert main(["plan", str(path)]) == 0


def test_another_machine_file(project: Path, write: Write) -> None:
    machine = project / "partitions" / "machines" / "bare.yaml"
    path = write(document(partition()))
    assert main(["check", str(path), "--machine", str(machine)]) == 1
    assert main(["check", str(path), "--machine", str(PROJECT / "platforms" / "q35.yaml")]) == 0


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    assert main(["emit", str(DEMONSTRATION), "--output", str(tmp_path / "out")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_wrong_usage_has_status_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["emit", "x.yaml"])
    assert caught.value.code == 2
