# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where a scan reads: the running system, a folder or a tar that generator/collect.sh made elsewhere.

A snapshot has files and links by their paths on the scanned machine, without the leading slash.  Collections
keep a link as a text file NAME.link, so that they survive any file system.  A folder of bare ACPI tables
(APIC, FACP, …) is a snapshot as well, of a machine about which little is known.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

TABLES = "sys/firmware/acpi/tables"
KERNEL_LOG = "dmesg.txt"
"""In a collection: the kernel's messages since it started, as far as they are still there."""

UNREADABLE = "unreadable.txt"
"""In a collection: the paths that could not be read, one a line."""

LARGEST_FILE = 16 << 20
LARGEST_COLLECTION = 256 << 20
MOST_FILES = 200_000

_LINK = ".link"


class SnapshotError(Exception):
    """A collection cannot be read at all; the message says which and why."""


@dataclass(slots=True)
class Snapshot:
    """Files of a machine; `denied` collects the paths that are there but could not be read."""

    name: str
    live: bool
    denied: set[str] = field(default_factory=set)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it is not there or unreadable."""
        raise NotImplementedError

    def names(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; nothing if it is not there."""
        raise NotImplementedError

    def link(self, path: str) -> str | None:
        """What a symbolic link points to; None if it is none."""
        raise NotImplementedError

    def text(self, path: str) -> str | None:
        """A file as text without the white space around it; None if it is empty or cannot be read."""
        data = self.read(path)
        return None if data is None else data.decode("utf-8", "replace").strip("\0 \t\n") or None

    def integer(self, path: str, base: int = 0) -> int | None:
        """A file that holds one integer, by default decimal or with 0x; None if it holds none."""
        text = self.text(path)
        try:
            return None if text is None else int(text, base)
        except ValueError:
            return None


@dataclass(slots=True)
class FolderSnapshot(Snapshot):
    """The running system (`root` is /) or a collection in a folder."""

    root: Path = Path("/")

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it is not there or unreadable."""
        if self.live and path == KERNEL_LOG:
            return self._kernel_log()
        try:
            with (self.root / path).open("rb") as stream:
                return stream.read(LARGEST_FILE)
        except PermissionError:
            self.denied.add(path)
        except (OSError, ValueError):
            pass
        return None

    def _kernel_log(self) -> bytes | None:
        """The kernel's messages, from its log device: one record for each read."""
        records: list[bytes] = []
        try:
            log = os.open(self.root / "dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            self.denied.add("dev/kmsg")
            return None
        try:
            while record := os.read(log, 8192):
                records.append(record.partition(b";")[2])
        except OSError:
            # The end (EAGAIN), or records overwritten meanwhile (EPIPE): what is there will do.
            pass
        finally:
            os.close(log)
        return b"".join(records)

    def names(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; nothing if it is not there."""
        try:
            found = [entry.name for entry in (self.root / path).iterdir()]
        except PermissionError:
            self.denied.add(path)
        except (OSError, ValueError):
            pass
        else:
            return tuple(sorted({name.removesuffix(_LINK) for name in found} if not self.live else found))
        return ()

    def link(self, path: str) -> str | None:
        """What a symbolic link points to; None if it is none."""
        if not self.live:
            return self.text(path + _LINK)
        try:
            return str((self.root / path).readlink())
        except (OSError, ValueError):
            return None


@dataclass(slots=True)
class MemorySnapshot(Snapshot):
    """A collection in memory: out of a tar, or made by a test."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    _folders: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the folders."""
        for path in self.files:
            parts = path.removesuffix(_LINK).split("/")
            for depth, name in enumerate(parts):
                self._folders.setdefault("/".join(parts[:depth]), set()).add(name)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None if it is not there or unreadable."""
        return self.files.get(path)

    def names(self, path: str) -> tuple[str, ...]:
        """Names in a folder, sorted; nothing if it is not there."""
        return tuple(sorted(self._folders.get(path, ())))

    def link(self, path: str) -> str | None:
        """What a symbolic link points to; None if it is none."""
        return self.text(path + _LINK)


def open_snapshot(source: Path | None) -> Snapshot:
    """The running system (None), or a collection: a folder or a tar, compressed or not.

    Raises SnapshotError if there is nothing of the kind.
    """
    if source is None:
        return FolderSnapshot("this machine", live=True)
    if source.is_dir():
        snapshot = _open_folder(source)
    else:
        snapshot = MemorySnapshot(source.name, live=False, files=_rooted(read_tar(source), source))
    for path in (snapshot.text(UNREADABLE) or "").splitlines():
        snapshot.denied.add(path.strip().lstrip("/"))
    return snapshot


def _open_folder(source: Path) -> Snapshot:
    """A collection in a folder, in the one folder in that, or bare ACPI tables."""
    folders = [source, *sorted(path for path in source.iterdir() if path.is_dir())]
    for folder in folders:
        if (folder / "sys").is_dir() or (folder / "proc").is_dir():
            return FolderSnapshot(source.name, live=False, root=folder)
    tables = {
        f"{TABLES}/{path.name}": path.read_bytes()
        for path in source.iterdir()
        if path.is_file() and path.stat().st_size <= LARGEST_FILE
    }
    if not any(f"{TABLES}/{name}" in tables for name in ("APIC", "FACP")):
        raise SnapshotError(f"{source}: neither a collection of collect.sh nor a folder of ACPI tables")
    return MemorySnapshot(source.name, live=False, files=tables)


def read_tar(source: Path) -> dict[str, bytes]:
    """The regular files of a tar, read in memory: nothing is unpacked, no path in it can do harm."""
    files: dict[str, bytes] = {}
    total = 0
    try:
        with tarfile.open(source, "r:*") as archive:
            for member in archive:
                if not member.isreg() or member.size > LARGEST_FILE:
                    continue
                total += member.size
                if total > LARGEST_COLLECTION or len(files) >= MOST_FILES:
                    raise SnapshotError(f"{source}: too large for a collection of collect.sh")
                stream = archive.extractfile(member)
                if stream is not None:
                    parts = [
                        part for part in PurePosixPath(member.name).parts if part not in ("/", ".", "..")
                    ]
                    files["/".join(parts)] = stream.read()
    except OSError as error:
        raise SnapshotError(f"{source}: {error.strerror or error}") from error
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise SnapshotError(f"{source}: no tar that can be read: {error}") from error
    return files


def _rooted(files: Mapping[str, bytes], source: Path) -> dict[str, bytes]:
    """The files relative to the folder that has sys or proc: a tar may have one on top."""
    for path in files:
        parts = path.split("/")
        for depth in range(min(2, len(parts) - 1)):
            if parts[depth] in ("sys", "proc"):
                prefix = "".join(f"{part}/" for part in parts[:depth])
                return {p.removeprefix(prefix): data for p, data in files.items() if p.startswith(prefix)}
    raise SnapshotError(f"{source}: no collection of collect.sh: it has neither sys nor proc")
