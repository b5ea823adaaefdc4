# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmJournalLib: a power cut at any byte of any write leaves the last committed state."""

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

IMAGE = 4096
BLANK = b"\xff" * IMAGE

Write = tuple[int, int, bytes]  # file, offset, data


class Disk:
    """The two files, in memory that ends where they end."""

    def __init__(self, decide: Decide, image_size: int = IMAGE) -> None:
        self.size = int(decide.call("MrmJournalFileSize", image_size))
        self.memory = [Guarded(decide.ffi, bytes(self.size)) for _ in range(2)]
        self.files = [decide.ffi.buffer(memory.pointer, self.size) for memory in self.memory]

    def apply(self, write: Write) -> None:
        """Carry a write out in full."""
        file, offset, data = write
        self.files[file][offset : offset + len(data)] = data


class Journal:
    """An opened MRM_JOURNAL."""

    def __init__(self, decide: Decide, disk: Disk, image_size: int = IMAGE) -> None:
        ffi = self._ffi = decide.ffi
        self._decide = decide
        self._image = Guarded(ffi, bytes(image_size))
        self._buffer = Guarded(ffi, bytes(decide.call("MrmJournalBufferSize", image_size)))
        self._new = Guarded(ffi, bytes(image_size))
        self.c = ffi.new("MRM_JOURNAL *")
        self.c.ImageSize = image_size
        self.c.Image = ffi.cast("UINT8 *", self._image.pointer)
        self.c.Buffer = ffi.cast("UINT8 *", self._buffer.pointer)
        pointers = [ffi.cast("UINT8 *", memory.pointer) for memory in disk.memory]
        self.status = decide.call(
            "MrmJournalOpen", self.c, ffi.new("UINT8 *[2]", pointers), ffi.new("UINTN[2]", [disk.size] * 2)
        )

    @property
    def image(self) -> bytes:
        """What is committed."""
        return self._image.contents()

    def commit(self, image: bytes) -> list[Write]:
        """Return what to write for a new state."""
        self._ffi.buffer(self._new.pointer, len(image))[:] = image
        self._writes = self._ffi.new("MRM_JOURNAL_WRITE[2]")
        self._new_pointer = self._ffi.cast("UINT8 *", self._new.pointer)
        self._count = self._decide.call("MrmJournalCommit", self.c, self._new_pointer, self._writes)
        steps = self._writes[0 : self._count]
        return [(step.File, step.Offset, bytes(self._ffi.buffer(step.Data, step.Size))) for step in steps]

    def committed(self) -> None:
        """All was written."""
        self._decide.call("MrmJournalCommitted", self.c, self._new_pointer, self._writes, self._count)

    def failed(self) -> None:
        """Something was not written."""
        self._decide.call("MrmJournalFailed", self.c)


def save(journal: Journal, disk: Disk, image: bytes) -> list[Write]:
    """Commit a state in full."""
    writes = journal.commit(image)
    for write in writes:
        disk.apply(write)
    journal.committed()
    return writes


def changed(image: bytes, seed: int, most: int = 40) -> bytes:
    """Return an image with some bytes changed, as a variable that is written changes them."""
    chance = random.Random(seed)
    result = bytearray(image)
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(image))
        for place in range(start, min(len(image), start + chance.randint(1, most))):
            result[place] = chance.randrange(256)
    return bytes(result)


def states(count: int) -> Iterator[bytes]:
    """Yield a history of states."""
    image = BLANK
    for seed in range(count):
        image = changed(image, seed)
        yield image


def test_new_files_hold_nothing(decide: Decide) -> None:
    journal = Journal(decide, Disk(decide))
    assert (journal.status, journal.image, journal.c.Generation) == (decide.RETURN_NOT_FOUND, BLANK, 0)


def test_a_commit_is_found_again(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    for image in states(300):  # more than four journals
        save(journal, disk, image)
        again = Journal(decide, disk)
        assert (again.status, again.image) == (decide.RETURN_SUCCESS, image)
        assert (again.c.File, again.c.Next, again.c.Sequence) == (
            journal.c.File,
            journal.c.Next,
            journal.c.Sequence,
        )
    assert journal.c.Generation > 4


def test_what_has_not_changed_is_not_written(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    assert journal.commit(BLANK) == []
    save(journal, disk, changed(BLANK, 1))
    assert journal.commit(changed(BLANK, 1)) == []


def test_a_small_change_writes_one_block(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    images = list(states(40))
    save(journal, disk, images[0])
    for image in images[1:]:
        assert [len(data) for _, _, data in save(journal, disk, image)] == [decide.MRM_JOURNAL_BLOCK]


def test_no_block_of_the_newest_generation_is_written_twice(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    written: set[tuple[int, int]] = set()
    generation = 0
    for image in states(200):
        writes = journal.commit(image)
        if len(writes) == 2:
            assert {file for file, _, _ in writes} == {1 - journal.c.File if generation else 0}
            written = set()
        blocks = {
            (file, offset + step)
            for file, offset, data in writes
            for step in range(0, len(data), decide.MRM_JOURNAL_BLOCK)
        }
        assert not blocks & written
        written |= blocks
        for write in writes:
            disk.apply(write)
        journal.committed()
        generation = journal.c.Generation


def cuts(disk: Disk, writes: Sequence[Write], step: int) -> Iterator[None]:
    """Carry writes out byte by byte; stop after each `step` bytes."""
    for file, offset, data in writes:
        for place in range(0, len(data), step):
            disk.apply((file, offset + place, data[place : place + step]))
            yield


@pytest.mark.parametrize("step", [1, 512])
def test_power_cut_at_every_byte(decide: Decide, step: int) -> None:
    """Each cut leaves the last committed state, or the one that was being committed."""
    disk = Disk(decide)
    journal = Journal(decide, disk)
    history = list(states(3 if step == 1 else 140))
    before = BLANK
    for number, image in enumerate(history):
        writes = journal.commit(image)
        for _ in cuts(disk, writes, step):
            found = Journal(decide, disk).image
            assert found in (before, image), number
        assert Journal(decide, disk).image == image
        journal.committed()
        before = image


def test_power_cut_in_a_checkpoint_over_an_older_one(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    before = BLANK
    checkpoints = 0
    for image in states(1000):
        writes = journal.commit(image)
        if len(writes) == 2:
            checkpoints += 1
        if checkpoints == 3:
            break
        for write in writes:
            disk.apply(write)
        journal.committed()
        before = image
    seen = set()
    for _ in cuts(disk, writes, 7):
        found = Journal(decide, disk).image
        assert found in (before, image)
        seen.add(found)
    assert seen == {before, image}


@settings(max_examples=150)
@given(data=st.data())
def test_sectors_of_a_write_arrive_in_any_order_or_not(decide: Decide, data: st.DataObject) -> None:
    """And what did not arrive may be garbage; then life goes on from what was found, several times."""
    disk = Disk(decide)
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))
    image = BLANK
    journal = Journal(decide, disk)
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(chance.choice([0, 1, 3, 70])):
            image = changed(image, chance.getrandbits(32))
            save(journal, disk, image)
        new = changed(image, chance.getrandbits(32), most=chance.choice([8, 600, 4096]))
        writes = journal.commit(new)
        for file, offset, content in writes[: chance.randint(0, len(writes))]:
            for sector in range(0, len(content), 512):
                kind = chance.random()
                if kind < 0.5:
                    disk.apply((file, offset + sector, content[sector : sector + 512]))
                elif kind < 0.6:
                    disk.apply((file, offset + sector, chance.randbytes(512)))
            if chance.random() < 0.5:
                break  # nothing is written after a step that was not flushed
            disk.apply((file, offset, content))
        journal = Journal(decide, disk)
        assert journal.image in (image, new)
        image = journal.image


def test_after_a_failed_write_the_other_file_is_used(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    images = list(states(5))
    for image in images[:3]:
        save(journal, disk, image)
    file, offset, data = journal.commit(images[3])[0]
    disk.apply((file, offset, data[:30]))
    journal.failed()
    assert journal.image == images[2]
    assert Journal(decide, disk).image == images[2]
    used = journal.c.File
    writes = save(journal, disk, images[4])
    assert [write[0] for write in writes] == [1 - used] * 2
    assert Journal(decide, disk).image == images[4]


def test_an_image_of_another_size_is_told_and_outlived(decide: Decide) -> None:
    disk = Disk(decide, 2 * IMAGE)
    for image in states(3):
        save(small := Journal(decide, disk), disk, image)
    large = Journal(decide, disk, 2 * IMAGE)
    assert (large.status, large.image) == (decide.RETURN_BAD_BUFFER_SIZE, b"\xff" * 2 * IMAGE)
    assert large.c.Generation == small.c.Generation
    wanted = changed(b"\xff" * 2 * IMAGE, 1)
    save(large, disk, wanted)
    assert Journal(decide, disk, 2 * IMAGE).image == wanted
    assert Journal(decide, disk).status == decide.RETURN_BAD_BUFFER_SIZE


def test_large_change_takes_several_blocks(decide: Decide) -> None:
    disk = Disk(decide, 16 * IMAGE)
    journal = Journal(decide, disk, 16 * IMAGE)
    for seed in range(40):
        image = random.Random(seed).randbytes(16 * IMAGE)
        save(journal, disk, image)
        assert Journal(decide, disk, 16 * IMAGE).image == image


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_file_is_survived(decide: Decide, missing: int) -> None:
    disk = Disk(decide)
    history = list(states(90))
    journal = Journal(decide, disk)
    for image in history:
        save(journal, disk, image)
    disk.files[missing][:] = bytes(disk.size)
    found = Journal(decide, disk).image
    assert (found == history[-1]) == (journal.c.File != missing)
    assert found in history


def _record(sequence: int, generation: int, payload: bytes) -> bytes:
    rest = struct.pack("<IIQ", 24 + len(payload), sequence, generation) + payload
    return struct.pack("<II", int.from_bytes(b"MRMJ", "little"), zlib.crc32(rest)) + rest


@pytest.mark.parametrize(
    "payload",
    [
        b"\0" * 7,
        struct.pack("<II", 0, 0),
        struct.pack("<II", IMAGE, 1) + b"x",
        struct.pack("<II", IMAGE - 1, 2) + b"xy",
        struct.pack("<II", 0xFFFFFFFF, 2) + b"xy",
        struct.pack("<II", 0, 0xFFFFFFFF) + b"xy",
        struct.pack("<II", 0, 3) + b"xy",
        struct.pack("<II", 0, 1) + b"x" + struct.pack("<II", IMAGE, 1) + b"x",
    ],
)
def test_sealed_nonsense_changes_nothing(decide: Decide, payload: bytes) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    save(journal, disk, changed(BLANK, 1))
    disk.apply((journal.c.File, journal.c.Next, _record(1, 1, payload)))
    again = Journal(decide, disk)
    assert (again.image, again.c.Sequence) == (changed(BLANK, 1), 1)


def test_a_record_of_ours_is_what_the_header_says(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    save(journal, disk, BLANK[:-1] + b"\0")
    image = b"ab" + BLANK[2:-1] + b"\0"
    ((file, offset, data),) = journal.commit(image)
    assert (file, offset) == (0, 2 * decide.MRM_JOURNAL_BLOCK)
    expected = _record(1, 1, struct.pack("<II", 0, 2) + b"ab")
    assert data == expected.ljust(decide.MRM_JOURNAL_BLOCK, b"\0")


@settings(max_examples=300)
@given(data=st.data())
def test_any_contents_are_survived(decide: Decide, data: st.DataObject) -> None:
    """Damaged files, of any size: nothing outside them is read, and what is found can be committed to."""
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))
    disk = Disk(decide)
    journal = Journal(decide, disk)
    for image in states(chance.choice([0, 1, 5, 70])):
        save(journal, disk, image)
    for _ in range(data.draw(st.integers(0, 6))):
        file = chance.randrange(2)
        place = chance.choice([0, 4096, 8192, 8192 + 4096 * chance.randrange(64)]) + chance.randrange(32)
        noise = chance.randbytes(chance.randint(1, 8))
        disk.files[file][place : place + len(noise)] = noise[: disk.size - place]
    sizes = [data.draw(st.integers(0, disk.size)) if chance.random() < 0.3 else disk.size for _ in range(2)]
    shorter: list[Any] = [
        Guarded(decide.ffi, bytes(file[:size])) for file, size in zip(disk.files, sizes, strict=True)
    ]
    victim = Journal(decide, disk)
    pointers = [decide.ffi.cast("UINT8 *", memory.pointer) for memory in shorter]
    if data.draw(st.booleans()):
        pointers[chance.randrange(2)] = decide.ffi.NULL
    decide.call(
        "MrmJournalOpen", victim.c, decide.ffi.new("UINT8 *[2]", pointers), decide.ffi.new("UINTN[2]", sizes)
    )
    new = changed(victim.image, 99)
    for file, offset, content in victim.commit(new):
        assert offset + len(content) <= disk.size
        disk.apply((file, offset, content))
    victim.committed()
    assert victim.image == new


def test_records_behind_a_damaged_one_never_come_back(decide: Decide) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    history = list(states(4))
    for image in history:
        save(journal, disk, image)
    block = decide.MRM_JOURNAL_BLOCK
    disk.files[0][3 * block + 30 : 3 * block + 34] = b"rots"  # the second of three
    found = Journal(decide, disk)
    assert found.image == history[1]
    wanted = changed(history[1], 77)
    assert [write[0] for write in save(found, disk, wanted)] == [1, 1]
    assert Journal(decide, disk).image == wanted


@pytest.mark.parametrize("lost", [(1,), (0, 1)])
def test_records_of_a_lost_checkpoint_never_come_back(decide: Decide, lost: tuple[int, ...]) -> None:
    disk = Disk(decide)
    journal = Journal(decide, disk)
    for image in states(80):  # the second file has the newer checkpoint, and records
        save(journal, disk, image)
    assert journal.c.File == 1 and journal.c.Sequence > 2
    for file in lost:
        disk.files[file][0:8] = bytes(8)
    found = Journal(decide, disk)
    for seed in range(3):
        wanted = changed(found.image, 200 + seed)
        save(found, disk, wanted)
        assert Journal(decide, disk).image == wanted
