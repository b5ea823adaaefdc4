# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`make run ARGS=--batch` as a user sees it: what it prints, its report, its exit status."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci.progress import PROJECT
from ci.qemu.timing import scaled

_RUN_SECONDS = 420


@dataclass(frozen=True)
class Outcome:
    """How a batch run ended; `lines` is what it printed."""

    status: int
    lines: list[str]
    report: dict[str, Any]

    def said(self, name: str) -> list[str]:
        """Return what stands behind the prefix of one console."""
        split = (line.partition(" | ") for line in self.lines)
        return [text for prefix, bar, text in split if bar and prefix.strip() == name]

    def partition(self, name: str) -> dict[str, Any]:
        """Return a partition's part of the report."""
        return next(partition for partition in self.report["partitions"] if partition["name"] == name)


def run_batch_command(esp: Path, plan: Path, folder: Path, *options: str) -> Outcome:
    """Run `python -m ci.run --batch` without a terminal until it ends by itself."""
    command = [sys.executable, "-m", "ci.run", "--batch", "--esp", str(esp)]
    command += ["--plan", str(plan), "--folder", str(folder)]
    done = subprocess.run(
        [*command, *options],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=scaled(_RUN_SECONDS),
        check=False,
    )
    report = json.loads((folder / "report.json").read_text())
    return Outcome(done.returncode, done.stdout.splitlines(), report)
