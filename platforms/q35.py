# SPDX-License-Identifier: BSD-2-Clause-Patent
"""QEMU's q35: `stuart_build -c platforms/q35.py [PARTITIONS=…] [TARGET=…] [--FlashRom|--FlashOnly]`.

`--FlashRom` boots what was built, on the machine that the partition file names: `q35` or `q35-devices`.
`MRM_RUN_ARGS` in the environment passes options to `python -m ci.run`.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stuart_settings import PROJECT, MrmBuilder, MrmSettings


class Settings(MrmSettings):
    """Settings of q35."""

    NAME = "q35"


class PlatformBuilder(MrmBuilder):
    """Build and boot q35."""

    NAME = Settings.NAME

    def FlashRomImage(self) -> int:
        """Boot what was built, on this terminal."""
        command = [
            sys.executable,
            "-m",
            "ci.run",
            "--esp",
            str(self.output() / "ESP"),
            "--plan",
            str(self.generated() / "MrmPlan.json"),
            *shlex.split(os.environ.get("MRM_RUN_ARGS", "")),
        ]
        return subprocess.run(command, cwd=PROJECT, check=False).returncode
