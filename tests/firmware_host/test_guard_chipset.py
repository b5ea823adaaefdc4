# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the guard answers to the owner of the chipset: ports that it reaches, functions that CF8 leads to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import RAX, RCX, RDI, RIP, RSI, Cpu
from tests.firmware_host.memory import Guarded
from tests.firmware_host.test_guard_maps import io_map
from tests.firmware_host.test_guard_memory import DATA, PAGE, READ, UNCACHED, Range, Tables

ECAM = 0xB0000000
PM1 = (0x604, 0x700)
CLOSED = {
    *(0x64, 0x92, 0xB2, 0xB3),
    *range(0x510, 0x51C),
    *range(0xCD8, 0xCE4),
    *range(0xCF8, 0xD00),
}


def place(bus: int, device: int, function: int) -> int:
    """Where the configuration space of a function is."""
    return ECAM + (bus << 20) + (device << 15) + (function << 12)


OWN, READ_ONLY, FOREIGN = place(0, 5, 0), place(0, 6, 1), place(0, 4, 0)
ONES = 0x77000000


@pytest.fixture
def tables(decide: Decide) -> Tables:
    """The owner reaches one function, reads another, and sees all ones where a third is."""
    reached = [
        Range(FOREIGN, PAGE, ONES, READ, repeat=True),
        Range(OWN, PAGE, OWN, DATA, UNCACHED),
        Range(READ_ONLY, PAGE, READ_ONLY, READ, UNCACHED),
    ]
    return Tables(decide, reached)


def select(address: int, register: int = 0) -> int:
    """What CF8 holds for a register of the function there."""
    return 1 << 31 | (address - ECAM) >> 4 | register


@given(
    port=st.sampled_from(sorted(CLOSED | {0x604, 0x3F8})),
    width=st.sampled_from((1, 2, 4)),
    count=st.integers(0, 2**64 - 1),
    begin=st.integers(0, 2**64 - 1),
    write=st.booleans(),
    repeat=st.booleans(),
    down=st.booleans(),
)
def test_a_string_instruction_moves_nothing(
    decide: Decide, port: int, width: int, count: int, begin: int, write: bool, repeat: bool, down: bool
) -> None:
    """Not to a port that resets the PC, either."""
    cpu = Cpu(decide, {RCX: count, RSI: begin, RDI: begin}, pm1=PM1)
    cpu.state.Rflags = 0x400 if down else 0
    told = {"Port": port, "Width": width, "String": True, "Repeat": repeat, "Write": write}
    answer = cpu.exit(b"", Kind=decide.MrmExitIo, NextRip=RIP + 2, **told)
    assert (answer.Action, answer.Denied, cpu.state.Rip) == (decide.MrmGuardResume, 1, RIP + 2)
    moved = (count if repeat else 1) * width * (-1 if down else 1)
    source, target = (begin + moved, begin) if write else (begin, begin + moved)
    registers = cpu.state.General
    assert (registers[RSI], registers[RDI]) == (source % 2**64, target % 2**64)
    assert registers[RCX] == (0 if repeat else count)


def test_configuration_space_is_what_memory_leads_to(decide: Decide, tables: Tables) -> None:
    cpu = Cpu(decide, tables=tables.native, pm1=PM1)
    cpu.out(0xCF8, select(OWN, 0x3C), 4)
    answer = cpu.exit(Kind=decide.MrmExitIo, Port=0xCFC, Width=4, NextRip=RIP + 1)
    assert (answer.Action, answer.Address) == (decide.MrmGuardReadConfig, OWN + 0x3C)
    answer = cpu.out(0xCFE, 0x1234, 2)
    assert (answer.Action, answer.Address, answer.Value) == (decide.MrmGuardWriteConfig, OWN + 0x3E, 0x1234)
    cpu.out(0xCF8, select(FOREIGN), 4)
    assert cpu.inp(0xCFC, 4) == 0xFFFFFFFF
    assert cpu.out(0xCFC, 0, 4).Denied and cpu.answer.Action == decide.MrmGuardResume
    cpu.out(0xCF8, select(place(7, 0, 0)), 4)
    assert cpu.inp(0xCFC, 4) == 0xFFFFFFFF
    cpu.out(0xCF8, select(READ_ONLY), 4)
    answer = cpu.exit(Kind=decide.MrmExitIo, Port=0xCFC, Width=1, NextRip=RIP + 1)
    assert (answer.Action, answer.Address) == (decide.MrmGuardReadConfig, READ_ONLY)
    assert cpu.out(0xCFC, 0, 1).Denied


@pytest.mark.parametrize("value", range(256))
def test_commands_to_the_keyboards_controller(decide: Decide, value: int) -> None:
    cpu = Cpu(decide, pm1=PM1)
    answer = cpu.out(0x64, value)
    if value >= 0xF0 and not value & 1:
        assert answer.Action == decide.MrmGuardEnd
    elif value >= 0xF0 or value == 0xD1:
        assert answer.Action == decide.MrmGuardResume and answer.Denied
    else:
        told = (answer.Action, answer.Address, answer.Value & 0xFF, answer.Width, answer.Denied)
        assert told == (decide.MrmGuardWritePort, 0x64, value, 1, False)
        assert cpu.state.Rip == RIP + 2


@pytest.mark.parametrize(("port", "width"), [(0x64, 1), (0x604, 1), (0x604, 2), (0x700, 2)])
def test_registers_that_are_read_through_the_guard(decide: Decide, port: int, width: int) -> None:
    answer = Cpu(decide, pm1=PM1).exit(Kind=decide.MrmExitIo, Port=port, Width=width, NextRip=RIP + 1)
    assert (answer.Action, answer.Address, answer.Width) == (decide.MrmGuardReadPort, port, width)
    # Somebody else has none of it.
    other = Cpu(decide).exit(Kind=decide.MrmExitIo, Port=port, Width=width, NextRip=RIP + 1)
    assert other.Action == decide.MrmGuardResume


@pytest.mark.parametrize(("port", "value", "width"), [(0x604, 0x2001, 2), (0x605, 0x34, 1), (0x700, 1, 2)])
def test_the_pc_is_not_switched_off(decide: Decide, port: int, value: int, width: int) -> None:
    answer = Cpu(decide, pm1=PM1).out(port, value, width)
    assert answer.Action == decide.MrmGuardResume and answer.Denied


@pytest.mark.parametrize(("port", "value", "width"), [(0xCF9, 0x0E, 1), (0x92, 1, 1), (0x64, 0xFE, 1)])
def test_a_reset_of_the_pc_ends_the_partition(decide: Decide, port: int, value: int, width: int) -> None:
    answer = Cpu(decide, pm1=PM1).out(port, value, width)
    assert (answer.Action, answer.Reason) == (decide.MrmGuardEnd, decide.MrmReasonResetPort)


@given(
    port=st.integers(0, 0xFFFF),
    width=st.sampled_from((1, 2, 4)),
    value=st.integers(0, 0xFFFFFFFF),
    write=st.booleans(),
)
def test_nothing_else_is_let_through(decide: Decide, port: int, width: int, value: int, write: bool) -> None:
    cpu = Cpu(decide, pm1=PM1)
    cpu.state.General[RAX] = value
    answer = cpu.exit(Kind=decide.MrmExitIo, Port=port, Width=width, Write=write, NextRip=RIP + 1)
    if answer.Action == decide.MrmGuardReadPort:
        assert answer.Address == port and (port, width) in {(0x64, 1), *((p, w) for p in PM1 for w in (1, 2))}
    elif answer.Action == decide.MrmGuardWritePort:
        assert (port, width) == (0x64, 1) and value & 0xFF < 0xF0 and value & 0xFF != 0xD1
    else:
        assert answer.Action in (decide.MrmGuardResume, decide.MrmGuardEnd)


def closed(bits: bytes) -> set[int]:
    """The ports that end in an exit."""
    return {port for port in range(0x10000) if bits[port // 8] >> port % 8 & 1}


@settings(max_examples=20)
@given(extra=st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)), max_size=5))
def test_ports_that_end_in_an_exit(decide: Decide, extra: list[tuple[int, int]]) -> None:
    room = Guarded(decide.ffi, io_map(decide, [(0, 0xFFFF)]))
    count = decide.ffi.new("UINTN *")
    decide.call("MrmGuardClosePorts", decide.call("MrmGuardChipsetPorts", count), count[0], room.pointer)
    assert closed(room.contents()) == CLOSED
    more = Guarded.array(decide.ffi, "MRM_GUARD_PORTS", extra)
    decide.call("MrmGuardClosePorts", more.pointer, len(extra), room.pointer)
    wanted = {port for first, last in extra for port in range(first, last + 1)}
    assert closed(room.contents()) == CLOSED | wanted
    # Behind the last port nothing was opened.
    assert set(room.contents()[0x2000:]) == {0xFF}
