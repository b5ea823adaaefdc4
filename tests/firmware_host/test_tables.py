# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What tables of the PC's firmware say (MrmMachineLib)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.acpi_facts import table
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

FADT_SIZE = 276
"""Of ACPI 6.5."""

PM1A_EVENTS, PM_TIMER, PM1_LENGTH, PM_TIMER_LENGTH, FLAGS = 56, 76, 88, 91, 112
X_PM_TIMER = 208
TIMER_32_BIT, NO_FIXED_BUTTON, HARDWARE_REDUCED = 1 << 8, 1 << 4, 1 << 20


def fadt(values: dict[int, tuple[str, int]], size: int = FADT_SIZE) -> bytes:
    """Return a FADT cut to a size; values by offset, each with its format."""
    contents = bytearray(table(b"FACP", bytes(FADT_SIZE - 36), 6))
    for offset, (kind, value) in values.items():
        struct.pack_into(kind, contents, offset, value)
    struct.pack_into("<I", contents, 4, size)
    return bytes(contents[:size])


def timer(decide: Decide, contents: bytes | None) -> tuple[int, bool]:
    """Return port and width of the PM timer."""
    found = decide.ffi.new("MRM_PM_TIMER *", (1, 1))
    memory = None if contents is None else Guarded(decide.ffi, contents)
    decide.call("MrmFindPmTimer", memory.pointer if memory else decide.ffi.NULL, found)
    return found.Port, bool(found.Is32Bit)


def button(decide: Decide, contents: bytes | None) -> tuple[int, int]:
    """Return the ports of the power button."""
    found = decide.ffi.new("MRM_POWER_BUTTON *", (1, 1))
    memory = None if contents is None else Guarded(decide.ffi, contents)
    decide.call("MrmFindPowerButton", memory.pointer if memory else decide.ffi.NULL, found)
    return found.StatusPort, found.EnablePort


TIMER = {PM_TIMER: ("<I", 0x608), PM_TIMER_LENGTH: ("<B", 4)}
EXTENDED = {X_PM_TIMER: ("<B", 1), X_PM_TIMER + 4: ("<Q", 0x808)}
BUTTON = {PM1A_EVENTS: ("<I", 0x600), PM1_LENGTH: ("<B", 4)}


@pytest.mark.parametrize(
    ("values", "size", "expected"),
    [
        ({}, FADT_SIZE, (0, False)),
        (TIMER, FADT_SIZE, (0x608, False)),
        (TIMER | {FLAGS: ("<I", TIMER_32_BIT)}, FADT_SIZE, (0x608, True)),
        (TIMER | {PM_TIMER_LENGTH: ("<B", 0)}, FADT_SIZE, (0, False)),
        (TIMER | EXTENDED, FADT_SIZE, (0x808, False)),
        (TIMER | EXTENDED | {X_PM_TIMER: ("<B", 0)}, FADT_SIZE, (0x608, False)),
        (TIMER | EXTENDED | {X_PM_TIMER + 4: ("<Q", 0x10000)}, FADT_SIZE, (0, False)),
        (TIMER | EXTENDED, 116, (0x608, False)),
        (TIMER, 115, (0, False)),
    ],
)
def test_the_pm_timer(
    decide: Decide, values: dict[int, tuple[str, int]], size: int, expected: tuple[int, bool]
) -> None:
    assert timer(decide, fadt(values, size)) == expected


@pytest.mark.parametrize(
    ("values", "size", "expected"),
    [
        ({}, FADT_SIZE, (0, 0)),
        (BUTTON, FADT_SIZE, (0x600, 0x602)),
        (BUTTON | {PM1_LENGTH: ("<B", 8)}, FADT_SIZE, (0x600, 0x604)),
        (BUTTON | {PM1_LENGTH: ("<B", 2)}, FADT_SIZE, (0, 0)),
        (BUTTON | {FLAGS: ("<I", NO_FIXED_BUTTON)}, FADT_SIZE, (0, 0)),
        (BUTTON | {FLAGS: ("<I", HARDWARE_REDUCED)}, FADT_SIZE, (0, 0)),
        (BUTTON | {PM1A_EVENTS: ("<I", 0x10000)}, FADT_SIZE, (0, 0)),
        (BUTTON, 116, (0x600, 0x602)),
        (BUTTON, 115, (0, 0)),
    ],
)
def test_the_power_button(
    decide: Decide, values: dict[int, tuple[str, int]], size: int, expected: tuple[int, int]
) -> None:
    assert button(decide, fadt(values, size)) == expected


def test_without_a_table_there_is_nothing(decide: Decide) -> None:
    assert timer(decide, None) == (0, False)
    assert button(decide, None) == (0, 0)
    assert decide.call("MrmFindEcam", decide.ffi.NULL, 0, 0, 0) == 0


@given(size=st.integers(36, FADT_SIZE))
def test_nothing_is_read_beyond_a_table(decide: Decide, size: int) -> None:
    contents = fadt(TIMER | EXTENDED | BUTTON, size)
    assert timer(decide, contents)[0] in (0, 0x608, 0x808)
    assert button(decide, contents) in ((0, 0), (0x600, 0x602))


ENTRY = st.tuples(st.integers(1, 2**40), st.integers(0, 2), st.integers(0, 255), st.integers(0, 255))


@given(
    entries=st.lists(ENTRY, max_size=4),
    rest=st.integers(0, 15),
    segment=st.integers(0, 2),
    buses=st.tuples(st.integers(0, 255), st.integers(0, 255)).map(sorted),
)
def test_the_first_entry_that_covers_the_buses_counts(
    decide: Decide, entries: list[tuple[int, int, int, int]], rest: int, segment: int, buses: list[int]
) -> None:
    body = bytes(8) + b"".join(struct.pack("<QHBB4x", *entry) for entry in entries) + b"\xff" * rest
    memory = Guarded(decide.ffi, table(b"MCFG", body))
    covering = [
        base
        for base, number, first, last in entries
        if number == segment and first <= buses[0] and buses[1] <= last
    ]
    assert decide.call("MrmFindEcam", memory.pointer, segment, *buses) == (covering or [0])[0]


@given(entries=st.lists(ENTRY, max_size=4), rest=st.integers(0, 15))
def test_each_entry_has_its_configuration_space(
    decide: Decide, entries: list[tuple[int, int, int, int]], rest: int
) -> None:
    body = bytes(8) + b"".join(struct.pack("<QHBB4x", *entry) for entry in entries) + b"\xff" * rest
    memory = Guarded(decide.ffi, table(b"MCFG", body))
    space = decide.ffi.new("MRM_RANGE *")
    for number, (base, _, first, last) in enumerate(entries):
        found = decide.call("MrmEcamRange", memory.pointer, number, space)
        assert bool(found) == (first <= last)
        if found:
            assert (space.Base, space.Size) == (base + (first << 20), (last - first + 1) << 20)
    assert not decide.call("MrmEcamRange", memory.pointer, len(entries), space)


def io_port(base: int) -> bytes:
    """Return an I/O port descriptor (ACPI 6.5 section 6.4.2.5)."""
    return struct.pack("<BBHHBB", 0x47, 1, base, base + 8, 8, 8)


def fixed_port(base: int) -> bytes:
    """Return a fixed location I/O port descriptor (section 6.4.2.6)."""
    return struct.pack("<BHB", 0x4B, base, 8)


OTHERS = (b"\x22\xf8\x02", b"\x86\x09\x00\xf8\x02" + bytes(7), b"\x30")
"""IRQ, 32-bit fixed memory, start of dependent functions: the port's number in them is none."""


@given(
    resources=st.lists(
        st.one_of(
            st.sampled_from([0x2F8, 0x3F8]).map(lambda base: (base, io_port(base))),
            st.sampled_from([0x2F8, 0x3F8]).map(lambda base: (base, fixed_port(base))),
            st.sampled_from(OTHERS).map(lambda other: (0, other)),
        ),
        max_size=6,
    )
)
def test_the_ports_of_a_device(decide: Decide, resources: list[tuple[int, bytes]]) -> None:
    memory = Guarded(decide.ffi, b"".join(text for _, text in resources) + b"\x79")
    assert bool(decide.call("MrmUsesIoBase", memory.pointer, 0x2F8)) == (
        0x2F8 in [base for base, _ in resources]
    )
