# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`Mrm.efi` for any plan: `stuart_build -c platforms/ready.py [TARGET=…]`, which is `make ready`.

It is built once, without a plan. `python -m generator esp <partition file> --output DIR` then makes a
bootable ESP of it, with neither EDK2 nor a compiler.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stuart_settings import MrmBuilder, MrmSettings


class Settings(MrmSettings):
    """Settings of no platform in particular."""

    NAME = "ready"


class PlatformBuilder(MrmBuilder):
    """Build without a plan."""

    NAME = Settings.NAME

    def partition_file(self) -> None:
        """None."""
        return

    def FlashRomImage(self) -> int:
        """Say what to do with it."""
        logging.critical("make an ESP by `python -m generator esp`; there is nothing to boot yet")
        return 1
