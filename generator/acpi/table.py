# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What all tables share: the header (5.2.6), lists of typed structures, generic addresses (5.2.3.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

HEADER_SIZE = 36
"""Bytes of the header that starts nearly every table."""

MOST_FINDINGS = 20
"""Findings told for one table; more say nothing new."""

_HEADER = struct.Struct("<4sIBB6s8sI4sI")
_ADDRESS = struct.Struct("<BBBBQ")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd in a table: at which byte of which table, and what."""

    table: str
    offset: int
    what: str

    def __str__(self) -> str:
        """`APIC+0x2c: what`."""
        return f"{self.table}+{self.offset:#x}: {self.what}"


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a reader made of a table: `value`, None if the table is unusable, and what was odd."""

    value: T | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a table; `length` is what it claims, at most what there is."""

    signature: str
    length: int
    revision: int
    oem_id: str
    oem_table_id: str


@dataclass(frozen=True, slots=True)
class GenericAddress:
    """A register anywhere (5.2.3.2); `space` is 0 for memory, 1 for I/O ports."""

    space: int
    bit_width: int
    bit_offset: int
    access_size: int
    address: int


@dataclass(frozen=True, slots=True)
class Structure:
    """A typed structure in a table: where it starts, its type, and all its bytes with the type."""

    offset: int
    kind: int
    data: bytes


class TableReader:
    """The bytes of one table, its header checked; reads nothing outside of it and collects findings."""

    def __init__(self, data: bytes, signature: str, minimum: int = HEADER_SIZE) -> None:
        """Check the header; `header` is None, with a finding, if this is no such table of `minimum` bytes."""
        self.data = data
        self.signature = signature
        self._findings: list[Finding] = []
        self.header = self._read_header()
        if self.header is not None:
            self.data = data[: self.header.length]
        if len(self.data) < minimum and self.header is not None:
            self.find(4, f"{len(self.data)} bytes, the shortest table has {minimum}")
            self.header = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found odd so far."""
        return tuple(self._findings)

    def find(self, offset: int, what: str) -> None:
        """Add a finding."""
        if len(self._findings) < MOST_FINDINGS:
            self._findings.append(Finding(self.signature, offset, what))

    def _read_header(self) -> Header | None:
        """The header; a wrong checksum and superfluous bytes are findings only, as systems accept both."""
        if len(self.data) < HEADER_SIZE:
            self.find(0, f"{len(self.data)} bytes are too few for a table header of {HEADER_SIZE}")
            return None
        name, length, revision, _, oem, oem_table, *_ = _HEADER.unpack_from(self.data)
        signature = printable(name)
        if signature != self.signature:
            self.find(0, f"signature '{signature}' instead of '{self.signature}'")
            return None
        if length < HEADER_SIZE:
            self.find(4, f"a length of {length} is shorter than the header")
            return None
        if length > len(self.data):
            self.find(4, f"the length is {length}, but there are {len(self.data)} bytes")
            length = len(self.data)
        elif sum(self.data[:length]) & 0xFF:
            self.find(9, "the checksum is wrong")
        return Header(signature, length, revision, printable(oem), printable(oem_table))

    def has(self, offset: int, size: int) -> bool:
        """Whether the table has `size` bytes at `offset`."""
        return offset >= 0 and offset + size <= len(self.data)

    def integer(self, offset: int, size: int) -> int | None:
        """A little-endian integer; None where the table ends before it."""
        if not self.has(offset, size):
            return None
        return int.from_bytes(self.data[offset : offset + size], "little")

    def address(self, offset: int) -> GenericAddress | None:
        """A generic address structure; None where the table ends before it or it is all zero."""
        if not self.has(offset, _ADDRESS.size):
            return None
        found = GenericAddress(*_ADDRESS.unpack_from(self.data, offset))
        return found if found.address else None

    def structures(self, start: int, wide: bool = False) -> Iterator[Structure]:
        """The structures from `start` on: type and length of one byte each, or two each if `wide`.

        A structure that is too short to have a length or runs over the end stops the list, with a finding.
        """
        return self.structures_in(self.data, start, wide)

    def structures_in(
        self, data: bytes, start: int, wide: bool = False, base: int = 0
    ) -> Iterator[Structure]:
        """The same for structures inside a structure whose first byte is at `base` of the table."""
        head = struct.Struct("<HH" if wide else "<BB")
        offset = start
        while offset < len(data):
            if len(data) - offset < head.size:
                self.find(base + offset, f"{len(data) - offset} bytes are left over")
                return
            kind, length = head.unpack_from(data, offset)
            if length < head.size:
                self.find(base + offset, f"a structure of type {kind} has a length of {length}")
                return
            if length > len(data) - offset:
                left = len(data) - offset
                self.find(
                    base + offset,
                    f"a structure of type {kind} is {length} bytes long, the table ends after {left}",
                )
                return
            yield Structure(base + offset, kind, data[offset : offset + length])
            offset += length

    def unpack(self, structure: Structure, layout: struct.Struct) -> tuple[int, ...] | None:
        """The fields at the start of a structure; None, with a finding, if it is too short for them."""
        if len(structure.data) < layout.size:
            self.find(
                structure.offset,
                f"a structure of type {structure.kind} has {len(structure.data)} bytes, needs {layout.size}",
            )
            return None
        return layout.unpack_from(structure.data)


def printable(data: bytes) -> str:
    """Text of a fixed field: without padding, and with `?` for what is not printable ASCII."""
    text = data.rstrip(b"\0 ").decode("ascii", "replace")
    return "".join(character if " " <= character <= "~" else "?" for character in text)
