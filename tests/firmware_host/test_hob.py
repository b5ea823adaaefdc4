# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmHobLib: the list is what the DXE core needs, and contradictions are refused."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.firmware_host import hob_reader
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

PAGE = 0x1000
MIB = 1 << 20
STACK = UUID("4ed4bf27-4092-42e9-807d-527b1d00c9bd")
MODULE = UUID("f8e21975-0899-4f58-a4be-5525a9c6d77a")
MEMORY_TYPES = UUID("4c19049f-4137-4dd3-9c10-8b97a83ffdfa")
HAND_OFF = UUID("6a2b6d0e-3c1f-4a55-9d1b-527e0c8431f7")
VECTORS = UUID("3cd652b4-6d33-4dce-89db-83df9766fcca")
CORE_NAME = UUID("d6a2cb7f-6a18-4e2f-b43b-9920a733700a")
NO_NAME = UUID(int=0)

# UEFI 2.10 section 7.2, table 7.5.
RESERVED, BOOT_CODE, BOOT_DATA, RUNTIME_CODE, RUNTIME_DATA, CONVENTIONAL = 0, 3, 4, 5, 6, 7
MEMORY_TYPE_MAX = 16

# PI 1.8 volume 3, section 5.5: present, initialized, tested; UC, WC, WT, WB.
RAM_ATTRIBUTES = 0x7 | 0x400 | 0x800 | 0x1000 | 0x2000
MMIO_ATTRIBUTES = 0x3 | 0x400
# Persistent, and can be persistent.
PERSISTENT_ATTRIBUTES = RAM_ATTRIBUTES | 0x800000 | 0x1000000

Range = tuple[int, int]


@dataclass(frozen=True)
class Facts:
    """MRM_HOB_FACTS in Python; `regions` are free, stack, volume, core."""

    regions: tuple[Range, ...]
    resources: tuple[tuple[int, Range], ...]
    allocations: tuple[tuple[int, Range], ...] = ()
    bits: int = 40
    entry: int = -1
    hand_off: dict[str, int] = field(default_factory=dict)

    def native(self, decide: Decide) -> tuple[Any, list[Any]]:
        """Return the C structure and what must live as long as it."""
        new = decide.ffi.new
        resources = Guarded.array(decide.ffi, "MRM_HOB_RESOURCE", self.resources)
        allocations = Guarded.array(decide.ffi, "MRM_HOB_ALLOCATION", self.allocations)
        hand_off = new("MRM_HAND_OFF *")
        hand_off.Version = self.hand_off.get("Version", decide.MRM_HAND_OFF_VERSION)
        hand_off.Size = self.hand_off.get("Size", decide.ffi.sizeof("MRM_HAND_OFF"))
        hand_off.PartitionName = b"steady"
        hand_off.TscFrequency = 0x123456789ABCDEF0
        facts = new("MRM_HOB_FACTS *")
        facts.PhysicalAddressBits = self.bits
        facts.ResourceCount, facts.Resources = len(self.resources), resources.pointer
        facts.AllocationCount, facts.Allocations = len(self.allocations), allocations.pointer
        facts.Free, facts.Stack, facts.FirmwareVolume, facts.DxeCore = self.regions
        facts.DxeCoreEntry = self.regions[3][0] + 0x123 if self.entry < 0 else self.entry
        decide.ffi.buffer(decide.ffi.addressof(facts, "DxeCoreName"))[:] = CORE_NAME.bytes_le
        facts.HandOff = hand_off
        return facts, [resources, allocations, hand_off]


def build(decide: Decide, facts: Facts, size: int = 4 * PAGE) -> tuple[int, bytes, int]:
    """Return status, the bytes used and the count said to be used."""
    native, _alive = facts.native(decide)
    used = decide.ffi.new("UINTN *", 77)
    memory = Guarded(decide.ffi, b"\xa5" * size)
    with memory as buffer:
        status = decide.call("MrmHobBuild", native, buffer, size, used)
        contents = memory.contents()
    if status == decide.RETURN_SUCCESS:
        assert set(contents[used[0] :]) <= {0xA5}
    return status, contents[: used[0]], used[0]


RAM, MMIO, HIDDEN = 0, 1, 5
PERSISTENT = 8
"""MRM_HOB_PERSISTENT_MEMORY."""
# 64 KiB low slice, 62 MiB below 1 GiB, windows, 16 MiB above 4 GiB.
TYPICAL = Facts(
    regions=(
        (0x10000000, 4 * MIB),
        (0x10400000, 32 * PAGE),
        (0x10480000, 2 * MIB),
        (0x10700000, 0x55000),
    ),
    resources=(
        (RAM, (0x80000, 0x10000)),
        (RAM, (0x10000000, 62 * MIB)),
        (MMIO, (0xFEE00000, PAGE)),
        (MMIO, (0xC0000000, 2 * MIB)),
        (MMIO, (0, 0)),
        (HIDDEN, (0xE0100000, MIB)),
        (RAM, (1 << 32, 16 * MIB)),
    ),
    allocations=(
        (RUNTIME_DATA, (0x10800000, PAGE)),
        (BOOT_DATA, (0x10801000, 7 * PAGE)),
        (BOOT_DATA, (0x80000, PAGE)),
        (RESERVED, (0x100000000, 16 * PAGE)),
    ),
)


def test_typical_list(decide: Decide) -> None:
    status, contents, _ = build(decide, TYPICAL)
    assert status == decide.RETURN_SUCCESS
    found = hob_reader.read(contents)
    base, size = TYPICAL.regions[0]
    assert (found.version, found.boot_mode) == (9, 0)
    assert (found.memory_bottom, found.memory_top) == (base, base + size)
    assert (found.free_bottom, found.free_top) == (base + len(contents), base + size)
    assert found.end == base + len(contents) - 8
    assert found.cpu == (40, 16)
    assert [(r.kind, (r.base, r.size)) for r in found.resources] == [
        (kind, span) for kind, span in TYPICAL.resources if span[1]
    ]
    for resource in found.resources:
        assert resource.attributes == (RAM_ATTRIBUTES if resource.kind == RAM else MMIO_ATTRIBUTES)
    free, stack, volume, core = TYPICAL.regions
    assert found.allocations == [
        hob_reader.Allocation(MODULE, *core, BOOT_CODE, CORE_NAME, core[0] + 0x123),
        hob_reader.Allocation(STACK, *stack, BOOT_DATA),
        hob_reader.Allocation(NO_NAME, *volume, BOOT_DATA),
        *(hob_reader.Allocation(NO_NAME, *span, kind) for kind, span in TYPICAL.allocations),
    ]
    assert found.volumes == [volume]
    assert not any(a.base < sum(free) and free[0] < a.base + a.size for a in found.allocations)


def test_persistent_memory_is_told_and_never_taken(decide: Decide) -> None:
    """It begins where RAM ends: it becomes no part of that, and too little RAM is not made up for by it."""
    spans = ((0x13E00000, 2 * MIB), (1 << 33, 64 * MIB))
    known = replace(TYPICAL, resources=(*((PERSISTENT, span) for span in spans), *TYPICAL.resources))
    status, contents, _ = build(decide, known)
    assert status == decide.RETURN_SUCCESS
    found = hob_reader.read(contents)
    assert [(r.kind, r.attributes, (r.base, r.size)) for r in found.resources[:2]] == [
        (RAM, PERSISTENT_ATTRIBUTES, span) for span in spans
    ]
    assert [(r.kind, (r.base, r.size)) for r in found.resources[2:]] == [
        (kind, span) for kind, span in TYPICAL.resources if span[1]
    ]
    inside = replace(known, allocations=(*TYPICAL.allocations, (RESERVED, (1 << 33, PAGE))))
    assert build(decide, inside)[0] == decide.RETURN_INVALID_PARAMETER


def test_regions_may_span_adjacent_ram(decide: Decide) -> None:
    # The same RAM in four resources, out of order, with borders inside the volume and an allocation.
    parts = ((0x10500000, 0x300000), (0x10000000, 0x500000), (0x10801000, 0x13E00000 - 0x10801000))
    middle = ((0x10800000, 0x1000),)
    others = [r for r in TYPICAL.resources if r[1][0] != 0x10000000]
    facts = replace(TYPICAL, resources=(*others[:2], *((RAM, p) for p in (*parts, *middle)), *others[2:]))
    facts = replace(facts, allocations=((RUNTIME_DATA, (0x107FF000, 3 * PAGE)), *TYPICAL.allocations[2:]))
    status, contents, _ = build(decide, facts)
    assert status == decide.RETURN_SUCCESS
    found = hob_reader.read(contents)
    assert sorted((r.kind, (r.base, r.size)) for r in found.resources) == sorted(
        resource for resource in TYPICAL.resources if resource[1][1]
    )


def test_region_across_ram_and_memory_mapped_io_is_refused(decide: Decide) -> None:
    edge = 0x13E00000
    for kind in (MMIO, HIDDEN):
        facts = replace(
            _with_resource(kind, (edge, PAGE)), allocations=((BOOT_DATA, (edge - PAGE, 2 * PAGE)),)
        )
        assert build(decide, facts)[0] == decide.RETURN_INVALID_PARAMETER


def test_handlers_of_exceptions_stay_behind_those_to_come(decide: Decide) -> None:
    """EFI_VECTOR_HANDOFF_HOOK_BEFORE for all (EDK2 Ppi/VectorHandoffInfo.h), and the end."""
    status, contents, _ = build(decide, TYPICAL)
    assert status == decide.RETURN_SUCCESS
    vectors = hob_reader.read(contents).guids[VECTORS]
    entries = [struct.unpack_from("<II", vectors, offset) for offset in range(0, len(vectors), 24)]
    assert entries == [*((number, 1) for number in range(32)), (0, 0x80000000)]


def test_hand_off_is_copied_whole(decide: Decide) -> None:
    native, _alive = TYPICAL.native(decide)
    _, contents, _ = build(decide, TYPICAL)
    assert hob_reader.read(contents).guids[HAND_OFF] == bytes(decide.ffi.buffer(native.HandOff))


def _bins(contents: bytes) -> dict[int, int]:
    raw = hob_reader.read(contents).guids[MEMORY_TYPES]
    words = [int.from_bytes(raw[i : i + 4], "little") for i in range(0, len(raw), 4)]
    assert words[-2:] == [MEMORY_TYPE_MAX, 0]
    return dict(zip(words[:-2:2], words[1:-2:2], strict=True))


def test_memory_type_information_covers_what_the_os_must_keep(decide: Decide) -> None:
    bins = _bins(build(decide, TYPICAL)[1])
    # Reserved, runtime services code and data, ACPI reclaim, ACPI NVS.
    assert set(bins) == {0, 5, 6, 9, 10}
    assert all(bins.values())
    assert sum(bins.values()) * PAGE <= 2 * MIB


def _without(changes: dict[str, Any]) -> Facts:
    return replace(TYPICAL, **changes)


def _moved(index: int, span: Range) -> Facts:
    regions = list(TYPICAL.regions)
    regions[index] = span
    return _without({"regions": tuple(regions)})


def _with_allocation(kind: int, span: Range) -> Facts:
    return _without({"allocations": (*TYPICAL.allocations, (kind, span))})


def _with_resource(kind: int, span: Range) -> Facts:
    return _without({"resources": (*TYPICAL.resources, (kind, span))})


CONTRADICTIONS: dict[str, Callable[[], Facts]] = {
    "free region outside RAM": lambda: _moved(0, (0x20000000, 4 * MIB)),
    "free region in memory-mapped I/O": lambda: _moved(0, (0xC0000000, MIB)),
    "free region empty": lambda: _moved(0, (0x10000000, 0)),
    "free region across the end of RAM": lambda: _moved(0, (0x13C00000, 4 * MIB)),
    "stack in memory-mapped I/O": lambda: _moved(1, (0xC0000000, PAGE)),
    "volume in memory-mapped I/O": lambda: _moved(2, (0xC0000000, PAGE)),
    "stack overlaps free region": lambda: _moved(1, (0x103FF000, 32 * PAGE)),
    "stack not of whole pages": lambda: _moved(1, (0x10400008, 32 * PAGE)),
    "stack wraps": lambda: _moved(1, (0xFFFFFFFFFFFFF000, 2 * PAGE)),
    "volume overlaps stack": lambda: _moved(2, (0x10400000, 2 * MIB)),
    "volume beyond its resource": lambda: _moved(2, (0x13D00000, 2 * MIB)),
    "core overlaps an allocation": lambda: _moved(3, (0x107FF000, 2 * PAGE)),
    "core in memory-mapped I/O": lambda: _moved(3, (0xC0000000, PAGE)),
    "entry point before the core": lambda: _without({"entry": 0x106FFFFF}),
    "entry point behind the core": lambda: _without({"entry": 0x10755000}),
    "allocation outside every resource": lambda: _with_allocation(BOOT_DATA, (0x40000000, PAGE)),
    "allocation twice": lambda: _with_allocation(BOOT_DATA, (0x80000, PAGE)),
    "allocation empty": lambda: _with_allocation(BOOT_DATA, (0x82000, 0)),
    "allocation of conventional memory": lambda: _with_allocation(CONVENTIONAL, (0x82000, PAGE)),
    "allocation of no memory type": lambda: _with_allocation(MEMORY_TYPE_MAX, (0x82000, PAGE)),
    "resources overlap": lambda: _with_resource(RAM, (0x8F000, 2 * PAGE)),
    "resource not of whole pages": lambda: _with_resource(RAM, (0xA0000, PAGE + 1)),
    "resource of another kind": lambda: _with_resource(2, (0xA0000, PAGE)),
    "resource beyond the address bits": lambda: _with_resource(MMIO, (1 << 40, PAGE)),
    "resource across the address bits": lambda: _with_resource(MMIO, ((1 << 40) - PAGE, 2 * PAGE)),
    "resource wraps": lambda: _with_resource(MMIO, ((1 << 64) - PAGE, 2 * PAGE)),
    "address bits too few": lambda: _without({"bits": 31}),
    "address bits too many": lambda: _without({"bits": 53}),
    "hand-off of another version": lambda: _without({"hand_off": {"Version": 0}}),
    "hand-off of another size": lambda: _without({"hand_off": {"Size": 0}}),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradiction_is_refused(decide: Decide, name: str) -> None:
    status, _, used = build(decide, CONTRADICTIONS[name]())
    assert (status, used) == (decide.RETURN_INVALID_PARAMETER, 0)


@pytest.mark.parametrize("bits", [39, 52])
def test_limits_of_address_bits(decide: Decide, bits: int) -> None:
    facts = replace(_with_resource(MMIO, ((1 << bits) - PAGE, PAGE)), bits=bits)
    status, contents, _ = build(decide, facts)
    assert status == decide.RETURN_SUCCESS
    assert hob_reader.read(contents).cpu == (bits, 16)


def test_fewest_address_bits(decide: Decide) -> None:
    facts = replace(TYPICAL, resources=TYPICAL.resources[:-1], allocations=TYPICAL.allocations[:-1], bits=32)
    assert build(decide, facts)[0] == decide.RETURN_SUCCESS


@pytest.mark.parametrize("offset", [0, 0x54FFF])
def test_entry_point_at_either_end_of_the_core(decide: Decide, offset: int) -> None:
    base = TYPICAL.regions[3][0]
    status, contents, _ = build(decide, replace(TYPICAL, entry=base + offset))
    assert status == decide.RETURN_SUCCESS
    assert hob_reader.read(contents).allocations[0].entry == base + offset


@pytest.mark.parametrize("span", [(0xFEE00000, PAGE), (0xE0101000, PAGE)])
def test_allocation_may_lie_in_memory_mapped_io(decide: Decide, span: Range) -> None:
    facts = replace(TYPICAL, allocations=((RESERVED, span), *TYPICAL.allocations))
    status, contents, _ = build(decide, facts)
    assert status == decide.RETURN_SUCCESS
    assert hob_reader.Allocation(NO_NAME, *span, RESERVED) in hob_reader.read(contents).allocations


def test_no_hand_off_or_unaligned_buffer_is_refused(decide: Decide) -> None:
    native, _alive = TYPICAL.native(decide)
    used = decide.ffi.new("UINTN *", 77)
    room = decide.ffi.new("UINT64[]", 1024)
    askew = decide.ffi.cast("char *", room) + 4
    status = decide.call("MrmHobBuild", native, askew, 4096, used)
    assert (status, used[0]) == (decide.RETURN_INVALID_PARAMETER, 0)
    native.HandOff = decide.ffi.NULL
    status = decide.call("MrmHobBuild", native, room, 8192, used)
    assert (status, used[0]) == (decide.RETURN_INVALID_PARAMETER, 0)


def test_every_smaller_buffer_is_refused_and_told_the_size(decide: Decide) -> None:
    _, contents, needed = build(decide, TYPICAL)
    for size in (*range(0, needed, 8), needed - 1):
        # A guarded buffer of an odd size would not be aligned.
        if size % 8 == 0:
            assert build(decide, TYPICAL, size)[::2] == (decide.RETURN_BUFFER_TOO_SMALL, needed)
    assert build(decide, TYPICAL, needed)[1] == contents


def test_free_region_smaller_than_the_list_is_refused(decide: Decide) -> None:
    many = tuple((MMIO, (0x200000000 + i * 2 * PAGE, PAGE)) for i in range(100))
    facts = replace(_moved(0, (0x10000000, PAGE)), resources=(*TYPICAL.resources, *many))
    status, _, used = build(decide, facts)
    assert status == decide.RETURN_BUFFER_TOO_SMALL
    assert used > PAGE
    fits = replace(facts, regions=((0x10000000, 3 * PAGE), *facts.regions[1:]))
    assert build(decide, fits)[0] == decide.RETURN_SUCCESS


def first_heap(found: hob_reader.HobList, list_base: int) -> Range | None:
    """Return what CoreInitializeMemoryServices would take as first heap, or None if it would assert.

    Follows MdeModulePkg/Core/Dxe/Gcd/Gcd.c of EDK2 2025.02 step by step.
    """
    bins = found.guids[MEMORY_TYPES]
    pages = sum(int.from_bytes(bins[i + 4 : i + 8], "little") for i in range(0, len(bins), 8))
    needed = 0x10000 + pages * PAGE
    tested = [r for r in found.resources if r.kind == RAM and r.attributes & 0x7 == 0x7]

    def largest(base: int, end: int) -> Range:
        """Split recursively at allocations, as FindLargestFreeRegion does."""
        best = [base, end - base]
        for allocation in found.allocations:
            if allocation.base >= base and allocation.base + allocation.size <= end:
                below = largest(base, allocation.base) if allocation.base > base else (base, 0)
                top = allocation.base + allocation.size
                above = largest(top, end) if end > top else (top, 0)
                return above if above[1] >= below[1] else below
        return best[0], best[1]

    home = next(r for r in tested if r.base <= found.free_bottom and found.free_top <= r.base + r.size)
    bottom = -(-found.free_bottom // PAGE) * PAGE
    for candidate in (
        largest(found.memory_top, home.base + home.size),
        (bottom, found.free_top - bottom),
        largest(home.base, list_base),
    ):
        if candidate[1] >= needed:
            return candidate
    others = sorted((r for r in tested if r != home), key=lambda r: r.base, reverse=True)
    for other in others:
        candidate = largest(other.base, other.base + other.size)
        if candidate[1] >= needed:
            return candidate
    return None


@st.composite
def layouts(draw: st.DrawFn) -> Facts:
    """Return a random partition whose memory is cut into many pieces."""
    resources: list[tuple[int, Range]] = []
    cuts: list[Range] = []
    base = 0x10000
    for pages in draw(st.lists(st.sampled_from([16, 64, 600, 700, 1500]), min_size=1, max_size=4)):
        resources.append((RAM, (base, pages * PAGE)))
        end = base + pages * PAGE
        while base < end:
            length = min(draw(st.sampled_from([1, 3, 16, 100, 520])) * PAGE, end - base)
            cuts.append((base, length))
            base += length
        base += draw(st.sampled_from([0, 1, 256])) * PAGE
    resources = draw(st.permutations(resources))
    cuts = draw(st.permutations(cuts))
    used = cuts[: draw(st.integers(4, max(4, len(cuts))))]
    assume(len(used) >= 4)
    return Facts(
        regions=tuple(used[:4]),
        resources=tuple(resources),
        allocations=tuple((BOOT_DATA, span) for span in used[4:]),
    )


def _merged(spans: Iterable[Range]) -> list[Range]:
    """Return disjoint ranges with adjacent ones made one."""
    found: list[Range] = []
    for base, size in sorted(spans):
        if found and sum(found[-1]) == base:
            base, size = found[-1][0], found.pop()[1] + size
        found.append((base, size))
    return found


def _expected(facts: Facts, size: int, bins: bytes) -> hob_reader.HobList:
    """Return what a list of so many bytes would say about these facts."""
    base, length = facts.regions[0]
    return hob_reader.HobList(
        memory_top=base + length,
        free_top=base + length,
        free_bottom=base + size,
        resources=[
            hob_reader.Resource(RAM, RAM_ATTRIBUTES, *span) for span in _merged(s for _, s in facts.resources)
        ],
        allocations=[
            hob_reader.Allocation(NO_NAME, *span, BOOT_DATA)
            for span in (*facts.regions[1:], *(span for _, span in facts.allocations))
        ],
        guids={MEMORY_TYPES: bins},
    )


@settings(max_examples=400)
@given(facts=layouts())
def test_list_is_refused_exactly_when_the_dxe_core_would_stop(decide: Decide, facts: Facts) -> None:
    status, contents, used = build(decide, facts, 64 * PAGE)
    if used > facts.regions[0][1]:
        assert status == decide.RETURN_BUFFER_TOO_SMALL
        return
    bins = hob_reader.read(build(decide, TYPICAL)[1]).guids[MEMORY_TYPES]
    heap = first_heap(_expected(facts, used, bins), facts.regions[0][0])
    assert status == (decide.RETURN_OUT_OF_RESOURCES if heap is None else decide.RETURN_SUCCESS)
    if heap is not None:
        found = hob_reader.read(contents)
        spans = [(r.base, r.size) for r in found.resources]
        assert sorted(spans) == _merged(span for _, span in facts.resources)
        assert first_heap(found, facts.regions[0][0]) == heap
        # The heap must not cover what is in use, nor the list before it is copied.
        in_use = [(a.base, a.size) for a in found.allocations]
        in_use.append((facts.regions[0][0], len(contents)))
        assert not any(base < sum(heap) and heap[0] < base + size for base, size in in_use)


def _one_gap(pages: int) -> Facts:
    """Return a partition with one gap of so many pages and nothing else free."""
    top = 0x10000000 + (4 + pages) * PAGE
    return Facts(
        regions=tuple((0x10000000 + i * PAGE, PAGE) for i in range(4)),
        resources=((RAM, (0x10000000, (4 + pages) * PAGE)), (RAM, (top + PAGE, 16 * PAGE))),
    )


def test_first_heap_fits_to_the_page(decide: Decide) -> None:
    needed = 16 + sum(_bins(build(decide, TYPICAL)[1]).values())
    assert build(decide, _one_gap(needed))[0] == decide.RETURN_SUCCESS
    assert build(decide, _one_gap(needed - 1))[0] == decide.RETURN_OUT_OF_RESOURCES
    # The same in the free region itself, behind the page of the list.
    wide = _one_gap(0)
    for pages, expected in ((needed, decide.RETURN_SUCCESS), (needed - 1, decide.RETURN_OUT_OF_RESOURCES)):
        size = (1 + pages) * PAGE
        facts = Facts(
            regions=((0x20000000, size), *wide.regions[1:]),
            resources=(*wide.resources, (RAM, (0x20000000, size))),
        )
        assert build(decide, facts)[0] == expected
