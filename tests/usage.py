# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where the time of a test run went: seconds by file, and by machine that was booted.

A pytest plug-in. Machines tell their part through the file that `ci.qemu.usage` names, also those that
programs under test boot. The report ends what pytest prints; all of it goes to `Build/test-times.txt`.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.usage import Usage, read_log

REPORT = PROJECT / "Build" / "test-times.txt"
SHOWN = 15
"""Rows of each table that are printed."""


@dataclass(frozen=True)
class FileTime:
    """What a file of tests took.

    Attributes:
        file: Its path.
        tests: How many tests of it ran.
        prepared: Seconds of fixtures, before and after tests.
        tested: Seconds of the tests themselves.
    """

    file: str
    tests: int
    prepared: float
    tested: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.prepared + self.tested


def by_file(reports: Iterable[pytest.TestReport]) -> list[FileTime]:
    """Return what each file took, the slowest first."""
    prepared: dict[str, float] = defaultdict(float)
    tested: dict[str, float] = defaultdict(float)
    tests: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        file = report.nodeid.partition("::")[0]
        (tested if report.when == "call" else prepared)[file] += report.duration
        tests[file].add(report.nodeid)
    times = [FileTime(file, len(tests[file]), prepared[file], tested[file]) for file in tests]
    return sorted(times, key=lambda one: one.seconds, reverse=True)


def render(seconds: float, files: list[FileTime], boots: list[Usage], shown: int | None = None) -> list[str]:
    """Return the report's lines.

    Args:
        seconds: How long the run took, from its first to its last test.
        files: What each file took, the slowest first.
        boots: What each machine took, in any order.
        shown: How many rows of each table; None for all.
    """
    lines = [
        f"{seconds / 60:.1f} minutes; files together {sum(one.seconds for one in files) / 60:.1f}, "
        f"{len(boots)} machines {sum(boot.seconds for boot in boots) / 60:.1f}, "
        f"their processors {sum(boot.processor for boot in boots) / 60:.1f}"
    ]
    lines += ["", f"{'prepared':>8} {'tested':>7} {'tests':>5}  file"]
    lines += [f"{one.prepared:7.1f}s {one.tested:6.1f}s {one.tests:5}  {one.file}" for one in files[:shown]]
    lines += ["", f"{'seconds':>8} {'processor':>9}  machine that was booted for"]
    slowest = sorted(boots, key=lambda boot: boot.seconds, reverse=True)
    lines += [
        f"{boot.seconds:7.1f}s {boot.processor:8.1f}s  {boot.name}: {boot.test}" for boot in slowest[:shown]
    ]
    return lines


class UsagePlugin:
    """Collects while tests run, reports when they have."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._began = time.monotonic()
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember how long a part of a test took."""
        self._reports.append(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print where the time went."""
        files, boots = by_file(self._reports), read_log(self._log)
        self._log.unlink(missing_ok=True)
        if not boots:
            return
        seconds = time.monotonic() - self._began
        terminalreporter.section("where the time went")
        for line in render(seconds, files, boots, SHOWN):
            terminalreporter.write_line(line)
        REPORT.write_text("\n".join(render(seconds, files, boots)) + "\n")
        terminalreporter.write_line(f"all of it: {REPORT.relative_to(PROJECT)}")
