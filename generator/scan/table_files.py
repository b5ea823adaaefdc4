# SPDX-License-Identifier: BSD-2-Clause-Patent
"""ACPI tables in the forms that tools save them in, by the names they have in /sys/firmware/acpi/tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from generator.reading import UnreadableError, open_file, read_file
from generator.scan.archive import LARGEST_COLLECTION, LARGEST_FILE, MOST_FILES, SnapshotError

_NAME = re.compile(r"[A-Z0-9_]{4}[0-9]{0,3}")
"""Of a table in sysfs: its signature, and a number where there are several."""
_HEADER_SIZE = 36
_HEADING = re.compile(rb"^[ \t]*([ -~]{4}|RSD PTR) @ 0x[0-9A-Fa-f]+[ \t\r]*$", re.MULTILINE)
_HEAD = 64 << 10
"""Bytes of a text in which the first table begins."""
_LINE = re.compile(rb"^\s*([0-9A-Fa-f]{4,8}):((?: [0-9A-Fa-f]{2}){1,16})(?:\s.*)?$")


def signature_of(head: bytes, size: int) -> str | None:
    """The signature of a table of `size` bytes by its header (ACPI 6.5, section 5.2.6); None for all else."""
    length = int.from_bytes(head[4:8], "little")
    name = head[:4].decode("ascii", "replace")
    return name if length == size >= _HEADER_SIZE and re.fullmatch("[A-Z0-9_]{4}", name) else None


def name_tables(files: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Tables by their names in sysfs: of files named so, and of others that begin with a table's header."""
    found: dict[str, bytes] = {}
    for name, data in files:
        signature = signature_of(data, len(data))
        if _NAME.fullmatch(name):
            found[name] = data
        elif signature is not None:
            found[_free_name(signature, found)] = data
    return found


def read_folder(folder: Path) -> dict[str, bytes]:
    """The tables among the files of a folder.  Raises SnapshotError if they are too large."""
    return name_tables(_candidates(folder))


def parse_dump(text: bytes) -> dict[str, bytes]:
    """The tables in the text that acpidump prints; nothing if it is none.

    Raises SnapshotError for a table that the text breaks off or contradicts.
    """
    if _HEADING.search(text[:_HEAD]) is None:
        return {}
    tables: list[tuple[str, bytearray]] = []
    for number, line in enumerate(text.splitlines(), 1):
        heading, row = _HEADING.match(line), _LINE.match(line)
        if heading is not None:
            tables.append((heading[1].decode("ascii")[:4], bytearray()))
        elif row is not None and tables:
            if int(row[1], 16) != len(tables[-1][1]):
                raise SnapshotError(f"line {number}: the bytes before 0x{row[1].decode()} are missing")
            tables[-1][1].extend(bytes.fromhex(row[2].decode()))
    found: dict[str, bytes] = {}
    for name, content in tables:
        data = bytes(content)
        # The RSDP is no table, and has no header of one.
        if _NAME.fullmatch(name) and signature_of(data, len(data)) != name:
            raise SnapshotError(f"the table {name} has {len(data)} bytes, which is not what its header says")
        if _NAME.fullmatch(name):
            found[_free_name(name, found)] = data
    return found


def _free_name(signature: str, taken: Mapping[str, bytes]) -> str:
    """The signature, numbered as acpidump does where it is taken."""
    names = (signature, *(f"{signature}{number}" for number in range(2, 1000)))
    return next((name for name in names if name not in taken), signature)


def _candidates(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files that may be tables, in order of their names."""
    total = 0
    try:
        paths = sorted(folder.iterdir())[:MOST_FILES]
    except OSError as error:
        raise SnapshotError(f"cannot read {folder}: {error.strerror or error}") from error
    for path in paths:
        try:
            with open_file(path) as stream:
                head = stream.read(_HEADER_SIZE)
                size = stream.seek(0, 2)
            # Files of sysfs do not tell their size.
            if _NAME.fullmatch(path.name) or signature_of(head, size) is not None:
                data = read_file(path, LARGEST_FILE)
                total += len(data)
                yield path.name, data
        except (UnreadableError, OSError):
            continue
        if total > LARGEST_COLLECTION:
            raise SnapshotError(f"{folder}: too large for a folder of ACPI tables")
