# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Append-only disks (MrmDiskLib): what was written stays, over restarts and power cuts, whatever is tried."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host import disk_driver as nvme
from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_driver import KEPT, SUCCESS, Disk, pattern, ready
from tests.firmware_host.disk_medium import Medium
from tests.firmware_host.memory import Guarded


def blocks(first: int, count: int, salt: int = 0) -> bytes:
    """So many blocks, each another one."""
    return b"".join(pattern(number + salt + 1) for number in range(first, first + count))


def used(disk: Disk) -> int:
    """NUSE: where a tool goes on."""
    return int(struct.unpack_from("<Q", disk.identify(0, 1), 16)[0])


def test_a_stream(decide: Decide) -> None:
    """A tool writes where the usage says, and what it has written stays."""
    disk = ready(decide, append_only=True)
    assert used(disk) == 0
    for count in (1, 7, 100):
        start = used(disk)
        assert disk.write(start, blocks(start, count)) == SUCCESS
    assert used(disk) == 108
    assert disk.read(0, 120) == blocks(0, 108) + bytes(12 * 512)
    for status in (
        disk.write(0, blocks(0, 1, salt=9)),
        disk.write(107, blocks(107, 2, salt=9)),
        disk.write(100, blocks(100, 9, salt=9), word12=nvme.FUA),
        disk.zeroes(50, 1),
        disk.zeroes(107, 5),
        disk.manage((107, 1)),
        disk.manage((200, 1), (0, 2000)),
    ):
        assert status == KEPT
    assert disk.c.Refused == 7
    assert disk.read(0, 120) == blocks(0, 108) + bytes(12 * 512)
    assert used(disk) == 108
    assert disk.manage((108, 100)) == SUCCESS, "there was nothing"


def test_a_refusal_is_final(decide: Decide) -> None:
    disk = ready(decide, append_only=True)
    disk.write(0, pattern(1))
    disk.store(nvme.BUFFER, pattern(2))
    done = disk.data(nvme.WRITE, 0, 1)
    assert (done.status, done.retry) == (KEPT, False)


def test_the_same_once_more(decide: Decide) -> None:
    """A driver that lost a completion tries again: no error, no change."""
    disk = ready(decide, append_only=True)
    assert disk.write(0, blocks(0, 20)) == SUCCESS
    disk.medium.calls.clear()
    assert disk.write(5, blocks(5, 15), word12=nvme.FUA) == SUCCESS
    assert [name for name, *_ in disk.medium.calls] == ["read", "flush"]
    assert disk.write(5, blocks(5, 16)) == KEPT, "one of them would be new: the command is another one"
    assert disk.zeroes(20, 600) == SUCCESS
    assert disk.zeroes(20, 600) == SUCCESS
    assert used(disk) == 620


def test_any_order(decide: Decide) -> None:
    disk = ready(decide, append_only=True)
    for start in (30, 10, 20, 0):
        assert disk.write(start, blocks(start, 10)) == SUCCESS
    assert used(disk) == 40
    assert disk.read(0, 40) == blocks(0, 40)


def test_a_window(decide: Decide) -> None:
    """Blocks far behind the furthest one are closed; those near it are not."""
    window = decide.MRM_DISK_WINDOW
    disk = ready(decide, blocks=3 * window, append_only=True)
    assert disk.write(window + 99, pattern(1)) == SUCCESS
    assert disk.write(99, pattern(2)) == KEPT
    assert disk.write(100, pattern(3)) == SUCCESS
    assert disk.write(101 + window, pattern(4)) == SUCCESS
    assert disk.write(101, pattern(5)) == KEPT
    assert disk.write(window + 100, pattern(6)) == SUCCESS, "its bit was that of block 100"
    assert disk.write(window + 101, pattern(7)) == KEPT
    assert disk.write(3 * window - 1, pattern(8)) == SUCCESS
    assert disk.write(2 * window - 1, pattern(9)) == KEPT
    assert disk.write(2 * window, pattern(10)) == SUCCESS
    assert used(disk) == 3 * window


def test_a_closed_block_once_more_closes_no_other(decide: Decide) -> None:
    """Its bit is that of a block in the window, which was not written."""
    window = decide.MRM_DISK_WINDOW
    disk = ready(decide, blocks=3 * window, append_only=True)
    assert disk.write(5, pattern(1)) == SUCCESS
    assert disk.write(window + 99, pattern(2)) == SUCCESS
    assert disk.write(5, pattern(1)) == SUCCESS, "what it holds"
    assert disk.write(window + 5, pattern(3)) == SUCCESS
    assert disk.write(window + 5, pattern(4)) == KEPT


def test_a_write_that_fails_may_be_tried_again(decide: Decide) -> None:
    disk = ready(decide, append_only=True)
    disk.medium.fail["write"] = decide.RETURN_NOT_READY
    assert disk.write(0, blocks(0, 4)) == nvme.NOT_READY
    assert used(disk) == 0
    disk.medium.fail = {}
    assert disk.write(0, blocks(0, 4, salt=3)) == SUCCESS
    disk.medium.fail["flush"] = decide.RETURN_NOT_READY
    assert disk.write(4, blocks(4, 4), word12=nvme.FUA) == nvme.NOT_READY
    disk.medium.fail = {}
    assert disk.write(4, blocks(4, 4), word12=nvme.FUA) == SUCCESS
    assert disk.medium.durable[: 8 * 512] == blocks(0, 4, salt=3) + blocks(4, 4)


def test_it_survives_every_kind_of_restart(decide: Decide) -> None:
    disk = ready(decide, append_only=True)
    assert disk.write(0, blocks(0, 10)) == SUCCESS
    assert disk.write(12, blocks(12, 1)) == SUCCESS
    disk.bring_up()
    assert disk.write(3, pattern(99)) == KEPT, "a driver begins anew"
    decide.call("MrmDiskClose", disk.c)
    disk.start()
    disk.bring_up()
    assert disk.write(3, pattern(99)) == KEPT, "the partition begins anew"
    assert disk.write(11, blocks(11, 1)) == SUCCESS, "a block that was not written"
    decide.call("MrmDiskClose", disk.c)
    assert disk.medium.flush() == 0
    disk.medium.begin()
    disk.start()
    disk.bring_up()
    assert used(disk) == 13, "the PC begins anew"
    for block in (3, 10, 12):
        assert disk.write(block, pattern(99)) == KEPT
    assert disk.write(13, blocks(13, 1)) == SUCCESS


def test_a_reader_of_the_same_medium(decide: Decide) -> None:
    medium = Medium(decide, append_only=True)
    writer, reader = Disk(decide, medium), Disk(decide, medium, read_only=True)
    writer.bring_up()
    reader.bring_up()
    assert writer.write(0, blocks(0, 3)) == SUCCESS
    assert (reader.read(0, 5), used(reader)) == (blocks(0, 3) + bytes(1024), 3)
    assert reader.write(3, pattern(1)) == nvme.PROTECTED


def test_what_a_medium_held_before_is_not_read(decide: Decide) -> None:
    disk = ready(decide, append_only=True)
    disk.medium.durable[:] = b"\xaa" * len(disk.medium.durable)
    assert disk.read(0, 4) == bytes(2048)
    assert disk.write(0, pattern(1)) == SUCCESS
    assert disk.read(0, 3) == pattern(1) + bytes(1024)


@pytest.mark.parametrize("cached", [False, True])
def test_a_medium_that_keeps_its_mark(decide: Decide, cached: bool) -> None:
    """Without a cache the mark is durable when a write is done; with one, after a flush."""
    disk = ready(decide, append_only=True, cached=cached)
    assert disk.write(0, blocks(0, 3)) == SUCCESS
    assert disk.medium.mark.Next == (0 if cached else 3)
    assert disk.flush() == SUCCESS
    assert disk.medium.mark.Next == 3


# Marks.


def read_mark(decide: Decide, *places: bytes, blocks: int = 1000) -> tuple[int, int, int]:
    """(status, next, sequence)."""
    mark = decide.ffi.new("MRM_DISK_MARK *", [7, 7])
    guarded = [Guarded(decide.ffi, place) for place in places]
    status = decide.call("MrmDiskMarkRead", *(place.pointer for place in guarded), blocks, mark)
    return status, mark.Next, mark.Sequence


def made_mark(decide: Decide, sequence: int, following: int) -> tuple[int, bytes]:
    """(place, bytes) of the mark that comes after so many."""
    mark = decide.ffi.new("MRM_DISK_MARK *", [0, sequence])
    room = Guarded(decide.ffi, bytes(decide.MRM_DISK_MARK_SIZE))
    place = decide.call("MrmDiskMarkWrite", mark, following, room.pointer)
    return place, room.contents()


def test_marks_are_written_in_turn(decide: Decide) -> None:
    none = bytes(decide.MRM_DISK_MARK_SIZE)
    places = [none, none]
    assert read_mark(decide, *places) == (0, 0, 0)
    for sequence in range(1, 6):
        place, contents = made_mark(decide, sequence - 1, sequence * 10)
        assert place == (sequence - 1) % 2
        places[place] = contents
        assert read_mark(decide, *places) == (0, sequence * 10, sequence)


@given(cut=st.integers(0, 511), sequence=st.integers(0, 9), flip=st.integers(0, 32 * 8 - 1))
def test_a_mark_that_was_half_written(decide: Decide, cut: int, sequence: int, flip: int) -> None:
    """The other one counts; only a new medium may have none."""
    none = bytes(decide.MRM_DISK_MARK_SIZE)
    places = [none, none]
    if sequence:
        place, contents = made_mark(decide, sequence - 1, sequence)
        places[place] = contents
    if sequence > 1:
        place, contents = made_mark(decide, sequence - 2, sequence - 1)
        places[place] = contents
    place, contents = made_mark(decide, sequence, sequence + 1)
    torn = contents[:cut] + places[place][cut:]
    damaged = bytearray(contents)
    damaged[flip // 8] ^= 1 << flip % 8
    for spoiled in (torn, bytes(damaged)):
        both = [spoiled if number == place else places[number] for number in range(2)]
        expected = (0, sequence + 1, sequence + 1) if spoiled == contents else (0, sequence, sequence)
        assert read_mark(decide, *both) == expected


def test_marks_that_are_lost(decide: Decide) -> None:
    """Both are spoiled, or tell of more than there is: nothing may be written."""
    corrupted = decide.RETURN_VOLUME_CORRUPTED
    spoiled = b"\x5a" * decide.MRM_DISK_MARK_SIZE
    none = bytes(decide.MRM_DISK_MARK_SIZE)
    assert read_mark(decide, spoiled, spoiled)[0] == corrupted
    assert read_mark(decide, none, spoiled)[0] == corrupted
    _, first = made_mark(decide, 0, 1001)
    _, second = made_mark(decide, 1, 1001)
    assert read_mark(decide, first, second)[0] == corrupted
    assert read_mark(decide, first, second, blocks=1001) == (0, 1001, 2)


# Whatever is tried.

BLOCKS = 70
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "append", "append", "zero", "trim", "flush", "fua", "again"]),
        st.integers(0, 60),
        st.integers(1, 9),
    ),
    max_size=25,
)


def attempt(disk: Disk, salt: int, name: str, block: int, count: int) -> tuple[int, int, bytes, int]:
    """Do an operation: (first block, count, contents, status)."""
    if name == "append":
        block = disk.medium.c.Next
        if block + count > disk.medium.c.Blocks:
            return block, 0, b"", KEPT
    contents = blocks(block, count, 1000 * salt)
    if name in ("write", "append"):
        return block, count, contents, disk.write(block, contents)
    if name == "fua":
        return block, count, contents, disk.write(block, contents, word12=nvme.FUA)
    if name == "zero":
        return block, count, bytes(len(contents)), disk.zeroes(block, count)
    if name == "again":
        contents = disk.read(block, count)
        return block, count, contents, disk.write(block, contents)
    status = disk.manage((block, count)) if name == "trim" else disk.flush()
    return block, 0, b"", status


def live(decide: Decide, medium: Medium, durable: dict[int, bytes], life: int, operations: list[Any]) -> None:
    """One life of the PC: do operations, and look each time that what was written is there."""
    disk = Disk(decide, medium)
    disk.bring_up()
    written = dict(durable)
    for salt, (name, block, count) in enumerate(operations):
        block, count, contents, status = attempt(disk, 100 * life + salt, name, block, count)
        news = {block + number: contents[number * 512 : (number + 1) * 512] for number in range(count)}
        changes = any(written.get(number, new) != new for number, new in news.items())
        assert status == KEPT or (status == SUCCESS and not changes)
        if status == SUCCESS:
            written.update(news)
        if name in ("flush", "fua") and status == SUCCESS:
            durable.update(written)
        found = disk.read(0, BLOCKS)
        for number, kept in written.items():
            assert found[number * 512 : (number + 1) * 512] == kept
    decide.call("MrmDiskClose", disk.c)


def cut_power(medium: Medium, decide: Decide, chance: Any) -> None:
    """Some of the cache is on the medium; if all is, a part of the next mark may be, too."""
    if chance.random() < 0.5:
        for number, kept in medium.cache.items():
            if chance.random() < 0.5:
                medium.durable[number * 512 : (number + 1) * 512] = kept
        medium.cache.clear()
    else:
        medium.sync()
        before = [bytes(place) for place in medium.places]
        medium.put_mark(decide.ffi.new("MRM_DISK_MARK *", medium.mark[0]), medium.c.Next)
        cut = chance.randrange(decide.MRM_DISK_MARK_SIZE)
        for place, old in zip(medium.places, before, strict=True):
            place[cut:] = old[cut:]
    medium.begin()


@given(lives=st.lists(st.tuples(OPERATIONS, st.randoms(use_true_random=False)), min_size=1, max_size=3))
@settings(max_examples=60)
def test_what_was_written_stays(decide: Decide, lives: list[tuple[list[Any], Any]]) -> None:
    """Any operations, and power cuts."""
    medium = Medium(decide, BLOCKS, append_only=True)
    durable: dict[int, bytes] = {}
    for life, (operations, chance) in enumerate(lives):
        live(decide, medium, durable, life, operations)
        cut_power(medium, decide, chance)
        for number, kept in durable.items():
            assert medium.read(number) == kept
            assert number < medium.c.Next == medium.c.Floor, "it is closed"
