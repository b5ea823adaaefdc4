# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Archives of others, read in memory: nothing is unpacked, no path in one can do harm, and all is bounded."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from generator.reading import UnreadableError, read_file

LARGEST_FILE = 16 << 20
LARGEST_COLLECTION = 256 << 20
MOST_FILES = 200_000

_ZIP = b"PK\x03\x04"
_PACKED: dict[bytes, Callable[[IO[bytes]], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    # Of archives made to do harm: chains of headers, offsets beyond all numbers, names without a character,
    # unknown or locked methods.
    RecursionError,
    OverflowError,
    LookupError,
    struct.error,
    NotImplementedError,
    RuntimeError,
)


class SnapshotError(Exception):
    """A collection cannot be read at all; the message says which and why."""


def read_bytes(source: Path) -> bytes:
    """A file, unpacked if it is packed by gzip, bzip2 or xz.  Raises SnapshotError."""
    try:
        data = read_file(source, LARGEST_COLLECTION)
    except UnreadableError as error:
        raise SnapshotError(f"cannot read {source}: {error}") from error
    unpack = next((unpack for magic, unpack in _PACKED.items() if data.startswith(magic)), None)
    if unpack is None:
        return data
    try:
        with unpack(io.BytesIO(data)) as stream:
            data = stream.read(LARGEST_COLLECTION + 1)
    except _DAMAGE as error:
        raise damaged(source, error) from error
    if len(data) > LARGEST_COLLECTION:
        raise _too_large(source)
    return data


def read_archive(data: bytes, source: Path) -> dict[str, bytes] | None:
    """The regular files of a tar or zip by their paths; None if `data` is neither.

    Raises SnapshotError if it is damaged, cut off or too large for a collection; `source` is what to call it.
    """
    if not data.startswith(_ZIP) and not is_tar(data):
        return None
    files: dict[str, bytes] = {}
    total = 0
    try:
        for name, content in _zip(data) if data.startswith(_ZIP) else _tar(data):
            total += len(content)
            if total > LARGEST_COLLECTION or len(files) >= MOST_FILES or len(content) > LARGEST_FILE:
                raise _too_large(source)
            parts = [part for part in PurePosixPath(name).parts if part not in ("/", ".", "..")]
            files["/".join(parts)] = content
    except _DAMAGE as error:
        raise damaged(source, error) from error
    return files


def is_tar(data: bytes) -> bool:
    """Whether bytes begin with the header of a tar: one of POSIX, or of before it with the right checksum."""
    try:
        tarfile.TarInfo.frombuf(data[:512], "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return False
    return True


def damaged(source: Path, error: Exception | str) -> SnapshotError:
    """What to say of an archive that breaks off or contradicts itself."""
    return SnapshotError(f"{source}: the archive is damaged or cut off: {error}; copy or collect it again")


def _too_large(source: Path) -> SnapshotError:
    """What to say of an archive that is no collection."""
    return SnapshotError(f"{source}: too large for a collection of collect.sh")


def _zip(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                with archive.open(member) as stream:
                    yield member.filename.replace("\\", "/"), stream.read(LARGEST_FILE + 1)


def _tar(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The regular files of a tar; raises EOFError where it ends without the mark of its end."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is not None:
                yield member.name, stream.read(LARGEST_FILE + 1)
        # tarfile takes a tar that was cut between two files for a whole one.
        end = data[archive.offset : archive.offset + tarfile.BLOCKSIZE]
        if end != bytes(tarfile.BLOCKSIZE):
            raise EOFError("it has no end")
