# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What figures are taken on, in words, as the page tells it.  Nothing that names a host or its owner."""

import os
import re
import subprocess
from pathlib import Path

from bench import modules
from bench.results import LOAD, UNPACKED, WHOLE
from ci.emulator.choice import emulator
from ci.guests.build import OUTPUT as GUESTS
from ci.progress import SetupError


def describe_machine(kernel: str = "linux-6.12") -> dict[str, str]:
    """Return the host, its load, the emulator and the kernel."""
    told = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", told, re.MULTILINE)
    version = subprocess.run([emulator(), "--version"], capture_output=True, text=True).stdout
    number = re.search(r"version (\S+)", version)
    package = re.search(r'"release": "([^"]+)"', (GUESTS / kernel / "guest.json").read_text())
    return {
        "host": f"{os.cpu_count()} processors, {model[1] if model else 'unknown'}",
        LOAD: f"{os.getloadavg()[0]:.1f}",
        "emulator": f"QEMU {number[1] if number else 'unknown'}, TCG, q35 with OVMF",
        "kernel": f"Debian's {package[1] if package else 'unknown'}",
    }


_LARGEST = 10
"""So many modules of the partition firmware are told."""

_ON_THE_ESP = "Shell"
"""The UEFI shell is built with the firmware, but is a file of its own."""


def sizes(ready: Path) -> dict[str, int]:
    """Return bytes of Mrm.efi and of what is in it, of a build without a plan: that of modules.TARGET.

    Raises:
        SetupError: There is none.
    """
    controller, firmware = modules.controller_of(ready), modules.firmware_of(ready)
    try:
        whole, compact, unpacked = (
            file.stat().st_size
            for file in (
                controller,
                firmware / "FV" / "PARTITIONCOMPACT.Fv",
                firmware / "FV" / "PARTITION.Fv",
            )
        )
    except FileNotFoundError as error:
        raise SetupError(f"{error.filename} is missing; run `make ready TARGET={modules.TARGET}`") from error
    found = {
        WHOLE: whole,
        "of that, partition firmware, compressed": compact,
        "of that, controller and guard": whole - compact,
        UNPACKED: unpacked,
    }
    files = (file for file in firmware.glob("X64/*.efi") if file.stem != _ON_THE_ESP)
    for file in sorted(files, key=lambda file: -file.stat().st_size)[:_LARGEST]:
        found[f"of that, {file.stem}"] = file.stat().st_size
    return found
