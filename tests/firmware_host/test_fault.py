# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmFaultLib: what an owner is told of an exception in firmware or loader."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
LOW, BELOW, ABOVE = (0x80000, 64 * KIB), (3 * GIB - 64 * MIB, 64 * MIB), (5 * GIB, 512 * MIB)
GUARD, STACK = (5 * GIB + MIB, 64 * KIB), (5 * GIB + MIB + 64 * KIB, 512 * KIB)
TABLES, DESCRIPTORS = (5 * GIB + 2 * MIB, 512 * KIB), (5 * GIB + 3 * MIB, 16 * KIB)
WINDOW, PREFETCHABLE = (0xC0000000, 2 * MIB), (64 * GIB, MIB)
READ, WRITE, EXECUTE = 0, 2, 16
DOUBLE_FAULT, PROTECTION, PAGE_FAULT = 8, 13, 14
RIP = 0x2F00_1234
SIZE = 400


@dataclass(frozen=True)
class Fault:
    """MRM_FAULT in Python."""

    address: int = 0
    error: int = READ
    vector: int = PAGE_FAULT
    code: str = "MrmCodeLoader"
    rsp: int = STACK[0] + STACK[1] - 0x100

    def told(self, decide: Decide, size: int = SIZE) -> str:
        """What is said of it."""
        hand_off = decide.ffi.new("MRM_HAND_OFF *")
        hand_off.Stack, hand_off.StackGuard = STACK, GUARD
        hand_off.PageTables, hand_off.Descriptors = TABLES, DESCRIPTORS
        hand_off.PciBusCount = 2
        hand_off.PciBuses[1].Segment = 2
        hand_off.PciBuses[1].Memory, hand_off.PciBuses[1].Prefetchable = WINDOW, PREFETCHABLE
        memory = Guarded.array(decide.ffi, "MRM_RANGE", (LOW, BELOW, ABOVE))
        name = decide.ffi.new("CHAR8[]", b"\\EFI\\BOOT\\BOOTX64.EFI")
        fault = decide.ffi.new("MRM_FAULT *")
        fault.HandOff, fault.Memory, fault.MemoryCount = hand_off, memory.pointer, 3
        fault.Vector, fault.ErrorCode, fault.Address = self.vector, self.error, self.address
        fault.Rip, fault.Rsp = RIP, self.rsp
        fault.Code, fault.CodeName = getattr(decide, self.code), name
        buffer = Guarded(decide.ffi, b"\xa5" * size)
        text: Any = decide.ffi.new("MRM_TEXT *")
        decide.call("MrmTextBegin", text, buffer.pointer, size)
        decide.call("MrmFaultRender", fault, text)
        return buffer.contents().partition(b"\0")[0].decode()


HEAD = r"exception 14 at 0x2f001234 in \EFI\BOOT\BOOTX64.EFI: "
OTHER_LOADER = "; another version of this loader, or another loader, may do"
NESTED = "; its calls nest too deep, as those of a script that runs itself"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault(GUARD[0] + GUARD[1] - 8, WRITE),
            "it wrote to 0x14010fff8: its stack of 512 KiB is used up" + NESTED,
        ),
        (
            Fault((STACK[0] + 0x7F000) & 0xFFFFFFFF),
            "it read 0x4018f000: the lower half of 0x14018f000; this code keeps addresses in 32 bits: "
            "give the partition 64 MiB below 4 GiB, by 'below_4g'",
        ),
        (
            Fault(TABLES[0] + 8, WRITE),
            "it wrote to 0x140200008: page tables are there, which are read-only" + OTHER_LOADER,
        ),
        (
            Fault(DESCRIPTORS[0], WRITE),
            "it wrote to 0x140300000: descriptor tables are there, which are read-only" + OTHER_LOADER,
        ),
        (Fault(0, EXECUTE), "it jumped to 0x0: a null pointer" + OTHER_LOADER),
        (Fault(BELOW[0], WRITE), "it wrote to 0xbc000000: code is there, which is read-only" + OTHER_LOADER),
        (Fault(BELOW[0], EXECUTE), "it jumped to 0xbc000000: data is there, no code" + OTHER_LOADER),
        (
            Fault(0xF0000, EXECUTE),
            "it jumped to 0xf0000: what a PC's BIOS keeps there does not exist in a partition" + OTHER_LOADER,
        ),
        (
            Fault(PREFETCHABLE[0], EXECUTE),
            "it jumped to 0x1000000000: registers of PCI segment 2 are there, no code" + OTHER_LOADER,
        ),
        (
            Fault(0xF0000000, READ),
            "it read 0xf0000000: this partition has neither memory nor a device there" + OTHER_LOADER,
        ),
    ],
)
def test_page_faults_say_what_lies_there_and_what_to_do(decide: Decide, fault: Fault, words: str) -> None:
    assert fault.told(decide) == HEAD + words


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("MrmCodeUnknown", ""),
        ("MrmCodeFirmware", "; this is a defect of the partition firmware: please report it"),
        (
            "MrmCodeOptionRom",
            "; the ROM is run only for the boot sources 'network' and 'shell', or for a display",
        ),
        ("MrmCodeLoader", OTHER_LOADER),
    ],
)
def test_what_can_be_done_depends_on_whose_code_it_was(decide: Decide, code: str, advice: str) -> None:
    told = Fault(vector=PROTECTION, code=code).told(decide)
    assert told == HEAD.replace("14", "13", 1) + "general protection" + advice


def test_a_double_fault_on_a_full_stack_says_so(decide: Decide) -> None:
    told = Fault(vector=DOUBLE_FAULT, rsp=GUARD[0] + 0x10).told(decide)
    assert told == HEAD.replace("14", "8", 1) + "its stack of 512 KiB is used up" + NESTED


@given(
    address=st.integers(0, (1 << 64) - 1),
    error=st.integers(0, (1 << 64) - 1),
    vector=st.integers(0, (1 << 32) - 1),
    rsp=st.integers(0, (1 << 64) - 1),
    size=st.integers(1, SIZE),
)
def test_any_fault_can_be_told_in_any_room(
    decide: Decide, address: int, error: int, vector: int, rsp: int, size: int
) -> None:
    fault = Fault(address, error, vector, rsp=rsp)
    assert fault.told(decide).startswith(fault.told(decide, size)[: size - 1])
