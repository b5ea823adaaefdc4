# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Served disks (MrmDiskLib): reading, writing, and what else is done with blocks."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host import disk_driver as nvme
from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_driver import PAGE, SUCCESS, Disk, pattern, ready
from tests.firmware_host.disk_medium import Medium

# Blocks that come back.


@given(
    block=st.integers(0, 1700),
    count=st.integers(1, 256),
    write_offset=st.integers(0, 1023),
    read_offset=st.integers(0, 1023),
)
@settings(max_examples=60)
def test_what_was_written_is_read(
    decide: Decide, block: int, count: int, write_offset: int, read_offset: int
) -> None:
    disk = ready(decide)
    contents = b"".join(pattern(block + number) for number in range(count))
    assert disk.write(block, contents, offset=4 * write_offset) == SUCCESS
    assert disk.medium.read(block, count) == contents
    assert disk.read(block, count, offset=4 * read_offset) == contents
    if block:
        assert disk.medium.read(block - 1) == bytes(512)
    assert disk.medium.read(block + count) == bytes(512)


@pytest.mark.parametrize("place", [0, 8, PAGE - 8, PAGE - 16, PAGE - 128])
def test_lists_that_go_on_in_another_page(decide: Decide, place: int) -> None:
    disk = ready(decide)
    contents = b"".join(pattern(number) for number in range(256))
    for offset in (0, 512):
        disk.store(nvme.BUFFER, contents, offset)
        prp = disk.prps(len(contents), offset, place)
        assert disk.command(1, nvme.WRITE, 0, 0, 255, prp=prp).status == SUCCESS
        assert disk.medium.read(0, 256) == contents
        disk.medium.cache.clear()


def test_blocks_of_4096_bytes(decide: Decide) -> None:
    disk = ready(decide, blocks=64, block_size=4096)
    contents = b"".join(pattern(number, 4096) for number in range(32))
    assert disk.write(32, contents) == SUCCESS
    assert disk.read(32, 32) == contents
    assert disk.data(nvme.READ, 0, 33).status == nvme.FIELD
    assert disk.zeroes(33, 31) == SUCCESS
    assert disk.medium.read(32, 32) == contents[:4096] + bytes(31 * 4096)


@pytest.mark.parametrize("opcode", [nvme.READ, nvme.WRITE, nvme.COMPARE, nvme.ZEROES])
def test_blocks_there_are_not(decide: Decide, opcode: int) -> None:
    disk = ready(decide, blocks=100)
    for block, count in ((100, 1), (99, 2), (0, 101), (2**32, 1), (2**64 - 1, 1), (2**64 - 1, 2)):
        done = disk.data(opcode, block, count)
        assert (done.status, done.retry) == (nvme.BLOCK_RANGE, False)
    assert disk.medium.calls == []


def test_too_much_at_once(decide: Decide) -> None:
    disk = ready(decide)
    for opcode in (nvme.READ, nvme.WRITE, nvme.COMPARE):
        assert disk.command(1, opcode, 0, 0, 256, prp=disk.prps(PAGE)).status == nvme.FIELD
    assert disk.medium.calls == []


def test_namespaces_flags_and_opcodes(decide: Decide) -> None:
    disk = ready(decide)
    for namespace in (0, 2, nvme.ALL):
        for opcode in (nvme.READ, nvme.WRITE, nvme.ZEROES, nvme.MANAGEMENT):
            done = disk.command(1, opcode, namespace=namespace, prp=disk.prps(PAGE))
            assert done.status == nvme.NAMESPACE
    assert disk.flush(nvme.ALL) == SUCCESS
    assert (disk.flush(0), disk.flush(2)) == (nvme.NAMESPACE, nvme.NAMESPACE)
    for flags in (1, 2, 0x40, 0x80):
        assert disk.command(1, nvme.READ, prp=disk.prps(PAGE), flags=flags).status == nvme.FIELD
    for opcode in (nvme.UNCORRECTABLE, nvme.VERIFY, 3, 0xD, 0x7D, 0x80, 0xFF):
        assert disk.command(1, opcode).status == nvme.OPCODE
    assert disk.medium.calls == []


# Memory.


@given(
    count=st.sampled_from([1, 8, 9, 17, 256]),
    which=st.integers(0, 33),
    bad=st.sampled_from(["0", "before", "behind", "far", "end"]),
    opcode=st.sampled_from([nvme.READ, nvme.WRITE, nvme.COMPARE]),
)
def test_no_address_is_believed(decide: Decide, count: int, which: int, bad: str, opcode: int) -> None:
    """If any page of a command is not its own, nothing is read or written anywhere."""
    disk = ready(decide)
    address = {
        "0": 0,
        "before": disk.base - PAGE,
        "behind": disk.base + nvme.PAGES * PAGE,
        "far": 2**63,
        "end": 2**64 - PAGE,
    }[bad]
    first, second = disk.prps(count * 512)
    pages = -(-count * 512 // PAGE)
    if which % pages == 0:
        first = address
    elif pages == 2 or which == 33:
        second = address
    else:
        disk.store(nvme.LIST, struct.pack("<Q", address), (which % pages - 1) * 8)
    before = disk.load(nvme.BUFFER, 33 * PAGE)
    assert disk.command(1, opcode, 0, 0, count - 1, prp=(first, second)).status == nvme.TRANSFER
    assert disk.load(nvme.BUFFER, 33 * PAGE) == before
    assert (disk.medium.calls, disk.c.Refused) == ([], 1)


def test_addresses_that_are_crooked(decide: Decide) -> None:
    disk = ready(decide)
    page, following, pages = disk.at(nvme.BUFFER), disk.at(nvme.BUFFER + 1), disk.at(nvme.LIST)
    disk.store(nvme.LIST, struct.pack("<QQ", following, following + 512))
    for count, prp in (
        (1, (page + 2, 0)),
        (16, (page, following + 4)),
        (16, (page, following + 512)),
        (32, (page, pages)),
        (17, (page, pages + 4)),
    ):
        assert disk.command(1, nvme.READ, 0, 0, count - 1, prp=prp).status == nvme.PRP_OFFSET
    assert disk.medium.calls == []


def test_a_list_that_leads_nowhere(decide: Decide) -> None:
    """A list whose last entry leads to itself is no more than a list of pages."""
    disk = ready(decide)
    disk.store(nvme.LIST, struct.pack("<Q", disk.at(nvme.LIST)), PAGE - 8)
    done = disk.command(1, nvme.READ, 0, 0, 31, prp=(disk.at(nvme.BUFFER), disk.at(nvme.LIST, PAGE - 8)))
    assert done.status == nvme.TRANSFER, "the entries there are 0"


# Durable or not.


def test_a_flush_makes_durable(decide: Decide) -> None:
    disk = ready(decide)
    assert disk.write(5, pattern(5)) == SUCCESS
    assert disk.medium.durable[5 * 512 : 6 * 512] == bytes(512)
    assert disk.flush() == SUCCESS
    assert disk.medium.durable[5 * 512 : 6 * 512] == pattern(5)
    disk.medium.calls.clear()
    assert disk.flush() == SUCCESS
    assert disk.medium.calls == [], "there was nothing to do"


def test_a_write_may_say_that_it_is_to_be_durable(decide: Decide) -> None:
    disk = ready(decide)
    assert disk.write(5, pattern(5), word12=nvme.FUA) == SUCCESS
    assert disk.medium.durable[5 * 512 : 6 * 512] == pattern(5)
    assert disk.zeroes(5, 1, nvme.FUA) == SUCCESS
    assert disk.medium.durable[5 * 512 : 6 * 512] == bytes(512)


def test_a_medium_without_a_cache_is_never_flushed(decide: Decide) -> None:
    disk = ready(decide, cached=False)
    assert disk.write(5, pattern(5), word12=nvme.FUA) == SUCCESS
    assert disk.flush() == SUCCESS
    assert [name for name, *_ in disk.medium.calls] == ["write"]


# Zeros, hints, comparing.


def test_zeros_in_parts(decide: Decide) -> None:
    """Each call of the medium is bounded, and others have their turn; then it is done."""
    disk = ready(decide, blocks=5000)
    assert disk.write(4, pattern(4)) == SUCCESS
    disk.medium.calls.clear()
    number = disk.submit(1, nvme.ZEROES, 1, 0, 3000 - 1)
    later = disk.submit(1, nvme.READ, 4, 0, 0, prp=disk.prps(512))
    assert disk.serve() and disk.asked()
    assert disk.medium.calls == [("write", 1, 256)]
    assert disk.take(1) == []
    disk.settle()
    assert [done.command for done in disk.take(1)] == [number, later]
    assert disk.load(nvme.BUFFER, 512) == bytes(512)
    zeroed = [(block, count) for name, block, count in disk.medium.calls if name == "write"]
    assert sum(count for _, count in zeroed) == 3000
    assert [block for block, _ in zeroed] == list(range(1, 3001, 256))


def test_zeros_under_way_when_their_queue_is_deleted(decide: Decide) -> None:
    disk = ready(decide, blocks=5000)
    number = disk.submit(1, nvme.ZEROES, 0, 0, 4999)
    disk.serve()
    assert disk.admin(nvme.DELETE_SQ, 1).status == SUCCESS
    (done,) = disk.take(1)
    assert (done.command, done.status, done.retry) == (number, nvme.QUEUE_DELETED, True)
    assert not disk.asked() and not disk.serve()
    assert disk.create_sq(1) == SUCCESS


def test_zeros_wait_for_room(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide, 5000))
    disk.enable()
    assert (disk.create_cq(1, entries=2), disk.create_cq(2), disk.create_sq(1)) == (SUCCESS,) * 3
    assert disk.create_sq(2, cq=1) == SUCCESS
    disk.submit(2, nvme.ZEROES, 0, 0, 999)
    disk.serve()
    disk.ring(1, 1, completion=True)
    assert not disk.asked() and not disk.serve(), "nobody takes its completion"
    disk.ring(1, 0, completion=True)
    disk.settle()
    assert [done.status for done in disk.take(1)] == [SUCCESS]


def test_hints(decide: Decide) -> None:
    """They are taken, and change nothing."""
    disk = ready(decide, blocks=100)
    assert disk.write(3, pattern(3)) == SUCCESS
    assert disk.manage((0, 100), (3, 1), (100, 0)) == SUCCESS
    assert disk.read(3) == pattern(3)
    for bad in ((101, 0), (99, 2), (2**64 - 1, 2), (0, 2**32 - 1)):
        assert disk.manage((0, 1), bad) == nvme.BLOCK_RANGE
        assert disk.manage((0, 1), bad, word11=0) == SUCCESS, "other hints name what they like"
    done = disk.command(1, nvme.MANAGEMENT, 255, 4, prp=(disk.base - PAGE, 0))
    assert done.status == nvme.TRANSFER


def test_comparing(decide: Decide) -> None:
    disk = ready(decide)
    contents = b"".join(pattern(number) for number in range(20))
    assert disk.write(7, contents) == SUCCESS
    disk.store(nvme.BUFFER, contents, 8)
    assert disk.data(nvme.COMPARE, 7, 20, offset=8).status == SUCCESS
    disk.store(nvme.BUFFER, b"\x01", 8 + 19 * 512 + 511)
    done = disk.data(nvme.COMPARE, 7, 20, offset=8)
    assert (done.status, done.retry) == (nvme.DIFFERENT, False)


# A medium that fails.


@pytest.mark.parametrize(
    ("returned", "status", "retry"),
    [
        ("RETURN_DEVICE_ERROR", None, False),
        ("RETURN_OUT_OF_RESOURCES", None, False),
        ("RETURN_WRITE_PROTECTED", nvme.PROTECTED, False),
        ("RETURN_VOLUME_FULL", nvme.CAPACITY, False),
        ("RETURN_NOT_READY", nvme.NOT_READY, True),
    ],
)
def test_a_medium_that_fails(decide: Decide, returned: str, status: int | None, retry: bool) -> None:
    disk = ready(decide)
    assert disk.write(1, pattern(1)) == SUCCESS
    disk.medium.fail = dict.fromkeys(("read", "write", "flush"), getattr(decide, returned))
    faults = {
        (nvme.READ, 1): nvme.READ_ERROR,
        (nvme.WRITE, 1): nvme.WRITE_FAULT,
        (nvme.ZEROES, 1): nvme.WRITE_FAULT,
        (nvme.COMPARE, 1): nvme.READ_ERROR,
        (nvme.FLUSH, 1): nvme.WRITE_FAULT,
    }
    for (opcode, count), fault in faults.items():
        done = disk.data(opcode, 1, count)
        assert (done.status, done.retry) == (fault if status is None else status, retry)
    assert disk.c.MediumErrors == (5 if status is None else 0)
    disk.medium.fail = {}
    assert disk.flush() == SUCCESS, "what was not flushed still is"
    assert disk.medium.durable[512:1024] == pattern(1)


# A disk that only reads.


def test_a_disk_that_only_reads(decide: Decide) -> None:
    medium = Medium(decide)
    writer, reader = Disk(decide, medium), Disk(decide, medium, read_only=True)
    writer.bring_up()
    reader.bring_up()
    assert writer.write(1, pattern(1)) == SUCCESS
    assert reader.read(1) == pattern(1)
    for status in (
        reader.write(1, pattern(2)),
        reader.write(1, pattern(2), word12=nvme.FUA),
        reader.zeroes(1, 1),
        reader.manage((1, 1)),
    ):
        assert status == nvme.PROTECTED
    assert reader.c.Refused == 4
    assert (reader.flush(), reader.manage((1, 1), word11=1)) == (SUCCESS, SUCCESS)
    assert medium.cache, "a reader does not even flush"
    assert writer.read(1) == pattern(1)


# A round is bounded.


def test_a_round_moves_so_much(decide: Decide) -> None:
    disk = ready(decide)
    for number in range(6):
        disk.submit(1, nvme.READ, 0, 0, 200 - 1, prp=disk.prps(200 * 512))
        disk.submit(1, nvme.READ, number, 0, 0, prp=disk.prps(512))
    sizes = []
    while disk.serve():
        sizes.append(sum(count * 512 for _, _, count in disk.medium.calls))
        disk.medium.calls.clear()
    assert sum(sizes) == 6 * 201 * 512
    assert max(sizes) < 2 * decide.MRM_DISK_TRANSFER
    assert len(disk.take(1)) == 12


def test_a_round_has_so_many_commands(decide: Decide) -> None:
    disk = ready(decide)
    for _ in range(100):
        disk.submit(1, nvme.READ, prp=disk.prps(512))
    counts = []
    while disk.serve():
        counts.append(len(disk.take(1)))
    assert (sum(counts), max(counts)) == (100, decide.MRM_DISK_BURST)


def test_a_round_ends_in_time(decide: Decide) -> None:
    """On a slow medium a round is the command that is being done when its time is over, and no other one."""
    disk = ready(decide)
    clock = [False, False, True, True]
    late = decide.ffi.callback("MRM_DISK_IS_LATE", lambda: clock.pop(0))
    disk.c.IsLate = late
    for number in range(4):
        disk.submit(1, nvme.READ, number, prp=disk.prps(512))
    counts = []
    for _ in range(2):
        assert disk.serve()
        counts.append(len(disk.take(1)))
    assert (counts, clock) == ([3, 1], [])


def test_a_round_flushes_once(decide: Decide) -> None:
    disk = ready(decide)
    for _ in range(5):
        disk.submit(1, nvme.WRITE, 0, 0, nvme.FUA, prp=disk.prps(512))
    for _ in range(5):
        assert disk.serve()
        assert [name for name, *_ in disk.medium.calls].count("flush") == 1
        disk.medium.calls.clear()
    assert not disk.serve()


def test_each_queue_has_its_turn(decide: Decide) -> None:
    disk = ready(decide)
    assert (disk.create_cq(2, vector=2), disk.create_sq(2)) == (SUCCESS, SUCCESS)
    for _ in range(200):
        disk.submit(1, nvme.READ, prp=disk.prps(512))
    disk.submit(2, nvme.READ, prp=disk.prps(512))
    disk.serve()
    assert len(disk.take(2)) == 1
