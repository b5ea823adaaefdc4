# SPDX-License-Identifier: BSD-2-Clause-Patent
"""RAM and what the firmware holds: from its memory map as the kernel took it over, else from /proc/iomem."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from generator.model.machine import HeldRange, MemoryRange
from generator.places import Place
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot
from generator.scan.tables import Tables

PAGE = 4096
LAST_ADDRESS = 1 << 52
"""No x86 processor has wider physical addresses."""

MEMORY_MAP = "sys/firmware/memmap"
Entry = tuple[int, int, str]
"""First and last byte, and what the kernel calls it."""

_RAM = "System RAM"
_ACPI = ("ACPI Tables", "ACPI Non-volatile Storage")
_RESERVED = ("Reserved", "Unusable memory")
_LEGACY = (0xA0000, 0x100000)
"""Frame buffer and ROMs: no RAM."""
_FOUR_GIB = 4 << 30
_LINE = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)")


def scan_memory(snapshot: Snapshot, tables: Tables, notes: Notes, place: Place) -> tuple[MemoryRange, ...]:
    """Ranges of RAM in whole pages, cut where NUMA nodes meet, in order."""
    found = _of_kind(_memory_map(snapshot), _RAM)
    if not found:
        found = _of_kind(_iomem(snapshot), _RAM)
        if found:
            notes.add(
                "memory",
                "from /proc/iomem: the kernel does not offer the firmware's map (/sys/firmware/memmap)",
            )
    ranges = _pages(_joined(found))
    if not ranges:
        notes.add("memory", "no memory map could be read: root is needed for /proc/iomem")
    return tuple(_with_nodes(ranges, tables, notes, place))


def scan_held(snapshot: Snapshot, tables: Tables, place: Place) -> tuple[HeldRange, ...]:
    """What the firmware holds, in whole pages, in order, apart from one another and from the RAM.

    Maps call registers and windows `Reserved` as well.  So only what lies below the end of the RAM counts, or
    goes on where that ends, below and above 4 GiB.  Nothing of a PCI window or ECAM counts.
    """
    entries = [e for e in _memory_map(snapshot) if e[0] <= e[1] < LAST_ADDRESS]
    iomem = [e for e in _iomem(snapshot) if e[0] <= e[1] < LAST_ADDRESS]
    if not _of_kind(entries, _RAM):
        entries = iomem
    windows = [(start, last + 1) for start, last, kind in iomem if kind.startswith("PCI ")]
    windows = sorted([*windows, _LEGACY, *_ecam(tables)])
    found: list[HeldRange] = []
    for first, limit in ((0, _FOUR_GIB), (_FOUR_GIB, LAST_ADDRESS)):
        inside = sorted((s, last + 1, k) for s, last, k in entries if first <= s <= last < limit)
        reach = max((end for _, end, kind in inside if kind in (_RAM, *_ACPI)), default=0)
        for start, end, kind in inside:
            if kind not in (*_ACPI, *_RESERVED) and not kind.startswith("Unknown"):
                continue
            for piece in _without((start, end), windows):
                if kind in _ACPI or piece[0] <= reach:
                    reach = max(reach, piece[1])
                    _hold(found, (piece[0] // PAGE * PAGE, -(-piece[1] // PAGE) * PAGE), kind, place)
    return tuple(_apart(found, _pages(_joined(_of_kind(entries, _RAM)))))


def _hold(found: list[HeldRange], pages: tuple[int, int], kind: str, place: Place) -> None:
    """Add what lies beyond the ranges found, to the last of them if that is of its kind and touches it."""
    start = max(pages[0], found[-1].end) if found else pages[0]
    if start >= pages[1]:
        return
    if found and found[-1].end == start and found[-1].what == kind:
        start = found.pop().base
    found.append(HeldRange(place, start, pages[1] - start, kind))


def _apart(held: list[HeldRange], ram: list[tuple[int, int]]) -> Iterator[HeldRange]:
    """The ranges without the pages that the map calls RAM as well: those were handed over."""
    for one in held:
        for start, end in _without((one.base, one.end), ram):
            yield HeldRange(one.place, start, end - start, one.what)


def _without(whole: tuple[int, int], others: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The parts of a range that are in none of the others, which are sorted; all as base and end."""
    start, last = whole
    for base, end in others:
        if base >= last:
            break
        if base > start:
            yield start, base
        start = max(start, end)
    if start < last:
        yield start, last


def _ecam(tables: Tables) -> Iterator[tuple[int, int]]:
    """Where configuration space lies: first address and the first one beyond."""
    for entry in tables.mcfg.ranges if tables.mcfg is not None else ():
        yield entry.base + (entry.first_bus << 20), entry.base + (entry.last_bus + 1 << 20)


def _memory_map(snapshot: Snapshot) -> list[Entry]:
    """The entries of /sys/firmware/memmap."""
    found: list[Entry] = []
    for name in snapshot.names(MEMORY_MAP):
        entry = f"{MEMORY_MAP}/{name}"
        start, end = snapshot.integer(f"{entry}/start"), snapshot.integer(f"{entry}/end")
        kind = snapshot.text(f"{entry}/type")
        if start is not None and end is not None and kind is not None:
            found.append((start, end, kind))
    return found


def _iomem(snapshot: Snapshot) -> list[Entry]:
    """The outermost entries of /proc/iomem, which shows zeros to ordinary users."""
    found: list[Entry] = []
    for line in (snapshot.text("proc/iomem") or "").splitlines():
        match = _LINE.fullmatch(line)
        if match and int(match[2], 16):
            found.append((int(match[1], 16), int(match[2], 16), match[3]))
    return found


def _of_kind(entries: list[Entry], kind: str) -> list[tuple[int, int]]:
    """First and last byte of the entries of a kind."""
    return [(start, last) for start, last, found in entries if found == kind]


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
