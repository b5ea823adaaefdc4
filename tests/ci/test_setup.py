# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The set-up script: what it refuses, and that what is done stays done."""

import shutil
import subprocess
from pathlib import Path

from ci.progress import PROJECT


def setup(folder: Path, *steps: str) -> subprocess.CompletedProcess[str]:
    command = [str(folder / "ci/setup.sh"), *steps]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_unknown_step_is_refused() -> None:
    result = setup(PROJECT, "edk3")
    assert result.returncode == 1
    assert result.stderr == "error: unknown step edk3; known: packages python edk2 emulator guests grid\n"


def test_path_with_blanks_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    shutil.copytree(PROJECT / "ci", folder / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    result = setup(folder)
    assert result.returncode == 1
    assert result.stderr.startswith("error: EDK2 does not build in a path with blanks: move")


def test_finished_steps_are_silent() -> None:
    result = setup(PROJECT, "packages", "python")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
