# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the tests of the generator share: a project folder to play in, and loaders made to measure."""

from __future__ import annotations

import re
import shutil
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(__file__).resolve().parent / "examples"

AMD64, I386 = 0x8664, 0x14C
EFI_APPLICATION, EFI_BOOT_DRIVER = 10, 11
BANNER = "6.1.0-99-amd64 (builder@example.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.200-1 (2026-01-01)"


def make_pe(
    machine: int = AMD64,
    subsystem: int = EFI_APPLICATION,
    magic: int = 0x20B,
    size_of_image: int = 0x3000,
    head: bytes = b"",
    size: int = 0x1200,
    code: bytes = bytes(0x200),
) -> bytes:
    """A PE image with one section, `code`; `head` is laid over everything before the PE header, at 0x400."""
    if len(code) > 0x200:
        size, size_of_image = 0x1000 + len(code), 0x2000 + len(code) & ~0xFFF
    image = bytearray(size)
    image[: len(head)] = head
    image[0:2] = b"MZ"
    struct.pack_into("<I", image, 0x3C, 0x400)
    optional_size = 240 if magic == 0x20B else 224
    image[0x400:0x404] = b"PE\0\0"
    struct.pack_into("<HHIIIHH", image, 0x404, machine, 1, 0, 0, 0, optional_size, 0x206)
    optional = 0x418
    struct.pack_into("<HBBIIIII", image, optional, magic, 2, 20, len(code), 0, 0, 0x1000, 0x1000)
    if magic == 0x20B:
        struct.pack_into("<Q", image, optional + 24, 0)
    struct.pack_into("<II", image, optional + 32, 0x1000, 0x200)
    struct.pack_into("<II", image, optional + 56, size_of_image, 0x600)
    struct.pack_into("<H", image, optional + 68, subsystem)
    struct.pack_into("<I", image, optional + (108 if magic == 0x20B else 92), 16)
    section = optional + optional_size
    struct.pack_into("<8sIIII", image, section, b".text", len(code), 0x1000, len(code), 0x1000)
    image[0x1000 : 0x1000 + len(code)] = code[: size - 0x1000]
    return bytes(image)


def make_linux(
    banner: str = BANNER, flags: int = 0x7F, init_size: int = 0x400000, protocol: int = 0x20F
) -> bytes:
    """A PE image with the boot header of a 64-bit Linux kernel."""
    head = bytearray(0x400)
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x206, protocol)
    struct.pack_into("<H", head, 0x20E, 0x270 - 0x200 if banner else 0)
    struct.pack_into("<HI", head, 0x236, flags, 2047)
    struct.pack_into("<I", head, 0x260, init_size)
    text = banner.encode() + b"\0"
    head[0x270 : 0x270 + len(text)] = text
    return make_pe(head=bytes(head))


FILES: Mapping[str, bytes] = {
    "linux": make_linux(),
    "linux-5.4": make_linux("5.4.0-1-amd64 (builder@example.org) #1"),
    "linux-unnamed": make_linux(""),
    "app.efi": make_pe(),
    "app32.efi": make_pe(I386, magic=0x10B),
    "driver.efi": make_pe(subsystem=EFI_BOOT_DRIVER),
    "large.efi": make_linux(init_size=600 << 20),
    "text": b"no loader at all\n",
    "empty": b"",
    "initrd": b"070701" + bytes(100),
    "microcode": b"070701" + bytes(104) + b"kernel/x86/microcode/AuthenticAMD.bin\0",
    "memtest.efi": make_linux("Memtest86+ v6.10"),
    "LINUX": b"070701" + bytes(100),
    "naïve": make_pe(),
}
"""Files an example may boot from, below `files/`; `below/LINUX` differs from `linux` only in case."""


def make_project(folder: Path) -> Path:
    """A project: platforms/, partitions/ with the examples, and the files they boot from."""
    (folder / "platforms").mkdir()
    shutil.copy(PROJECT / "platforms" / "q35.yaml", folder / "platforms" / "q35.yaml")
    partitions = folder / "partitions"
    shutil.copytree(EXAMPLES, partitions)
    (partitions / "files" / "below").mkdir(parents=True)
    for name, data in FILES.items():
        target = "below/LINUX" if name == "LINUX" else name
        (partitions / "files" / target).write_bytes(data)
    return folder


@dataclass(frozen=True, order=True)
class Mark:
    """A problem an example expects: `# <- RULE` behind the line it is in."""

    file: str
    line: int
    rule: str


_MARK = re.compile(r"# <- ([a-z0-9-]+(?:, [a-z0-9-]+)*)\s*$")


def marks(path: Path) -> set[Mark]:
    """All problems a file expects."""
    found: set[Mark] = set()
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        match = _MARK.search(line)
        if match is not None:
            found.update(Mark(path.name, number, rule) for rule in match[1].split(", "))
    return found


def partition(name: str = "one", **keys: str) -> str:
    """One entry of `partitions:`, with keys replaced or added."""
    entries = {"name": name, "processors": "1", "memory": "256 MiB", "boot": "files/linux", **keys}
    lines = [f"{key}: {value}" for key, value in entries.items()]
    return "  - " + "\n    ".join(lines) + "\n"


def document(*partitions: str, head: str = "") -> str:
    """A partition file."""
    return f"format: 1\nmachine: q35\n{head}partitions:\n" + "".join(partitions)
