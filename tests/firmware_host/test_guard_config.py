# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Configuration space of functions that a partition has by itself: what a write of its system becomes."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import APIC, RBX, Cpu
from tests.firmware_host.memory import Guarded
from tests.firmware_host.pci_config import ENDPOINT, MSI, MSIX, PCIE, POWER, SIZE, space

IO, MEMORY, MASTER, SERR, NO_LINE = 1, 2, 4, 1 << 8, 1 << 10
DECODES = IO | MEMORY
COMMAND, BAR, ROM, ALL = 0x04, 0x10, 0x30, 0xFFFFFFFF
PAGE = 0xB0020000
SIZES = (0x20000, 0x20, 0x4000, 0, 0, 0)
"""What each register of the sample decodes, in bytes or ports; the third and the next are one of 64 bits."""


def dword(config: bytes | bytearray, offset: int) -> int:
    """Return a register, whose offset is one of four."""
    return int.from_bytes(config[offset : offset + 4], "little")


@dataclass
class Function:
    """The sample of a network interface as hardware, and the guard before it."""

    decide: Decide
    config: bytearray = field(default_factory=lambda: bytearray(ENDPOINT))

    def __post_init__(self) -> None:
        ffi = self.decide.ffi
        self.config[COMMAND : COMMAND + 2] = b"\0\0"
        self.config[ROM : ROM + 4] = bytes(4)
        self.home = bytes(self.config)
        self.native: Any = ffi.new("MRM_GUARD_FUNCTION *")
        self.native.Page = PAGE
        capabilities = ffi.new("MRM_PCI_CAPABILITIES *")
        memory = Guarded(ffi, self.home)
        config = ffi.cast("UINT32 *", memory.pointer)
        self.decide.call("MrmPciCapabilities", config, capabilities)
        self.decide.call("MrmPciOpen", capabilities, config, self.native.Open)
        bits = ffi.new("UINT32 *")
        self.native.PayloadRegister = self.decide.call("MrmPciPayload", capabilities, bits)
        self.native.PayloadBits = bits[0]
        self.native.Payload = dword(self.home, 4 * self.native.PayloadRegister) & bits[0]
        for index in range(6):
            self.native.Bars[index] = dword(self.home, BAR + 4 * index)

    def read(self, offset: int) -> int:
        """Read a register."""
        return dword(self.config, offset)

    def write(self, offset: int, width: int, value: int) -> Any:
        """Write as a system does; return what the guard says."""
        header = Guarded(self.decide.ffi, bytes(self.config[:40]))
        now = self.read(offset & ~3) if offset < SIZE else 0
        answer = self.decide.ffi.new("MRM_GUARD_CONFIG_ANSWER *")
        self.decide.call(
            "MrmGuardJudgeConfig", self.native, offset, width, value, header.pointer, now, answer
        )
        if answer.Write:
            self._take(offset, width, int(answer.Value))
        return answer

    def _take(self, offset: int, width: int, value: int) -> None:
        """Change as hardware does: registers without a rule of their own keep whatever is written."""
        for byte in range(width):
            self.config[offset + byte] = value >> 8 * byte & 0xFF
        register = offset & ~3
        if BAR <= register < BAR + 24:
            index = (register - BAR) // 4
            low = self.home[register] & (3 if self.home[register] & 1 else 15)
            upper = index > 0 and self.home[register - 4] & 5 == 4
            mask = ALL if upper else -SIZES[index] & ALL if SIZES[index] else 0
            kept = self.read(register) & mask | (0 if upper else low)
            self.config[register : register + 4] = kept.to_bytes(4, "little")

    def decodes_home_only(self) -> bool:
        """Whether it decodes nothing, or what was promised, without its interrupt line."""
        home = self.config[BAR : BAR + 24] == self.home[BAR : BAR + 24]
        return not self.config[COMMAND] & DECODES or (home and bool(self.read(COMMAND) & NO_LINE))


OFFSETS = st.one_of(
    st.sampled_from([COMMAND, COMMAND + 1, *range(BAR, BAR + 24, 4), ROM, MSI, MSI + 4, PCIE + 8, POWER + 4]),
    st.integers(0, 4100),
)
VALUES = st.one_of(
    st.sampled_from(
        [0, DECODES, MASTER | DECODES, NO_LINE, ALL, 0xFFFE0000, 0xC0600000, 0xFEE00000, 0xC, 0xE0]
    ),
    st.integers(0, ALL),
)


@settings(max_examples=400)
@given(writes=st.lists(st.tuples(OFFSETS, st.sampled_from((1, 2, 4, 8)), VALUES), max_size=30))
def test_whatever_is_written_it_decodes_nothing_foreign(
    decide: Decide, writes: list[tuple[int, int, int]]
) -> None:
    function = Function(decide)
    opened = [int(bits) for bits in function.native.Open]
    for offset, width, value in writes:
        function.write(offset, width, value)
        assert function.decodes_home_only(), (hex(offset), width, hex(value))
        for register in range(0, SIZE, 4):
            changed = function.read(register) ^ dword(function.home, register)
            if not BAR <= register < BAR + 24:
                bits = opened[register // 4] | (NO_LINE if register == COMMAND else 0)
                assert changed & ~bits == 0, hex(register)


def test_a_system_finds_sizes_and_turns_it_on(decide: Decide) -> None:
    function = Function(decide)
    for index, size in enumerate(SIZES[:3]):
        home = function.read(BAR + 4 * index)
        assert not function.write(BAR + 4 * index, 4, ALL).Denied
        assert function.read(BAR + 4 * index) & ~15 == -size & ALL & ~15
        # Before it has its address back it cannot be turned on.
        assert function.write(COMMAND, 2, DECODES | MASTER).Denied
        assert function.read(COMMAND) & (DECODES | MASTER) == MASTER
        assert not function.write(BAR + 4 * index, 4, home).Denied
    answer = function.write(COMMAND, 2, DECODES | MASTER)
    assert (answer.Denied, answer.Value) == (False, DECODES | MASTER | NO_LINE)
    # While it is on, its size cannot be found, and its own address changes nothing.
    assert function.write(BAR, 4, ALL).Denied
    assert not function.write(BAR, 4, dword(function.home, BAR)).Denied
    assert bytes(function.config[BAR : BAR + 24]) == function.home[BAR : BAR + 24]


@pytest.mark.parametrize("value", [0, 0xC0620000, 0xFEE00000, 0xFFFE0000])
def test_it_cannot_be_moved(decide: Decide, value: int) -> None:
    function = Function(decide)
    answer = function.write(BAR, 4, value)
    assert (answer.Denied, answer.Write) == (True, False)


def test_one_byte_after_the_other(decide: Decide) -> None:
    function = Function(decide)
    for byte in range(4):
        assert function.write(BAR + byte, 1, 0xFF).Denied
    assert function.write(BAR + 2, 2, 0xC060).Write


@pytest.mark.parametrize(
    ("offset", "width", "value"),
    [
        (COMMAND, 2, SERR),
        (0x0F, 1, 0x40),  # its self-test
        (ROM, 4, 0xC0680001),
        (POWER + 4, 2, 1 << 8),  # to wake the PC up
        (PCIE + 8, 2, 0x2837),  # error messages
        (PCIE + 8, 2, 0x2850),  # another payload
        (PCIE + 0x10, 2, 0x0042),  # the link
        (0x100, 4, 1),
        (0xFFC, 4, 1),
        (0x42, 4, 1),
        (BAR, 8, 0),
        (BAR, 3, 0),
    ],
)
def test_what_concerns_others(decide: Decide, offset: int, width: int, value: int) -> None:
    function = Function(decide)
    before = bytes(function.config)
    assert function.write(offset, width, value).Denied
    function.config[COMMAND + 1] &= ~(NO_LINE >> 8) & 0xFF
    assert bytes(function.config) == before


@pytest.mark.parametrize(
    ("offset", "width", "value"),
    [
        (COMMAND, 2, MASTER),
        (COMMAND + 2, 2, 0xF910),
        (0x0C, 2, 0x4010),
        (0x3C, 1, 11),
        (POWER + 4, 2, 0x810B),  # as it was in this bit
        (PCIE + 8, 2, 0x8000 | 0x2830),  # its own reset
        (MSI, 4, 0x00810005 | MSIX << 8),
        (MSI + 4, 4, 0xFEE01004),
        (MSI + 0xC, 2, 0x4041),
        (MSIX + 2, 2, 0x8004),
    ],
)
def test_what_is_its_own(decide: Decide, offset: int, width: int, value: int) -> None:
    answer = Function(decide).write(offset, width, value)
    assert (answer.Denied, answer.Write) == (False, True)


def test_who_writes_its_command_gets_no_interrupt_line(decide: Decide) -> None:
    function = Function(decide)
    assert not function.write(COMMAND + 1, 1, 0).Denied
    assert function.read(COMMAND) & NO_LINE


def test_what_a_reset_has_enabled_is_disabled_first(decide: Decide) -> None:
    function = Function(decide)
    assert function.write(COMMAND, 1, DECODES).Denied
    assert not function.write(COMMAND, 2, 0).Denied
    assert not function.write(COMMAND, 1, DECODES).Denied
    assert function.read(COMMAND) == DECODES | NO_LINE | 0x10 << 16


@pytest.mark.parametrize("width", [1, 2, 4])
def test_the_payload_that_a_reset_has_cleared_comes_back(decide: Decide, width: int) -> None:
    """On the way from D3hot: it is 128 bytes then, which stays allowed, and its own, and no other one."""
    function, control = Function(decide), PCIE + 8
    own = function.read(control)
    function.config[control : control + 2] = bytes(2)
    cleared = function.read(control)
    for size in set(range(8)) - {0, own >> 5 & 7}:
        assert function.write(control, width, own & ~0xE0 | size << 5).Denied
        assert function.read(control) & 0xE0 == 0
    assert not function.write(control, width, cleared).Denied
    assert not function.write(control, width, own & ~0xE0).Denied
    assert not function.write(control, width, own).Denied
    assert function.read(control) == (cleared & ~0xFF | own & 0xFF if width == 1 else own)


@pytest.mark.parametrize("vendor", [0xFFFF, 0x0001])
@pytest.mark.parametrize(("offset", "width", "value"), [(COMMAND, 2, MASTER), (BAR, 4, ALL), (MSI, 4, 0)])
def test_one_in_a_reset_takes_nothing(
    decide: Decide, vendor: int, offset: int, width: int, value: int
) -> None:
    """What is read of it are ones: bits that it may not change would be set when it answers again."""
    function = Function(decide)
    function.config[:] = vendor.to_bytes(2, "little") + b"\xff" * (SIZE - 2)
    answer = function.write(offset, width, value)
    assert (answer.Denied, answer.Write) == (True, False)


def test_who_has_no_payload_has_nothing_to_write(decide: Decide) -> None:
    function = Function(decide, bytearray(space({0x3C: (1, 11)})))
    assert (function.native.PayloadRegister, function.native.PayloadBits) == (0, 0)
    assert not function.write(0, 4, function.read(0)).Write


def test_ports_without_an_address_are_never_decoded(decide: Decide) -> None:
    config = bytearray(ENDPOINT)
    config[BAR + 4 : BAR + 8] = (1).to_bytes(4, "little")
    function = Function(decide, config)
    assert function.write(COMMAND, 2, DECODES).Denied
    assert function.read(COMMAND) & DECODES == MEMORY


@dataclass
class Decision:
    """What the guard decides of an instruction."""

    action: str
    address: int = 0
    width: int = 0
    value: int = 0


@pytest.mark.parametrize(
    ("address", "code", "expected"),
    [
        (PAGE + 0x10, b"\x89\x03", Decision("MrmGuardWriteFunction", PAGE + 0x10, 4, 0x12345678)),
        (PAGE + 0xFFE, b"\x66\x89\x03", Decision("MrmGuardWriteFunction", PAGE + 0xFFE, 2, 0x5678)),
        (PAGE + 0x1000, b"\x89\x03", Decision("MrmGuardResume")),
        (PAGE + 4, b"\x87\x03", Decision("MrmGuardEnd")),
        (APIC + 0x80, b"\x89\x03", Decision("MrmGuardWriteApic", APIC + 0x80, 0, 0x12345678)),
    ],
)
def test_whose_configuration_space_it_is(
    decide: Decide, address: int, code: bytes, expected: Decision
) -> None:
    cpu = Cpu(decide, {0: 0x12345678, RBX: address}, functions=(PAGE,), x2apic=False)
    answer = cpu.fault(address, code)
    assert answer.Action == getattr(decide, expected.action)
    assert (answer.Address, answer.Width, answer.Value) == (expected.address, expected.width, expected.value)


def test_by_the_ports_that_select_a_function(decide: Decide) -> None:
    cpu = Cpu(decide, functions=(PAGE,))
    for select, own in ((0x80002010, True), (0x80002110, False), (0x00002010, False)):
        cpu.out(0xCF8, select, 4)
        answer = cpu.out(0xCFE, 0xC060, 2)
        expected = ("MrmGuardWriteFunction", PAGE + 0x12) if own else ("MrmGuardResume", 0)
        assert (answer.Action, answer.Address) == (getattr(decide, expected[0]), expected[1])
