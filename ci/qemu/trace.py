# SPDX-License-Identifier: BSD-2-Clause-Patent
"""When the firmware of a bare machine begins to number its PCI buses, seen by QEMU's tracing.

The RELEASE OVMF of Debian says nothing before its console works. The first thing its boot manager does
(PlatformBootManagerBeforeConsole) is to connect the root bridges, and so to number the buses: its entry is
the first write to a root port's bus numbers (PCI-to-PCI Bridge 1.2 section 3.2.5.3: offset 0x18).
"""

import re
import time
from datetime import datetime
from pathlib import Path

EVENT = "pci_cfg_write"
"""QEMU's name of what is traced."""

_NUMBERING = re.compile(rf"^(\S+) {EVENT} pcie-root-port \S+ @0x18 <- ", re.MULTILINE)


def arguments(file: Path) -> list[str]:
    """Return the arguments that note the time of each write to configuration space in `file`."""
    return ["-trace", EVENT, "-msg", "timestamp=on", "-D", str(file)]


def numbering_began(text: str) -> float | None:
    """Return when the first root port was given bus numbers, in seconds since 1970; None if none was."""
    found = _NUMBERING.search(text)
    return datetime.fromisoformat(found[1]).timestamp() if found else None


def monotonic(seconds: float) -> float:
    """Return what time.monotonic() was at a time of day of this run, in seconds since 1970."""
    return seconds - time.time() + time.monotonic()
