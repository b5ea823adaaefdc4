# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Any UEFI PC: `stuart_build -c platforms/pc.py PARTITIONS=<your partition file> [TARGET=…]`.

The partition file names the machine it is for (`machine: <name or path of its machine file>`).  Copy what
is in `Build/pc/ESP` to the EFI system partition of that PC, or to a FAT-formatted USB stick, and boot it.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stuart_settings import MrmBuilder, MrmSettings


class Settings(MrmSettings):
    """Settings of any PC."""

    NAME = "pc"


class PlatformBuilder(MrmBuilder):
    """Build for any PC."""

    NAME = Settings.NAME

    def SetPlatformEnv(self) -> int:
        """Insist on a partition file: no default suits somebody else's machine."""
        if self.env.GetValue("PARTITIONS") is None:
            logging.critical("name your partition file: stuart_build -c platforms/pc.py PARTITIONS=<file>")
            return 1
        return super().SetPlatformEnv()

    def FlashRomImage(self) -> int:
        """Say how to boot it: a real machine is not ours to write to."""
        logging.critical(
            "copy what lies in %s to the PC's EFI system partition and boot it", self.output() / "ESP"
        )
        return 1
