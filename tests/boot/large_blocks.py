# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A drive with blocks of 4096 bytes and one GPT partition (UEFI 2.10, 5.3): sgdisk makes no table for it."""

import os
import struct
import uuid
import zlib
from pathlib import Path

BLOCK = 4096
FIRST = 256
"""The block at which the partition begins: 1 MiB."""

_ENTRIES, _ENTRY_SIZE = 128, 128
_TABLE = _ENTRIES * _ENTRY_SIZE // BLOCK
"""Blocks of the table's entries."""
_LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")


def make_large_block_disk(image: Path, label: str, size: int) -> None:
    """Write a sparse disk whose only partition has this label and size."""
    blocks = FIRST + size // BLOCK + FIRST
    entry = struct.pack(
        "<16s16sQQQ72s",
        _LINUX.bytes_le,
        uuid.uuid5(uuid.NAMESPACE_DNS, label).bytes_le,
        FIRST,
        FIRST + size // BLOCK - 1,
        0,
        label.encode("utf-16-le"),
    )
    entries = entry.ljust(_ENTRIES * _ENTRY_SIZE, b"\0")
    protective = struct.pack("<446xBBBBBBBBII", 0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, blocks - 1)
    pieces = {
        0: protective.ljust(510, b"\0") + b"\x55\xaa",
        1: _header(1, blocks - 1, 2, blocks, entries),
        2: entries,
        blocks - 1 - _TABLE: entries,
        blocks - 1: _header(blocks - 1, 1, blocks - 1 - _TABLE, blocks, entries),
    }
    with image.open("wb") as file:
        os.truncate(image, blocks * BLOCK)
        for place, contents in pieces.items():
            file.seek(place * BLOCK)
            file.write(contents)


def _header(here: int, other: int, table: int, blocks: int, entries: bytes) -> bytes:
    """A header of the table, with its checksum."""

    def packed(checksum: int) -> bytes:
        return _HEADER.pack(
            b"EFI PART",
            0x10000,
            _HEADER.size,
            checksum,
            0,
            here,
            other,
            2 + _TABLE,
            blocks - 2 - _TABLE,
            uuid.uuid5(uuid.NAMESPACE_DNS, "large blocks").bytes_le,
            table,
            _ENTRIES,
            _ENTRY_SIZE,
            zlib.crc32(entries),
        )

    return packed(zlib.crc32(packed(0)))
