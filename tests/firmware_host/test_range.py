# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmRangeLib against plain Python sets."""

from collections.abc import Iterable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

PAGE = 0x1000
END = 1 << 64
SPACE = 48  # units of the small address spaces the model works in

Ranges = list[tuple[int, int]]


class RangeSet:
    """An MRM_RANGE_SET with the array it refers to."""

    def __init__(self, decide: Decide, ranges: Iterable[tuple[int, int]], capacity: int) -> None:
        ranges = list(ranges)
        unused = [(0, END - 1)] * (capacity - len(ranges))
        contents = decide.ffi.new("MRM_RANGE[]", [*ranges, *unused])
        self._memory = Guarded(decide.ffi, bytes(decide.ffi.buffer(contents)))
        self._array = decide.ffi.cast("MRM_RANGE *", self._memory.pointer)
        self.pointer = decide.ffi.new("MRM_RANGE_SET *", (self._array, len(ranges), capacity))

    def ranges(self) -> Ranges:
        """Return the elements as (base, size)."""
        return [(self._array[i].Base, self._array[i].Size) for i in range(self.pointer.Count)]


def runs(members: Iterable[int]) -> Ranges:
    """Return the runs of consecutive numbers as (first, count)."""
    found: Ranges = []
    for number in sorted(members):
        if found and number == sum(found[-1]):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((number, 1))
    return found


members = st.one_of(
    st.sets(st.integers(0, SPACE - 1)),
    st.integers(0, (1 << SPACE) - 1).map(lambda bits: {n for n in range(SPACE) if bits >> n & 1}),
    st.lists(st.integers(0, SPACE), max_size=8).map(
        lambda edges: {n for n in range(SPACE) if sum(edge <= n for edge in edges) % 2}
    ),
)
# The same small space at the bottom, in the middle and at the very top of the address space.
origins = st.sampled_from([0, 1 << 32, END - SPACE])
spans = st.tuples(st.integers(0, SPACE), st.integers(0, SPACE)).filter(lambda span: sum(span) <= SPACE)


def _check(
    decide: Decide,
    function: str,
    before: set[int],
    after: set[int],
    origin: int,
    span: tuple[int, int],
    room: int,
) -> None:
    start = [(origin + first, count) for first, count in runs(before)]
    expected = [(origin + first, count) for first, count in runs(after)]
    subject = RangeSet(decide, start, len(start) + room)
    # A base of 2^64 fits nowhere; an empty range can be asked for at any address.
    status = decide.call(function, subject.pointer, (origin + span[0]) % END, span[1])
    if len(expected) > len(start) + room:
        assert status == decide.RETURN_BUFFER_TOO_SMALL
        assert subject.ranges() == start
    else:
        assert status == decide.RETURN_SUCCESS
        assert subject.ranges() == expected


@settings(max_examples=400)
@given(before=members, origin=origins, span=spans, room=st.integers(0, 2))
@example(before=set(), origin=END - SPACE, span=(1, SPACE - 1), room=1)
def test_add_is_set_union(
    decide: Decide, before: set[int], origin: int, span: tuple[int, int], room: int
) -> None:
    _check(decide, "MrmRangeAdd", before, before | set(range(span[0], sum(span))), origin, span, room)


@settings(max_examples=400)
@given(before=members, origin=origins, span=spans, room=st.integers(0, 2))
@example(before={SPACE - 1}, origin=END - SPACE, span=(1, SPACE - 1), room=0)
def test_remove_is_set_difference(
    decide: Decide, before: set[int], origin: int, span: tuple[int, int], room: int
) -> None:
    _check(decide, "MrmRangeRemove", before, before - set(range(span[0], sum(span))), origin, span, room)


@settings(max_examples=400)
@given(
    before=members,
    origin=origins,
    span=spans.filter(lambda span: span[1] > 0),
    room=st.integers(0, 2),
    few=st.integers(0, 3),
)
@example(before=set(range(SPACE)), origin=1 << 32, span=(4, 4), room=0, few=0)
def test_take_tells_what_was_missing(
    decide: Decide, before: set[int], origin: int, span: tuple[int, int], room: int, few: int
) -> None:
    """All of a range is in the set or among the gaps, and a set that is full loses nothing."""
    wanted = set(range(span[0], sum(span)))
    start = [(origin + first, count) for first, count in runs(before)]
    after = [(origin + first, count) for first, count in runs(before - wanted)]
    missing = [(origin + first, count) for first, count in runs(wanted - before)]
    subject, gaps = RangeSet(decide, start, len(start) + room), RangeSet(decide, [], len(start) + 1 - few % 2)
    status = decide.call("MrmRangeTake", subject.pointer, origin + span[0], span[1], gaps.pointer)
    if status == decide.RETURN_BUFFER_TOO_SMALL:
        assert len(after) > len(start) + room or few % 2
        assert subject.ranges() == start
    else:
        assert status == decide.RETURN_SUCCESS
        assert (subject.ranges(), gaps.ranges()) == (after, missing)


@settings(max_examples=400)
@given(before=members, origin=origins, span=spans)
def test_contains_is_subset(decide: Decide, before: set[int], origin: int, span: tuple[int, int]) -> None:
    subject = RangeSet(decide, [(origin + first, count) for first, count in runs(before)], 64)
    inside = set(range(span[0], sum(span))) <= before
    assert decide.call("MrmRangeContains", subject.pointer, (origin + span[0]) % END, span[1]) == inside


@given(base=st.integers(1, END - 1), beyond=st.integers(1, END))
def test_range_beyond_the_address_space_is_refused(decide: Decide, base: int, beyond: int) -> None:
    size = END - base + beyond
    if size >= END:
        return
    start = [(PAGE, PAGE)]
    subject = RangeSet(decide, start, 4)
    for function in ("MrmRangeAdd", "MrmRangeRemove"):
        assert decide.call(function, subject.pointer, base, size) == decide.RETURN_INVALID_PARAMETER
        assert subject.ranges() == start
    assert not decide.call("MrmRangeContains", subject.pointer, base, size)


def test_set_of_everything_is_refused(decide: Decide) -> None:
    half = 1 << 63
    subject = RangeSet(decide, [(0, half)], 2)
    assert decide.call("MrmRangeAdd", subject.pointer, half, half) == decide.RETURN_INVALID_PARAMETER
    assert subject.ranges() == [(0, half)]
    assert decide.call("MrmRangeAdd", subject.pointer, half, half - 1) == decide.RETURN_SUCCESS
    assert subject.ranges() == [(0, END - 1)]


def _allocate(
    decide: Decide, subject: RangeSet, size: int, alignment: int, minimum: int, limit: int, most: int
) -> tuple[int, Ranges]:
    pieces = decide.ffi.new("MRM_RANGE[]", max(most, 1))
    count = decide.ffi.new("UINTN *", 77)
    status = decide.call(
        "MrmRangeAllocate", subject.pointer, size, alignment, minimum, limit, most, pieces, count
    )
    assert count[0] <= most
    return status, [(pieces[i].Base, pieces[i].Size) for i in range(count[0])]


def _usable(ranges: Ranges, alignment: int, minimum: int, limit: int) -> Ranges:
    """Return the aligned parts of ranges inside a window, as (base, size), highest first."""
    found = []
    for base, size in ranges:
        first = -(-max(base, minimum) // alignment) * alignment
        last = min(base + size, limit) // alignment * alignment
        if last > first:
            found.append((first, last - first))
    return sorted(found, reverse=True)


def _pages(ranges: Ranges) -> set[int]:
    return {page for base, size in ranges for page in range(base // PAGE, (base + size) // PAGE)}


@st.composite
def _requests(draw: st.DrawFn) -> dict[str, Any]:
    """Return free memory and a request that is often possible."""
    base = draw(st.sampled_from([0, 1 << 32, END - 64 * PAGE]))
    free: Ranges = []
    at = base
    runs_ = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 12)), max_size=6)
    for gap, pages in draw(runs_):
        if at + (gap + pages) * PAGE <= END:
            free.append((at + gap * PAGE, pages * PAGE))
            at += (gap + pages) * PAGE
    if free and draw(st.sampled_from([False, True])):
        # Without this the first page would never be free.
        free[0] = (base, sum(free[0]) - base)
    alignment = PAGE << draw(st.sampled_from([0, 0, 0, 1, 2, 3]))
    edges = st.builds(
        lambda page, nudge: min(base + page * PAGE + nudge, END - 1),
        st.integers(0, 64),
        st.sampled_from([0, 0, 1, PAGE - 1]),
    )
    return {
        "free": free,
        "wanted": alignment * draw(st.integers(1, 16)),
        "alignment": alignment,
        "minimum": draw(st.just(0) | edges),
        "limit": draw(st.just(END - 1) | edges),
        "most": draw(st.integers(1, 5)),
        "room": draw(st.integers(0, 3)),
    }


@settings(max_examples=1000)
@given(request=_requests())
def test_allocation(decide: Decide, request: dict[str, Any]) -> None:
    start, wanted, alignment, minimum, limit, most, room = request.values()
    subject = RangeSet(decide, start, len(start) + room)
    status, pieces = _allocate(decide, subject, wanted, alignment, minimum, limit, most)
    usable = _usable(start, alignment, minimum, limit)
    largest = sorted((length for _, length in usable), reverse=True)

    # With room for every split the outcome depends on the memory alone.
    roomy = RangeSet(decide, start, len(start) + most)
    with_room = _allocate(decide, roomy, wanted, alignment, minimum, limit, most)
    if sum(largest[:most]) < wanted:
        assert with_room == (decide.RETURN_OUT_OF_RESOURCES, [])
        expected = decide.RETURN_OUT_OF_RESOURCES
    elif len(roomy.ranges()) > len(start) + room:
        expected = decide.RETURN_BUFFER_TOO_SMALL
    else:
        expected = decide.RETURN_SUCCESS
    assert status == expected
    if status != decide.RETURN_SUCCESS:
        assert (pieces, subject.ranges()) == ([], start)
        return
    assert with_room == (status, pieces)

    # Memory is conserved, and the rest is still a well-formed set.
    assert sum(length for _, length in pieces) == wanted
    assert len(_pages(pieces)) * PAGE == wanted
    assert subject.ranges() == [
        (first * PAGE, count * PAGE) for first, count in runs(_pages(start) - _pages(pieces))
    ]
    assert _pages(pieces) <= _pages(start)
    # The pieces are as asked for.
    assert pieces == sorted(pieces)
    assert all(base % alignment == 0 and length % alignment == 0 for base, length in pieces)
    assert all(minimum <= base and base + length <= limit for base, length in pieces)
    # Which pieces, and where in their ranges.
    assert pieces == _chosen(usable, wanted)


def _chosen(usable: Ranges, missing: int) -> Ranges:
    """Return the pieces that largest-first selection gives, highest first among equals."""
    parts, pieces = list(usable), []
    while missing:
        fits = [part for part in parts if part[1] >= missing]
        part = fits[0] if fits else max(parts, key=lambda part: (part[1], part[0]))
        parts.remove(part)
        size = min(part[1], missing)
        pieces.append((sum(part) - size, size))
        missing -= size
    return sorted(pieces)


@given(request=_requests())
def test_room(decide: Decide, request: dict[str, Any]) -> None:
    """All that could be had within the window, and its largest piece."""
    start, _, alignment, minimum, limit, *_ = request.values()
    subject = RangeSet(decide, start, len(start))
    largest = decide.ffi.new("UINT64 *", 77)
    room = decide.call("MrmRangeRoom", subject.pointer, alignment, minimum, limit, largest)
    sizes = [size for _, size in _usable(start, alignment, minimum, limit)]
    assert (room, largest[0]) == (sum(sizes), max(sizes, default=0))
    assert subject.ranges() == start


def test_the_first_page_can_be_given(decide: Decide) -> None:
    for pages in (1, 2):
        subject = RangeSet(decide, [(0, pages * PAGE)], 1)
        size = pages * PAGE
        assert _allocate(decide, subject, size, size, 0, END - 1, 1) == (decide.RETURN_SUCCESS, [(0, size)])
        assert subject.ranges() == []


_power = st.integers(0, 63).map(lambda bit: 1 << bit)


@settings(max_examples=1000)
@given(
    size=st.integers(0, END - 1)
    | st.builds(lambda count, power: count * power % END, st.integers(1, 9), _power),
    alignment=st.integers(0, END - 1) | _power,
    minimum=st.integers(0, END - 1),
    limit=st.integers(0, END - 1),
    base=st.integers(0, END // PAGE - 2).map(lambda page: page * PAGE),
    length=st.integers(1, END // PAGE - 1).map(lambda pages: pages * PAGE),
)
def test_allocation_with_any_numbers(
    decide: Decide, size: int, alignment: int, minimum: int, limit: int, base: int, length: int
) -> None:
    length = min(length, END - base)
    if length == END:
        length -= PAGE
    subject = RangeSet(decide, [(base, length)], 3)
    status, pieces = _allocate(decide, subject, size, alignment, minimum, limit, 1)
    sound = alignment >= PAGE and alignment.bit_count() == 1 and size > 0 and size % alignment == 0
    usable = _usable([(base, length)], alignment, minimum, limit) if sound else []
    if not sound:
        assert status == decide.RETURN_INVALID_PARAMETER
    elif not usable or usable[0][1] < size:
        assert status == decide.RETURN_OUT_OF_RESOURCES
    else:
        assert status == decide.RETURN_SUCCESS
        assert pieces == [(sum(usable[0]) - size, size)]
        return
    assert subject.ranges() == [(base, length)]


def test_no_pieces_allowed_is_refused(decide: Decide) -> None:
    subject = RangeSet(decide, [(0, 16 * PAGE)], 4)
    pieces: Any = decide.ffi.NULL
    count = decide.ffi.new("UINTN *", 77)
    status = decide.call("MrmRangeAllocate", subject.pointer, PAGE, PAGE, 0, END - 1, 0, pieces, count)
    assert status == decide.RETURN_INVALID_PARAMETER
    assert count[0] == 0
