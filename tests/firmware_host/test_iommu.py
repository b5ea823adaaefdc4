# SPDX-License-Identifier: BSD-2-Clause-Patent
"""AMD's IOMMU: what IVRS tells, what functions reach by its tables, and what its event log tells.

The formats are read here from the specification (AMD I/O Virtualization Technology, 3.08), not from our code.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.check.isolation import CONFINED_PROCESSORS
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

PAGE, LARGE, GIB = 0x1000, 0x200000, 1 << 30
LIMIT = 1 << 48
TABLES = 0x12340000
"""Where the tables lie for the IOMMU."""
PRESENT, READ, WRITE = 1, 1 << 61, 1 << 62
ADDRESS = 0x000FFFFFFFFFF000

Range = tuple[int, int]


def build(decide: Decide, ranges: Sequence[Range], missing: int = 0) -> tuple[int, bytes]:
    """Return the status, and the tables."""
    ffi = decide.ffi
    memory = Guarded.array(ffi, "MRM_RANGE", [list(each) for each in ranges])
    pages = ffi.new("UINTN *")
    status = decide.call("MrmIommuTablesSize", memory.pointer, len(ranges), pages)
    if status:
        return status, b""
    space = Guarded(ffi, b"\xa5" * (PAGE * (pages[0] - missing)))
    tables = ffi.new("MRM_IOMMU_TABLES *")
    tables.Pages = ffi.cast("UINT64 *", space.pointer)
    tables.Physical, tables.PageCount = TABLES, pages[0] - missing
    status = decide.call("MrmIommuBuildTables", memory.pointer, len(ranges), tables)
    assert status or tables.Used == pages[0]
    return status, space.contents()


def walk(raw: bytes, table: int = TABLES, level: int = 4, base: int = 0) -> Iterator[tuple[int, int, int]]:
    """All pages as an IOMMU finds them: address, bytes, where they are (AMD 2.2.3)."""
    assert 0 <= table - TABLES < len(raw) and table % PAGE == 0
    shift = 12 + 9 * (level - 1)
    for index, (entry,) in enumerate(struct.iter_unpack("<Q", raw[table - TABLES :][:PAGE])):
        if not entry & PRESENT:
            assert entry == 0
            continue
        assert entry & READ and entry & WRITE
        after, target, address = entry >> 9 & 7, entry & ADDRESS, base + (index << shift)
        if after:
            assert after == level - 1
            yield from walk(raw, target, after, address)
        else:
            assert level in (1, 2) and target % (1 << shift) == 0
            yield address, 1 << shift, target


def reached(raw: bytes) -> list[Range]:
    """What functions reach: at its own address, and neighbours as one."""
    found: list[Range] = []
    for address, size, target in walk(raw):
        assert address == target
        if found and sum(found[-1]) == address:
            found[-1] = (found[-1][0], found[-1][1] + size)
        else:
            found.append((address, size))
    return found


def merged(ranges: Sequence[Range]) -> list[Range]:
    """Neighbours as one."""
    found: list[Range] = []
    for base, size in ranges:
        if found and sum(found[-1]) == base:
            found[-1] = (found[-1][0], found[-1][1] + size)
        else:
            found.append((base, size))
    return found


@st.composite
def some_ranges(draw: st.DrawFn) -> list[Range]:
    """Ranges in ascending order, of all sizes, some of them side by side."""
    place, found = draw(st.sampled_from((0, PAGE, 4 * GIB, LIMIT - 4 * GIB))), []
    for _ in range(draw(st.integers(0, 6))):
        place += draw(st.sampled_from((0, 0, PAGE, LARGE - PAGE, LARGE, GIB // 4)))
        if draw(st.booleans()):
            place = -(-place // LARGE) * LARGE
        size = PAGE * draw(st.one_of(st.integers(1, 4), st.integers(1, 3 * 512), st.just(20 * 512)))
        if place + size > LIMIT:
            break
        found.append((place, size))
        place += size
    return found


@given(ranges=some_ranges())
@settings(deadline=None)
def test_functions_reach_what_was_said_and_nothing_else(decide: Decide, ranges: list[Range]) -> None:
    status, raw = build(decide, ranges)
    assert status == 0
    assert reached(raw) == merged(ranges)


@given(ranges=some_ranges(), missing=st.integers(1, 3))
@settings(deadline=None)
def test_tables_that_do_not_fit_are_not_made(decide: Decide, ranges: list[Range], missing: int) -> None:
    pages = len(build(decide, ranges)[1]) // PAGE
    if pages > missing:
        assert build(decide, ranges, missing)[0] == decide.constants["RETURN_BUFFER_TOO_SMALL"]


@pytest.mark.parametrize(
    "ranges",
    [
        [(1, PAGE)],
        [(0, PAGE + 1)],
        [(0, 0)],
        [(PAGE, PAGE), (0, PAGE)],
        [(0, 2 * PAGE), (PAGE, PAGE)],
        [(LIMIT, PAGE)],
        [(LIMIT - PAGE, 2 * PAGE)],
        [((1 << 64) - PAGE, 2 * PAGE)],
        [(PAGE, (1 << 64) - PAGE)],
    ],
)
def test_what_are_no_ranges_is_refused(decide: Decide, ranges: list[Range]) -> None:
    assert build(decide, ranges)[0] == decide.constants["RETURN_INVALID_PARAMETER"]


def entry(decide: Decide, interrupts: str, table: int = 0) -> int:
    """The entry of the device table, as one number of 256 bits."""
    made = decide.ffi.new("MRM_IOMMU_DEVICE *")
    kind = getattr(decide.lib, f"MrmIommu{interrupts}")
    decide.call("MrmIommuConfine", 0x123456000, 0xABCD, kind, table, made)
    return sum(quad << 64 * index for index, quad in enumerate(made.Quad))


@pytest.mark.parametrize(
    ("interrupts", "valid", "control", "length", "table"),
    [("Dropped", 1, 0, 0, 0), ("Passed", 0, 0, 0, 0), ("Remapped", 1, 2, 9, 0x7654380)],
)
def test_an_entry_confines(
    decide: Decide, interrupts: str, valid: int, control: int, length: int, table: int
) -> None:
    """All bits (AMD table 7): a message that is NMI, INIT or ExtINT passes only where all do."""
    expected = 3 | 4 << 9 | 0x123456000 | 3 << 61 | 0xABCD << 64
    expected |= valid << 128 | length << 129 | table << 128 | control << 188
    assert entry(decide, interrupts, table) == expected


@given(apic_ids=st.lists(st.integers(0, 254), min_size=1, max_size=2))
def test_each_vector_arrives_at_an_own_processor(decide: Decide, apic_ids: list[int]) -> None:
    """Fixed at the first one, of lowest priority at the second one, if there is one."""
    ffi, space = decide.ffi, Guarded(decide.ffi, b"\xff" * 2048)
    told = Guarded.array(ffi, "UINT32", apic_ids)
    table = ffi.cast("UINT32 *", space.pointer)
    decide.call("MrmIommuFillInterrupts", ffi.cast("UINT32 *", told.pointer), len(apic_ids), table)
    for index, (each,) in enumerate(struct.iter_unpack("<I", space.contents())):
        # RemapEn; type fixed, physical; destination; vector (AMD table 20).
        vector, apic_id = index % 256, apic_ids[0] if index < 256 else apic_ids[-1]
        assert each == (0 if vector < 16 else 1 | apic_id << 8 | vector << 16)


def test_the_generator_promises_no_more_processors(decide: Decide) -> None:
    assert decide.MRM_IOMMU_PROCESSORS == decide.MRM_GUARD_MESSAGE_TARGETS == CONFINED_PROCESSORS, (
        "what the guard writes is what the IOMMU looks up"
    )


def command(decide: Decide, name: str, *arguments: int) -> tuple[int, int, int, int]:
    made = decide.ffi.new("MRM_IOMMU_RECORD *", ([0xA5A5A5A5] * 4,))
    decide.call(name, *arguments, made)
    first, second, third, fourth = made.Word
    return first, second, third, fourth


def test_commands(decide: Decide) -> None:
    wait = command(decide, "MrmIommuWait", 0x123456780, 0x1122334455667788)
    assert wait == (0x23456781, 0x10000001, 0x55667788, 0x11223344)
    assert command(decide, "MrmIommuForgetDevice", 0xABCD) == (0xABCD, 2 << 28, 0, 0)
    assert command(decide, "MrmIommuForgetInterrupts", 0xABCD) == (0xABCD, 5 << 28, 0, 0)
    assert command(decide, "MrmIommuForgetAll") == (0, 8 << 28, 0, 0)
    # Of all sizes, the tables as well.
    assert command(decide, "MrmIommuForgetPages", 0xABCD) == (0, 3 << 28 | 0xABCD, 0xFFFFF003, 0x7FFFFFFF)


KINDS = {0: "Nothing", 2: "Access", 8: "Request", 9: "Request"}


@given(words=st.tuples(*[st.integers(0, 2**32 - 1)] * 4))
def test_a_record_is_understood(decide: Decide, words: tuple[int, int, int, int]) -> None:
    ffi, event = decide.ffi, decide.ffi.new("MRM_IOMMU_EVENT *")
    decide.call("MrmIommuReadEvent", ffi.new("MRM_IOMMU_RECORD *", (list(words),)), event)
    code = words[1] >> 28
    kind = KINDS.get(code, "OwnFault")
    if kind == "Access" and words[1] >> 19 & 1:
        kind = "Interrupt"
    assert event.Kind == getattr(decide.lib, f"MrmIommu{kind}")
    assert (event.Code, event.Device) == (code, words[0] & 0xFFFF)
    assert event.Address == words[2] | words[3] << 32
    assert event.Write == (code == 2 and bool(words[1] >> 21 & 1))


def unit(address: int, entries: bytes, kind: int = 0x11, segment: int = 0, flags: int = 0) -> bytes:
    """A block of IVRS that describes an IOMMU."""
    length = (24 if kind == 0x10 else 40) + len(entries)
    block = struct.pack("<BBHHHQHHI", kind, flags, length, 0xF2, 0x40, address, segment, 0, 0)
    return block + bytes(0 if kind == 0x10 else 16) + entries


def ivrs(*blocks: bytes) -> bytes:
    body = b"".join(blocks)
    return struct.pack("<4sIBB6s8sIII", b"IVRS", 48 + len(body), 2, 0, b"", b"", 0, 0, 0) + bytes(12) + body


def found(decide: Decide, table: bytes) -> list[tuple[int, int, int]]:
    """All IOMMUs: address, segment, flags."""
    memory, made = Guarded(decide.ffi, table), decide.ffi.new("MRM_IOMMU_UNIT *")
    told: list[tuple[int, int, int]] = []
    while decide.call("MrmIommuFind", memory.pointer, len(table), len(told), made):
        told.append((made.Address, made.Segment, made.Flags))
    return told


def source(decide: Decide, table: bytes, device: int, segment: int = 0) -> int | None:
    """The device ID of a function's requests, if an IOMMU looks at them."""
    memory, made = Guarded(decide.ffi, table), decide.ffi.new("UINT16 *")
    seen = decide.call("MrmIommuSource", memory.pointer, len(table), segment, device, made)
    return made[0] if seen else None


def four(kind: int, device: int) -> bytes:
    return struct.pack("<BHB", kind, device, 0)


def alias(kind: int, device: int, other: int) -> bytes:
    return struct.pack("<BHBBHB", kind, device, 0, 0, other, 0)


def test_an_iommu_that_is_described_twice_is_one(decide: Decide) -> None:
    table = ivrs(
        unit(0xFED80000, b"", 0x10, flags=9),
        struct.pack("<BBHHHQQQ", 0x20, 0, 32, 0, 0, 0, 0, 0),
        unit(0xFED80000, b"", 0x11, flags=9),
        unit(0xFEE80000, b"", 0x40, segment=3),
        unit(0, b""),
        unit(0x1234, b""),
    )
    assert found(decide, table) == [(0xFED80000, 0, 9), (0xFEE80000, 3, 0)]
    assert decide.call("MrmIommuFind", decide.ffi.NULL, 0, 0, decide.ffi.new("MRM_IOMMU_UNIT *")) == 0


def test_whose_requests_it_looks_at(decide: Decide) -> None:
    named = bytes([240]) + bytes(20) + bytes([3]) + b"abc"
    entries = [
        four(0, 0),
        four(2, 0x20),
        named,
        four(3, 0x100),
        four(4, 0x1FF),
        alias(66, 0x28, 0x300),
        alias(67, 0x400, 0x500),
        four(4, 0x47F),
        struct.pack("<BHBBHB", 72, 0, 0, 0, 0xA0, 1),
    ]
    table = ivrs(unit(0xFED80000, b"".join(entries)))
    told = {0x20: 0x20, 0x100: 0x100, 0x1FF: 0x1FF, 0x28: 0x300, 0x400: 0x500, 0x47F: 0x500}
    for device in (0, 0x1F, 0x20, 0x21, 0x28, 0xA0, 0xFF, 0x100, 0x1FF, 0x200, 0x3FF, 0x400, 0x47F, 0x480):
        assert source(decide, table, device) == told.get(device), hex(device)
        assert source(decide, table, device, segment=1) is None
    assert source(decide, ivrs(unit(0xFED80000, four(1, 0))), 0xFFFF) == 0xFFFF


@given(
    raw=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.tuples(st.sampled_from((0x10, 0x11, 0x40, 0x20)), st.binary(max_size=40)), max_size=4
        ).map(lambda blocks: ivrs(*(unit(0xFED80000, entries, kind) for kind, entries in blocks))),
    ),
    cut=st.integers(0, 60),
    device=st.integers(0, 0xFFFF),
)
def test_any_bytes_can_be_read(decide: Decide, raw: bytes, cut: int, device: int) -> None:
    """Within their end (Guarded), and to an end."""
    table = raw[: max(len(raw) - cut, 0)]
    for address, _segment, _flags in found(decide, table):
        assert address and address % PAGE == 0
    told: Any = source(decide, table, device)
    assert told is None or 0 <= told <= 0xFFFF
