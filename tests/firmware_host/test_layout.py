# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where everything a partition starts with lies in its memory (MrmLayoutLib)."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host import test_hob as hob
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

Range = tuple[int, int]
"""Base and size."""
Ranges = list[Range]
PAGE, KIB, MIB, GIB = 1 << 12, 1 << 10, 1 << 20, 1 << 30
BOOT_CODE, BOOT_DATA, RUNTIME_DATA, ACPI_RECLAIM = 3, 4, 6, 9
"""Memory types of UEFI 2.10 section 7.2."""

LOW_SLICE = (0x80000, 64 * KIB)
OWN = {
    "FirmwareVolume": None,
    "Sec": BOOT_CODE,
    "DxeCore": None,
    "Stack": None,
    "StackGuard": BOOT_DATA,
    "Descriptors": BOOT_DATA,
    "PageTables": BOOT_DATA,
    "LowPage": BOOT_DATA,
    "Start": BOOT_DATA,
    "Expected": BOOT_DATA,
    "Acpi": ACPI_RECLAIM,
    "Smbios": RUNTIME_DATA,
    "Mailbox": RUNTIME_DATA,
    "VariableStore": RUNTIME_DATA,
    "ControlArea": RUNTIME_DATA,
    "ConsoleRing": RUNTIME_DATA,
    "EventRing": RUNTIME_DATA,
}
"""What each partition has, with its type in the memory map; None: the HOB list tells it by other means."""


@dataclass(frozen=True)
class Source:
    """A boot source; sizes in bytes."""

    kind: str
    loader: int = 0
    initrd: int = 0
    options: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Facts:
    """MRM_LAYOUT_FACTS in Python."""

    pieces: tuple[Range, ...]
    sources: tuple[Source, ...] = ()
    volume: int = 10 * MIB
    sec: int = 0x5432
    core: int = 0x54321
    acpi: int = 3000
    expected: str = ""
    quota: int = 64 * KIB

    def lay_out(self, decide: Decide) -> "Layout | None":
        """Return the layout; None if there is too little memory."""
        ffi, new = decide.ffi, decide.ffi.new
        alive: list[Any] = [new("CHAR8[]", self.expected.encode())]
        sources, files = new("MRM_PLAN_BOOT_SOURCE[]", 8), new("MRM_BOOT_FILES[]", 8)
        for number, source in enumerate(self.sources):
            sources[number].Kind = getattr(decide, f"MrmBoot{source.kind}")
            for field, text in (("Options", source.options), ("Loader", source.path)):
                if text is not None:
                    alive.append(new("CHAR16[]", [ord(c) for c in text + "\0"]))
                    setattr(sources[number], field, alive[-1])
            files[number].Loader.Size, files[number].Initrd.Size = source.loader, source.initrd
        plan = new("MRM_PLAN_PARTITION *")
        plan.Boot.SourceCount, plan.Boot.Sources = len(self.sources), sources
        plan.Boot.Expected, plan.Policy.VariableQuota = alive[0], self.quota
        pieces = Guarded.array(ffi, "MRM_RANGE", self.pieces)
        facts = new("MRM_LAYOUT_FACTS *", (plan, len(self.pieces), pieces.pointer, files))
        facts.VolumeSize, facts.SecSize, facts.CoreSize = self.volume, self.sec, self.core
        facts.DescriptorsSize, facts.StartSize, facts.AcpiSize = 16 * KIB, 1000, self.acpi
        room = Guarded(ffi, b"\xa5" * ffi.sizeof("MRM_LAYOUT"))
        layout = ffi.cast("MRM_LAYOUT *", room.pointer)
        status = decide.call("MrmLayOut", facts, layout)
        if status == decide.RETURN_OUT_OF_RESOURCES:
            return None
        assert status == decide.RETURN_SUCCESS
        return Layout.read(layout)

    def free(self) -> Ranges:
        """The memory that may be used, as runs: all but the low slice."""
        runs: Ranges = []
        for base, size in sorted(self.pieces[1:]):
            if runs and sum(runs[-1]) == base:
                runs[-1] = (runs[-1][0], runs[-1][1] + size)
            else:
                runs.append((base, size))
        return runs

    def own_sizes(self) -> dict[str, int]:
        """How much each thing in OWN must have."""
        told = {
            "FirmwareVolume": self.volume,
            "Sec": self.sec,
            "DxeCore": self.core,
            "Descriptors": 16 * KIB,
            "Start": 1000,
            "Expected": len(self.expected) + 1,
            "Acpi": self.acpi,
            "VariableStore": self.quota,
        }
        return {name: told.get(name, 1) for name in OWN}

    def source_sizes(self) -> list[list[int]]:
        """How much each boot source must have for loader, initrd, options and path; options grow at boot."""
        return [
            [
                source.loader,
                source.initrd,
                0 if source.options is None else 2 * len(source.options) + 2 + 4 * KIB,
                0 if source.path is None else 2 * len(source.path) + 2,
            ]
            for source in self.sources
        ]


@dataclass(frozen=True)
class Layout:
    """MRM_LAYOUT in Python."""

    own: dict[str, Range]
    sources: list[list[Range]]
    free: Range
    listed: list[tuple[int, Range]]

    @classmethod
    def read(cls, layout: Any) -> "Layout":
        """Read the C structure."""

        def span(found: Any) -> Range:
            return found.Base, found.Size

        kinds = (layout.Loaders, layout.Initrds, layout.Options, layout.Paths)
        return cls(
            {name: span(getattr(layout, name)) for name in OWN},
            [[span(kind[number]) for kind in kinds] for number in range(8)],
            span(layout.Free),
            [
                (layout.Allocations[n].MemoryType, span(layout.Allocations[n].Range))
                for n in range(layout.AllocationCount)
            ],
        )

    def in_use(self) -> Ranges:
        """All that has a place, sorted."""
        files = [found for source in self.sources for found in source if found[1] != 0]
        return sorted([*files, *self.own.values()])


def below(ranges: Ranges, limit: int) -> list[bool]:
    """Which of the ranges end at or below an address."""
    return [sum(found) <= limit for found in ranges]


def check(facts: Facts, layout: Layout) -> None:
    """What holds for every layout."""
    everything = sorted([*layout.in_use(), layout.free])
    assert all(base % PAGE == 0 and size % PAGE == 0 and size > 0 for base, size in everything)
    assert all(sum(lower) <= upper[0] for lower, upper in pairwise(everything)), "disjoint"
    for base, size in everything:
        assert any(first <= base and base + size <= first + count for first, count in facts.free())
    for name, size in facts.own_sizes().items():
        assert layout.own[name][1] >= size
    for wanted, places in zip(facts.source_sizes(), layout.sources, strict=False):
        assert [place[1] for place in places] == [-(-size // PAGE) * PAGE for size in wanted]
    assert not any(size for source in layout.sources[len(facts.sources) :] for _, size in source)
    assert sum(layout.own["StackGuard"]) == layout.own["Stack"][0]
    files = [(BOOT_DATA, found) for source in layout.sources for found in source if found[1] != 0]
    own = [(kind, layout.own[name]) for name, kind in OWN.items() if kind is not None]
    assert sorted(layout.listed) == sorted([*files, *own])


def has_room_below_4_gib(facts: Facts, layout: Layout) -> bool:
    """Whether what boot files leave below 4 GiB is enough for the firmware, and for GRUB below 1 GiB."""
    rest = facts.free()
    for base, size in (place for source in layout.sources for place in source if place[1] != 0):
        end = base + size
        rest = [
            (first, last - first)
            for start, count in rest
            for first, last in ((start, min(start + count, base)), (max(start, end), start + count))
            if first < last
        ]
    whole = [found for found in rest if sum(found) <= 4 * GIB]
    enough = [found for found in whole if found[0] >= GIB and found[1] >= 64 * MIB]
    base, size = max(enough or whole or [(0, 0)], key=lambda found: found[1])
    grub = base < GIB and any(source.kind in ("Disk", "Network") for source in facts.sources)
    return size >= (192 if grub else 32) * MIB


def laid_out(decide: Decide, facts: Facts) -> Layout:
    """A layout that must be possible, checked."""
    layout = facts.lay_out(decide)
    assert layout is not None
    check(facts, layout)
    return layout


KERNEL = Source("File", 12 * MIB, 30 * MIB, "root=/dev/nvme0n1p2 {tsc_khz}", "\\EFI\\MRM\\a\\vmlinuz")
DISK = Source("Disk")


def test_from_the_top_down(decide: Decide) -> None:
    layout = laid_out(decide, Facts((LOW_SLICE, (GIB, GIB)), (KERNEL,)))
    loader, initrd, options, path = layout.sources[0]
    own = [layout.own[name] for name in ("Stack", "FirmwareVolume", "EventRing")]
    order = [initrd, loader, options, path, *own]
    assert sum(initrd) == 2 * GIB
    assert order == sorted(order, reverse=True)
    assert layout.free == (GIB, layout.own["EventRing"][0] - GIB)


def test_boot_files_anywhere_and_firmware_below_4_gib(decide: Decide) -> None:
    layout = laid_out(decide, Facts((LOW_SLICE, (2 * GIB, 64 * MIB), (4 * GIB, GIB)), (KERNEL,)))
    assert not any(below(layout.sources[0], 4 * GIB))
    assert all(below([*layout.own.values(), layout.free], 4 * GIB))


@pytest.mark.parametrize(("size", "fits"), [(32 * MIB, True), (32 * MIB - PAGE, False)])
def test_without_room_below_4_gib_the_firmware_lies_above(decide: Decide, size: int, fits: bool) -> None:
    layout = laid_out(decide, Facts((LOW_SLICE, (2 * GIB, size), (4 * GIB, GIB)), (KERNEL,)))
    assert set(below([*layout.own.values(), layout.free], 4 * GIB)) == {fits}


@pytest.mark.parametrize(
    ("kind", "size", "fits"),
    [
        ("File", 32 * MIB, True),
        ("Shell", 32 * MIB, True),
        ("Disk", 192 * MIB, True),
        ("Disk", 192 * MIB - PAGE, False),
        ("Network", 192 * MIB, True),
        ("Network", 192 * MIB - PAGE, False),
    ],
)
def test_below_1_gib_grub_comes_first(decide: Decide, kind: str, size: int, fits: bool) -> None:
    facts = Facts((LOW_SLICE, (GIB // 2, size), (4 * GIB, GIB)), (KERNEL, Source(kind)))
    layout = laid_out(decide, facts)
    assert set(below([*layout.own.values(), layout.free], 4 * GIB)) == {fits}


def test_between_1_and_4_gib_nothing_is_kept_for_grub(decide: Decide) -> None:
    layout = laid_out(decide, Facts((LOW_SLICE, (GIB, 32 * MIB), (4 * GIB, GIB)), (DISK,)))
    assert all(below([*layout.own.values(), layout.free], 4 * GIB))


@pytest.mark.parametrize(("size", "chosen"), [(64 * MIB, True), (64 * MIB - PAGE, False)])
def test_the_first_heap_spares_memory_below_1_gib(decide: Decide, size: int, chosen: bool) -> None:
    """Unless what lies above is too small for everything that the DXE core may need."""
    rest = 2 * GIB - 64 * MIB
    facts = Facts((LOW_SLICE, (GIB // 2, GIB // 4), (rest, size), (3 * GIB, 16 * MIB)))
    assert (laid_out(decide, facts).free[0] >= GIB) == chosen


@pytest.mark.parametrize("pieces", [(), ((GIB, 11 * MIB),), ((GIB, 9 * MIB), (2 * GIB, 9 * MIB))])
def test_too_little_memory_is_said(decide: Decide, pieces: tuple[Range, ...]) -> None:
    """The low slice serves nothing of this, and a firmware volume of 10 MiB lies in one piece."""
    assert Facts(((0x80000, 64 * MIB), *pieces)).lay_out(decide) is None


def test_as_many_boot_sources_as_a_plan_may_have(decide: Decide) -> None:
    laid_out(decide, Facts((LOW_SLICE, (GIB, GIB)), (KERNEL,) * 8, expected="a " * 5000))


@st.composite
def _facts(draw: st.DrawFn) -> Facts:
    """Partitions in memory of any shape; sizes of the firmware as they are, with some to spare."""
    edges = draw(st.sets(st.integers(1, 16 * GIB // MIB), min_size=2, max_size=2 * 6))
    bounds = [edge * MIB for edge in sorted(edges)]
    spans = list(zip(bounds[::2], bounds[1::2], strict=False))
    pieces: list[Range] = []
    for first, end in spans:
        # As the controller gives it: page by page, also in adjacent pieces.
        first += PAGE * draw(st.integers(0, 200))
        middle = draw(st.sampled_from([first, first, (first + end) // 2 // PAGE * PAGE]))
        pieces += [(a, b - a) for a, b in ((first, middle), (middle, end)) if a < b]
    sizes = st.integers(0, 80 * MIB)
    texts = st.none() | st.text("ab ", max_size=3000)
    sources = draw(
        st.lists(
            st.builds(
                Source, st.sampled_from(["File", "Disk", "Network", "Shell"]), sizes, sizes, texts, texts
            ),
            max_size=8,
        )
    )
    return Facts(
        (LOW_SLICE, *draw(st.permutations(pieces))),
        tuple(sources),
        draw(st.integers(1, 12 * MIB)),
        draw(st.integers(1, 64 * KIB)),
        draw(st.integers(1, MIB)),
        draw(st.integers(1, MIB)),
        draw(st.text("x ", max_size=5000)),
        PAGE * draw(st.integers(1, 256)),
    )


@given(_facts())
def test_whatever_the_memory_is(decide: Decide, facts: Facts) -> None:
    """Everything in its place, or too little memory; what comes of it is what MrmHobLib takes."""
    layout = facts.lay_out(decide)
    needed = sum(size for sizes in facts.source_sizes() for size in sizes) + sum(facts.own_sizes().values())
    if layout is None:
        # Rounding to pages, and what has a size of its own.
        spare = 2 * MIB + (4 * 8 + len(OWN)) * PAGE
        assert max(size for _, size in facts.free()) < needed + spare
        return
    check(facts, layout)
    if has_room_below_4_gib(facts, layout):
        assert all(below([*layout.own.values(), layout.free], 4 * GIB))
    regions = (layout.free, layout.own["Stack"], layout.own["FirmwareVolume"], layout.own["DxeCore"])
    status, _, _ = hob.build(
        decide, hob.Facts(regions, tuple((hob.RAM, p) for p in facts.pieces), tuple(layout.listed)), 64 * KIB
    )
    if layout.free[1] >= 4 * MIB:
        assert status == decide.RETURN_SUCCESS
    else:
        assert status != decide.RETURN_INVALID_PARAMETER


@given(_facts())
def test_the_same_memory_in_another_order_is_laid_out_the_same(decide: Decide, facts: Facts) -> None:
    other = replace(facts, pieces=(facts.pieces[0], *sorted(facts.pieces[1:])))
    assert facts.lay_out(decide) == other.lay_out(decide)
