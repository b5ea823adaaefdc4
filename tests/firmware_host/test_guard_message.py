# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Messages of functions that a contained partition with two processors has: where they arrive."""

import struct
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import APIC, RAX, RBX, Cpu
from tests.firmware_host.memory import Guarded

OWN, FOREIGN = (3, 5), 4
FLAT = 0xFFFFFFFF
TABLE, WIDE, NARROW, PAGE = 0xC0002000, 0xB0300054, 0xB0301044, 0x1000
MESSAGES = ((TABLE, 8, 4, 2), (WIDE, 1, 3, 2), (NARROW, 1, 2, 1))
"""An MSI-X table, and MSI capabilities with an address of two dwords and of one."""
INTERRUPT, LOGICAL = 0xFEE00000, 4
LOWEST, SMI, NMI = 0x100, 0x200, 0x400


def to(apic_id: int, logical: bool = False) -> int:
    """The address of a message."""
    return INTERRUPT | apic_id << 12 | (LOGICAL if logical else 0)


def cpu(decide: Decide) -> Cpu:
    """A processor of the partition; logical destinations are flat, as Linux has them."""
    return Cpu(
        decide,
        apic_ids=OWN,
        apic_id=OWN[0],
        x2apic=False,
        contained=True,
        logical=(1 << 24, 2 << 24),
        formats=(FLAT, FLAT),
        messages=MESSAGES,
    )


@dataclass
class Function:
    """One message as hardware has it, behind the guard, and the IOMMU's table."""

    decide: Decide
    place: int = 0
    kind: int = 0
    """Which of MESSAGES."""
    logical: bool = False
    dwords: list[int] = field(default_factory=lambda: [0] * 4)

    def __post_init__(self) -> None:
        ffi = self.decide.ffi
        self.cpu = cpu(self.decide)
        self.first, _, self.count, self.data = MESSAGES[self.kind]
        space, ids = Guarded(ffi, bytes(2048)), Guarded.array(ffi, "UINT32", OWN)
        table = ffi.cast("UINT32 *", space.pointer)
        self.decide.call("MrmIommuFillInterrupts", ffi.cast("UINT32 *", ids.pointer), len(OWN), table)
        self.table = [each for (each,) in struct.iter_unpack("<I", space.contents())]

    def write(self, offset: int, width: int, value: int) -> bool:
        """Write as a system does; return whether the guard says that it leads nowhere."""
        ffi, place = self.decide.ffi, offset // 4
        now = Guarded(ffi, struct.pack(f"<{self.count}I", *self.dwords[: self.count]))
        answer: Any = ffi.new("MRM_GUARD_MESSAGE_ANSWER *")
        facts = self.cpu.facts()
        self.decide.call(
            "MrmGuardJudgeMessage",
            facts,
            facts.Messages + self.kind,
            place,
            offset % 4 * 8,
            width,
            value,
            ffi.cast("UINT32 *", now.pointer),
            answer,
        )
        self.dwords[place] = answer.Value
        if answer.SetData:
            assert place < self.data
            self.dwords[self.data] = answer.Data
        return bool(answer.Denied)

    def set(self, address: int, data: int) -> bool:
        """Write address and data one after the other, as Linux does."""
        self.write(0, 4, address & 0xFFFFFFFF)
        if self.data == 2:
            self.write(4, 4, address >> 32)
        return self.write(4 * self.data, 4 if self.kind == 0 else 2, data)

    def arrives(self) -> tuple[int, int] | None:
        """The processor and the vector that the IOMMU makes of it; None: it does not arrive."""
        data = self.dwords[self.data]
        if data >> 8 & 7 > 1:
            return None
        entry = self.table[data & 0x1FF]
        return (entry >> 8 & 0xFF, entry >> 16 & 0xFF) if entry & 1 else None


KINDS = st.integers(0, 2)
ADDRESSES = st.one_of(
    st.sampled_from(
        [to(3), to(5), to(FOREIGN), to(0), to(255), to(1, True), to(2, True), to(3, True), 0x1234000]
    ),
    st.integers(0, 0xFFFFFFFF),
)
VECTORS = st.integers(16, 255)


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("mode", [0, LOWEST])
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (to(3), 3),
        (to(5), 5),
        (to(1, logical=True), 3),
        (to(2, logical=True), 5),
        (to(3, logical=True), 3),  # either of them
        (to(255), 3),
        (to(FOREIGN), 3),
        (to(0), 3),
        (to(4, logical=True), 3),
    ],
)
def test_a_message_arrives_where_its_system_wants_it(
    decide: Decide, kind: int, mode: int, address: int, expected: int
) -> None:
    """Or at the first own processor, if it names none of them."""
    function = Function(decide, kind=kind)
    assert not function.set(address, mode | 0x41)
    assert function.arrives() == (expected, 0x41)
    # The address reads as it was written.
    assert function.dwords[0] == address


@pytest.mark.parametrize("kind", range(3))
def test_a_message_is_moved_by_its_address_alone(decide: Decide, kind: int) -> None:
    """As Linux moves one that it cannot mask: with the old vector first."""
    function = Function(decide, kind=kind)
    function.set(to(3), 0x41)
    function.write(0, 4, to(5))
    assert function.arrives() == (5, 0x41)
    function.write(4 * function.data, 2, 0x52)
    assert function.arrives() == (5, 0x52)
    function.write(0, 4, to(3))
    assert function.arrives() == (3, 0x52)


@pytest.mark.parametrize("kind", range(3))
@pytest.mark.parametrize("mode", [SMI, 0x300, NMI, 0x500, 0x600, 0x700])
def test_what_is_no_vector_leads_nowhere(decide: Decide, kind: int, mode: int) -> None:
    function = Function(decide, kind=kind)
    assert function.set(to(3), mode | 0x41)
    assert function.arrives() is None and function.dwords[function.data] & 0xFFFF == 0
    function.write(0, 4, to(5))
    assert function.arrives() is None
    assert not function.set(to(3), 0x41)
    assert function.arrives() == (3, 0x41)


def test_several_messages_of_one_capability(decide: Decide) -> None:
    """A function adds the number of the message to the data (PCI 6.8.1.6)."""
    function = Function(decide, kind=1)
    function.set(to(5), 0x48)
    for number in range(8):
        function.dwords[2] = function.dwords[2] & ~7 | number
        assert function.arrives() == (5, 0x48 + number)


@settings(max_examples=300)
@given(
    kind=KINDS,
    address=ADDRESSES,
    vector=VECTORS,
    data=st.integers(0, 0xFFFFFFFF),
    order=st.permutations(range(3)),
    before=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 0xFFFFFFFF)), max_size=6),
)
def test_in_whatever_order_it_is_written(
    decide: Decide,
    kind: int,
    address: int,
    vector: int,
    data: int,
    order: list[int],
    before: list[tuple[int, int]],
) -> None:
    """After address and data it arrives at an own processor, as that vector, or is no interrupt at all."""
    function = Function(decide, kind=kind)
    for place, value in before:
        if place < function.count:
            function.write(4 * place, 4, value)
    values = {0: address, function.data: data & ~0x7FF | vector}
    if function.data == 2:
        values[1] = 0
    for place in order:
        if place in values:
            function.write(4 * place, 4, values[place])
    if address >> 20 != INTERRUPT >> 20:
        return
    logical, named = bool(address & LOGICAL), address >> 12 & 0xFF
    expected = OWN[1] if (named & 3 == 2 if logical else named == OWN[1]) else OWN[0]
    assert function.arrives() == (expected, vector)
    assert function.dwords[0] == address


@settings(max_examples=200)
@given(
    kind=KINDS,
    writes=st.lists(
        st.tuples(
            st.integers(0, 15),
            st.sampled_from((1, 2, 4)),
            st.one_of(ADDRESSES, st.integers(0, 0x7FF)),
        ),
        max_size=20,
    ),
)
def test_whatever_is_written_nothing_else_of_it_changes(
    decide: Decide, kind: int, writes: list[tuple[int, int, int]]
) -> None:
    function = Function(decide, kind=kind)
    for at, width, value in writes:
        offset = at // width * width
        if offset // 4 >= function.count:
            continue
        before, shift = list(function.dwords), offset % 4 * 8
        lanes = ((1 << 8 * width) - 1) << shift
        function.write(offset, width, value & (1 << 8 * width) - 1)
        for place in range(function.count):
            if place != function.data:
                changed = before[place] & ~lanes | value << shift & lanes
                assert function.dwords[place] == (changed if place == offset // 4 else before[place])
        data, low = function.dwords[function.data], function.dwords[0]
        if low >> 20 == INTERRUPT >> 20 and (function.data == 1 or function.dwords[1] == 0):
            assert data & 0xFE00 == 0, "nothing but a processor and a vector"
        arrived = function.arrives()
        assert arrived is None or arrived == (OWN[data >> 8 & 1], data & 0xFF)


def test_what_is_no_interrupt_is_written_as_it_is(decide: Decide) -> None:
    """A function that writes to memory: the IOMMU confines it by addresses."""
    for address in (0x1234000, 1 << 32 | INTERRUPT):
        function = Function(decide)
        assert not function.set(address, 0x12345678)
        assert function.dwords[2] == 0x12345678


def test_which_dword_of_which_message(decide: Decide) -> None:
    facts, place = (made := cpu(decide)).facts(), decide.ffi.new("UINT32 *")

    def find(address: int) -> tuple[int, int] | None:
        found = decide.call("MrmGuardFindMessage", facts.Messages, len(MESSAGES), address, place)
        return None if found == decide.ffi.NULL else (found.Address, place[0])

    for index in range(8 * 16):
        assert find(TABLE + index) == (TABLE, index % 16 // 4)
    for address in (TABLE - 1, TABLE + 8 * 16, WIDE - 4, WIDE + 12, NARROW + 8, 0, (1 << 64) - 1):
        assert find(address) is None
    assert [find(WIDE + 4 * n) for n in range(3)] == [(WIDE, n) for n in range(3)]
    assert [find(NARROW + 4 * n) for n in range(2)] == [(NARROW, n) for n in range(2)]
    assert made.messages == MESSAGES


@given(
    address=st.integers(0, 1 << 48).map(lambda each: each & ~7),
    count=st.integers(1, 2048),
)
def test_pages_of_a_table(decide: Decide, address: int, count: int) -> None:
    pages = decide.ffi.new("MRM_RANGE *")
    messages = decide.ffi.new("MRM_GUARD_MESSAGES *", (address, count, 4, 2))
    decide.call("MrmGuardMessagePages", messages, pages)
    assert pages.Base % PAGE == 0 and pages.Size % PAGE == 0
    assert pages.Base <= address < pages.Base + PAGE
    assert 0 <= pages.Base + pages.Size - (address + 16 * count) < PAGE


WRITES = [
    # mov [rbx], al; ax; eax; rax.
    (b"\x88\x03", 1),
    (b"\x66\x89\x03", 2),
    (b"\x89\x03", 4),
    (b"\x48\x89\x03", 8),
]


@pytest.mark.parametrize(("code", "width"), WRITES)
@pytest.mark.parametrize("page", [TABLE, WIDE & ~0xFFF, NARROW & ~0xFFF])
def test_every_write_to_such_a_page_is_the_guards(decide: Decide, code: bytes, width: int, page: int) -> None:
    for offset in (0, 8, 0x50, 0x58, 0x800, PAGE - width):
        value = 0x1122334455667788
        processor = cpu(decide)
        processor.state.General[RAX], processor.state.General[RBX] = value, page + offset
        answer = processor.fault(page + offset, code)
        assert (answer.Action, answer.Address, answer.Width) == (
            decide.MrmGuardWriteMessage,
            page + offset,
            width,
        )
        assert answer.Value == value & (1 << 8 * width) - 1 and not answer.Denied


def test_what_would_be_two_registers_has_no_effect(decide: Decide) -> None:
    for offset in (1, 2, 3, PAGE - 2):
        answer = cpu(decide).fault(TABLE + offset, b"\x89\x03")
        assert (answer.Action, answer.Denied) == (decide.MrmGuardResume, True)


def test_what_the_guard_cannot_carry_out_ends_the_partition(decide: Decide) -> None:
    # xchg [rbx], eax; or dword [rbx], 1; a write by a list of addresses.
    for code in (b"\x87\x03", b"\x83\x0b\x01", b"\xf3\xa5"):
        answer = cpu(decide).fault(TABLE, code)
        assert (answer.Action, answer.Reason) == (decide.MrmGuardEnd, decide.MrmReasonInstruction)
    for access, walk in ((4, False), (2, True)):
        answer = cpu(decide).fault(TABLE, b"\x89\x03", access, walk)
        assert (answer.Action, answer.Reason) == (decide.MrmGuardEnd, decide.MrmReasonMemory)


def test_pages_beside_it_are_not_the_guards(decide: Decide) -> None:
    for address in (TABLE - PAGE, TABLE + PAGE):
        answer = cpu(decide).fault(address, b"\x89\x03")
        assert (answer.Action, answer.Reason) == (decide.MrmGuardEnd, decide.MrmReasonMemory)
    assert cpu(decide).fault(APIC + 0xB0, b"\x89\x03").Action == decide.MrmGuardWriteApic


def test_configuration_space_by_ports_leads_there_as_well(decide: Decide) -> None:
    processor = cpu(decide)
    for bus, device, expected in ((3, 0, "Message"), (3, 1, "Config"), (4, 0, "Config")):
        processor.out(0xCF8, 1 << 31 | bus << 16 | device << 11 | 0x54, 4)
        answer = processor.out(0xCFC, to(5), 4)
        assert answer.Action == getattr(decide, f"MrmGuardWrite{expected}")
        assert (answer.Value, answer.Width) == (to(5), 4)
