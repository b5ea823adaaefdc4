# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the guard answers to exits: ports, registers, memory, and what ends a partition."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import APIC, ECAM, LMA, LME, NXE, RAX, RBX, RCX, RDX, RIP, SVME, Cpu

READ, WRITE, EXECUTE = 1, 2, 4
ICR = 0x300
ONES32 = 0xFFFFFFFF


def ended(decide: Decide, answer: Any) -> str:
    """Why a partition was ended; "" if it was not."""
    if answer.Action != decide.MrmGuardEnd:
        return ""
    return str(decide.ffi.string(decide.call("MrmGuardReasonText", answer.Reason)).decode())


@pytest.mark.parametrize(
    ("code", "info1", "info2", "expected"),
    [
        (0x61, 0, 0, {"Kind": "MrmExitKick"}),
        (0x7F, 0, 0, {"Kind": "MrmExitShutdown"}),
        (0x41, 0, 0, {"Kind": "MrmExitException", "Vector": 1}),
        (0x51, 0, 0, {"Kind": "MrmExitException", "Vector": 17}),
        (
            0x7B,
            0xCF80040,
            0x1002,
            {"Kind": "MrmExitIo", "Port": 0xCF8, "Width": 4, "Write": 1, "NextRip": 0x1002},
        ),
        (
            0x7B,
            0x710011,
            0x1001,
            {"Kind": "MrmExitIo", "Port": 0x71, "Width": 1, "Write": 0, "NextRip": 0x1001},
        ),
        (0x7B, 0x03F8002D, 0x1002, {"Kind": "MrmExitIo", "Width": 2, "String": 1, "Repeat": 1}),
        (0x7B, 0x03F80015, 0x1002, {"Kind": "MrmExitIo", "Port": 0x3F8, "String": 1, "Repeat": 0}),
        (0x7C, 1, 0, {"Kind": "MrmExitMsr", "Msr": 0xC0000080, "Write": 1, "NextRip": RIP + 2}),
        (0x7C, 0, 0, {"Kind": "MrmExitMsr", "Msr": 0xC0000080, "Write": 0}),
        (0x400, 1 << 32 | 6, 0x123456, {"Kind": "MrmExitNestedFault", "Address": 0x123456, "Access": WRITE}),
        (0x400, 1 << 32 | 4, 0x123456, {"Kind": "MrmExitNestedFault", "Access": READ, "Walk": 0}),
        (0x400, 1 << 32 | 0x14, 8, {"Kind": "MrmExitNestedFault", "Access": EXECUTE}),
        (0x400, 1 << 33 | 6, 8, {"Kind": "MrmExitNestedFault", "Access": WRITE, "Walk": 1}),
        *((code, 0, 0, {"Kind": "MrmExitVirtualization"}) for code in (0x7A, *range(0x80, 0x87))),
        ((1 << 64) - 1, 0, 0, {"Kind": "MrmExitEntryFailed"}),
        *(
            (code, 0, 0, {"Kind": "MrmExitUnknown", "Code": code})
            for code in (0x72, 0x60, 0x87, 0x401, 1 << 40)
        ),
    ],
)
def test_exits_of_svm(decide: Decide, code: int, info1: int, info2: int, expected: dict[str, Any]) -> None:
    raw, found = decide.ffi.new("MRM_GUARD_SVM_EXIT *"), decide.ffi.new("MRM_GUARD_EXIT *")
    raw.Code, raw.Info1, raw.Info2 = code, info1, info2
    cpu = Cpu(decide, {RCX: 0xFFFFFFFFC0000080})
    decide.call("MrmGuardDecodeSvm", raw, cpu.state, found)
    told = {name: getattr(decide, value) if name == "Kind" else value for name, value in expected.items()}
    assert {name: getattr(found, name) for name in told} == told


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("MrmExitShutdown", "triple fault"),
        ("MrmExitVirtualization", "virtualization"),
        ("MrmExitEntryFailed", "did not enter"),
        ("MrmExitUnknown", "does not know"),
    ],
)
def test_what_ends_a_partition(decide: Decide, kind: str, reason: str) -> None:
    cpu = Cpu(decide)
    assert reason in ended(decide, cpu.exit(Kind=getattr(decide, kind)))
    assert cpu.state.Rip == RIP


@pytest.mark.parametrize(("vector", "has_error_code"), [(1, 0), (17, 1)])
def test_an_exception_that_is_looked_at_is_the_partitions(
    decide: Decide, vector: int, has_error_code: int
) -> None:
    answer = Cpu(decide).exit(Kind=decide.MrmExitException, Vector=vector)
    told = (answer.Action, answer.Vector, answer.HasErrorCode, answer.ErrorCode)
    assert told == (decide.MrmGuardInject, vector, has_error_code, 0)


def test_a_kick_that_is_not_the_guards_is_the_partitions(decide: Decide) -> None:
    answer = Cpu(decide).exit(Kind=decide.MrmExitKick)
    assert (answer.Action, answer.Vector, answer.HasErrorCode) == (decide.MrmGuardInject, 2, 0)


def test_every_reason_has_words(decide: Decide) -> None:
    texts = [decide.ffi.string(decide.call("MrmGuardReasonText", reason)) for reason in range(10)]
    assert len(set(texts[: decide.MrmReasonExit + 1])) == decide.MrmReasonExit + 1
    assert texts[decide.MrmReasonExit + 1] == texts[decide.MrmReasonNone]


# Ports.


@pytest.mark.parametrize(
    ("port", "value", "width", "resets"),
    [
        (0xCF9, 0x06, 1, True),
        (0xCF9, 0x0E, 1, True),
        (0xCF9, 0x02, 1, False),
        # Of four bytes at CF8 it is the address of configuration space, whatever its second byte says.
        (0xCF8, 0x80000600, 4, False),
        (0xCF8, 0x0600, 2, True),
        (0xCF7, 0x060000, 4, True),
        (0xCF6, 0x06000000, 4, True),
        (0xCF5, 0x06000000, 4, False),
        (0xCFA, 0x06, 1, False),
        (0x64, 0xFE, 1, True),
        (0x64, 0xF0, 1, True),
        (0x64, 0xFF, 1, False),
        (0x64, 0xAD, 1, False),
        (0x63, 0xFE00, 2, True),
        (0x92, 0x03, 1, True),
        (0x92, 0x02, 1, False),
        (0x604, 0x2001, 2, False),
    ],
)
def test_ports_that_reset_the_pc_end_the_partition(
    decide: Decide, port: int, value: int, width: int, resets: bool
) -> None:
    cpu = Cpu(decide)
    assert ended(decide, cpu.out(port, value, width)) == (
        "it asked for a reset of the PC by a port" if resets else ""
    )
    assert cpu.state.Rip == (RIP if resets else RIP + 2)


@given(
    port=st.integers(0, 0xFFFF),
    width=st.sampled_from((1, 2, 4)),
    value=st.integers(0, ONES32),
    write=st.booleans(),
    select=st.integers(0, ONES32),
)
def test_any_port_goes_on_or_ends_the_partition(
    decide: Decide, port: int, width: int, value: int, write: bool, select: int
) -> None:
    cpu = Cpu(decide)
    cpu.devices.ConfigAddress = select
    cpu.state.General[RAX] = value
    answer = cpu.exit(Kind=decide.MrmExitIo, Port=port, Width=width, Write=write, NextRip=RIP + 1)
    actions = {
        decide.MrmGuardResume,
        decide.MrmGuardEnd,
        decide.MrmGuardReadConfig,
        decide.MrmGuardWriteConfig,
    }
    assert answer.Action in actions
    if answer.Action in (decide.MrmGuardReadConfig, decide.MrmGuardWriteConfig):
        assert ECAM <= answer.Address <= ECAM + (2 << 20) - width and answer.Address % width == 0
        assert select >> 31 and select >> 16 & 0xFF in (3, 4) and 0xCFC <= port <= 0xD00 - width
    if not write and answer.Action == decide.MrmGuardResume and width < 4:
        assert cpu.state.General[RAX] >> 8 * width == value >> 8 * width


def test_strings_and_sizes_that_do_not_exist(decide: Decide) -> None:
    assert "string" in ended(
        decide, Cpu(decide).exit(Kind=decide.MrmExitIo, Port=0x3F8, Width=1, String=True)
    )
    for width in (0, 3, 5, 7, 8):
        assert ended(decide, Cpu(decide).exit(Kind=decide.MrmExitIo, Port=0x3F8, Width=width))


def test_what_is_not_there_reads_as_ones(decide: Decide) -> None:
    cpu = Cpu(decide)
    assert [cpu.inp(0x3FD), cpu.inp(0x3F8, 2), cpu.inp(0x3F8, 4)] == [0xFF, 0xFFFF, ONES32]
    # Linux waits for these.
    assert cpu.inp(0x64) & 2 == 0 and cpu.inp(0x61) & 0x20 == 0x20
    # Interrupt 9 is level-triggered, as the FADT says: a kernel has nothing to change.
    assert cpu.inp(0x4D0, 2) == 0x0200
    assert cpu.out(0x3F8, 0x41).Denied


def test_configuration_space_of_own_functions(decide: Decide) -> None:
    cpu = Cpu(decide)
    assert cpu.inp(0xCFC, 4) == ONES32
    assert not cpu.out(0xCF8, 0x80000000 | 4 << 16 | 0x12 << 11 | 3 << 8 | 0x10, 4).Denied
    assert cpu.inp(0xCF8, 4) == 0x80000000 | 4 << 16 | 0x12 << 11 | 3 << 8 | 0x10
    place = ECAM + (1 << 20) + (0x12 << 15) + (3 << 12) + 0x10
    rip = cpu.state.Rip
    answer = cpu.exit(Kind=decide.MrmExitIo, Port=0xCFE, Width=2, NextRip=rip + 1)
    assert (answer.Action, answer.Address, answer.Width) == (decide.MrmGuardReadConfig, place + 2, 2)
    cpu.state.General[RAX] = 0x1122334455667788
    decide.call("MrmGuardPutResult", cpu.state, 2, 0xABCD)
    assert (cpu.state.General[RAX], cpu.state.Rip) == (0x112233445566ABCD, rip + 1)
    answer = cpu.out(0xCFC, 0xFEBD0000, 4)
    told = (answer.Action, answer.Address, answer.Width, answer.Value)
    assert told == (decide.MrmGuardWriteConfig, place, 4, 0xFEBD0000)
    # Foreign buses, no enable bit, an access across registers.
    for select in (0x80020000, 0x80050000, 0x00030000):
        cpu.out(0xCF8, select, 4)
        assert cpu.inp(0xCFC, 4) == ONES32
        assert cpu.out(0xCFC, 7, 4).Denied
    cpu.out(0xCF8, 0x80030000, 4)
    assert cpu.inp(0xCFD, 2) == 0xFFFF


# Model-specific registers.


def test_starting_a_processor_by_x2apic(decide: Decide) -> None:
    cpu = Cpu(decide)
    answer = cpu.wrmsr(0x830, 5 << 32 | 0x4500)
    assert (answer.Action, cpu.targets()) == (decide.MrmGuardInitProcessors, {5})
    answer = cpu.wrmsr(0x830, 5 << 32 | 0x4640)
    assert (answer.Action, cpu.targets(), answer.Vector) == (decide.MrmGuardStartProcessors, {5}, 0x40)
    assert cpu.state.Rip == RIP + 4
    answer = cpu.wrmsr(0x830, 7 << 32 | 0x40FD)
    assert (answer.Action, answer.Msr, answer.Value) == (decide.MrmGuardWriteMsr, 0x830, 7 << 32 | 0x40FD)


@pytest.mark.parametrize("reserved", [1 << bit for bit in (12, 13, 16, 17, *range(20, 32))])
def test_the_guard_never_writes_what_raises_an_exception(decide: Decide, reserved: int) -> None:
    for cpu, command in ((Cpu(decide), 0xFD | reserved), (Cpu(decide, x2apic=False), 0xFD)):
        answer = cpu.wrmsr(0x830, command)
        assert (answer.Action, answer.Vector, cpu.state.Rip) == (decide.MrmGuardInject, 13, RIP)


BOOT, EXTD, EN = 1 << 8, 1 << 10, 1 << 11


@pytest.mark.parametrize("boot", [0, BOOT])
def test_the_local_apic_changes_its_mode(decide: Decide, boot: int) -> None:
    page, x2apic = APIC | boot | EN, APIC | boot | EN | EXTD
    for cpu, value in (
        (Cpu(decide, apic_base=page, x2apic=False), x2apic),
        (Cpu(decide, apic_base=x2apic), page),
    ):
        # Off is a step on the way: the guard takes it with the next one.
        answer = cpu.wrmsr(0x1B, APIC | boot)
        assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)
        answer = cpu.wrmsr(0x1B, value)
        told = (answer.Action, answer.Value, bool(answer.Denied), cpu.state.Rip)
        assert told == (decide.MrmGuardSetApicMode, value, False, RIP + 4)
        # Not its address, nor which processor has booted, nor bits that are none.
        for other in (cpu.apic_base, value ^ BOOT, value ^ 1 << 12, value ^ 1 << 9, value ^ 1 << 60):
            answer = cpu.wrmsr(0x1B, other)
            assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)


def test_a_mode_of_the_local_apic_that_a_processor_would_not_take(decide: Decide) -> None:
    for cpu, value in (
        (Cpu(decide, x2apic=False), APIC | EXTD),
        (Cpu(decide), APIC | EXTD),
        (Cpu(decide, x2apic=False, has_x2apic=False), APIC | EN | EXTD),
    ):
        answer = cpu.wrmsr(0x1B, value)
        assert (answer.Action, answer.Vector, cpu.state.Rip) == (decide.MrmGuardInject, 13, RIP)


@pytest.mark.parametrize(
    ("last", "wake", "leaves"), [(254, (254, 0xEF), True), (254, (255, 0), True), (254, (255, 0xEF), False)]
)
def test_x2apic_mode_stays_where_a_page_could_not_name_all(
    decide: Decide, last: int, wake: tuple[int, int], leaves: bool
) -> None:
    cpu = Cpu(decide, apic_ids=(2, last), wake=wake)
    assert (cpu.wrmsr(0x1B, APIC | EN).Action == decide.MrmGuardSetApicMode) == leaves
    cpu = Cpu(decide, apic_ids=(2, last + 1), wake=wake)
    assert cpu.wrmsr(0x1B, APIC | EN).Action == decide.MrmGuardResume


def test_efer_keeps_svm(decide: Decide) -> None:
    cpu = Cpu(decide)
    assert cpu.wrmsr(0xC0000080, LME | NXE | 1).Action == decide.MrmGuardResume
    assert (cpu.state.Efer, cpu.state.Rip) == (LMA | LME | NXE | SVME | 1, RIP + 2)
    # As a processor does: no LME while paging is on, no unknown bits.
    for value in (NXE, LME | 1 << 60, LME | 1 << 9):
        answer = cpu.wrmsr(0xC0000080, value)
        assert (answer.Action, answer.Vector, answer.ErrorCode) == (decide.MrmGuardInject, 13, 0)
        assert answer.HasErrorCode and cpu.state.Rip == RIP + 2
    real = Cpu(decide, efer=SVME, cr0=1, attributes=0, rip=0x100)
    assert real.wrmsr(0xC0000080, LME).Action == decide.MrmGuardResume
    assert real.state.Efer == LME | SVME


@pytest.mark.parametrize("bit", [20, 21])
def test_efer_takes_what_only_this_processor_has(decide: Decide, bit: int) -> None:
    value = LME | NXE | 1 | 1 << bit
    assert Cpu(decide).wrmsr(0xC0000080, value).Action == decide.MrmGuardInject
    cpu = Cpu(decide, efer_more=1 << bit)
    assert cpu.wrmsr(0xC0000080, value).Action == decide.MrmGuardResume
    assert cpu.state.Efer == value | LMA | SVME
    assert cpu.wrmsr(0xC0000080, value | 1 << 41 - bit).Action == decide.MrmGuardInject


@pytest.mark.parametrize("number", [0x79, 0x1B, 0x200, 0x2FF, 0x17A, 0x401, 0xC0010015, 0xC0002001])
def test_registers_of_the_pc_stay_as_they_are(decide: Decide, number: int) -> None:
    cpu = Cpu(decide)
    answer = cpu.wrmsr(number, 0x1234)
    assert (answer.Action, bool(answer.Denied), cpu.state.Rip) == (decide.MrmGuardResume, True, RIP + 2)


@pytest.mark.parametrize("number", [0xC0010114, 0xC0010117, 0xC0010111, 0xC0010010, 0x40000000, 0xC90])
def test_other_registers_raise_an_exception(decide: Decide, number: int) -> None:
    for answer in (Cpu(decide).wrmsr(number, 0), Cpu(decide).rdmsr(number)):
        assert (answer.Action, answer.Vector, bool(answer.Denied)) == (decide.MrmGuardInject, 13, True)


def test_registers_that_no_map_has_read_as_zero(decide: Decide) -> None:
    cpu = Cpu(decide, {RAX: 1, RDX: 2})
    assert cpu.rdmsr(0xC0002001).Action == decide.MrmGuardResume
    assert (cpu.state.General[RAX], cpu.state.General[RDX], cpu.state.Rip) == (0, 0, RIP + 2)


@pytest.mark.parametrize(
    ("number", "scalable", "clears"),
    [
        (0x17A, False, True),
        (0x401, False, True),
        (0x425, False, True),
        (0x429, False, False),  # a bank that it does not have
        (0x400, False, False),  # what it tells of
        (0x402, False, False),
        (0x17B, False, False),
        (0xC0002001, True, True),
        (0xC0002098, True, True),
        (0xC0002091, False, False),
        (0xC00020A1, True, False),
        (0xC0002000, True, False),
        (0xC0002002, True, False),
    ],
)
def test_the_status_of_machine_checks_can_be_cleared_and_not_set(
    decide: Decide, number: int, scalable: bool, clears: bool
) -> None:
    for value, banks in ((0, 10), (1, 10), (1 << 63, 10), (0, 0)):
        cpu = Cpu(decide, banks=banks, scalable=scalable)
        answer = cpu.wrmsr(number, value)
        if clears and not value and banks:
            told = (answer.Action, answer.Msr, answer.Value, bool(answer.Denied))
            assert told == (decide.MrmGuardWriteMsr, number, 0, False)
        else:
            assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)
        assert cpu.state.Rip == RIP + 2


@pytest.mark.parametrize(
    ("number", "scalable", "reads"),
    [
        (0xC0002001, True, True),
        (0xC000209F, True, True),
        (0xC00020A0, True, False),
        (0xC0003FFF, True, False),
        (0xC0002001, False, False),
    ],
)
def test_registers_of_machine_checks_that_no_map_has(
    decide: Decide, number: int, scalable: bool, reads: bool
) -> None:
    cpu = Cpu(decide, {RAX: 1, RDX: 2}, banks=10, scalable=scalable)
    answer = cpu.rdmsr(number)
    assert (answer.Action == decide.MrmGuardReadMsr, bool(answer.Denied)) == (reads, not reads)
    if reads:
        assert answer.Msr == number
        decide.call("MrmGuardPutMsr", cpu.state, 0x123456789ABCDEF0)
    found = (cpu.state.General[RAX], cpu.state.General[RDX], cpu.state.Rip)
    assert found == ((0x9ABCDEF0, 0x12345678, RIP + 2) if reads else (0, 0, RIP + 2))


# Memory.


def test_foreign_memory_ends_the_partition(decide: Decide) -> None:
    store = bytes.fromhex("8903")
    assert "memory" in ended(decide, Cpu(decide).fault(0x7000_0000, store))
    assert "memory" in ended(decide, Cpu(decide).fault(0x2000, store, EXECUTE))
    assert "memory" in ended(decide, Cpu(decide).fault(0x2000, store, WRITE, walk=True))
    assert "memory" in ended(decide, Cpu(decide).fault(APIC - 4, store))
    assert "memory" in ended(decide, Cpu(decide).fault(APIC + 0x1000, store))
    assert "instruction" in ended(decide, Cpu(decide).fault(0x2000, bytes.fromhex("f3aa")))
    assert "instruction" in ended(decide, Cpu(decide).fault(0x2000, b""))
    assert "instruction" in ended(decide, Cpu(decide).fault(APIC, bytes.fromhex("8703")))


def test_what_is_written_to_all_ones_is_lost(decide: Decide) -> None:
    cpu = Cpu(decide, {RAX: 7})
    answer = cpu.fault(0xB8000, bytes.fromhex("668903"))
    assert (answer.Action, bool(answer.Denied), cpu.state.Rip) == (decide.MrmGuardResume, True, RIP + 3)
    assert cpu.state.General[RAX] == 7
    # What is read there, where no page stands for it.
    assert cpu.fault(0xB0000010, bytes.fromhex("8b03"), READ).Action == decide.MrmGuardResume
    assert cpu.state.General[RAX] == ONES32


def test_writes_to_the_local_apic(decide: Decide) -> None:
    cpu = Cpu(decide, {RAX: 0x00040000, RBX: 0}, icr_high=5 << 24, x2apic=False)
    answer = cpu.fault(APIC + 0x80, bytes.fromhex("8903"))
    told = (answer.Action, answer.Address, answer.Value)
    assert told == (decide.MrmGuardWriteApic, APIC + 0x80, 0x40000) and cpu.state.Rip == RIP + 2
    cpu.state.General[RAX] = 0x4608
    answer = cpu.fault(APIC + ICR, bytes.fromhex("8903"))
    assert (answer.Action, cpu.targets(), answer.Vector) == (decide.MrmGuardStartProcessors, {5}, 8)
    answer = cpu.fault(APIC + ICR, bytes.fromhex("c70300450000"))
    assert (answer.Action, cpu.targets()) == (decide.MrmGuardInitProcessors, {5})
    cpu.icr_high = 1 << 24
    answer = cpu.fault(APIC + ICR, bytes.fromhex("8903"))
    assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)
    cpu.x2apic = True
    for register in (0x80, ICR):
        answer = cpu.fault(APIC + register, bytes.fromhex("8903"))
        assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)
    cpu.x2apic = False
    # Not all of one register.
    for offset, code in ((0x80, "668903"), (0x82, "8903"), (0x84, "8903"), (0x80, "48890300")):
        answer = cpu.fault(APIC + offset, bytes.fromhex(code))
        assert (answer.Action, bool(answer.Denied)) == (decide.MrmGuardResume, True)


def test_the_record_of_an_end(decide: Decide) -> None:
    ffi = decide.ffi
    cpu = Cpu(decide, {number: number + 1 for number in range(16)})
    cpu.state.Rflags, cpu.state.Cr3 = 0x246, 0x5000
    fatal = ffi.new("MRM_GUARD_FATAL *")
    for kind, told, address in (
        ("MrmExitNestedFault", {"Address": 0x7000_0008}, 0x7000_0008),
        ("MrmExitIo", {"Port": 0xCF9}, 0xCF9),
        ("MrmExitMsr", {"Msr": 0xC0010117}, 0xC0010117),
        ("MrmExitShutdown", {"Address": 5}, 0),
    ):
        native = ffi.new("MRM_GUARD_EXIT *", {"Kind": getattr(decide, kind), "Code": 0x400, **told})
        code = bytes(range(20))
        decide.call("MrmGuardRecord", 5, decide.MrmReasonMemory, native, cpu.state, code, 20, fatal)
        assert (fatal.ApicId, fatal.Reason, fatal.Code) == (5, decide.MrmReasonMemory, 0x400)
        assert (fatal.Address, fatal.Rip, fatal.Rflags, fatal.Cr3) == (address, RIP, 0x246, 0x5000)
        assert list(fatal.General) == list(range(1, 17))
        assert bytes(fatal.Instruction) == code[:15] and fatal.InstructionSize == 15
    decide.call("MrmGuardRecord", 5, decide.MrmReasonTripleFault, native, cpu.state, ffi.NULL, 9, fatal)
    assert fatal.InstructionSize == 0 and bytes(fatal.Instruction) == bytes(15)
