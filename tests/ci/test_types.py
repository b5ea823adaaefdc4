# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The Python code has the types that it says, as `make lint` checks, too."""

import subprocess
import sys
from pathlib import Path

from ci.progress import PROJECT


def test_types_are_right() -> None:
    mypy = Path(sys.executable).with_name("mypy")
    done = subprocess.run([mypy], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
