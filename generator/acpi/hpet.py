# SPDX-License-Identifier: BSD-2-Clause-Patent
"""HPET: the high-precision event timer (IA-PC HPET Specification 1.0a, 3.2.4)."""

from __future__ import annotations

from dataclasses import dataclass

from generator.acpi.table import HEADER_SIZE, Parsed, TableReader

SIGNATURE = "HPET"
_MINIMUM = 56


@dataclass(frozen=True, slots=True)
class Hpet:
    """A block of timers: its address, number, and vendor."""

    address: int
    number: int
    comparators: int
    vendor: int


def parse_hpet(data: bytes) -> Parsed[Hpet]:
    """Read an HPET table; without a value if it names no address in memory."""
    reader = TableReader(data, SIGNATURE)
    if reader.header is None:
        return Parsed(None, reader.findings)
    if len(reader.data) < _MINIMUM:
        reader.find(4, f"{len(reader.data)} bytes, the shortest table has {_MINIMUM}")
        return Parsed(None, reader.findings)
    identity = reader.integer(HEADER_SIZE, 4) or 0
    address = reader.address(HEADER_SIZE + 4)
    if address is None or address.space != 0:
        reader.find(HEADER_SIZE + 4, "no address in memory")
        return Parsed(None, reader.findings)
    hpet = Hpet(address.address, reader.data[52], (identity >> 8 & 0x1F) + 1, identity >> 16)
    return Parsed(hpet, reader.findings)
