# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Read a plan's blob again: for people and tools. What the controller believes, MrmPlanLib decides."""

from __future__ import annotations

import zlib
from typing import Any

from generator.blob.form import HEADER, MAGIC, PLAN, VERSION, identity
from generator.blob.types import (
    REFERENCE,
    Choice,
    Inline,
    Number,
    Numbers,
    Record,
    Records,
    Text,
    Truth,
    Type,
    size,
)
from generator.blob.write import BlobError


def read(blob: bytes) -> dict[str, Any]:
    """What a blob says, by the names of the description; lists of bytes as bytes.

    Raises:
        BlobError: It is not a plan of this version, is damaged, or refers to what is not there.
    """
    if blob[: len(MAGIC)] != MAGIC or len(blob) < HEADER.size + PLAN.size:
        raise BlobError("this is not a plan")
    version, form, length, checksum = (_number(blob, at, 4) for at in (8, 12, 16, 20))
    if (version, form) != (VERSION, identity()):
        raise BlobError(
            f"a plan of version {version}, format {form:#010x}; this reads {VERSION}, {identity():#010x}"
        )
    if length != len(blob):
        raise BlobError(f"{len(blob)} bytes, but it says {length}")
    if zlib.crc32(blob[HEADER.size :]) != checksum:
        raise BlobError("damaged: its checksum is another one")
    return _record(blob, HEADER.size, PLAN)


def _number(blob: bytes, at: int, width: int) -> int:
    """The number at an offset."""
    return int.from_bytes(_bytes(blob, at, width), "little")


def _bytes(blob: bytes, at: int, count: int) -> bytes:
    """Bytes that must be there."""
    if at + count > len(blob):
        raise BlobError(f"{count} bytes at {at:#x} are beyond its end")
    return blob[at : at + count]


def _record(blob: bytes, at: int, record: Record) -> dict[str, Any]:
    """The record at an offset."""
    values = {}
    for field in record.fields:
        values[field.name] = _value(blob, at, field.type)
        at += size(field.type)
    return values


def _value(blob: bytes, at: int, kind: Type) -> Any:
    """The value of a field at an offset."""
    match kind:
        case Number(width=width):
            return _number(blob, at, width)
        case Truth():
            return bool(_number(blob, at, 1))
        case Choice(enumeration=enumeration):
            number = _number(blob, at, 1)
            if number >= len(enumeration.names):
                raise BlobError(f"{enumeration.name} has no {number}")
            return enumeration.names[number][0]
        case Inline(record=record):
            return _record(blob, at, record)
        case _:
            return _target(blob, kind, _number(blob, at, 4), _number(blob, at + REFERENCE // 2, 4))


def _target(blob: bytes, kind: Text | Numbers | Records, target: int, count: int) -> Any:
    """What a reference names."""
    match kind:
        case Text(wide=wide, optional=optional):
            if optional and target == 0:
                return None
            coded = _bytes(blob, target, count * (2 if wide else 1))
            return coded.decode("utf-16-le" if wide else "ascii", "replace")
        case Numbers(width=1):
            return _bytes(blob, target, count)
        case Numbers(width=width):
            return [_number(blob, target + index * width, width) for index in range(count)]
        case Records(record=record):
            _bytes(blob, target, count * record.size)
            return [_record(blob, target + index * record.size, record) for index in range(count)]
