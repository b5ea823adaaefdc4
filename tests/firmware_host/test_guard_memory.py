# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a guarded partition reaches: ranges, and the nested page tables that lead to them and nowhere else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.blob.form import MAXIMUM_ALONE
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

PAGE, LARGE, MIB, GIB = 0x1000, 0x200000, 0x100000, 1 << 30
READ, WRITE, EXECUTE = 1, 2, 4
DATA, ALL = READ | WRITE, READ | WRITE | EXECUTE
UNCACHED, WRITE_THROUGH, WRITE_BACK = 0, 4, 6
LIMIT = 1 << 48
TABLES = 0x12340000
"""Where the tables lie for the processor."""


@dataclass(frozen=True)
class Range:
    """MRM_GUARD_RANGE."""

    base: int
    length: int
    host: int
    access: int = ALL
    kind: int = WRITE_BACK
    repeat: bool = False

    def native(self) -> tuple[int, int, int, int, int, bool]:
        return self.base, self.length, self.host, self.access, self.kind, self.repeat


class Tables:
    """Tables as MrmGuardBuildTables makes them."""

    def __init__(self, decide: Decide, ranges: Sequence[Range], missing: int = 0) -> None:
        self.decide, ffi = decide, decide.ffi
        memory = Guarded.array(ffi, "MRM_GUARD_RANGE", [each.native() for each in ranges])
        pages = ffi.new("UINTN *")
        count = len(ranges)
        self.status = decide.call("MrmGuardTablesSize", memory.pointer, count, pages)
        self.native: Any = ffi.new("MRM_GUARD_TABLES *")
        if self.status:
            return
        self.size = pages[0]
        self.pages = Guarded(ffi, b"\xa5" * (PAGE * (self.size - missing)))
        self.native.Pages = ffi.cast("UINT64 *", self.pages.pointer)
        self.native.Physical, self.native.PageCount = TABLES, self.size - missing
        self.status = decide.call("MrmGuardBuildTables", memory.pointer, count, self.native)

    def look_up(self, address: int) -> tuple[int, int] | None:
        """Where MrmGuardLookUp says that an address leads, and what may be done there."""
        host, access = self.decide.ffi.new("UINT64 *"), self.decide.ffi.new("UINT32 *")
        found = self.decide.call("MrmGuardLookUp", self.native, address, host, access)
        return (host[0], access[0]) if found else None

    def leaves(self) -> Iterator[tuple[int, int, int, int, int]]:
        """All pages as a processor finds them: address, bytes, host, access, bits of the memory type."""
        yield from self._leaves(TABLES, 39, 0, ALL)

    def _leaves(
        self, table: int, shift: int, base: int, above: int
    ) -> Iterator[tuple[int, int, int, int, int]]:
        assert 0 <= table - TABLES < self.size * PAGE and table % PAGE == 0
        raw = self.pages.contents()[table - TABLES :][:PAGE]
        for index in range(512):
            entry = int.from_bytes(raw[8 * index : 8 * index + 8], "little")
            if not entry & 1:
                continue
            assert entry & 1 << 2 and entry & 1 << 5, "user, accessed"
            access = READ | (WRITE if entry & 2 else 0) | (0 if entry >> 63 else EXECUTE)
            access &= above
            address, target = base + (index << shift), entry & 0x000FFFFFFFFFF000
            if shift == 12 or entry & 1 << 7:
                assert entry & 1 << 6, "dirty"
                assert shift in (12, 21) and target % (1 << shift) == 0
                yield address, 1 << shift, target, access, entry >> 3 & 3
            else:
                yield from self._leaves(target, shift - 9, address, access)


def merged(pieces: Iterator[tuple[int, int, int, int, int]]) -> list[list[int]]:
    """Neighbouring pieces of the same kind as one; those that are one page again and again are not."""
    told: list[list[int]] = []
    for address, size, host, access, kind in pieces:
        last = told[-1] if told else [0, 0, 0, 0, 0]
        if [address, host, access, kind] == [last[0] + last[1], last[2] + last[1], *last[3:]]:
            last[1] += size
        else:
            told.append([address, size, host, access, kind])
    return told


def asked(ranges: Sequence[Range]) -> Iterator[tuple[int, int, int, int, int]]:
    """The same of what was asked for."""
    bits = {UNCACHED: 3, WRITE_THROUGH: 1, WRITE_BACK: 0}
    for each in ranges:
        if each.repeat:
            for page in range(each.base, each.base + each.length, PAGE):
                yield page, PAGE, each.host, each.access, bits[each.kind]
        else:
            yield each.base, each.length, each.host, each.access, bits[each.kind]


@st.composite
def some_ranges(draw: st.DrawFn) -> list[Range]:
    """Ranges in ascending order, of all sizes, some of them side by side."""
    place, found = draw(st.sampled_from((0, PAGE, 4 * GIB, LIMIT - 8 * GIB))), []
    for _ in range(draw(st.integers(0, 6))):
        place += draw(st.sampled_from((0, 0, PAGE, LARGE - PAGE, LARGE, GIB)))
        if draw(st.booleans()):
            place = -(-place // LARGE) * LARGE
        repeat = draw(st.booleans())
        pages = draw(st.one_of(st.integers(1, 4), st.integers(500, 1600)))
        offset = draw(st.sampled_from((0, PAGE, LARGE, 3 * GIB)))
        host = draw(st.integers(0, 99)) * PAGE if repeat else place + offset
        access = READ | draw(st.sampled_from((0, WRITE, EXECUTE, WRITE | EXECUTE)))
        kind = draw(st.sampled_from((UNCACHED, WRITE_THROUGH, WRITE_BACK)))
        found.append(Range(place, pages * PAGE, host, access, kind, repeat))
        place += pages * PAGE
    return found


@given(ranges=some_ranges())
def test_tables_lead_where_they_should_and_nowhere_else(decide: Decide, ranges: list[Range]) -> None:
    tables = Tables(decide, ranges)
    assert tables.status == decide.RETURN_SUCCESS
    assert tables.native.Used == tables.size
    assert merged(tables.leaves()) == merged(asked(ranges))


@given(
    ranges=some_ranges(),
    more=st.lists(st.integers(0, LIMIT + GIB), max_size=5),
    within=st.integers(0, PAGE - 1),
)
def test_the_walker_says_what_the_processor_does(
    decide: Decide, ranges: list[Range], more: list[int], within: int
) -> None:
    tables = Tables(decide, ranges)
    edges = [edge for each in ranges for edge in (each.base, each.base + each.length)]
    for address in (*more, *(edge + offset for edge in edges for offset in (-1, 0, within))):
        if address < 0:
            continue
        expected = None
        for each in ranges:
            if each.base <= address < each.base + each.length:
                offset = (address - each.base) % (PAGE if each.repeat else each.length)
                expected = (each.host + offset, each.access)
        assert tables.look_up(address) == expected


def test_configuration_space_of_foreign_buses_takes_one_table(decide: Decide) -> None:
    ecam = 0xB0000000
    own = Range(ecam + 3 * MIB, MIB, ecam + 3 * MIB, DATA, UNCACHED)
    rest = [
        Range(ecam, 3 * MIB, 0x7000, READ, repeat=True),
        Range(ecam + 4 * MIB, 252 * MIB, 0x7000, READ, repeat=True),
    ]
    tables = Tables(decide, [rest[0], own, rest[1]])
    # The root, one table of each level, the one that all foreign buses share, and that of the own bus.
    assert (tables.status, tables.size) == (decide.RETURN_SUCCESS, 5)


def test_large_pages_where_both_sides_allow_them(decide: Decide) -> None:
    whole = Tables(decide, [Range(4 * GIB, GIB, 4 * GIB)])
    assert whole.size == 3
    askew = Tables(decide, [Range(4 * GIB, 2 * LARGE, 5 * GIB + PAGE)])
    assert askew.size == 5


@pytest.mark.parametrize(
    "ranges",
    [
        [Range(0x1000, 0x1000, 0), Range(0x1000, 0x1000, 0)],
        [Range(0x2000, 0x1000, 0), Range(0x1000, 0x1000, 0)],
        [Range(0x1000, 0x2000, 0), Range(0x2000, 0x1000, 0)],
        [Range(0x1001, 0x1000, 0)],
        [Range(0x1000, 0x1001, 0)],
        [Range(0x1000, 0x1000, 1)],
        [Range(0x1000, 0, 0)],
        [Range(LIMIT - 0x1000, 0x2000, 0)],
        [Range(LIMIT, 0x1000, 0)],
        [Range(1 << 63, 0x1000, 0)],
        [Range(0, (1 << 64) - 0x1000, 0)],
        [Range(0, 0x2000, (1 << 52) - 0x1000)],
        [Range(0, 0x1000, 1 << 52)],
        [Range(0, 0x1000, 0, WRITE)],
        [Range(0, 0x1000, 0, 0)],
        [Range(0, 0x1000, 0, 15)],
        [Range(0, 0x1000, 0, ALL, 1)],
    ],
)
def test_what_no_table_can_map(decide: Decide, ranges: list[Range]) -> None:
    assert Tables(decide, ranges).status == decide.RETURN_INVALID_PARAMETER


@settings(max_examples=20)
@given(ranges=some_ranges())
def test_too_few_pages(decide: Decide, ranges: list[Range]) -> None:
    assert Tables(decide, ranges, missing=1).status == decide.RETURN_BUFFER_TOO_SMALL


def test_access_of_a_page_can_be_changed(decide: Decide) -> None:
    apic = Range(0xFEE00000, PAGE, 0xFEE00000, READ, UNCACHED)
    ones = Range(0xB0000000, 2 * LARGE, 0x7000, READ, repeat=True)
    tables = Tables(decide, [Range(0, LARGE, 0), ones, apic])
    for access in (DATA, 0, READ, ALL):
        assert decide.call("MrmGuardSetAccess", tables.native, 0xFEE00FFF, access) == decide.RETURN_SUCCESS
        assert tables.look_up(0xFEE00300) == ((0xFEE00300, access) if access else None)
    kinds = {kind for address, *_, kind in tables.leaves() if address == apic.base}
    assert kinds == {3}
    # Of a large page, of a page that others lead to as well, of none at all.
    for address in (0x1000, ones.base, 0xFEE01000, LIMIT):
        assert decide.call("MrmGuardSetAccess", tables.native, address, DATA) == decide.RETURN_NOT_FOUND


@dataclass
class View:
    """MRM_GUARD_VIEW: first byte and bytes of each range."""

    memory: list[tuple[int, int]] = field(default_factory=list)
    windows: list[tuple[int, int]] = field(default_factory=list)
    ecam: list[tuple[int, int]] = field(default_factory=list)
    all_ecam: list[tuple[int, int]] = field(default_factory=list)
    functions: list[tuple[int, int]] = field(default_factory=list)
    stand_ins: list[tuple[int, int]] = field(default_factory=list)
    watched: list[tuple[int, int]] = field(default_factory=list)
    apic: int = 0xFEE00000
    apic_access: int = READ


ZERO, ONES, EMPTY = 0x5000000, 0x5001000, 0x5002000
RESET_STATUS = 0xFED80000
"""A page of AMD's chipsets that Linux reads on each Zen processor: MRM_GUARD_RESET_STATUS."""


def ranges_of(decide: Decide, view: View, capacity: int = 64) -> tuple[int, list[Range]]:
    ffi = decide.ffi
    native = ffi.new("MRM_GUARD_VIEW *")
    kept = []
    for name, told in (
        ("Memory", view.memory),
        ("Window", view.windows),
        ("Ecam", view.ecam),
        ("AllEcam", view.all_ecam),
        ("Function", view.functions),
        ("StandIn", view.stand_ins),
        ("Watched", view.watched),
    ):
        kept.append(Guarded.array(ffi, "MRM_RANGE", told))
        pointer = ffi.cast("MRM_RANGE *", kept[-1].pointer)
        plural = name in ("Window", "Function", "StandIn")
        setattr(native, f"{name}s" if plural else name, pointer)
        setattr(native, f"{name}Count", len(told))
    native.LocalApic, native.LocalApicAccess = view.apic, view.apic_access
    native.PageZero, native.Ones, native.StandIn = ZERO, ONES, EMPTY
    room = Guarded(ffi, bytes(ffi.sizeof("MRM_GUARD_RANGE") * capacity))
    count = ffi.new("UINTN *")
    found = ffi.cast("MRM_GUARD_RANGE *", room.pointer)
    status = decide.call("MrmGuardRanges", native, found, capacity, count)
    return status, [
        Range(r.Base, r.Length, r.Host, r.Access, r.MemoryType, bool(r.Repeat))
        for r in (found[index] for index in range(count[0]))
    ]


def test_what_a_partition_reaches(decide: Decide) -> None:
    view = View(
        memory=[(0x40000, 0x10000), (0, 0), (4 * GIB, GIB), (0x20000000, 128 * MIB)],
        windows=[(0xC0000000, MIB)],
        ecam=[(0xB0300000, MIB)],
        all_ecam=[(0xB0000000, 16 * MIB)],
    )
    status, ranges = ranges_of(decide, view)
    assert status == decide.RETURN_SUCCESS
    assert ranges == [
        Range(0, PAGE, ZERO),
        Range(0x1000, 0x3F000, ONES, READ, repeat=True),
        Range(0x40000, 0x10000, 0x40000),
        Range(0x50000, 0xB0000, ONES, READ, repeat=True),
        Range(0x20000000, 128 * MIB, 0x20000000),
        Range(0xB0000000, 3 * MIB, ONES, READ, repeat=True),
        Range(0xB0300000, MIB, 0xB0300000, DATA, UNCACHED),
        Range(0xB0400000, 12 * MIB, ONES, READ, repeat=True),
        Range(0xC0000000, MIB, 0xC0000000, DATA),
        Range(RESET_STATUS, PAGE, ONES, READ, repeat=True),
        Range(0xFEE00000, PAGE, 0xFEE00000, READ, UNCACHED),
        Range(4 * GIB, GIB, 4 * GIB),
    ]


def test_the_owner_of_the_chipset_has_all_of_its_pages(decide: Decide) -> None:
    status, ranges = ranges_of(decide, View(windows=[(0xFEC00000, 2 * MIB)]))
    assert status == decide.RETURN_SUCCESS
    assert Range(0xFEC00000, 2 * MIB, 0xFEC00000, DATA) in ranges
    assert all(each.base + each.length <= MIB for each in ranges if each.repeat)


def test_functions_by_themselves(decide: Decide) -> None:
    ecam = 0xB0000000
    view = View(
        functions=[(ecam + 0x31000, PAGE), (ecam + 0x20000, PAGE)],
        stand_ins=[(ecam + 0x30000, PAGE)],
        all_ecam=[(ecam, MIB)],
    )
    status, ranges = ranges_of(decide, view)
    assert status == decide.RETURN_SUCCESS
    assert [each for each in ranges if ecam <= each.base < ecam + MIB] == [
        Range(ecam, 0x20000, ONES, READ, repeat=True),
        Range(ecam + 0x20000, PAGE, ecam + 0x20000, READ, UNCACHED),
        Range(ecam + 0x21000, 0xF000, ONES, READ, repeat=True),
        Range(ecam + 0x30000, PAGE, EMPTY, READ, repeat=True),
        Range(ecam + 0x31000, PAGE, ecam + 0x31000, READ, UNCACHED),
        Range(ecam + 0x32000, 0xCE000, ONES, READ, repeat=True),
    ]


def test_pages_with_messages(decide: Decide) -> None:
    """They are cut out of windows and of configuration space; nothing else of these changes."""
    ecam, bar = 0xB0300000, 0xC0000000
    view = View(
        windows=[(bar, MIB), (bar + MIB, PAGE)],
        ecam=[(ecam, MIB)],
        all_ecam=[(ecam, MIB)],
        watched=[(ecam, PAGE), (bar + 2 * PAGE, 2 * PAGE), (bar + MIB - PAGE, 2 * PAGE)],
    )
    status, ranges = ranges_of(decide, view)
    assert status == decide.RETURN_SUCCESS
    assert [each for each in ranges if ecam <= each.base <= bar + MIB] == [
        Range(ecam, PAGE, ecam, READ, UNCACHED),
        Range(ecam + PAGE, MIB - PAGE, ecam + PAGE, DATA, UNCACHED),
        Range(bar, 2 * PAGE, bar, DATA),
        Range(bar + 2 * PAGE, 2 * PAGE, bar + 2 * PAGE, READ),
        Range(bar + 4 * PAGE, MIB - 5 * PAGE, bar + 4 * PAGE, DATA),
        Range(bar + MIB - PAGE, PAGE, bar + MIB - PAGE, READ),
        Range(bar + MIB, PAGE, bar + MIB, READ),
    ]


@settings(max_examples=50)
@given(
    windows=st.sets(st.integers(0, 40), min_size=1),
    some=st.sets(st.integers(0, 40)),
    foreign=st.booleans(),
    size=st.sampled_from((1, 2, 8)),
)
def test_watched_pages_are_read_and_all_others_written(
    decide: Decide, windows: set[int], some: set[int], foreign: bool, size: int
) -> None:
    base, watched = GIB, some if foreign else some & windows
    view = View(
        windows=[(base + page * 8 * PAGE, 8 * PAGE) for page in windows],
        watched=[(base + page * 8 * PAGE, size * PAGE) for page in watched],
    )
    status, ranges = ranges_of(decide, view, 256)
    if not watched <= windows:
        assert (status, ranges) == (decide.RETURN_INVALID_PARAMETER, [])
        return
    assert status == decide.RETURN_SUCCESS
    tables = Tables(decide, ranges)
    for page in range(41 * 8):
        access = READ if page // 8 in watched and page % 8 < size else DATA
        address = base + page * PAGE
        assert tables.look_up(address) == ((address, access) if page // 8 in windows else None)


@settings(max_examples=25)
@given(
    pages=st.sets(st.integers(1, 600), max_size=30),
    ecam=st.lists(st.integers(0, 15), max_size=4, unique=True),
)
def test_every_byte_is_own_or_all_ones_or_nowhere(decide: Decide, pages: set[int], ecam: list[int]) -> None:
    base = 0xB0000000
    view = View(
        memory=[(page * PAGE, PAGE) for page in sorted(pages, key=lambda page: page * 7 % 601)],
        ecam=[(base + bus * MIB, MIB) for bus in ecam],
        all_ecam=[(base, 16 * MIB)],
    )
    status, ranges = ranges_of(decide, view, 128)
    assert status == decide.RETURN_SUCCESS
    tables = Tables(decide, ranges)
    assert tables.status == decide.RETURN_SUCCESS
    found = {address: (host, access) for address, size, host, access, _ in tables.leaves() if size == PAGE}
    expected = dict.fromkeys((*range(PAGE, MIB, PAGE), *range(base, base + 16 * MIB, PAGE)), (ONES, READ))
    expected |= {page * PAGE: (page * PAGE, ALL) for page in pages}
    for bus in ecam:
        own = range(base + bus * MIB, base + (bus + 1) * MIB, PAGE)
        expected |= {page: (page, DATA) for page in own}
    expected |= {0: (ZERO, ALL), RESET_STATUS: (ONES, READ), view.apic: (view.apic, READ)}
    large = {
        address + page: (host + page, access)
        for address, size, host, access, _ in tables.leaves()
        if size != PAGE
        for page in range(0, size, PAGE)
    }
    assert found | large == expected


@pytest.mark.parametrize(
    "view",
    [
        View(memory=[(0x40000, 0x10000), (0x4F000, 0x1000)]),
        View(memory=[(0, PAGE)]),
        View(memory=[(0xFEE00000, PAGE)]),
        View(memory=[(0x40000, 0x10000)], windows=[(0x4F000, 0x2000)]),
        View(memory=[(0x40000, 0x800)]),
        View(memory=[(LIMIT, PAGE)]),
        View(all_ecam=[(LIMIT - MIB, 2 * MIB)]),
        View(all_ecam=[(0xB0000800, PAGE)]),
        View(watched=[(0xC0000000, PAGE)]),
        View(windows=[(0xC0000000, PAGE)], watched=[(0xC0000000, 2 * PAGE)]),
        View(windows=[(0xC0000000, PAGE)], watched=[(0xC0000800, 0x800)]),
        View(windows=[(0xC0000000, PAGE)], watched=[(0xC0000000, (1 << 64) - PAGE)]),
        View(memory=[(0x40000, 0x10000)], watched=[(0x40000, PAGE)]),
        View(all_ecam=[(0xB0000000, MIB)], watched=[(0xB0000000, PAGE)]),
        View(apic_access=0),
    ],
)
def test_a_view_that_contradicts_itself(decide: Decide, view: View) -> None:
    assert ranges_of(decide, view) == (decide.RETURN_INVALID_PARAMETER, [])


@pytest.mark.parametrize("capacity", range(6))
def test_too_few_ranges(decide: Decide, capacity: int) -> None:
    # Page 0, all ones behind it, the low slice, all ones, a page of the chipset, the local APIC.
    view = View(memory=[(0x40000, 0x10000)])
    assert ranges_of(decide, view, capacity) == (decide.RETURN_BUFFER_TOO_SMALL, [])
    assert len(ranges_of(decide, view, 6)[1]) == 6


def test_all_that_a_partition_can_have_fits(decide: Decide) -> None:
    """As much of each kind as there can be, none beside another one, and a hole before and behind each."""
    first, pages = 0xB0000000, 2 * decide.MRM_GUARD_MAX_FUNCTIONS
    own = [first + 16 * MIB * n for n in range(decide.MRM_GUARD_MAX_ECAM)]
    functions = [(own[0] + PAGE * (2 * n + 1), PAGE) for n in range(pages)]
    view = View(
        memory=[(PAGE * (2 * n + 2), PAGE) for n in range(decide.MRM_GUARD_MAX_MEMORY)],
        windows=[(GIB + PAGE * 4 * n, 3 * PAGE) for n in range(decide.MRM_GUARD_MAX_WINDOWS)],
        watched=[(GIB + PAGE * (4 * n + 1), PAGE) for n in range(decide.MRM_GUARD_MAX_MESSAGES)],
        ecam=[(own[1] + PAGE * (2 * n + 1), PAGE) for n in range(decide.MRM_GUARD_MAX_BUSES)],
        all_ecam=[(base, MIB) for base in own],
        functions=functions[::2],
        stand_ins=functions[1::2],
    )
    status, ranges = ranges_of(decide, view, decide.MRM_GUARD_MAX_RANGES)
    assert (status, len(ranges)) == (decide.RETURN_SUCCESS, decide.MRM_GUARD_MAX_RANGES)


def test_the_generator_promises_no_more_functions(decide: Decide) -> None:
    assert decide.MRM_GUARD_MAX_FUNCTIONS == MAXIMUM_ALONE
