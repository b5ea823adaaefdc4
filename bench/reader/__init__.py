# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The PC's own firmware reads a file of the ESP: an EFI application (`reader.c`) on a machine without MRM.

All waits raise what `Machine.until` raises.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench import subject
from bench.results import Link
from bench.subject import Build
from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.errors import QemuError
from ci.qemu.machine import Machine
from tests.boot import efi_code

NAME = "firmware-file"
"""What its samples are of."""
UNITS = {"disk-4k-random": ("ns", 1.0), "disk-1m-sequential": ("MB/s", 1000.0)}
"""Rows, with the unit of their figures and what the application's are divided by."""

_SOURCE = Path(__file__).with_name("reader.c")
_PORT = "COM1"
_FILE = Path("EFI/MRM/disks/bench.img")
_SIZE = 16 << 20
"""As large as the served one (bench/partitions/channels.yaml)."""
_SECONDS = 120.0


@asynccontextmanager
async def running(build: Build, folder: Path) -> AsyncIterator[Machine]:
    """Boot the application on a plan's machine, from the same kind of drive as Mrm.efi; it reads at once."""
    tree = folder / "tree"
    for name, contents in (
        ("EFI/BOOT/BOOTX64.EFI", efi_code.build(_SOURCE, _made(folder))),
        (_FILE, random.Random(1).randbytes(_SIZE)),
    ):
        _made((tree / name).parent)
        (tree / name).write_bytes(contents)
    description = load_description(PROJECT / "platforms" / f"{build.plan.machine}.yaml")
    boot = subject.only(prepare_boot(description, folder, tree, ()), description, {})
    async with subject.running(description, boot, folder, False) as (machine, _):
        await machine.console(_PORT).wait_for("^READ ", _SECONDS, machine.console(_PORT).start())
        yield machine


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def read(machine: Machine, row: str, number: int) -> Link:
    """Take a sample of a machine that runs; the one that it is at now may have been begun before a pause.

    Raises:
        QemuError: The firmware cannot read the file.
    """
    console = machine.console(_PORT)
    found = await console.wait_for(rf"^READ (?:{row}|failed) [0-9a-f]{{16}}\.", _SECONDS)
    found = await console.wait_for(rf"^READ (?:{row}|failed) ([0-9a-f]{{16}})\.", _SECONDS, found.cursor)
    value = int(found.match[1], 16)
    if "failed" in found.match[0]:
        raise QemuError(f"the PC's firmware cannot read the file: status {value:#x}")
    unit, divisor = UNITS[row]
    return Link(NAME, row, unit, value / divisor, number)
