# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds the wheel, without network, and twice: the same source makes the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ci.progress import SetupError
from ci.release.version import seconds


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a project into a folder.

    Args:
        project: Its folder, with the parts where pyproject.toml wants them.
        folder: Where the wheel goes; other wheels in there are removed.

    Raises:
        SetupError: It cannot be built, or a second one has other bytes.
    """
    wheel = _build(project, folder)
    with tempfile.TemporaryDirectory(prefix="mrm-wheel-") as other:
        again = _build(project, Path(other))
        if again.name != wheel.name or again.read_bytes() != wheel.read_bytes():
            raise SetupError(f"{wheel.name} has other bytes when it is built again: it is not reproducible")
    return wheel


def _build(project: Path, folder: Path) -> Path:
    """Build it once."""
    for old in folder.glob("*.whl"):
        old.unlink()
    run = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=project,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds(project))},
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if run.returncode != 0 or len(wheels) != 1:
        raise SetupError(f"the wheel cannot be built:\n{run.stdout}{run.stderr}")
    return wheels[0]
