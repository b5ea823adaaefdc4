# SPDX-License-Identifier: BSD-2-Clause-Patent
"""DMAR (Intel VT-d 4.1, chapter 8) and IVRS (AMD I/O virtualization 3.08, 5.2): which IOMMUs there are."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from generator.acpi.table import HEADER_SIZE, Parsed, TableReader

DMAR = "DMAR"
IVRS = "IVRS"

_START = HEADER_SIZE + 12
_REMAPPING_UNIT = struct.Struct("<HHBBHQ")
_RESERVED_MEMORY = struct.Struct("<HHHHQQ")
_INTERRUPT_REMAPPING = 1
_UNIT_OF_IVRS = struct.Struct("<BBHHHQH")
_IVRS_UNITS = (0x10, 0x11, 0x40)


@dataclass(frozen=True, slots=True)
class Unit:
    """An IOMMU: its registers' address and PCI segment; `everything` if it has all other functions there."""

    address: int
    segment: int
    everything: bool


@dataclass(frozen=True, slots=True)
class Reserved:
    """Memory that the firmware lets devices access, first and last address: to be mapped for them."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Iommu:
    """The IOMMUs of a machine; `kind` as in machine files."""

    kind: str
    interrupt_remapping: bool
    units: tuple[Unit, ...]
    reserved: tuple[Reserved, ...]


def parse_dmar(data: bytes) -> Parsed[Iommu]:
    """Read a DMAR table."""
    reader = TableReader(data, DMAR)
    flags = reader.integer(HEADER_SIZE + 1, 1)
    if reader.header is None or flags is None:
        if reader.header is not None:
            reader.find(HEADER_SIZE, "the table ends after its header")
        return Parsed(None, reader.findings)
    units: list[Unit] = []
    reserved: list[Reserved] = []
    for structure in reader.structures(_START, wide=True):
        if structure.kind == 0 and (fields := reader.unpack(structure, _REMAPPING_UNIT)):
            if fields[5] == 0:
                reader.find(structure.offset, "a remapping unit without an address")
                continue
            units.append(Unit(fields[5], fields[4], bool(fields[2] & 1)))
        elif structure.kind == 1 and (fields := reader.unpack(structure, _RESERVED_MEMORY)):
            if fields[4] > fields[5]:
                reader.find(structure.offset, f"reserved memory {fields[4]:#x} to {fields[5]:#x}")
                continue
            reserved.append(Reserved(fields[4], fields[5]))
    if not units:
        reader.find(_START, "no remapping unit")
    remapping = bool(flags & _INTERRUPT_REMAPPING)
    return Parsed(Iommu("vt-d", remapping, tuple(units), tuple(reserved)), reader.findings)


def parse_ivrs(data: bytes) -> Parsed[Iommu]:
    """Read an IVRS table; a unit that is described several times is one."""
    reader = TableReader(data, IVRS)
    if reader.header is None:
        return Parsed(None, reader.findings)
    units: dict[int, Unit] = {}
    # Structures have a type of one byte, flags of one byte, and a length of two.
    data, offset = reader.data, _START
    while offset < len(data):
        length = reader.integer(offset + 2, 2)
        if length is None or length < 4 or not reader.has(offset, length):
            reader.find(offset, f"a structure of {length} bytes, {len(data) - offset} are left")
            break
        if data[offset] in _IVRS_UNITS:
            if length < _UNIT_OF_IVRS.size:
                reader.find(offset, f"an IOMMU of {length} bytes, needs {_UNIT_OF_IVRS.size}")
            else:
                *_, address, segment = _UNIT_OF_IVRS.unpack_from(data, offset)
                if address:
                    units.setdefault(address, Unit(address, segment, everything=True))
                else:
                    reader.find(offset, "an IOMMU without an address")
        offset += length
    if not units:
        reader.find(_START, "no IOMMU")
    # AMD's units always remap interrupts.
    return Parsed(Iommu("amd-vi", bool(units), tuple(units.values()), ()), reader.findings)
