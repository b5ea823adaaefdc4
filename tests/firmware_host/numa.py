# SPDX-License-Identifier: BSD-2-Clause-Patent
"""SRAT and SLIT of a PC, for MrmAcpiLib to cut down."""

import struct
from collections.abc import Iterable

from tests.firmware_host.acpi_facts import MIB, table
from tests.firmware_host.acpi_reader import Affinity, MemoryAffinity


def affinity(entry: Affinity | MemoryAffinity) -> bytes:
    """Return an SRAT structure (ACPI 6.3 section 5.2.16)."""
    if isinstance(entry, MemoryAffinity):
        return struct.pack("<BBIHQQIIQ", 1, 40, entry.domain, 0, entry.base, entry.size, 0, entry.flags, 0)
    if entry.kind == 0:
        high = entry.domain >> 8
        return struct.pack(
            "<BBBBIB3sI",
            0,
            16,
            entry.domain & 0xFF,
            entry.apic_id,
            entry.flags,
            0,
            high.to_bytes(3, "little"),
            entry.domain,
        )
    return struct.pack("<BBHIIIII", 2, 24, 0, entry.domain, entry.apic_id, entry.flags, entry.domain, 0)


def srat(entries: Iterable[Affinity | MemoryAffinity], extra: bytes = b"") -> bytes:
    """Return an SRAT; `extra` is appended to its structures."""
    return table(b"SRAT", struct.pack("<IQ", 1, 0) + b"".join(map(affinity, entries)) + extra, 3)


def slit(distances: list[list[int]]) -> bytes:
    """Return a SLIT (ACPI 6.3 section 5.2.17)."""
    return table(b"SLIT", struct.pack("<Q", len(distances)) + b"".join(map(bytes, distances)))


# Two nodes: processors 0, 1 and memory below 2 GiB; processors 2, 300 and memory from 4 GiB.
NODES = srat(
    [
        Affinity(0, 0, 0, 1),
        Affinity(0, 0, 1, 1),
        Affinity(0, 0x01020304, 2, 1),
        Affinity(2, 0x01020304, 300, 1),
        MemoryAffinity(0, 0, 640 << 10, 1),
        MemoryAffinity(0, MIB, 2047 * MIB, 1),
        MemoryAffinity(0x01020304, 1 << 32, 4096 * MIB, 1),
    ]
)
SLIT = slit([[10, 20], [20, 10]])
