# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPartitionLib: variable stores, command lines, waking the controller."""

import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

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


@pytest.mark.parametrize(
    ("kind", "magic", "line", "there"),
    [
        (0x21, b"HdrS", 0x1000, True),
        (0x72, b"HdrS", 0x1000, False),  # GRUB's: it may go on to another place with the command line
        (0x21, b"HdrT", 0x1000, False),
        (0x21, b"HdrS", 0, False),
    ],
)
def test_boot_params_that_a_kernel_s_own_stub_has_filled_in(
    decide: Decide, kind: int, magic: bytes, line: int, there: bool
) -> None:
    page = bytearray(decide.MRM_LINUX_BOOT_PARAMS)
    page[0x1FE:0x200], page[0x202:0x206], page[0x210] = b"\x55\xaa", magic, kind
    page[0x228:0x22C] = struct.pack("<I", line)
    memory = Guarded(decide.ffi, bytes(page))
    assert bool(decide.call("MrmIsStubBootParams", decide.ffi.cast("UINT8 *", memory.pointer))) is there


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
