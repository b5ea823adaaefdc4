# SPDX-License-Identifier: BSD-2-Clause-Patent
"""SRAT and SLIT: which processors and memory are near each other (5.2.16, 5.2.17)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from generator.acpi.table import HEADER_SIZE, Parsed, TableReader

SRAT = "SRAT"
SLIT = "SLIT"
LOCAL_DISTANCE = 10
"""Distance of a node from itself."""
MOST_NODES = 1024
"""Nodes of the largest SLIT read; Linux stops there as well."""

_PROCESSOR = struct.Struct("<BBBBIB3BI")
_MEMORY = struct.Struct("<BBIHQQIIQ")
_X2APIC = struct.Struct("<BBHIIIII")
_ENABLED = 1


@dataclass(frozen=True, slots=True)
class ProcessorNode:
    """A processor, by local APIC ID, and its proximity domain."""

    apic_id: int
    node: int


@dataclass(frozen=True, slots=True)
class MemoryNode:
    """A range of addresses and its proximity domain; RAM may be there or not."""

    base: int
    size: int
    node: int


@dataclass(frozen=True, slots=True)
class Srat:
    """The enabled entries of the table."""

    processors: tuple[ProcessorNode, ...]
    memory: tuple[MemoryNode, ...]


@dataclass(frozen=True, slots=True)
class Slit:
    """Distances from node (row) to node (column)."""

    distances: tuple[tuple[int, ...], ...]


def parse_srat(data: bytes) -> Parsed[Srat]:
    """Read an SRAT."""
    reader = TableReader(data, SRAT)
    if reader.header is None:
        return Parsed(None, reader.findings)
    wide_domains = reader.header.revision > 1
    processors: dict[int, ProcessorNode] = {}
    memory: list[MemoryNode] = []
    for structure in reader.structures(HEADER_SIZE + 12):
        if structure.kind == 0 and (fields := reader.unpack(structure, _PROCESSOR)):
            _, _, low, apic_id, flags, _, *high, _ = fields
            node = low | (int.from_bytes(bytes(high), "little") << 8 if wide_domains else 0)
        elif structure.kind == 2 and (fields := reader.unpack(structure, _X2APIC)):
            node, apic_id, flags = fields[3:6]
        elif structure.kind == 1 and (fields := reader.unpack(structure, _MEMORY)):
            _, _, node, _, base, size, _, flags, _ = fields
            if flags & _ENABLED and size:
                if base + size > 1 << 64:
                    reader.find(structure.offset, f"{size:#x} bytes of memory at {base:#x} run over the end")
                    continue
                node = node if wide_domains else node & 0xFF
                memory.append(MemoryNode(base, size, node))
            continue
        else:
            continue
        if flags & _ENABLED:
            if apic_id in processors and processors[apic_id].node != node:
                reader.find(structure.offset, f"APIC ID {apic_id} is in two domains")
            processors.setdefault(apic_id, ProcessorNode(apic_id, node))
    return Parsed(Srat(tuple(processors.values()), tuple(memory)), reader.findings)


def parse_slit(data: bytes) -> Parsed[Slit]:
    """Read a SLIT; without a value if its matrix is cut off or too large."""
    reader = TableReader(data, SLIT)
    count = reader.integer(HEADER_SIZE, 8)
    if reader.header is None:
        return Parsed(None, reader.findings)
    if count is None or count == 0 or count > MOST_NODES:
        reader.find(HEADER_SIZE, f"{count} nodes")
        return Parsed(None, reader.findings)
    start = HEADER_SIZE + 8
    if not reader.has(start, count * count):
        reader.find(start, f"the table is too short for {count} × {count} distances")
        return Parsed(None, reader.findings)
    rows = tuple(tuple(reader.data[start + row * count :][:count]) for row in range(count))
    for row, distances in enumerate(rows):
        if distances[row] != LOCAL_DISTANCE:
            reader.find(start + row * count + row, f"node {row} is {distances[row]} from itself")
        if any(d < LOCAL_DISTANCE for d in distances):
            reader.find(start + row * count, f"node {row} has a distance below {LOCAL_DISTANCE}")
    return Parsed(Slit(rows), reader.findings)
