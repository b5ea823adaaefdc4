# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reads ACPI tables from bytes, knowing only the ACPI specification (6.3) and PCI Firmware 3.2.

`read` starts at the RSDP, follows every pointer and checks every checksum, length and alignment on the way.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

HEADER = 36


class Processor(NamedTuple):
    """One processor of the MADT; `kind` is 0 for local APIC, 9 for local x2APIC."""

    kind: int
    apic_id: int
    uid: int
    flags: int


class Affinity(NamedTuple):
    """One processor (kind 0 or 2) of the SRAT."""

    kind: int
    domain: int
    apic_id: int
    flags: int


class MemoryAffinity(NamedTuple):
    """One piece of memory of the SRAT."""

    domain: int
    base: int
    size: int
    flags: int


@dataclass
class Tables:
    """All tables; each by its signature as it lies in memory, and what some of them say."""

    order: list[str] = field(default_factory=list)
    raw: dict[str, bytes] = field(default_factory=dict)
    address: dict[str, int] = field(default_factory=dict)


class Memory:
    """Bytes at a physical address."""

    def __init__(self, address: int, contents: bytes) -> None:
        """Take the contents and where they lie."""
        self._address = address
        self._contents = contents

    def get(self, address: int, size: int) -> bytes:
        """Return bytes; all must be there."""
        offset = address - self._address
        assert offset >= 0 and offset + size <= len(self._contents), f"{address:#x} is outside the tables"
        return self._contents[offset : offset + size]


def _check_sum(data: bytes) -> None:
    assert sum(data) % 256 == 0, "checksum"


def _table(memory: Memory, address: int, tables: Tables) -> str:
    """Read one table with a standard header; return its signature."""
    assert address % 64 == 0
    signature, length = struct.unpack("<4sI", memory.get(address, 8))
    name = str(signature.decode())
    data = memory.get(address, length)
    _check_sum(data)
    assert name not in tables.raw
    tables.raw[name] = data
    tables.address[name] = address
    return name


def read(address: int, contents: bytes) -> Tables:
    """Read everything that the RSDP at `address` leads to.

    Raises:
        AssertionError: Something is malformed.
    """
    memory = Memory(address, contents)
    tables = Tables()
    rsdp = memory.get(address, 36)
    signature, _, oem, revision, rsdt, length, xsdt = struct.unpack("<8sB6sBIIQ", rsdp[:32])
    assert (signature, oem, revision, rsdt, length) == (b"RSD PTR ", b"MRM   ", 2, 0, 36)
    _check_sum(rsdp[:20])
    _check_sum(rsdp)
    assert rsdp[33:] == b"\0\0\0"
    tables.raw["RSDP"] = rsdp
    assert _table(memory, xsdt, tables) == "XSDT"
    for (entry,) in struct.iter_unpack("<Q", tables.raw["XSDT"][HEADER:]):
        tables.order.append(_table(memory, entry, tables))

    fadt = tables.raw["FACP"]
    dsdt = u64(fadt, 140)
    assert u32(fadt, 40) == (dsdt if dsdt < 1 << 32 else 0)
    assert _table(memory, dsdt, tables) == "DSDT"
    facs32, facs64 = u32(fadt, 36), u64(fadt, 132)
    assert (facs32 == 0) != (facs64 == 0)
    facs = facs32 or facs64
    assert facs % 64 == 0
    assert memory.get(facs, 8) == struct.pack("<4sI", b"FACS", 64)
    tables.raw["FACS"] = memory.get(facs, 64)
    tables.address["FACS"] = facs
    return tables


def u8(data: bytes, offset: int) -> int:
    """Return one byte."""
    return data[offset]


def u16(data: bytes, offset: int) -> int:
    """Return two bytes, little endian."""
    return int.from_bytes(data[offset : offset + 2], "little")


def u32(data: bytes, offset: int) -> int:
    """Return four bytes, little endian."""
    return int.from_bytes(data[offset : offset + 4], "little")


def u64(data: bytes, offset: int) -> int:
    """Return eight bytes, little endian."""
    return int.from_bytes(data[offset : offset + 8], "little")


def identity(data: bytes) -> tuple[bytes, bytes, int, bytes, int]:
    """Return OEM ID, OEM table ID, OEM revision, creator ID and revision of a header."""
    found: tuple[bytes, bytes, int, bytes, int] = struct.unpack_from("<6s8sI4sI", data, 10)
    return found


def madt(data: bytes) -> tuple[int, int, list[Processor]]:
    """Return local APIC address, flags and processors; no other structures may be there.

    An address override (type 5) replaces the address of the header.
    """
    assert data[8] == 5
    address, flags = struct.unpack_from("<II", data, HEADER)
    found = []
    offset = HEADER + 8
    while offset < len(data):
        kind, length = data[offset], data[offset + 1]
        if kind == 0:
            assert length == 8
            uid, apic_id, entry_flags = struct.unpack_from("<BBI", data, offset + 2)
            found.append(Processor(0, apic_id, uid, entry_flags))
        elif kind == 9:
            assert length == 16 and u16(data, offset + 2) == 0
            apic_id, entry_flags, uid = struct.unpack_from("<III", data, offset + 4)
            found.append(Processor(9, apic_id, uid, entry_flags))
        else:
            assert (kind, length) == (5, 12)
            address = u64(data, offset + 4)
        offset += length
    assert offset == len(data)
    return address, flags, found


def mcfg(data: bytes) -> list[tuple[int, int, int, int]]:
    """Return base, segment, first and last bus of each range."""
    assert data[8] == 1 and u64(data, HEADER) == 0
    entries = []
    for base, segment, first, last, reserved in struct.iter_unpack("<QHBBI", data[HEADER + 8 :]):
        assert reserved == 0
        entries.append((base, segment, first, last))
    return entries


def unexpected(data: bytes, fields: Mapping[int, tuple[int, int]]) -> list[str]:
    """Return what in a table differs from `fields` (bytes and value by offset); all other bytes are zero."""
    found = []
    rest = bytearray(data)
    for offset, (width, value) in fields.items():
        is_there = int.from_bytes(data[offset : offset + width], "little")
        if is_there != value:
            found.append(f"{offset}: {is_there:#x} instead of {value:#x}")
        rest[offset : offset + width] = bytes(width)
    return found + [f"{offset}: not zero" for offset in range(HEADER, len(rest)) if rest[offset]]


def wdat(data: bytes) -> tuple[tuple[int, ...], dict[int, tuple[int, int, int]]]:
    """Return the header's numbers up to the flags, and instruction, address and value of each action.

    Every register must be a 32-bit word in memory, all of whose bits count.
    """
    assert data[8] == 1
    *header, count = struct.unpack_from("<IHBBB3xIIIB3xI", data, HEADER)
    entries: dict[int, tuple[int, int, int]] = {}
    for entry in struct.iter_unpack("<BBHBBBBQII", data[HEADER + 32 :]):
        action, instruction, reserved, space, width, shift, access, address, value, mask = entry
        assert (reserved, space, width, shift, access, mask) == (0, 0, 32, 0, 3, 0xFFFFFFFF)
        assert action not in entries
        entries[action] = (instruction, address, value)
    assert len(entries) == count
    return tuple(header), entries


class SharedRange(NamedTuple):
    """One address range of the NFIT; `domain` is None where none is said."""

    number: int
    domain: int | None
    kind: UUID
    base: int
    size: int
    attributes: int


def nfit(data: bytes) -> list[SharedRange]:
    """Return the address ranges of an NFIT that has nothing else."""
    assert data[8] == 1 and u32(data, HEADER) == 0
    found = []
    for entry in struct.iter_unpack("<HHHHII16sQQQ", data[HEADER + 4 :]):
        kind, length, index, flags, reserved, domain, guid, base, size, attributes = entry
        assert (kind, length, reserved) == (0, 56, 0)
        assert flags in (0, 2) and (flags == 2 or domain == 0)
        known = domain if flags == 2 else None
        found.append(SharedRange(index, known, UUID(bytes_le=guid), base, size, attributes))
    return found


def srat(data: bytes) -> list[Affinity | MemoryAffinity]:
    """Return processors and memory in the order of the table."""
    assert data[8] == 3 and u32(data, HEADER) == 1 and u64(data, HEADER + 4) == 0
    found: list[Affinity | MemoryAffinity] = []
    offset = HEADER + 12
    while offset < len(data):
        kind, length = data[offset], data[offset + 1]
        if kind == 0:
            assert length == 16
            domain = data[offset + 2] | int.from_bytes(data[offset + 9 : offset + 12], "little") << 8
            found.append(Affinity(0, domain, data[offset + 3], u32(data, offset + 4)))
        elif kind == 2:
            assert length == 24
            found.append(Affinity(2, u32(data, offset + 4), u32(data, offset + 8), u32(data, offset + 12)))
        else:
            assert (kind, length) == (1, 40)
            found.append(
                MemoryAffinity(
                    u32(data, offset + 2),
                    u64(data, offset + 8),
                    u64(data, offset + 16),
                    u32(data, offset + 28),
                )
            )
        offset += length
    assert offset == len(data)
    return found
