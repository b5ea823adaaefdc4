# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is measured: a Debian kernel and the guests' initrd, with the work program and mrmctl added to it.

It is the same on the bare machine and in a partition, byte for byte.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.guests import initrd
from ci.guests.build import OUTPUT as GUESTS
from ci.guests.program import compile_program
from ci.progress import PROJECT, SetupError

_SOURCES = Path(__file__).parent / "work"
_WIRE_SOURCES = Path(__file__).parent / "wire"
_BUILT = PROJECT / "Build" / "bench"


@dataclass(frozen=True)
class Guest:
    """A kernel with its initrd."""

    kernel: Path
    initrd: Path


def build_work(output: Path = _BUILT / "work") -> Path:
    """Compile the work program if its sources are newer, and return it; raises SetupError."""
    return compile_program(_SOURCES.glob("*.c"), output)


def build_wire(output: Path = _BUILT / "wire") -> Path:
    """Compile the program that measures networks, and return it; raises SetupError."""
    return compile_program(_WIRE_SOURCES.glob("*.c"), output)


def make_guest(name: str = "linux-6.12", more: Sequence[initrd.Entry] = (), behind: bytes = b"") -> Guest:
    """Make a guest of `Build/guests` that has `work`, `wire`, `mrmctl` and more; raises SetupError.

    It is where the partition files of bench/partitions look for it.

    Args:
        name: The guest's name.
        more: What else is in its initrd.
        behind: An archive that goes behind its initrd.
    """
    source, target = GUESTS / name, _BUILT / "guests" / name
    if not (source / "initrd.img").is_file():
        raise SetupError(f"{source} is not there; run `make setup`")
    target.mkdir(parents=True, exist_ok=True)
    programs = {"work": build_work(), "wire": build_wire(), "mrmctl": PROJECT / "tools" / "mrmctl"}
    added = [
        initrd.regular(f"bin/{name}", file.read_bytes(), executable=True) for name, file in programs.items()
    ]
    # A kernel unpacks archives that follow each other, one over the other.
    archive = (source / "initrd.img").read_bytes()
    for part in (initrd.compress(initrd.archive([*added, *more])), behind):
        archive += bytes(-len(archive) % 4) + part
    (target / "initrd.img").write_bytes(archive)
    shutil.copyfile(source / "vmlinuz", target / "vmlinuz")
    return Guest(target / "vmlinuz", target / "initrd.img")
