# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Write a plan's blob: values by the names of the description become bytes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from generator.blob.form import HEADER, LARGEST, MAGIC, PLAN, VERSION, identity
from generator.blob.types import (
    REFERENCE,
    Choice,
    Field,
    Inline,
    Number,
    Numbers,
    Record,
    Records,
    Text,
    Truth,
    aligned,
)

Values = Mapping[str, Any]
"""What a record says: a number, truth value, name of an enumeration, text (or None), bytes or sequence of
numbers, or values of records, by the name of its field."""


class BlobError(ValueError):
    """A value does not fit into the format."""


def write(plan: Values) -> bytes:
    """The blob that says this.

    Raises:
        BlobError: A value lacks, is too much, or does not fit; the message names record and field.
    """
    writer = _Writer(HEADER.size)
    start = writer.room(PLAN.size)
    writer.record(start, PLAN, plan)
    if len(writer.data) > LARGEST.number:
        raise BlobError(f"it has {len(writer.data)} bytes, more than {LARGEST.number}")
    body = bytes(writer.data[HEADER.size :])
    header = (
        MAGIC,
        VERSION.to_bytes(4, "little"),
        identity().to_bytes(4, "little"),
        len(writer.data).to_bytes(4, "little"),
        zlib.crc32(body).to_bytes(4, "little"),
    )
    return b"".join(header) + body


class _Writer:
    """The bytes so far; targets of references are added at the end."""

    def __init__(self, header: int) -> None:
        self.data = bytearray(header)

    def room(self, count: int) -> int:
        """Where `count` zeros begin that are added."""
        start = aligned(len(self.data))
        self.data.extend(bytes(start + count - len(self.data)))
        return start

    def record(self, at: int, record: Record, values: Values) -> None:
        """Write a record at an offset, and behind everything what it refers to."""
        names = {field.name for field in record.fields}
        if values.keys() != names:
            raise BlobError(f"{record.name}: {sorted(values.keys() ^ names)} lack or are too much")
        for field in record.fields:
            try:
                at = self._field(at, field, values[field.name])
            except BlobError as error:
                raise BlobError(f"{record.name}.{field.name}: {error}") from None

    def _field(self, at: int, field: Field, value: Any) -> int:
        """Write a field; returns where the next one lies."""
        match field.type:
            case Number(width=width, minimum=minimum, highest=highest):
                if not minimum <= value <= highest:
                    raise BlobError(f"{value} is not from {minimum} to {highest}")
                return self._number(at, value, width)
            case Truth():
                return self._number(at, int(value), 1)
            case Choice(enumeration=enumeration):
                return self._number(at, enumeration.number(value), 1)
            case Inline(record=record):
                self.record(at, record, value)
                return at + record.size
            case Text() as kind:
                return self._text(at, kind, value)
            case Numbers(width=width, fewest=fewest, most=most):
                _check_count(value, fewest, most)
                return self._reference(at, b"".join(n.to_bytes(width, "little") for n in value), len(value))
            case Records(record=record, fewest=fewest, most=most):
                _check_count(value, fewest, most)
                start = self.room(record.size * len(value)) if value else 0
                for index, one in enumerate(value):
                    self.record(start + index * record.size, record, one)
                self._number(at, start, 4)
                return self._number(at + 4, len(value), 4)

    def _text(self, at: int, kind: Text, text: str | None) -> int:
        """Write a reference to a text."""
        if text is None:
            if not kind.optional:
                raise BlobError("a text is needed")
            return at + REFERENCE
        if len(text) > kind.longest:
            raise BlobError(f"{len(text)} characters are more than {kind.longest}")
        if not all(" " <= character <= "~" for character in text):
            raise BlobError(f"{text!r} is not printable ASCII")
        coded = (text + "\0").encode("utf-16-le" if kind.wide else "ascii")
        return self._reference(at, coded, len(text))

    def _reference(self, at: int, target: bytes, count: int) -> int:
        """Add what a reference names, and write the reference; nothing for no bytes."""
        start = 0
        if target:
            start = self.room(len(target))
            self.data[start : start + len(target)] = target
        self._number(at, start, 4)
        return self._number(at + 4, count, 4)

    def _number(self, at: int, value: int, width: int) -> int:
        """Write a number; returns where the next field lies."""
        self.data[at : at + width] = value.to_bytes(width, "little")
        return at + width


def _check_count(value: Sequence[Any], fewest: int, most: int) -> None:
    """Say so if there are too few or too many elements."""
    if not fewest <= len(value) <= most:
        raise BlobError(f"{len(value)} elements are not {fewest} to {most}")
