# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Writer of initial RAM disks: a gzip-compressed cpio archive whose bytes depend on nothing but its contents.

Format: linux/Documentation/driver-api/early-userspace/buffer-format.rst ("newc"). Written here rather than
with cpio(1) because device nodes then need no root rights, and owners, times and order are fixed.
"""

import gzip
import stat
from dataclasses import dataclass
from pathlib import Path

_TRAILER = "TRAILER!!!"
_ALIGNMENT = 4


@dataclass(frozen=True)
class Entry:
    """One file of an archive, owned by root.

    Attributes:
        path: Relative to the root, without a leading slash.
        mode: File type and permissions, as in st_mode.
        data: Contents of a regular file, or target of a symbolic link.
        device: Major and minor number of a device node.
    """

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(path: str) -> Entry:
    """Return an entry for a folder."""
    return Entry(path, stat.S_IFDIR | 0o755)


def regular(path: str, data: bytes, *, executable: bool = False) -> Entry:
    """Return an entry for a regular file."""
    return Entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)


def link(path: str, target: str) -> Entry:
    """Return an entry for a symbolic link."""
    return Entry(path, stat.S_IFLNK | 0o777, target.encode())


def character_device(path: str, major: int, minor: int) -> Entry:
    """Return an entry for a character device node."""
    return Entry(path, stat.S_IFCHR | 0o600, device=(major, minor))


def tree(root: Path) -> list[Entry]:
    """Return entries for all folders and regular files below a folder of the host."""
    entries = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        entries.append(folder(name) if path.is_dir() else regular(name, path.read_bytes()))
    return entries


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNMENT)


def _record(number: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (
        number,
        entry.mode,
        0,  # user
        0,  # group
        links,
        0,  # modification time
        len(entry.data),
        0,  # major number of the device the file is on
        0,  # its minor number
        *entry.device,
        len(name),
        0,  # checksum, unused in newc
    )
    header = b"070701" + b"".join(b"%08X" % value for value in fields)
    return _padded(header + name) + _padded(entry.data)


def archive(entries: list[Entry]) -> bytes:
    """Return an uncompressed archive; entries are sorted, so that a folder comes before its contents.

    Raises:
        ValueError: Two entries have the same path.
    """
    ordered = sorted(entries, key=lambda entry: entry.path.split("/"))
    paths = [entry.path for entry in ordered]
    if len(set(paths)) != len(paths):
        twice = sorted({path for path in paths if paths.count(path) > 1})
        raise ValueError(f"paths given twice: {', '.join(twice)}")
    # Inode numbers start at 1 and differ, else the kernel takes files for hard links of each other.
    records = [_record(number, entry) for number, entry in enumerate(ordered, 1)]
    return b"".join([*records, _record(0, Entry(_TRAILER, 0))])


def compress(data: bytes) -> bytes:
    """Compress an archive such that every kernel can unpack it and equal input gives equal bytes."""
    return gzip.compress(data, mtime=0)
