# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What follows from records of the counter, on records that are small enough to count by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis import AnalysisError, commits, elsewhere, marked, phases, together, ways_in
from bench.counter.record import Entry, Image, Processor, Record
from bench.modules import Modules
from bench.results import CommitCount, ServiceCount

VARIABLES = Image(1, 0x100000, 0x4000, 0x1234, 1, 10)
MRM = Image(2, 0x200000, 0x8000, 0x2345, 0, 5)
KERNEL = Image(3, 0x300000, 0x9000, 0x3456, 1, 20)
IMAGES = {image.number: image for image in (VARIABLES, MRM, KERNEL)}
NAMES = Modules({(0x4000, 0x1234): "VariableDxe"}, (0x8000, 0x2345))
GET = 0x100100
SERVICES = {GET: "GetVariable"}
OWN = [range(0x400000, 0x500000)]


def record(
    name: str,
    pages: dict[int, tuple[int, int]] | None = None,
    entries: tuple[Entry, ...] = (),
    processor: int = 1,
    written: dict[int, int] | None = None,
) -> Record:
    """Return a record of one processor; its total is the sum of its pages."""
    counted = pages or {}
    total = sum(count for count, _ in counted.values())
    found = Processor(total, counted, {entry.address: entry for entry in entries}, written or {})
    return Record(name, IMAGES, {processor: total}, {processor: found})


def test_each_pair_of_marks_is_a_count() -> None:
    records = [record("up"), *(record(f"mark-{1 + n % 2}", {0x400000: (10**n, 0)}) for n in range(4))]
    assert marked(records) == [9, 900]


@pytest.mark.parametrize("lonely", [[record("mark-2")], [record("mark-1"), record("mark-2", processor=2)]])
def test_marks_without_their_partner_are_refused(lonely: list[Record]) -> None:
    with pytest.raises(AnalysisError, match="pairs"):
        marked(lonely)


def test_a_call_of_a_service_is_one_and_all_else_is_a_stray() -> None:
    before = record("phase-5", entries=(Entry(GET, 2, 0, 100, 40, 60), Entry(0x100200, 7, 0, 70, 10, 10)))
    after = record(
        "up",
        entries=(
            Entry(GET, 5, 1, 400, 40, 200),
            Entry(0x100200, 7, 3, 90, 10, 10),  # a call from before went on after interrupts
            Entry(0x100204, 1, 0, 33, 33, 33),  # firmware, but the beginning of no service
            Entry(0x201000, 2, 0, 8, 4, 4),  # the controller
            Entry(0x300010, 9, 0, 90, 10, 10),  # the loader's own image
            Entry(0x700000, 1, 0, 5, 5, 5),  # an image that is not known any more
        ),
    )
    found = ways_in(before, after, [1], SERVICES, NAMES)
    assert found.services == [ServiceCount("GetVariable", 3, 40, 100, 200)]
    assert {(stray.service, stray.calls) for stray in found.strays} == {
        ("VariableDxe+0x204", 1),
        ("Mrm+0x1000", 2),
        ("no module+0x700000", 1),
    }


def test_a_processor_that_was_not_recorded_before_counts_from_nothing() -> None:
    after = record("up", {0x400000: (5, 0)}, (Entry(0x201000, 1, 0, 8, 8, 8),))
    assert len(ways_in(Record("phase-5"), after, [1], SERVICES, NAMES).strays) == 1


def test_only_pages_that_are_nobodys_are_elsewhere() -> None:
    before = record("phase-5", {0x600000: (10, 0), 0x700000: (3, 0)})
    after = record(
        "up",
        {
            0x400000: (99, 0),  # the OS's own
            0x101000: (50, 1),  # firmware: ways_in judges it
            0x300000: (7, 3),  # the loader, outside the memory that the OS calls its own
            0x600000: (25, 0),
            0x700000: (3, 0),  # nothing since
        },
    )
    assert elsewhere(before, after, [1], OWN, NAMES) == {0x300000: 7, 0x600000: 15}


def test_phases_are_told_by_module() -> None:
    pages: dict[int, tuple[int, int]] = {0x400000: (1, 0)}
    records = []
    for phase in range(1, 6):
        wrote = {1: 8 * phase, 2: 4096, 3: 10**phase}
        records.append(record(f"phase-{phase}", dict(pages), written=wrote))
        pages[0x101000] = (100 * phase, 1)
        pages[0x400000] = (10 * phase + 1, 0)
    found = phases(records, 1, NAMES)
    assert [one.phase for one in found] == ["SEC", "DXE", "BDS", "loader"]
    assert found[0].modules == {"VariableDxe": 100, "no module": 10} and found[0].instructions == 110
    # The controller has written nothing meanwhile; the kernel's image is nobody's.
    assert list(found[0].written.items()) == [("no module", 90), ("VariableDxe", 8)]
    with pytest.raises(AnalysisError, match="phase-5"):
        phases(records[:4], 1, NAMES)


def test_what_waits_is_no_part_of_a_change_and_the_firmware_of_the_pc_is_told_apart() -> None:
    waits = Image(4, 0x500000, 0x4000, 0x4567, 1, 30)
    images = {**IMAGES, waits.number: waits}
    names = Modules({**NAMES.firmware, (0x4000, 0x4567): "MrmVariableDxe"}, NAMES.controller)
    pages = (
        {
            0: {0x200000: (100, 2), 0x600000: (50, 0)},
            1: {0x101000: (10, 1), 0x500000: (7, 4), 0x400000: (5, 0)},
        },
        {
            0: {0x200000: (700, 2), 0x600000: (950, 0)},
            1: {0x101000: (30, 1), 0x500000: (99, 4), 0x400000: (6, 0)},
        },
    )
    before, after = (
        Record(
            "x",
            images,
            {number: sum(count for count, _ in of.values()) for number, of in moment.items()},
            {number: Processor(sum(count for count, _ in of.values()), of) for number, of in moment.items()},
        )
        for moment in pages
    )
    assert commits(before, after, [1], names, 2) == CommitCount(2, 10, 300, 450)


counts = st.builds(
    lambda calls, sizes: ServiceCount("x", calls, min(sizes), sum(sizes) / len(sizes), max(sizes)),
    st.integers(1, 1000),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=5),
)


@given(counts, counts)
def test_counts_are_put_together(one: ServiceCount, other: ServiceCount) -> None:
    both = together(one, other)
    assert both.calls == one.calls + other.calls
    assert both.mean * both.calls == pytest.approx(one.mean * one.calls + other.mean * other.calls)
    assert both.least <= min(one.mean, other.mean) and max(one.mean, other.mean) <= both.most
