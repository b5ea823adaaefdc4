# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The local APIC of a partition in guest mode: whom a command reaches, and what may be written."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import APIC, RAX, Cpu

FIXED, LOWEST, SMI, NMI, INIT, STARTUP = 0, 1, 2, 4, 5, 6
LOGICAL, ASSERT = 1 << 11, 1 << 14
SELF, ALL, OTHERS = 1 << 18, 2 << 18, 3 << 18
STORE = bytes.fromhex("8903")
ICR, ICR_HIGH, LDR, DFR = 0x300, 0x310, 0xD0, 0xE0
LOCAL = (0x2F0, *range(0x330, 0x380, 16))
WRITABLE = (0x80, 0xB0, LDR, DFR, 0xF0, 0x280, ICR_HIGH, 0x320, 0x380, 0x3E0, *LOCAL)
"""Registers that concern a processor's own interrupts only (SDM 3, table 11-1)."""
RESERVED = 0xFFF33000
"""Bits of a command that raise an exception in x2APIC mode."""


@dataclass(frozen=True)
class Machine:
    """Processors of a whole machine by the rules of SDM 3, 11.6: who takes a command that nobody judges."""

    x2apic: bool
    logical: dict[int, int]
    formats: dict[int, int]

    def named(self, apic_id: int, command: int, destination: int, sender: int) -> bool:
        shorthand = command & OTHERS
        if shorthand:
            return {SELF: apic_id == sender, ALL: True, OTHERS: apic_id != sender}[shorthand]
        if not command & LOGICAL:
            return destination in (apic_id, 0xFFFFFFFF if self.x2apic else 0xFF)
        if self.x2apic:
            own = (apic_id >> 4) << 16 | 1 << (apic_id & 15)
            return destination == 0xFFFFFFFF or (
                (own ^ destination) >> 16 == 0 and own & destination & 0xFFFF != 0
            )
        own = self.logical[apic_id] >> 24
        if self.formats[apic_id] >> 28 == 0xF:
            return own & destination != 0
        cluster = destination >> 4 == 15 or own >> 4 == destination >> 4
        return self.formats[apic_id] >> 28 == 0 and cluster and own & destination & 15 != 0


words = st.integers(0, 0xFFFFFFFF)
commands = st.builds(
    lambda vector, mode, more: vector | mode << 8 | more, st.integers(0, 255), st.integers(0, 7), words
)
formats = st.sampled_from((0xFFFFFFFF, 0x0FFFFFFF, 0x5FFFFFFF))


@st.composite
def partitions(draw: st.DrawFn) -> tuple[Cpu, Machine, int]:
    """A processor of a contained partition, the machine, and a destination that may well be one of it."""
    x2apic = draw(st.booleans())
    ids = draw(st.lists(st.integers(0, 600 if x2apic else 254), min_size=1, max_size=6, unique=True))
    logical = {apic_id: draw(words) for apic_id in ids}
    shapes = {apic_id: draw(formats) for apic_id in ids}
    boot = draw(st.integers(0, 600 if x2apic else 255).filter(lambda one: one not in ids))
    if x2apic:
        near = st.sampled_from(ids).map(lambda one: (one >> 4) << 16)
        some = st.builds(lambda cluster, bits: cluster | bits, near, st.integers(0, 0xFFFF))
        destination = draw(st.one_of(st.sampled_from((*ids, boot)), some, st.just(0xFFFFFFFF), words))
    else:
        destination = draw(st.one_of(st.sampled_from((*ids, boot)), st.just(0xFF), st.integers(0, 255)))
    cpu = Cpu(
        _DECIDE[0],
        wake=(boot, draw(st.sampled_from((0, 0xEF)))),
        apic_id=draw(st.sampled_from(ids)),
        apic_ids=tuple(ids),
        x2apic=x2apic,
        contained=True,
        logical=tuple(logical.values()),
        formats=tuple(shapes.values()),
    )
    return cpu, Machine(x2apic, logical, shapes), destination


_DECIDE: list[Decide] = []


@pytest.fixture(autouse=True, scope="module")
def _library(decide: Decide) -> None:
    _DECIDE[:] = [decide]


def order(cpu: Cpu, command: int, destination: int) -> Any:
    """Write an interrupt command as the mode of the local APIC wants it."""
    if cpu.x2apic:
        return cpu.wrmsr(0x830, destination << 32 | command)
    cpu.icr_high = destination << 24
    cpu.state.General[RAX] = command
    return cpu.fault(APIC + ICR, STORE)


@given(drawn=partitions(), command=st.one_of(commands, st.sampled_from((ASSERT | 0xEF, 0xEF, 0xC0EF))))
def test_a_command_reaches_own_processors_only_and_all_that_it_names(
    drawn: tuple[Cpu, Machine, int], command: int
) -> None:
    cpu, machine, destination = drawn
    decide, mode = cpu.decide, command >> 8 & 7
    answer = order(cpu, command, destination)
    reaching = (decide.MrmGuardSend, decide.MrmGuardInitProcessors, decide.MrmGuardStartProcessors)
    wakes = (destination, command) == (cpu.wake[0], ASSERT | 0xEF) and cpu.wake[1] != 0
    if wakes and (cpu.x2apic or destination != 0xFF):
        assert answer.Action == decide.MrmGuardWakeController and not answer.Denied
        return
    # Nothing else goes out but by these, to one processor after the other.
    assert answer.Action in (*reaching, decide.MrmGuardResume, decide.MrmGuardInject)
    reached = cpu.targets() if answer.Action in reaching else set()
    if cpu.x2apic and command & RESERVED:
        assert answer.Action == decide.MrmGuardInject and not reached
        return
    if answer.Action == decide.MrmGuardSend:
        assert answer.Value & ~0x4FF == ASSERT and (answer.Value >> 8 & 7) in (FIXED, NMI)
        assert answer.Value & 0xFF == command & 0xFF
    named = {one for one in cpu.apic_ids if machine.named(one, command, destination, cpu.apic_id)}
    if mode in (INIT, STARTUP):
        named -= {cpu.apic_id}
        if mode == INIT and not command & ASSERT:
            named = set()
    elif mode not in (FIXED, LOWEST, NMI):
        named = set()
    if mode == LOWEST:
        assert reached <= named and len(reached) == min(len(named), 1)
    else:
        assert reached == named


@given(
    drawn=partitions(),
    writes=st.lists(st.tuples(st.integers(0, 0xFF).map(lambda n: n * 16), words), max_size=6),
)
def test_whatever_registers_are_written_nobody_else_is_reached(
    drawn: tuple[Cpu, Machine, int], writes: list[tuple[int, int]]
) -> None:
    """Neither a command nor a local vector that leaves this processor, or takes it out of guest mode."""
    cpu, _, _ = drawn
    cpu.x2apic = False
    for register, value in writes:
        cpu.state.General[RAX] = value
        answer = cpu.fault(APIC + register, STORE)
        if answer.Action != cpu.decide.MrmGuardWriteApic:
            continue
        written = int(answer.Address - APIC)
        assert written == register and written in WRITABLE
        if written in LOCAL:
            assert answer.Value >> 8 & 7 in (FIXED, NMI, 7)
        if written == ICR_HIGH:
            cpu.icr_high = int(answer.Value)


def test_what_a_guarded_partition_sends_goes_out_as_it_is(decide: Decide) -> None:
    cpu = Cpu(decide, x2apic=False)
    for command in (0x40FD, 0x4400, 0xC00F8, 0x4202):
        answer = order(cpu, command, 9)
        assert (answer.Action, answer.Value) == (decide.MrmGuardWriteApic, command)


@pytest.mark.parametrize("contained", [False, True])
def test_processors_are_started_in_guest_mode_whoever_is_named(decide: Decide, contained: bool) -> None:
    cpu = Cpu(decide, x2apic=False, contained=contained)
    assert order(cpu, OTHERS | INIT << 8 | ASSERT, 0).Action == decide.MrmGuardInitProcessors
    assert cpu.targets() == {3, 5}
    assert order(cpu, OTHERS | STARTUP << 8 | 0x9A, 0).Vector == 0x9A
    for command, destination in ((INIT << 8 | ASSERT, 9), (STARTUP << 8, 2), (SELF | INIT << 8 | ASSERT, 0)):
        answer = order(cpu, command, destination)
        assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)
    # The end of an INIT is nothing; and an interrupt to all others is none where there are no others.
    assert not order(cpu, INIT << 8 | 0x8000, 3).Denied
    alone = Cpu(decide, x2apic=False, contained=True, apic_ids=(2,))
    assert not order(alone, OTHERS | 0x40FD, 0).Denied


@pytest.mark.parametrize(
    ("command", "destination"),
    [(0x40FD, 9), (0x4400, 0), (0x4200, 3), (0x4300, 3), (0x4700, 3), (LOGICAL | 0x40FD, 0x80)],
)
def test_what_is_denied_is_counted(decide: Decide, command: int, destination: int) -> None:
    cpu = Cpu(decide, x2apic=False, contained=True)
    answer = order(cpu, command, destination)
    assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)


def test_only_what_a_firmware_sends_wakes_the_controller(decide: Decide) -> None:
    for x2apic in (False, True):
        cpu = Cpu(decide, x2apic=x2apic, contained=True, wake=(0, 0xEF))
        answer = order(cpu, 0x40EF, 0)
        assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardWakeController, False)
        for command, destination in (
            (0x40EE, 0),
            (0x40EF, 1),
            (0x00EF, 0),
            (0x41EF, 0),
            (0x44EF, 0),
            (0xC0EF, 0),
            (LOGICAL | 0x40EF, 0),
        ):
            answer = order(cpu, command, destination)
            assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True), hex(command)
        for shorthand in (SELF, ALL, OTHERS):
            assert order(cpu, shorthand | 0x40EF, 0).Action == decide.MrmGuardSend
        # It cannot be woken, or by nothing but an interrupt to everybody.
        everybody = 0xFFFFFFFF if x2apic else 0xFF
        for wake, destination in (((0, 0), 0), ((everybody, 0xEF), everybody)):
            cpu.wake = wake
            assert order(cpu, 0x4000 | wake[1], destination).Action != decide.MrmGuardWakeController
    guarded = Cpu(decide, x2apic=False, wake=(0, 0xEF))
    assert order(guarded, 0x40EF, 0).Action == decide.MrmGuardWriteApic


def test_the_controller_is_woken_once_for_each_look(decide: Decide) -> None:
    cpu = Cpu(decide, x2apic=False, contained=True, wake=(0, 0xEF), waking=True)
    answer = order(cpu, 0x40EF, 0)
    assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, False)


def test_registers_of_the_page_that_a_contained_partition_may_not_write(decide: Decide) -> None:
    cpu = Cpu(decide, x2apic=False, contained=True)
    for register, value, denied in (
        (0x20, 0, True),
        # QEMU takes a write there for that of a device: it would send an interrupt.
        (0x0, 0x4400, True),
        (0x350, 0x10500, True),
        (0x340, 0x10200, True),
        (0x2F0, 0x10200, True),
        (0x500, 0x10000, True),
        (0x340, 0x10400, False),
        (0x350, 0x10700, False),
        # It would answer the PC's 8259.
        (0x350, 0x700, True),
        (0x320, 0x200FD, False),
        (0xB0, 0, False),
        (LDR, 0x01000000, False),
        (DFR, 0xFFFFFFFF, False),
    ):
        cpu.state.General[RAX] = value
        answer = cpu.fault(APIC + register, STORE)
        action = decide.MrmGuardResume if denied else decide.MrmGuardWriteApic
        assert (answer.Action, bool(answer.Denied)) == (action, denied), hex(register)


def test_local_vectors_of_the_x2apic(decide: Decide) -> None:
    cpu = Cpu(decide, contained=True)
    for number, value in ((0x834, 0x400), (0x835, 0x10700), (0x836, 0xA4FD), (0x837, 0xFE)):
        answer = cpu.wrmsr(number, value)
        told = (answer.Action, answer.Msr, answer.Value)
        assert told == (decide.MrmGuardWriteMsr, number, value)
    for number, value in ((0x834, 0x200), (0x835, 0x500), (0x835, 0x700)):
        answer = cpu.wrmsr(number, value)
        assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)
    # Where it would raise an exception, or has no such register, the partition gets it and not the guard.
    for number, value in ((0x834, 0x8000), (0x835, 1 << 17), (0x82F, 0), (0x850, 0)):
        answer = cpu.wrmsr(number, value)
        assert (answer.Action, answer.Vector) == (decide.MrmGuardInject, 13)


@pytest.mark.parametrize("interrupts", [False, True])
@pytest.mark.parametrize("was_on", [False, True])
@pytest.mark.parametrize("is_on", [False, True])
def test_a_processor_that_a_system_has_stopped(
    decide: Decide, interrupts: bool, was_on: bool, is_on: bool
) -> None:
    """Not one that starts, waits for an interrupt, or has them off for a moment."""
    state = Cpu(decide).state
    state.Rflags = 2 | interrupts << 9
    stopped = decide.call("MrmGuardHasStopped", state, was_on, is_on)
    assert bool(stopped) == (not interrupts and was_on and not is_on)
