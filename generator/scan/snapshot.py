# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where a scan reads: the running system, or a collection that generator/collect.sh or `Mrm.efi scan` made.

A snapshot has files and links by their paths on the scanned machine, without the leading slash.  Collections
keep a link as a text file NAME.link, so that they survive any file system.  Bare ACPI tables (APIC, FACP, …)
are a snapshot as well, of a machine about which little is known.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.printable import quoted
from generator.reading import UnreadableError, is_folder, read_file
from generator.scan.archive import LARGEST_FILE, SnapshotError, read_archive, read_bytes
from generator.scan.table_files import name_tables, parse_dump, read_folder, signature_of
from generator.scan.uefi import MARK, as_linux

TABLES = "sys/firmware/acpi/tables"
KERNEL_LOG = "dmesg.txt"
"""In a collection: the kernel's messages since it started, as far as they are still there."""

UNREADABLE = "unreadable.txt"
"""In a collection: the paths that could not be read, one a line."""

COMPLETE = "collection.txt"
"""In a collection: written last, and its first line says the format."""
FORMAT = 1

WANTED = (
    "neither a collection of collect.sh (a folder, tar or zip) nor ACPI tables (a folder, tar or zip of "
    "files such as APIC or apic.dat, one such file, or the text of acpidump)"
)

_LINK = ".link"


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
            return read_file(self.root / path, LARGEST_FILE)
        except UnreadableError as error:
            if error.denied:
                self.denied.add(path)
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
    """The running system (None), a collection, or ACPI tables alone.

    A collection is a folder, a tar or a zip; tables are in a folder or an archive, in the text of acpidump,
    or one is a file.  Raises SnapshotError if there is nothing of the kind, or not all of it.
    """
    if source is None:
        return FolderSnapshot("this machine", live=True)
    snapshot = _open_folder(source) if is_folder(source) else _open_file(source)
    for path in (snapshot.text(UNREADABLE) or "").splitlines():
        snapshot.denied.add(path.strip().lstrip("/"))
    return snapshot


def _open_folder(source: Path) -> Snapshot:
    """A collection in a folder, in the one folder in that, or bare ACPI tables."""
    try:
        folders = [source, *sorted(path for path in source.iterdir() if is_folder(path))]
    except OSError as error:
        raise SnapshotError(f"cannot read {source}: {error.strerror or error}") from error
    for folder in folders:
        if is_folder(folder / "sys") or is_folder(folder / "proc"):
            snapshot = FolderSnapshot(source.name, live=False, root=folder)
            if snapshot.read(MARK) is not None:
                raise SnapshotError(
                    f"{source}: an unpacked machine.tar of a PC's firmware; name the archive itself"
                )
            _require_whole(snapshot, source)
            return snapshot
    return _bare_tables(read_folder(source), source)


def _open_file(source: Path) -> Snapshot:
    """A collection or tables in a file."""
    data = read_bytes(source)
    files = read_archive(data, source)
    if files is None:
        single = signature_of(data, len(data))
        try:
            tables = {single: data} if single is not None else parse_dump(data)
        except SnapshotError as error:
            raise SnapshotError(f"{source}: damaged text of acpidump: {error}") from error
        return _bare_tables(tables, source)
    rooted = _rooted(files)
    if rooted is None:
        names = ((path.rsplit("/", 1)[-1], content) for path, content in sorted(files.items()))
        return _bare_tables(name_tables(names), source)
    _require_whole(MemorySnapshot(source.name, live=False, files=rooted), source)
    return MemorySnapshot(source.name, live=False, files=as_linux(rooted) if MARK in rooted else rooted)


def _bare_tables(tables: Mapping[str, bytes], source: Path) -> MemorySnapshot:
    """A snapshot of tables alone."""
    if not any(name in tables for name in ("APIC", "FACP")):
        raise SnapshotError(f"{source}: {WANTED}")
    files = {f"{TABLES}/{name}": data for name, data in tables.items()}
    return MemorySnapshot(source.name, live=False, files=files)


def _require_whole(snapshot: Snapshot, source: Path) -> None:
    """Raise SnapshotError unless the collector came to its end."""
    text = snapshot.text(COMPLETE)
    if text is None:
        raise SnapshotError(
            f"{source}: {COMPLETE}, which is written last, is not there: it was interrupted, or not "
            "all of the collection was copied; collect again"
        )
    first = text.splitlines()[0]
    if first != f"format {FORMAT}":
        raise SnapshotError(f"{source}: {COMPLETE} says {quoted(first)}; expected 'format {FORMAT}'")


def _rooted(files: Mapping[str, bytes]) -> dict[str, bytes] | None:
    """The files relative to the folder with sys or proc: an archive may have one on top.  None without."""
    for path in files:
        parts = path.split("/")
        for depth in range(min(2, len(parts) - 1)):
            if parts[depth] in ("sys", "proc"):
                prefix = "".join(f"{part}/" for part in parts[:depth])
                return {p.removeprefix(prefix): data for p, data in files.items() if p.startswith(prefix)}
    return None
