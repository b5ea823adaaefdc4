# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPartitionLib: rings, the controller's variables, variable stores, command lines."""

import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

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
            "MrmControlGet",
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
        status = self.decide.call("MrmControlNext", self.c, self.size, needed, size, buffer)
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
                "MrmControlRequest",
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
    assert decide.call("MrmControlRequest", *arguments, 0, decide.ffi.NULL) == decide.RETURN_SUCCESS
    assert decide.call("MrmControlRequest", *arguments, 1, decide.ffi.NULL) == decide.RETURN_INVALID_PARAMETER


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


STORE = 0x400
SIGNATURE = struct.pack("<IHH8B", 0xAAF32C78, 0x947B, 0x439A, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92)


def _variable(name: bytes = b"A\0\0\0", data: bytes = b"value", **sizes: int) -> bytes:
    """A variable as EDK2 lays it out: AUTHENTICATED_VARIABLE_HEADER, name, data, padding."""
    name_size, data_size = sizes.get("name_size", len(name)), sizes.get("data_size", len(data))
    header = struct.pack("<HBBIQ16sIII16s", 0x55AA, 0x3F, 0, 7, 0, b"", 0, name_size, data_size, b"")
    whole = header + name + data
    return whole + b"\xff" * (-len(whole) % 4)


def _store(*variables: bytes, size: int = STORE, healthy: int = 0xFE) -> bytes:
    header = SIGNATURE + struct.pack("<IBBHI", size, 0x5A, healthy, 0, 0)
    return (header + b"".join(variables)).ljust(STORE, b"\xff")


def _sound(decide: Decide, store: bytes) -> bool:
    memory = Guarded(decide.ffi, store)
    return bool(decide.call("MrmVariableStoreIsSound", memory.pointer, memory.size))


@pytest.mark.parametrize("store", [b"\xff" * STORE, _store(), _store(_variable(), _variable(b"Bo\0\0", b""))])
def test_sound_stores(decide: Decide, store: bytes) -> None:
    assert _sound(decide, store)


@pytest.mark.parametrize(
    "store",
    [
        bytes(STORE),
        _store(size=STORE - 4),
        _store(healthy=0),
        _store(_variable(name_size=1 << 31)),
        _store(_variable(name_size=3)),
        _store(_variable(name_size=0)),
        _store(_variable(data_size=(1 << 32) - 8)),
        _store(_variable(), b"\xff\xff\xff\xffleft over"),
        b"\xff" * 8,
    ],
)
def test_unsound_stores(decide: Decide, store: bytes) -> None:
    assert not _sound(decide, store)


@given(st.binary(max_size=STORE - 28))
@example(_variable(name_size=STORE - 28 - 60))
def test_any_store_is_judged_within_its_bounds(decide: Decide, contents: bytes) -> None:
    _sound(decide, _store(contents))


COMMAND_LINE = (
    b"BOOT_IMAGE=/vmlinuz root=/dev/nvme0n1p2 ro\tno_ipi_broadcast=1 pci=noearly,nomsi quiet\0behind"
)


@pytest.mark.parametrize(
    ("word", "there"),
    [
        (b"BOOT_IMAGE=/vmlinuz", True),
        (b"no_ipi_broadcast=1", True),
        (b"quiet", True),
        (b"pci=noearly", True),
        (b"pci=noe", False),
        (b"no_ipi_broadcast", False),
        (b"ro", True),
        (b"o", False),
        (b"behind", False),
    ],
)
def test_words_of_a_command_line(decide: Decide, word: bytes, there: bool) -> None:
    text = Guarded(decide.ffi, COMMAND_LINE)
    pointer = decide.ffi.cast("CHAR8 *", text.pointer)
    assert bool(decide.call("MrmHasWord", pointer, text.size, word, len(word))) is there


def test_command_line_without_end_is_read_within_its_room(decide: Decide) -> None:
    text = Guarded(decide.ffi, b"ro quiet")
    pointer = decide.ffi.cast("CHAR8 *", text.pointer)
    assert decide.call("MrmHasWord", pointer, text.size, b"quiet", 5)
    assert not decide.call("MrmHasWord", pointer, text.size, b"quie", 4)


@given(st.lists(st.text("ab=", min_size=1)))
def test_words_one_by_one(decide: Decide, words: list[str]) -> None:
    text = decide.ffi.new("CHAR8[]", (" " + " \t".join(words) + "\n").encode())
    length, found = decide.ffi.new("UINTN *"), []
    place: Any = text
    while (place := decide.call("MrmNextWord", place, length)) != decide.ffi.NULL:
        found.append(decide.ffi.buffer(place, length[0])[:].decode())
        place += length[0]
    assert found == words


@pytest.mark.parametrize(
    ("text", "there"),
    [(b"BOOT_IMAGE=/vmlinuz", True), (b"BOOT_IMAGE=\0/vmlinuz", False), (b"BOOT_ENTRY=/vmlinuz", False)],
)
def test_command_line_of_grub(decide: Decide, text: bytes, there: bool) -> None:
    memory = Guarded(decide.ffi, text[:12])
    assert bool(decide.call("MrmIsGrubCommandLine", decide.ffi.cast("UINT8 *", memory.pointer))) is there


@pytest.mark.parametrize(
    "marks",
    [
        {0x1FE: b"\x55\xaa", 0x202: b"HdrS"},
        {0x1F2: b"\x01\0", 0x1FA: b"\xff\xff", 0x210: b"\x21", 0x22C: b"\xff\xff\xff\x7f"},
    ],
    ids=["copied from the kernel's header", "Linux 6.8 and later"],
)
def test_boot_params(decide: Decide, marks: dict[int, bytes]) -> None:
    page = bytearray(decide.MRM_LINUX_BOOT_PARAMS)
    for place, mark in {**marks, 0x228: struct.pack("<I", 0x12345678), 0x0C8: b"\x01"}.items():
        page[place : place + len(mark)] = mark
    memory = Guarded(decide.ffi, bytes(page))
    pointer = decide.ffi.cast("UINT8 *", memory.pointer)
    assert decide.call("MrmLinuxCommandLine", pointer) == 0x112345678
    for place in marks:
        other = page.copy()
        other[place] ^= 0x80
        memory = Guarded(decide.ffi, bytes(other))
        assert decide.call("MrmLinuxCommandLine", decide.ffi.cast("UINT8 *", memory.pointer)) == 0


APIC = 0xFEE00000
ENABLED, X2APIC, BSP = 0x800, 0x400, 0x100


@pytest.mark.parametrize(
    ("base", "registers", "apic_id", "vector", "way"),
    [
        (APIC | ENABLED, APIC, 0, 0xEF, "MrmWakeByRegisters"),
        (APIC | ENABLED | BSP, APIC, 0xFE, 0x30, "MrmWakeByRegisters"),
        (APIC | ENABLED, APIC, 0xFF, 0xEF, "MrmWakeNone"),  # would be everybody
        (APIC | ENABLED, 0, 0, 0xEF, "MrmWakeNone"),  # the OS does not map them
        (APIC + 0x1000 | ENABLED, APIC, 0, 0xEF, "MrmWakeNone"),  # the OS has moved them
        (1 << 45 | APIC | ENABLED, APIC, 0, 0xEF, "MrmWakeNone"),
        (APIC, APIC, 0, 0xEF, "MrmWakeNone"),
        (APIC | X2APIC, APIC, 0, 0xEF, "MrmWakeNone"),  # cannot be, and would fault
        (APIC | ENABLED | X2APIC, 0, 0, 0xEF, "MrmWakeByMsr"),
        (APIC | ENABLED | X2APIC | BSP, APIC, 0x12345, 0xEF, "MrmWakeByMsr"),
        (APIC | ENABLED | X2APIC, APIC, 0xFFFFFFFF, 0xEF, "MrmWakeNone"),
        (APIC | ENABLED | X2APIC, APIC, 0, 0, "MrmWakeNone"),
        (APIC | ENABLED, APIC, 0, 0, "MrmWakeNone"),
    ],
)
def test_how_the_controller_is_woken(
    decide: Decide, base: int, registers: int, apic_id: int, vector: int, way: str
) -> None:
    """In whichever mode an OS has left the local APIC of the processor that calls."""
    assert decide.call("MrmWakeWay", base, registers, apic_id, vector) == getattr(decide, way)
