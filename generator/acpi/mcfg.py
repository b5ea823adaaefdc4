# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MCFG: where PCI configuration space is in memory, ECAM (PCI Firmware Specification 3.3, 4.1.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from generator.acpi.table import HEADER_SIZE, Parsed, TableReader

SIGNATURE = "MCFG"
BUS_SIZE = 1 << 20
"""Bytes of ECAM for each bus."""

_ENTRY = struct.Struct("<QHBBI")
_START = HEADER_SIZE + 8


@dataclass(frozen=True, slots=True)
class EcamRange:
    """One range: `base` is the address of bus 0 of the segment, whatever `first_bus` is."""

    base: int
    segment: int
    first_bus: int
    last_bus: int

    @property
    def first_address(self) -> int:
        """Address of the first byte that decodes."""
        return self.base + self.first_bus * BUS_SIZE

    @property
    def end(self) -> int:
        """First address above."""
        return self.base + (self.last_bus + 1) * BUS_SIZE


@dataclass(frozen=True, slots=True)
class Mcfg:
    """The table: usable ranges only."""

    ranges: tuple[EcamRange, ...]


def parse_mcfg(data: bytes) -> Parsed[Mcfg]:
    """Read an MCFG; ranges that make no sense are findings and left out."""
    reader = TableReader(data, SIGNATURE)
    if reader.header is None:
        return Parsed(None, reader.findings)
    ranges: list[EcamRange] = []
    offset = _START
    while reader.has(offset, _ENTRY.size):
        found = EcamRange(*_ENTRY.unpack_from(reader.data, offset)[:4])
        problem = _problem(found, ranges)
        if problem is None:
            ranges.append(found)
        else:
            reader.find(offset, problem)
        offset += _ENTRY.size
    if offset < len(reader.data):
        reader.find(offset, f"{len(reader.data) - offset} bytes are left over")
    if not ranges:
        reader.find(_START, "no usable range")
    return Parsed(Mcfg(tuple(ranges)), reader.findings)


def _problem(found: EcamRange, earlier: list[EcamRange]) -> str | None:
    """Why a range cannot be used."""
    if found.first_bus > found.last_bus:
        return f"buses {found.first_bus} to {found.last_bus} run backwards"
    if found.base % BUS_SIZE:
        return f"the base {found.base:#x} is not aligned to 1 MiB"
    if found.first_address == 0 or found.end > 1 << 52:
        return f"the base {found.base:#x} is no address of ECAM"
    for other in earlier:
        same_buses = (
            found.segment == other.segment
            and found.first_bus <= other.last_bus
            and other.first_bus <= found.last_bus
        )
        if same_buses:
            return f"segment {found.segment} has bus {max(found.first_bus, other.first_bus)} twice"
        if found.first_address < other.end and other.first_address < found.end:
            return f"the range at {found.first_address:#x} overlaps the one at {other.first_address:#x}"
    return None
