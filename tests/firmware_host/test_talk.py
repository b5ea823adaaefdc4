# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmTalkLib: both ends of rings and of the control area, each by itself and both together."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

U32 = (1 << 32) - 1


class Ring:
    """A ring in memory that ends where it ends, with both ends of it."""

    def __init__(self, decide: Decide, room: int, begin: int = 0) -> None:
        self.decide = decide
        self.room = room
        self.memory = Guarded(decide.ffi, b"\xa5" * room)
        self.c = decide.ffi.cast("MRM_RING *", self.memory.pointer)
        self.size = decide.call("MrmRingBegin", self.c, room)
        self.reader = decide.ffi.new("MRM_RING_READER *", {"Read": begin})
        self.c.Written = begin

    def write(self, text: bytes) -> None:
        """What the partition firmware does."""
        self.decide.call("MrmRingWrite", self.c, self.room, text, len(text))

    def read(self) -> list[str]:
        """What the controller does."""
        lines = []
        while self.decide.call("MrmRingNextLine", self.reader, self.c, self.size):
            lines.append(self.decide.ffi.string(self.reader.Line).decode())
        return lines


def _printable(text: bytes) -> str:
    return "".join(chr(number) if 0x20 <= number <= 0x7E else "?" for number in text)


@pytest.mark.parametrize(
    ("room", "size"), [(12, 4), (16, 8), (20, 8), (4096, 2048), (4104, 4096), (4100, 2048)]
)
def test_a_ring_is_as_large_as_there_is_room_for(decide: Decide, room: int, size: int) -> None:
    ring = Ring(decide, room)
    assert (ring.size, ring.c.Size, ring.c.Written) == (size, size, 0)
    ring.write(b"x" * 5000)
    assert ring.c.Written == 5000


@given(
    pieces=st.lists(st.binary(max_size=200) | st.sampled_from([b"a line\n", b"\r\n", b"\n"])),
    size=st.sampled_from([16, 256, 1024]),
    begin=st.sampled_from([0, U32 - 100]),
)
def test_what_is_written_into_a_ring_is_read(
    decide: Decide, pieces: list[bytes], size: int, begin: int
) -> None:
    """What was overwritten is lost up to the next line feed; everything else arrives once, in order."""
    ring = Ring(decide, decide.ffi.sizeof("MRM_RING") + size, begin)
    line, skipping = b"", False
    for piece in pieces:
        ring.write(piece)
        if len(piece) > size:
            piece, line, skipping = piece[-size:], b"", True
        expected = []
        for byte in piece:
            if byte != ord("\n"):
                line += bytes([byte]) if byte != ord("\r") else b""
                continue
            if line and not skipping:
                expected.append(_printable(line)[: decide.MRM_LINE_SIZE - 1])
            line, skipping = b"", False
        assert ring.read() == expected


@given(read=st.integers(0, U32), written=st.integers(0, U32), data=st.binary(min_size=64, max_size=64))
def test_a_ring_that_lies_is_survived(decide: Decide, read: int, written: int, data: bytes) -> None:
    """The controller believes what it has made, whatever size the partition writes into the ring."""
    ring = Ring(decide, 72, read)
    decide.ffi.buffer(ring.c, 72)[:] = struct.pack("<II", written ^ read, written) + data
    assert all(line == _printable(line.encode()) for line in ring.read())
    assert ring.reader.Read == written


@given(st.lists(st.binary(max_size=40)), st.sampled_from([4, 8, 16]))
def test_ring_holds_the_end_of_the_text(decide: Decide, texts: list[bytes], size: int) -> None:
    header = decide.ffi.sizeof("MRM_RING")
    memory = Guarded(decide.ffi, struct.pack("<II", size, 0xFFFFFFF0) + bytes(size))
    ring = decide.ffi.cast("MRM_RING *", memory.pointer)
    for text in texts:
        decide.call("MrmRingWrite", ring, header + size, text, len(text))
    everything = b"".join(texts)
    written = (0xFFFFFFF0 + len(everything)) & 0xFFFFFFFF
    assert ring.Written == written
    kept = memory.contents()[header:]
    for back, byte in enumerate(reversed(everything[-size:]), 1):
        assert kept[(written - back) % size] == byte


@pytest.mark.parametrize(("size", "room"), [(0, 24), (12, 24), (32, 24), (16, 4)])
def test_ring_that_does_not_fit_is_left_alone(decide: Decide, size: int, room: int) -> None:
    memory = Guarded(decide.ffi, struct.pack("<II", size, 0) + bytes(16))
    before = memory.contents()
    decide.call("MrmRingWrite", decide.ffi.cast("MRM_RING *", memory.pointer), room, b"text", 4)
    assert memory.contents() == before


BOOT, RUNTIME = 2, 4
AREA = 0x1800
REQUEST = 0x1700
LARGEST = 0x40
Item = tuple[str, int, bytes, bool]  # name, attributes, data, writable

ITEMS: list[Item] = [
    ("Status", BOOT | RUNTIME, b"running\n", False),
    ("Secret", BOOT, b"x", False),
    ("Request", BOOT | RUNTIME, b"", True),
    ("Last", BOOT | RUNTIME, bytes(range(200)), False),
]


def _units(name: str) -> list[int]:
    return [ord(character) for character in name] + [0]


class Area:
    """A control area in memory that ends where it ends."""

    def __init__(self, decide: Decide, items: list[Item], size: int = AREA) -> None:
        self.decide = decide
        self.size = size
        self._memory = Guarded(decide.ffi, bytes(size))
        self.c = decide.ffi.cast("MRM_CONTROL_AREA *", self._memory.pointer)
        self.c.Count = len(items)
        self.c.RequestOffset = REQUEST
        offset = decide.ffi.sizeof("MRM_CONTROL_AREA")
        bytes_ = decide.ffi.buffer(self._memory.pointer, size)
        for slot, (name, attributes, data, writable) in zip(self.c.Items, items, strict=False):
            slot.Name[0 : len(name)] = _units(name)[:-1]
            slot.Attributes, slot.Offset, slot.Size = attributes, offset, len(data)
            slot.Writable = LARGEST if writable else 0
            bytes_[offset : offset + len(data)] = data
            offset += len(data)

    def get(self, name: str, room: int = 1000, needed: int = RUNTIME) -> tuple[int, bytes, int, int]:
        """Return status, data, size and attributes."""
        ffi = self.decide.ffi
        size, attributes = ffi.new("UINTN *", room), ffi.new("UINT32 *")
        data = Guarded(ffi, b"\xa5" * max(room, 1))
        status = self.decide.call(
            "MrmAreaGet",
            self.c,
            self.size,
            needed,
            ffi.new("CHAR16[]", _units(name)),
            attributes,
            size,
            data.pointer,
        )
        return status, data.contents()[: size[0]], size[0], attributes[0]

    def following(self, name: str, room: int = 64, needed: int = RUNTIME) -> tuple[int, str, int]:
        """Return status, next name and its size."""
        ffi = self.decide.ffi
        units = (_units(name) + [0] * room)[: room // 2]
        memory = Guarded(ffi, struct.pack(f"<{len(units)}H", *units))
        buffer = ffi.cast("CHAR16 *", memory.pointer)
        size = ffi.new("UINTN *", room)
        status = self.decide.call("MrmAreaNext", self.c, self.size, needed, size, buffer)
        text = "".join(map(chr, struct.unpack(f"<{len(units)}H", memory.contents())))
        return status, text.partition("\0")[0], size[0]

    def names(self, needed: int = RUNTIME) -> list[str]:
        """Enumerate as an OS does."""
        found = [""]
        while (step := self.following(found[-1], needed=needed))[0] == self.decide.RETURN_SUCCESS:
            if step[1] in found:
                return found[1:]  # two of one name, which only damage makes: an OS sees it, too
            found.append(step[1])
        assert step[0] == self.decide.RETURN_NOT_FOUND
        return found[1:]

    def request(self, name: str, data: bytes, attributes: int = BOOT | RUNTIME) -> int:
        """Write a variable."""
        ffi = self.decide.ffi
        memory = Guarded(ffi, data or b"\0")
        return int(
            self.decide.call(
                "MrmAreaRequest",
                self.c,
                self.size,
                RUNTIME,
                ffi.new("CHAR16[]", _units(name)),
                attributes,
                len(data),
                memory.pointer,
            )
        )


@pytest.fixture
def area(decide: Decide) -> Area:
    return Area(decide, ITEMS)


@pytest.mark.parametrize(("needed", "hidden"), [(BOOT, ("Request",)), (RUNTIME, ("Secret", "Request"))])
def test_items_are_enumerated_and_read(area: Area, needed: int, hidden: tuple[str, ...]) -> None:
    assert area.names(needed) == [name for name, *_ in ITEMS if name not in hidden]
    for name, attributes, data, _ in ITEMS:
        expected = (0, data, len(data), attributes)
        if name in hidden:
            assert area.get(name, needed=needed)[0] == area.decide.RETURN_NOT_FOUND
        else:
            assert area.get(name, needed=needed) == expected


def test_too_small_a_buffer_is_told_what_is_needed(area: Area) -> None:
    status, _, size, attributes = area.get("Last", room=199)
    assert (status, size, attributes) == (area.decide.RETURN_BUFFER_TOO_SMALL, 200, BOOT | RUNTIME)
    status, name, size = area.following("", room=12)
    assert (status, name, size) == (area.decide.RETURN_BUFFER_TOO_SMALL, "", 14)


def test_unknown_names(area: Area) -> None:
    assert area.get("Statu")[0] == area.get("Status2")[0] == area.decide.RETURN_NOT_FOUND
    assert area.following("Unknown")[0] == area.decide.RETURN_INVALID_PARAMETER
    assert area.following("Last")[0] == area.decide.RETURN_NOT_FOUND
    assert area.following("x" * 32)[0] == area.decide.RETURN_INVALID_PARAMETER  # no end


def _posted(area: Area) -> tuple[str, bytes, int, int]:
    """Return name, data, size and attributes of what is in the area for the controller."""
    ffi = area.decide.ffi
    held = min(area.c.RequestSize, LARGEST)
    data = ffi.buffer(ffi.cast("UINT8 *", area.c) + REQUEST, held)[:]
    name = "".join(map(chr, area.c.RequestName)).rstrip("\0")
    return name, data, area.c.RequestSize, area.c.RequestAttributes


def test_request(area: Area) -> None:
    decide = area.decide
    assert area.request("Request", b"restart realtime") == decide.RETURN_SUCCESS
    assert _posted(area) == ("Request", b"restart realtime", 16, BOOT | RUNTIME)
    largest = bytes(range(LARGEST))
    assert area.request("Request", largest) == decide.RETURN_SUCCESS
    assert _posted(area) == ("Request", largest, LARGEST, BOOT | RUNTIME)
    assert area.request("Status", b"x") == decide.RETURN_WRITE_PROTECTED
    assert area.request("New", b"x") == decide.RETURN_WRITE_PROTECTED
    for damaged in (0, decide.ffi.sizeof("MRM_CONTROL_AREA") - 1, AREA - LARGEST + 1, AREA + 1, 0xFFFFFFFF):
        area.c.RequestOffset = damaged
        assert area.request("Request", largest) == decide.RETURN_DEVICE_ERROR


@pytest.mark.parametrize("attributes", [0, BOOT, 1 | BOOT | RUNTIME, 0x40 | BOOT | RUNTIME, 0xFFFFFFFF])
@pytest.mark.parametrize("size", [0, 1, LARGEST, LARGEST + 1, 30000])
def test_a_request_of_any_length_and_attributes_reaches_the_controller(
    area: Area, size: int, attributes: int
) -> None:
    """Refused by the firmware, it would leave a file that Linux protects."""
    data = bytes(index % 251 for index in range(size))
    behind = area.decide.ffi.buffer(area.decide.ffi.cast("UINT8 *", area.c) + REQUEST + LARGEST, 64)
    behind[:] = b"\xa5" * 64
    assert area.request("Request", data, attributes) == area.decide.RETURN_SUCCESS
    assert _posted(area) == ("Request", data[:LARGEST], size, attributes)
    assert behind[:] == b"\xa5" * 64, "more was copied than there is room for"


def test_a_request_without_its_data(area: Area) -> None:
    decide = area.decide
    arguments = (area.c, area.size, RUNTIME, decide.ffi.new("CHAR16[]", _units("Request")), BOOT | RUNTIME)
    assert decide.call("MrmAreaRequest", *arguments, 0, decide.ffi.NULL) == decide.RETURN_SUCCESS
    assert decide.call("MrmAreaRequest", *arguments, 1, decide.ffi.NULL) == decide.RETURN_INVALID_PARAMETER


def test_a_controller_that_never_finishes(area: Area) -> None:
    area.c.Sequence = 1
    for status in (area.get("Status")[0], area.following("")[0], area.request("Request", b"x")):
        assert status == area.decide.RETURN_DEVICE_ERROR


@given(
    st.binary(min_size=76, max_size=400),
    st.integers(0, (1 << 32) - 1),
    st.integers(0, 3).map(lambda pages: 0x1000 - 0x400 * pages),
)
def test_whatever_is_in_the_area(decide: Decide, items: bytes, count: int, room: int) -> None:
    """Overwritten by the OS, it is read within its bounds, and each reading ends."""
    size = decide.ffi.sizeof("MRM_CONTROL_AREA") + room
    area = Area(decide, [], size - size % 8)
    area.c.Count = count
    decide.ffi.buffer(area.c.Items)[0 : len(items)] = items
    for name in area.names(needed=0):
        assert area.get(name, room=size, needed=0)[0] == decide.RETURN_SUCCESS
    area.request("Request", b"x")


@given(sizes=st.lists(st.integers(0, 9000), max_size=40))
def test_items_of_an_area_lie_apart_and_inside(decide: Decide, sizes: list[int]) -> None:
    memory = Guarded(decide.ffi, b"\xa5" * decide.MRM_CONTROL_SIZE)
    area = decide.ffi.cast("MRM_CONTROL_AREA *", memory.pointer)
    decide.call("MrmAreaBegin", area)
    end = decide.MRM_CONTROL_SIZE - decide.MRM_CONTROL_REQUEST_SIZE
    assert area.RequestOffset == end
    area.RequestOffset = 0
    assert memory.contents() == bytes(decide.MRM_CONTROL_SIZE)
    area.RequestOffset = end
    added = []
    for number, size in enumerate(sizes):
        data = bytes([number + 1]) * size
        name = decide.ffi.new("CHAR16[]", [ord("N"), ord("0") + number, 0])
        status = decide.call("MrmAreaAdd", area, name, data, size, 300 if size == 0 else 0)
        if status == decide.RETURN_SUCCESS:
            added.append((name, data))
        else:
            assert status == decide.RETURN_BUFFER_TOO_SMALL
            used = sum(-(-len(data) // 8) * 8 for _, data in added)
            full = decide.ffi.sizeof("MRM_CONTROL_AREA") + used + size > end - 8
            assert full or len(added) == decide.MRM_CONTROL_MAX_ITEMS
    assert area.Count == len(added)
    for item, (name, data) in zip(area.Items, added, strict=False):
        assert list(item.Name)[:3] == list(name)
        assert (item.Attributes, item.Size, item.Writable) == (6, len(data), 0 if data else 300)
        assert item.Offset % 8 == 0 and item.Offset >= decide.ffi.sizeof("MRM_CONTROL_AREA")
        assert memory.contents()[item.Offset : item.Offset + item.Size] == data


class Controller:
    """The controller's end of a control area, and the partition's memory with the other one."""

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self._own = Guarded(decide.ffi, b"\xa5" * decide.MRM_CONTROL_SIZE)
        self.own = decide.ffi.cast("MRM_CONTROL_AREA *", self._own.pointer)
        self.partition = Area(decide, [], decide.MRM_CONTROL_SIZE)

    def publish(self, items: dict[str, bytes], writable: dict[str, int]) -> None:
        """Show these variables to the partition, and let it write those."""
        ffi, call = self.decide.ffi, self.decide.call
        call("MrmAreaBegin", self.own)
        for name, size in writable.items():
            assert not call("MrmAreaAdd", self.own, ffi.new("CHAR16[]", _units(name)), ffi.NULL, 0, size)
        for name, data in items.items():
            assert not call("MrmAreaAdd", self.own, ffi.new("CHAR16[]", _units(name)), data, len(data), 0)
        call("MrmAreaPublish", self.partition.c, self.own)

    def take(self) -> tuple[str, bytes, int, int]:
        """Return name, data, size and attributes of what the partition's OS has written."""
        ffi = self.decide.ffi
        request = ffi.new("MRM_AREA_REQUEST *")
        memory = Guarded(ffi, b"\xa5" * self.decide.MRM_CONTROL_REQUEST_SIZE)
        data = ffi.cast("UINT8 *", memory.pointer)
        held = self.decide.call("MrmAreaTake", self.partition.c, request, data)
        name = "".join(map(chr, request.Name)).partition("\0")[0]
        return name, memory.contents()[:held], request.Size, request.Attributes


NAMES = st.text("abcXYZ", min_size=1, max_size=31)


@given(
    rounds=st.lists(st.dictionaries(NAMES, st.binary(min_size=1, max_size=3000), max_size=12), max_size=4),
    data=st.binary(max_size=5000),
    attributes=st.integers(0, U32),
    longest=st.integers(1, 4000),
)
def test_both_ends_of_the_control_area_talk(
    decide: Decide, rounds: list[dict[str, bytes]], data: bytes, attributes: int, longest: int
) -> None:
    """The partition sees what was published last, the controller what was written, cut to what it takes."""
    controller = Controller(decide)
    partition = controller.partition
    for number, items in enumerate(rounds, 1):
        controller.publish(items, {"Request": longest})
        assert partition.c.Sequence == 2 * number
        assert partition.names() == list(items)
        for name, value in items.items():
            assert partition.get(name, 4000) == (decide.RETURN_SUCCESS, value, len(value), BOOT | RUNTIME)
        assert partition.request("Request", data, attributes) == decide.RETURN_SUCCESS
        written = partition.c.RequestSize, partition.c.RequestAttributes
        controller.publish(items, {"Request": longest})
        assert (partition.c.RequestSize, partition.c.RequestAttributes) == written
        partition.c.Sequence = 2 * number
        name, held, size, told = controller.take()
        assert (name, size, told) == ("Request", len(data), attributes)
        assert held[:longest] == data[:longest]


@given(st.binary(min_size=64, max_size=64), st.integers(0, U32))
def test_a_request_that_lies_is_survived(decide: Decide, name: bytes, size: int) -> None:
    controller = Controller(decide)
    area = controller.partition.c
    decide.ffi.buffer(area.RequestName)[:] = name
    area.RequestSize = size
    found, held, told, _ = controller.take()
    assert len(found) < decide.MRM_CONTROL_NAME_SIZE and told == size
    assert len(held) == min(size, decide.MRM_CONTROL_REQUEST_SIZE)


def test_a_call_is_answered(decide: Decide) -> None:
    call = decide.ffi.new("MRM_CALL *", {"Sequence": 7, "Answered": 5, "AskedTsc": 99})
    decide.call("MrmCallAnswer", call, 6, decide.RETURN_DEVICE_ERROR)
    assert (call.Answered, call.Status) == (6, decide.RETURN_DEVICE_ERROR)
    assert (call.Sequence, call.AskedTsc) == (7, 99), "what the partition writes"
