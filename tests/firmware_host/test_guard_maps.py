# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Permission maps of guarded partitions: what is open is what was named, bit by bit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

READ, WRITE = 1, 2
PARTS = (0, 0xC0000000, 0xC0010000)
ports = st.integers(0, 0xFFFF)


def io_map(decide: Decide, opened: list[tuple[int, int]]) -> bytes:
    memory = Guarded.array(decide.ffi, "MRM_GUARD_PORTS", opened)
    room = Guarded(decide.ffi, b"\xa5" * decide.MRM_GUARD_IO_MAP_SIZE)
    decide.call("MrmGuardBuildIoMap", memory.pointer, len(opened), room.pointer)
    return room.contents()


def msr_map(decide: Decide, opened: list[tuple[int, int, int]]) -> tuple[int, bytes]:
    memory = Guarded.array(decide.ffi, "MRM_GUARD_MSRS", opened)
    room = Guarded(decide.ffi, b"\xa5" * decide.MRM_GUARD_MSR_MAP_SIZE)
    status = decide.call("MrmGuardBuildMsrMap", memory.pointer, len(opened), room.pointer)
    return status, room.contents()


def open_msrs(bits: bytes) -> tuple[set[int], set[int]]:
    """The registers that a map lets a partition read, and write (APM 15.11)."""
    found: tuple[set[int], set[int]] = set(), set()
    for part, first in enumerate(PARTS):
        for number in range(0x2000):
            pair = bits[part * 0x800 + number // 4] >> (number % 4 * 2)
            for index, registers in enumerate(found):
                if not pair >> index & 1:
                    registers.add(first + number)
    return found


@settings(max_examples=30)
@given(opened=st.lists(st.tuples(ports, ports), max_size=5))
def test_exactly_these_ports_are_open(decide: Decide, opened: list[tuple[int, int]]) -> None:
    bits = io_map(decide, opened)
    found = {port for port in range(len(bits) * 8) if not bits[port // 8] >> port % 8 & 1}
    assert found == {port for first, last in opened for port in range(first, last + 1)}


@st.composite
def registers(draw: st.DrawFn) -> tuple[int, int, int]:
    part = draw(st.sampled_from(PARTS))
    first, last = sorted(draw(st.tuples(st.integers(0, 0x1FFF), st.integers(0, 0x1FFF))))
    return part + first, part + last, draw(st.integers(0, 3))


@settings(max_examples=30)
@given(opened=st.lists(registers(), max_size=4))
def test_exactly_these_registers_are_open(decide: Decide, opened: list[tuple[int, int, int]]) -> None:
    status, bits = msr_map(decide, opened)
    assert status == decide.RETURN_SUCCESS
    for bit, found in zip((READ, WRITE), open_msrs(bits), strict=True):
        assert found == {n for first, last, access in opened if access & bit for n in range(first, last + 1)}
    assert bits[0x1800:] == b"\xff" * 0x800


@pytest.mark.parametrize(
    "element",
    [(0x2000, 0x2000, 3), (0x1FFF, 0x2000, 3), (5, 4, 3), (0, 0xC0000000, 3), (0xBFFFFFFF, 0xC0000000, 1)],
)
def test_registers_that_no_map_has(decide: Decide, element: tuple[int, int, int]) -> None:
    assert msr_map(decide, [element])[0] == decide.RETURN_INVALID_PARAMETER


def test_what_every_partition_may_write(decide: Decide) -> None:
    count = decide.ffi.new("UINTN *")
    opened = decide.call("MrmGuardOpenMsrs", count)
    status, bits = msr_map(decide, [(m.First, m.Last, m.Access) for m in opened[0 : count[0]]])
    assert status == decide.RETURN_SUCCESS
    _, written = open_msrs(bits)
    # What Linux writes all the time, and a partition has for itself.
    assert {0xC0000100, 0xC0000101, 0xC0000102, 0xC0000103, 0x6E0, 0x80B, 0x48} <= written
    closed = {
        0x1B: "APIC_BASE",
        0x79: "microcode",
        0x10: "TSC",
        0x200: "MTRR",
        0x2FF: "MTRR_DEF_TYPE",
        0x17A: "MCG_STATUS",
        0x401: "MC0_STATUS",
        0x830: "ICR of the x2APIC",
        0xC0000080: "EFER",
        0xC0010010: "SYSCFG",
        0xC0010015: "HWCR",
        0xC001001D: "TOP_MEM2",
        0xC0010020: "microcode",
        0xC0010111: "SMM_BASE",
        0xC0010114: "VM_CR",
        0xC0010117: "VM_HSAVE_PA",
        0xC90: "cache allocation",
    }
    assert {name for number, name in closed.items() if number in written} == set()


def test_what_a_contained_partition_may_not_write(decide: Decide) -> None:
    count = decide.ffi.new("UINTN *")
    opened = decide.call("MrmGuardOpenMsrs", count)
    _, bits = msr_map(decide, [(m.First, m.Last, m.Access) for m in opened[0 : count[0]]])
    room = Guarded(decide.ffi, bits)
    decide.call("MrmGuardConfineMsrs", room.pointer)
    (read, written), (read_before, written_before) = open_msrs(room.contents()), open_msrs(bits)
    assert read == read_before and written <= written_before
    # End of interrupt, the timer and its vector, an interrupt to itself: what systems write all the time.
    assert {0x80B, 0x808, 0x832, 0x838, 0x83E, 0x83F, 0x6E0} <= written
    lost = {0x82F, *range(0x833, 0x838), *range(0x840, 0x900)}
    assert written_before - written == lost
