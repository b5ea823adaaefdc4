# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A test run says where its time went, and what it boots is built first."""

import os
import re
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.usage import LOG_VARIABLE, Usage, current_test, note, processor_seconds, read_log
from tests.boot.builds import TARGETS, partition_file
from tests.usage import FileTime, by_file, render

BOOTS = [
    Usage("q35", "tests/boot/a.py::test_b", 20.0, 31.0),
    Usage("q35-devices", "tests/boot/c.py", 60.0, 90.0),
]


def report(nodeid: str, when: str, duration: float) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=nodeid,
        location=("", 0, ""),
        keywords={},
        outcome="passed",
        longrepr=None,
        when=when,  # type: ignore[arg-type]
        duration=duration,
    )


def test_seconds_are_summed_by_file() -> None:
    reports = [
        report("tests/a.py::test_1", "setup", 2.0),
        report("tests/a.py::test_1", "call", 1.0),
        report("tests/b.py::test_1", "call", 9.0),
        report("tests/a.py::test_2[x::y]", "call", 3.0),
        report("tests/a.py::test_2[x::y]", "teardown", 1.0),
    ]
    assert by_file(reports) == [
        FileTime("tests/b.py", 1, prepared=0.0, tested=9.0),
        FileTime("tests/a.py", 2, prepared=3.0, tested=4.0),
    ]


def test_the_report_names_the_slowest_first_and_counts_all() -> None:
    files = [FileTime("tests/b.py", 3, 60.0, 30.0), FileTime("tests/a.py", 1, 1.0, 2.0)]
    lines = render(90.0, files, BOOTS, shown=1)
    assert lines[0] == "1.5 minutes; files together 1.6, 2 machines 1.3, their processors 2.0"
    assert "   60.0s   30.0s     3  tests/b.py" in lines
    assert "   60.0s     90.0s  q35-devices: tests/boot/c.py" in lines
    assert not [line for line in lines if "a.py" in line]
    assert len(render(90.0, files, BOOTS)) == len(lines) + 2


def test_machines_are_noted_where_a_log_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    monkeypatch.delenv(LOG_VARIABLE, raising=False)
    note(BOOTS[0])
    assert read_log(log) == []
    monkeypatch.setenv(LOG_VARIABLE, str(log))
    for boot in BOOTS:
        note(boot)
    assert read_log(log) == BOOTS


def test_a_machine_is_noted_with_the_test_that_booted_it() -> None:
    assert current_test() == "tests/tests/test_usage.py::test_a_machine_is_noted_with_the_test_that_booted_it"


def test_processor_time_of_a_process() -> None:
    before = processor_seconds(os.getpid())
    while processor_seconds(os.getpid()) < before + 0.05:
        pass
    assert processor_seconds(2**22 + 1) == 0.0


def test_everything_booted_is_built_first() -> None:
    """Otherwise a build would hold up a machine's tests, with the other process waiting for it."""
    asked: set[tuple[str, str]] = set()
    for file in (PROJECT / "tests" / "boot").rglob("*.py"):
        for match in re.finditer(r'\bbuilt\("([\w.-]+)"(?:, "(\w+)")?[,)]', file.read_text("utf-8")):
            asked.add((match[1], match[2] or "RELEASE"))
    assert asked and {target for _, target in asked} <= set(TARGETS)
    assert all(partition_file(name).is_file() for name, _ in asked)
