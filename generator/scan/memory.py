# SPDX-License-Identifier: BSD-2-Clause-Patent
"""RAM: from the firmware's memory map as the kernel took it over, else from /proc/iomem."""

from __future__ import annotations

import re
from itertools import pairwise

from generator.model.machine import MemoryRange
from generator.places import Place
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot
from generator.scan.tables import Tables

PAGE = 4096
LAST_ADDRESS = 1 << 52
"""No x86 processor has wider physical addresses."""

MEMORY_MAP = "sys/firmware/memmap"
_RAM = "System RAM"
_LINE = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)")


def scan_memory(snapshot: Snapshot, tables: Tables, notes: Notes, place: Place) -> tuple[MemoryRange, ...]:
    """Ranges of RAM in whole pages, cut where NUMA nodes meet, in order."""
    found = _memory_map(snapshot)
    if not found:
        found = _iomem(snapshot)
        if found:
            notes.add(
                "memory",
                "from /proc/iomem: the kernel does not offer the firmware's map (/sys/firmware/memmap)",
            )
    ranges = _pages(_joined(found))
    if not ranges:
        notes.add("memory", "no memory map could be read: root is needed for /proc/iomem")
    return tuple(_with_nodes(ranges, tables, notes, place))


def _memory_map(snapshot: Snapshot) -> list[tuple[int, int]]:
    """First and last byte of the RAM in /sys/firmware/memmap."""
    found: list[tuple[int, int]] = []
    for name in snapshot.names(MEMORY_MAP):
        entry = f"{MEMORY_MAP}/{name}"
        start, end = snapshot.integer(f"{entry}/start"), snapshot.integer(f"{entry}/end")
        if snapshot.text(f"{entry}/type") == _RAM and start is not None and end is not None:
            found.append((start, end))
    return found


def _iomem(snapshot: Snapshot) -> list[tuple[int, int]]:
    """The same from the outermost entries of /proc/iomem, which shows zeros to ordinary users."""
    found: list[tuple[int, int]] = []
    for line in (snapshot.text("proc/iomem") or "").splitlines():
        match = _LINE.fullmatch(line)
        if match and match[3] == _RAM:
            found.append((int(match[1], 16), int(match[2], 16)))
    return [(start, end) for start, end in found if end]


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted ranges as base and end, those that touch or overlap made one; backward ones dropped."""
    joined: list[tuple[int, int]] = []
    for start, last in sorted(ranges):
        if not 0 <= start <= last < LAST_ADDRESS:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last + 1))
        else:
            joined.append((start, last + 1))
    return joined


def _pages(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The whole pages of each range."""
    rounded = ((-(-base // PAGE) * PAGE, end // PAGE * PAGE) for base, end in ranges)
    return [(base, end) for base, end in rounded if base < end]


def _with_nodes(
    ranges: list[tuple[int, int]], tables: Tables, notes: Notes, place: Place
) -> list[MemoryRange]:
    """Ranges with the node the SRAT puts them on; 0 without an SRAT."""
    domains = sorted(tables.srat.memory, key=lambda m: m.base) if tables.srat is not None else []
    cuts = sorted({edge for domain in domains for edge in (domain.base, domain.base + domain.size)})
    found: list[MemoryRange] = []
    for base, end in ranges:
        edges = [base, *(cut for cut in cuts if base < cut < end), end]
        for first, following in pairwise(edges):
            node = next((d.node for d in domains if d.base <= first < d.base + d.size), None)
            if node is None and domains:
                notes.add("memory", f"the SRAT puts the RAM at {first:#x} on no node; node 0 is taken")
            if found and found[-1].end == first and found[-1].node == (node or 0):
                last = found.pop()
                first = last.base
            found.append(MemoryRange(place, first, following - first, node or 0))
    return found
