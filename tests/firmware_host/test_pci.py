# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPciLib: windows, interrupts, resets and restored configuration, from copies of configuration space."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.pci_config import (
    ADVANCED,
    BRIDGE,
    ENDPOINT,
    MSI,
    MSIX,
    PCIE,
    POWER,
    SIZE,
    after_reset,
    as_dwords,
    capabilities,
    space,
)

random_space = st.binary(min_size=SIZE, max_size=SIZE)


def changed(config: bytes, *registers: tuple[int, int, int]) -> bytes:
    """Return configuration space with registers (offset, bytes, value) changed."""
    made = bytearray(config)
    for offset, width, value in registers:
        made[offset : offset + width] = value.to_bytes(width, "little")
    return bytes(made)


def capabilities_of(decide: Decide, config: bytes) -> Any:
    """Return what MrmPciCapabilities says."""
    found = decide.ffi.new("MRM_PCI_CAPABILITIES *")
    copy = Guarded(decide.ffi, config)
    decide.call("MrmPciCapabilities", as_dwords(decide, copy), found)
    return found


def writes_of(decide: Decide, function: str, *arguments: Any) -> list[tuple[int, int, int, int]]:
    """Return the writes that are to be made: register, bytes, value, microseconds after it."""
    room = Guarded.array(decide.ffi, "MRM_PCI_WRITE", [{"Wait": 77}] * decide.MRM_PCI_MAX_WRITES)
    writes = decide.ffi.cast("MRM_PCI_WRITE *", room.pointer)
    count = decide.call(function, *arguments, writes)
    assert count <= decide.MRM_PCI_MAX_WRITES
    return [(writes[n].Offset, writes[n].Width, writes[n].Value, writes[n].Wait) for n in range(count)]


def restore(decide: Decide, config: bytes) -> list[tuple[int, int, int]]:
    """Return the writes of MrmPciRestore, after none of which is anything to be waited for."""
    copy = Guarded(decide.ffi, config)
    writes = writes_of(decide, "MrmPciRestore", capabilities_of(decide, config), as_dwords(decide, copy))
    assert {wait for *_, wait in writes} == {0}
    return [(offset, width, value) for offset, width, value, _ in writes]


def reset(decide: Decide, way: str, config: bytes) -> list[tuple[int, int, int, int]]:
    """Return the writes of MrmPciResetWrites."""
    copy, reset = Guarded(decide.ffi, config), getattr(decide, f"MrmPciReset{way}")
    return writes_of(
        decide, "MrmPciResetWrites", capabilities_of(decide, config), reset, as_dwords(decide, copy)
    )


def judge(decide: Decide, function: str, saved: bytes, now: bytes) -> bool:
    """Return what a function says that compares two copies."""
    copies = Guarded(decide.ffi, saved), Guarded(decide.ffi, now)
    return bool(
        decide.call(function, capabilities_of(decide, saved), *(as_dwords(decide, copy) for copy in copies))
    )


def windows(decide: Decide, config: bytes) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Return memory, prefetchable and I/O window of a root port; what was there before must not matter."""
    bus = decide.ffi.new("MRM_PCI_BUS *")
    decide.ffi.buffer(bus)[:] = b"\xa5" * decide.ffi.sizeof("MRM_PCI_BUS")
    copy = Guarded(decide.ffi, config)
    decide.call("MrmPciWindows", as_dwords(decide, copy), bus)
    found = (bus.Memory, bus.Prefetchable, bus.Io)
    memory, prefetchable, ports = ((int(window.Base), int(window.Size)) for window in found)
    return memory, prefetchable, ports


CLOSED = (0, 0)
MEMORY, PREFETCHABLE, PORTS = (0xC0E00000, 0x200000), (0xE000000000, 0x120000000), (0x6000, 0x2000)


def test_windows_of_a_bridge(decide: Decide) -> None:
    assert windows(decide, BRIDGE) == (MEMORY, PREFETCHABLE, PORTS)


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        ((0x04, 2, 0x0006), (MEMORY, PREFETCHABLE, CLOSED)),
        ((0x04, 2, 0x0005), (CLOSED, CLOSED, PORTS)),
        ((0x1C, 2, 0x01F1), (MEMORY, PREFETCHABLE, CLOSED)),
        ((0x1C, 2, 0x0000), (MEMORY, PREFETCHABLE, CLOSED)),
        ((0x1C, 2, 0x6060), (MEMORY, PREFETCHABLE, (0x6000, 0x1000))),
        ((0x1C, 2, 0xF0F0), (MEMORY, PREFETCHABLE, (0xF000, 0x1000))),
        ((0x30, 4, 0x00010001), (MEMORY, PREFETCHABLE, CLOSED)),
        ((0x20, 4, 0x0000FFF0), (CLOSED, PREFETCHABLE, PORTS)),
        ((0x20, 4, 0x00000000), (CLOSED, PREFETCHABLE, PORTS)),
        ((0x20, 4, 0xFFF0FFF0), ((0xFFF00000, 0x100000), PREFETCHABLE, PORTS)),
        ((0x24, 4, 0x1FF00000), (MEMORY, CLOSED, PORTS)),
        ((0x24, 4, 0x1FF01000), (MEMORY, (0x10000000, 0x10000000), PORTS)),
        ((0x24, 4, 0x0001FFF1), (MEMORY, (0xE0FFF00000, 0x200000), PORTS)),
        ((0x2C, 4, 0x000000DF), (MEMORY, CLOSED, PORTS)),
    ],
)
def test_each_window(decide: Decide, register: tuple[int, int, int], expected: object) -> None:
    """Decoding off, closed, at zero, one granule, above what can be reached, 32 and 64 bits."""
    assert windows(decide, changed(BRIDGE, register)) == expected


@given(config=random_space)
def test_windows_never_wrap(decide: Decide, config: bytes) -> None:
    memory, prefetchable, ports = windows(decide, config)
    for base, size in (memory, prefetchable, ports):
        assert (base == 0) == (size == 0)
        assert base + size <= 1 << 64
    assert memory[0] % 0x100000 == memory[1] % 0x100000 == ports[0] % 0x1000 == ports[1] % 0x1000 == 0
    assert sum(ports) <= 1 << 16 and sum(memory) <= 1 << 32


GIB4 = 1 << 32
TOP = 0xFEC00000
stretches = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 2 * GIB4), st.integers(0, (1 << 64) - 1)),
        st.one_of(st.integers(1, 2 * GIB4), st.integers(1, (1 << 64) - 1)),
    ).filter(lambda span: sum(span) <= 1 << 64),
    max_size=6,
)


@given(forwarded=stretches)
def test_a_root_bridge_has_the_longest_stretch_on_each_side_of_4_gib(
    decide: Decide, forwarded: list[tuple[int, int]]
) -> None:
    bus = decide.ffi.new("MRM_PCI_BUS *")
    decide.ffi.buffer(bus)[:] = b"\xa5" * decide.ffi.sizeof("MRM_PCI_BUS")
    room = Guarded(decide.ffi, bytes(decide.ffi.buffer(decide.ffi.new("MRM_RANGE[]", forwarded))))
    ranges = decide.ffi.cast("MRM_RANGE *", room.pointer)
    decide.call("MrmPciRootWindows", ranges, len(forwarded), TOP, bus)
    below = [(base, min(base + size, TOP) - base) for base, size in forwarded if base < TOP]
    above = [(base, size) for base, size in forwarded if base >= GIB4]
    for window, choice in ((bus.Memory, below), (bus.Prefetchable, above)):
        found = (int(window.Base), int(window.Size))
        assert found in choice if choice else found == CLOSED
        assert found[1] == max((size for _, size in choice), default=0)


def way(decide: Decide, above: bytes, port: bytes) -> tuple[bool, tuple[int, int]]:
    """Return whether a bridge forwards all memory of a port behind it, and the port's I/O it forwards."""
    bus = decide.ffi.new("MRM_PCI_BUS *")
    copies = Guarded(decide.ffi, port), Guarded(decide.ffi, above)
    decide.call("MrmPciWindows", as_dwords(decide, copies[0]), bus)
    forwarded = bool(decide.call("MrmPciForwards", as_dwords(decide, copies[1]), bus))
    return forwarded, (bus.Io.Base, bus.Io.Size)


def forwards(decide: Decide, above: bytes, port: bytes) -> bool:
    """Return whether a bridge forwards all memory of a port behind it."""
    return way(decide, above, port)[0]


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        ((0x20, 4, 0xC0F0C0E0), True),
        ((0x20, 4, 0xC0E0C0E0), True),
        ((0x20, 4, 0xC0F0C0D0), False),
        ((0x20, 4, 0xC100C0E0), False),
        ((0x20, 4, 0x0000FFF0), True),
        ((0x1C, 2, 0x8161), True),
        ((0x28, 4, 0x000000DF), False),
        ((0x2C, 4, 0x000000E2), False),
    ],
)
def test_the_bridges_above_forward_what_a_port_does(
    decide: Decide, register: tuple[int, int, int], expected: bool
) -> None:
    """The same, half of it, below, above, closed; for memory, and prefetchable memory."""
    assert forwards(decide, BRIDGE, changed(BRIDGE, register)) is expected


def test_ports_that_a_bridge_above_does_not_forward_are_closed(decide: Decide) -> None:
    assert windows(decide, BRIDGE)[2] == way(decide, BRIDGE, BRIDGE)[1] != (0, 0)
    assert way(decide, BRIDGE, changed(BRIDGE, (0x1C, 2, 0x8161)))[1] == (0, 0)


def test_prefetchable_memory_also_goes_through_the_other_window(decide: Decide) -> None:
    """And plain memory through the prefetchable one."""
    inside = changed(BRIDGE, (0x24, 4, 0xC0F0C0E0), (0x28, 4, 0), (0x2C, 4, 0))
    assert forwards(decide, BRIDGE, inside)
    swapped = changed(BRIDGE, (0x20, 4, 0x0000FFF0), (0x24, 4, 0xC0F0C0E0), (0x28, 4, 0), (0x2C, 4, 0))
    assert forwards(decide, swapped, changed(inside, (0x24, 4, 0x0000FFF0)))


@pytest.mark.parametrize(
    ("command", "memory", "ports"), [(5, False, True), (6, True, False), (0, False, False)]
)
def test_a_bridge_that_does_not_decode_forwards_nothing(
    decide: Decide, command: int, memory: bool, ports: bool
) -> None:
    forwarded, (_, size) = way(decide, changed(BRIDGE, (0x04, 2, command)), BRIDGE)
    assert (forwarded, size != 0) == (memory, ports)


@given(above=random_space, port=random_space)
def test_what_is_forwarded_lies_in_some_window(decide: Decide, above: bytes, port: bytes) -> None:
    forwarded, ports = way(decide, above, port)
    if forwarded:
        outer_memory, outer_prefetchable, outer_ports = windows(decide, above)
        memory, prefetchable, _ = windows(decide, port)
        for (base, size), outer in (
            (memory, (outer_memory, outer_prefetchable)),
            (prefetchable, (outer_memory, outer_prefetchable)),
            (ports, (outer_ports,)),
        ):
            inside = any(first <= base and base + size <= first + length for first, length in outer)
            assert size == 0 or inside


@pytest.mark.parametrize(
    ("kind", "expected"), [(0, False), (4, True), (5, False), (6, True), (7, False), (8, False)]
)
def test_ports_behind_which_is_a_share(decide: Decide, kind: int, expected: bool) -> None:
    """Root port and downstream port; not upstream port, nor bridges from and to PCI, nor an endpoint."""
    config = changed(BRIDGE, (PCIE + 2, 2, kind << 4 | 2))
    assert bool(capabilities_of(decide, config).Port) is expected
    assert not capabilities_of(decide, changed(ENDPOINT, (PCIE + 2, 2, kind << 4 | 2))).Port


def test_a_conventional_bridge_is_no_port(decide: Decide) -> None:
    assert not capabilities_of(decide, changed(BRIDGE, (0x06, 2, 0))).Port


@pytest.mark.parametrize(("written", "pin"), [(0, 0), (1, 1), (4, 4), (5, 0), (255, 0)])
def test_a_reserved_interrupt_pin_is_none(decide: Decide, written: int, pin: int) -> None:
    assert capabilities_of(decide, changed(ENDPOINT, (0x3D, 1, written))).InterruptPin == pin


def test_capabilities_of_an_endpoint(decide: Decide) -> None:
    found = capabilities_of(decide, ENDPOINT)
    assert (found.Msi, found.MsiX, found.Power, found.Pcie, found.AdvancedFeatures) == (
        MSI,
        MSIX,
        POWER,
        PCIE,
        0,
    )
    assert (found.Bridge, found.InterruptPin) == (0, 1)
    assert (found.FunctionReset, found.AdvancedReset, found.PowerReset) == (1, 0, 0)


def test_capabilities_of_a_bridge(decide: Decide) -> None:
    found = capabilities_of(decide, BRIDGE)
    assert (found.Msi, found.MsiX, found.Power, found.Pcie) == (0, 0, POWER, PCIE)
    assert (found.Bridge, found.FunctionReset, found.PowerReset) == (1, 0, 0)


@pytest.mark.parametrize("flags", range(4))
def test_advanced_features_need_both_bits(decide: Decide, flags: int) -> None:
    config = space(capabilities((ADVANCED, 0x13)) | {ADVANCED + 3: (1, flags)})
    assert capabilities_of(decide, config).AdvancedReset == (flags == 3)


LOST = {
    "no list": changed(ENDPOINT, (0x06, 2, 0)),
    "list in the header": changed(ENDPOINT, (0x34, 1, 0x3C)),
    "capability across the end": space(capabilities((0xFC, 0x10))),
}


@pytest.mark.parametrize("name", LOST)
def test_no_capability_where_none_can_be(decide: Decide, name: str) -> None:
    found = capabilities_of(decide, LOST[name])
    assert (found.Msi, found.MsiX, found.Power, found.Pcie, found.AdvancedFeatures) == (0, 0, 0, 0, 0)


def test_a_list_that_is_a_ring_ends(decide: Decide) -> None:
    config = space(capabilities((0x40, 0x09), (0x48, 0x09)) | {0x48: (2, 0x4009)})
    assert capabilities_of(decide, config).Pcie == 0


@given(config=random_space)
def test_any_configuration_space_is_survived(decide: Decide, config: bytes) -> None:
    found = capabilities_of(decide, config)
    shortest = (("Msi", 4), ("MsiX", 4), ("Power", 6), ("Pcie", 0x14), ("AdvancedFeatures", 6))
    for name, size in shortest:
        offset = getattr(found, name)
        assert offset == 0 or 0x40 <= offset <= SIZE - size
    if found.Bridge:
        assert not (found.FunctionReset or found.AdvancedReset or found.PowerReset)


INTERRUPTS = {
    "MSI and MSI-X": (ENDPOINT, "Message"),
    "MSI only": (changed(ENDPOINT, (MSI, 2, 0x05)), "Message"),
    "line only": (space({0x3D: (1, 1)}), "Line"),
    "nothing": (space({}), "None"),
    "bridge with a line": (BRIDGE, "None"),
}


@pytest.mark.parametrize("name", INTERRUPTS)
def test_interrupts(decide: Decide, name: str) -> None:
    config, expected = INTERRUPTS[name]
    kind = decide.call("MrmPciInterrupts", capabilities_of(decide, config))
    assert kind == getattr(decide, f"MrmPciInterrupts{expected}")


BARS = {
    "I/O": ((0x6001, 0), (0x6000, True)),
    "32 bits": ((0xC0600008, 0xE0), (0xC0600000, False)),
    "64 bits": ((0xC060000C, 0xE0), (0xE0C0600000, False)),
    "none": ((0, 0), (0, False)),
}


@pytest.mark.parametrize("name", BARS)
def test_first_base_address_register(decide: Decide, name: str) -> None:
    (low, high), expected = BARS[name]
    ports = decide.ffi.new("BOOLEAN *")
    copy = Guarded(decide.ffi, space({0x10: (4, low), 0x14: (4, high)}))
    base = decide.call("MrmPciFirstBar", as_dwords(decide, copy), ports)
    assert (base, bool(ports[0])) == expected


LADDERS = {
    "bridge": ((1, 0, 0, 0), ["Bus"]),
    "nothing of its own": ((0, 0, 0, 0), ["Bus"]),
    "PCIe": ((0, 1, 0, 0), ["Bus", "Function"]),
    "conventional": ((0, 0, 1, 0), ["Bus", "Advanced"]),
    "power": ((0, 0, 0, 1), ["Bus", "Power"]),
    "everything": ((0, 1, 1, 1), ["Bus", "Function", "Advanced", "Power"]),
}


@pytest.mark.parametrize("name", LADDERS)
def test_resets_are_tried_in_order(decide: Decide, name: str) -> None:
    (bridge, function, advanced, power), expected = LADDERS[name]
    can = decide.ffi.new("MRM_PCI_CAPABILITIES *")
    can.Bridge, can.FunctionReset, can.AdvancedReset, can.PowerReset = bridge, function, advanced, power
    found, reset = [], decide.MrmPciResetNone
    while (reset := decide.call("MrmPciNextReset", can, reset)) != decide.MrmPciResetFailed:
        found.append(reset)
    assert found == [getattr(decide, f"MrmPciReset{way}") for way in expected]
    assert decide.call("MrmPciNextReset", can, decide.MrmPciResetFailed) == decide.MrmPciResetFailed


# Every way to be reset: ENDPOINT with one more capability at the end of its list.
CAPABLE = changed(
    ENDPOINT,
    (PCIE + 1, 1, ADVANCED),
    (ADVANCED, 4, 0x03000013),
    (ADVANCED + 4, 1, 0x02),
    (POWER + 4, 2, 0x0100),
)


def test_each_way_to_reset_a_function(decide: Decide) -> None:
    """One bit is set, or a state; the others stay; 100 ms after a reset a function can be configured."""
    config = changed(CAPABLE, (PCIE + 8, 2, 0x2810))
    assert reset(decide, "Function", config) == [(PCIE + 8, 2, 0xA810, 100000)]
    assert reset(decide, "Advanced", config) == [(ADVANCED + 4, 1, 0x03, 100000)]
    power = POWER + 4
    assert reset(decide, "Power", config) == [(power, 2, 0x0103, 10000), (power, 2, 0x0100, 10000)]
    asleep = changed(config, (POWER + 4, 2, 0x0103))
    assert reset(decide, "Power", asleep) == reset(decide, "Power", config)
    assert (
        reset(decide, "None", config) == reset(decide, "Bus", config) == reset(decide, "Failed", config) == []
    )


@pytest.mark.parametrize(("layout", "bars"), [(0, 6), (0x80, 6), (1, 2), (0x81, 2), (2, 0), (0x7F, 0)])
def test_address_registers_by_header(decide: Decide, layout: int, bars: int) -> None:
    found = capabilities_of(decide, changed(ENDPOINT, (0x0E, 1, layout)))
    assert (found.Bars, found.Bridge) == (bars, bars == 2)


@pytest.mark.parametrize("saved", [ENDPOINT, BRIDGE], ids=["endpoint", "bridge"])
def test_a_reset_is_seen(decide: Decide, saved: bytes) -> None:
    assert judge(decide, "MrmPciWasReset", saved, after_reset(saved))
    assert not judge(decide, "MrmPciWasReset", saved, saved)
    assert judge(decide, "MrmPciIsRestored", saved, saved)
    assert not judge(decide, "MrmPciIsRestored", saved, after_reset(saved))


KEPT = {
    "first BAR": (ENDPOINT, (0x10, 4, 0xC0600000)),
    "I/O BAR": (ENDPOINT, (0x14, 4, 0x6001)),
    "upper half of a BAR": (ENDPOINT, (0x1C, 4, 0xE0)),
    "bus numbers": (BRIDGE, (0x18, 4, 0x00060403)),
}


@pytest.mark.parametrize("name", KEPT)
def test_one_register_that_stayed_is_no_reset(decide: Decide, name: str) -> None:
    saved, register = KEPT[name]
    assert not judge(decide, "MrmPciWasReset", saved, changed(after_reset(saved), register))
    offset, width, _ = register
    lost = changed(
        saved, (offset, width, int.from_bytes(after_reset(saved)[offset : offset + width], "little"))
    )
    assert not judge(decide, "MrmPciIsRestored", saved, lost)


def test_another_function_is_not_restored(decide: Decide) -> None:
    assert not judge(decide, "MrmPciIsRestored", ENDPOINT, changed(ENDPOINT, (0x00, 4, 0x10D38087)))


def test_latency_timer_of_a_bridge_says_nothing(decide: Decide) -> None:
    assert judge(decide, "MrmPciWasReset", BRIDGE, changed(after_reset(BRIDGE), (0x1B, 1, 0x40)))


# What differs from what the PC's firmware left: decoding, message interrupts and ROM off, no line.
ENDPOINT_AFTER = changed(
    ENDPOINT,
    (0x04, 2, 0),
    (0x30, 4, 0xC0680000),
    (0x3C, 1, 0xFF),
    (MSI + 2, 2, 0x0080),
    (MSIX + 2, 2, 0x0004),
    (POWER + 4, 2, 0x0008),
)
BRIDGE_AFTER = changed(BRIDGE, (0x3C, 1, 0xFF))


@pytest.mark.parametrize(
    ("saved", "expected"), [(ENDPOINT, ENDPOINT_AFTER), (BRIDGE, BRIDGE_AFTER)], ids=["endpoint", "bridge"]
)
def test_configuration_comes_back(decide: Decide, saved: bytes, expected: bytes) -> None:
    made = changed(after_reset(saved), *restore(decide, saved))
    different = [hex(n) for n in range(SIZE) if made[n] != expected[n]]
    assert different == []
    assert judge(decide, "MrmPciIsRestored", saved, made)


def test_a_bridge_forwards_last(decide: Decide) -> None:
    """Nothing is let through before it is known where to."""
    offsets = [offset for offset, _, _ in restore(decide, BRIDGE)]
    assert offsets[0] == offsets[-1] == 0x04
    assert offsets.index(0x18) < offsets.index(0x20) < offsets.index(0x24)


@given(config=random_space)
def test_writes_start_nothing(decide: Decide, config: bytes) -> None:
    """No self-test, no reset; status bits, which a one clears, are left alone."""
    bridge = config[0x0E] & 0x7F == 1
    can = capabilities_of(decide, config)
    for offset, width, value in restore(decide, config):
        touched = range(offset, offset + width)
        assert offset % width == 0 and offset + width <= SIZE and value < 1 << 8 * width
        assert not {0x06, 0x07, 0x0E, 0x0F} & set(touched)
        if bridge:
            assert not {0x1E, 0x1F} & set(touched)
            assert offset != 0x3E or value & 1 << 6 == 0
        elif offset == 0x04:
            assert value == 0
        if can.Pcie and offset == can.Pcie + 8 and not bridge:
            assert value & 1 << 15 == 0


@pytest.mark.parametrize("offset", [0xE8, 0xD8, 0xC4])
def test_a_pcie_capability_at_the_end_is_not_written_beyond(decide: Decide, offset: int) -> None:
    config = changed(space(capabilities((offset, 0x10))), (offset + 2, 2, 0x0162), (0x0E, 1, 1))
    written = [at for at, _, _ in restore(decide, config) if at > offset]
    registers = [offset + 0x08, offset + 0x10, offset + 0x18, offset + 0x28, offset + 0x30]
    assert written == [at for at in registers if at < SIZE]


def test_where_a_function_says_that_it_expects_an_answer(decide: Decide) -> None:
    register, bit = decide.ffi.new("UINT8 *"), decide.ffi.new("UINT32 *")
    conventional = changed(CAPABLE, (0x34, 1, ADVANCED))
    for config, expected in ((ENDPOINT, (PCIE + 8, 1 << 21)), (conventional, (ADVANCED + 4, 1 << 8))):
        assert decide.call("MrmPciPending", capabilities_of(decide, config), register, bit)
        assert (register[0], bit[0]) == expected
    assert not decide.call("MrmPciPending", capabilities_of(decide, space({})), register, bit)


@dataclass
class Device:
    """A function: which ways reset it, after how many looks it answers, whether it can be configured."""

    saved: bytes
    obeys: frozenset[str]
    silent: int
    stubborn: bool
    config: bytes = b""
    looks: int = 0
    asked: list[str] = field(default_factory=list)

    def reset(self, way: str) -> None:
        """Be asked to reset."""
        self.asked.append(way)
        if way in self.obeys:
            self.config, self.looks = after_reset(self.saved), 0

    def read(self) -> bytes:
        """What a look at it gives."""
        self.looks += 1
        return self.config if self.looks > self.silent else b"\xff" * SIZE

    def write(self, offset: int, width: int, value: int) -> None:
        """Take a write as hardware does; registers that start something start it."""
        before = self.config
        if offset == PCIE + 8 and value & 1 << 15 and self.saved is not BRIDGE:
            self.reset("Function")
        elif offset == ADVANCED + 4 and value & 1:
            self.reset("Advanced")
        elif offset == POWER + 4 and value & 3 == 0 and before[offset] & 3 == 3:
            self.config = changed(before, (offset, 1, before[offset] & ~3))
            self.reset("Power")
        elif not (self.stubborn and offset == 0x10):
            self.config = changed(before, (offset, width, value))


BARE = changed(CAPABLE, *((offset, 4, 0) for offset in range(0x10, 0x28, 4)))
"""Without base address registers: nothing shows whether it was reset."""
DEVICES = st.builds(
    Device,
    st.sampled_from([CAPABLE, ENDPOINT, BRIDGE]),
    st.frozensets(st.sampled_from(["Bus", "Function", "Advanced", "Power"])),
    st.integers(0, 12),
    st.booleans(),
)


def bring_back(decide: Decide, device: Device, alone: bool) -> tuple[int, bool]:
    """Do what MrmPciBackStep says to its end; return the verdict, and whether no way has reset it."""
    ffi, can = decide.ffi, capabilities_of(decide, device.saved)
    back = ffi.new("MRM_PCI_BACK *", {"Alone": alone})
    for _ in range(100):
        copies = Guarded(ffi, device.saved), Guarded(ffi, device.read())
        room = Guarded.array(ffi, "MRM_PCI_WRITE", [{}] * decide.MRM_PCI_MAX_WRITES)
        writes, count = ffi.cast("MRM_PCI_WRITE *", room.pointer), ffi.new("UINTN *", 77)
        saved, now = (as_dwords(decide, copy) for copy in copies)
        verdict = decide.call("MrmPciBackStep", can, saved, now, back, writes, count)
        if verdict != decide.MrmPciBackGoesOn:
            break
        for write in writes[0 : count[0]]:
            assert write.Width != 0 or write.Wait == 100000
            if write.Width != 0:
                device.write(write.Offset, write.Width, write.Value)
    assert count[0] == 0
    return verdict, bool(back.NotReset)


@given(DEVICES)
def test_a_function_comes_back_from_its_reset(decide: Decide, device: Device) -> None:
    """Each way is tried once, until one works; then it has its configuration, or that is said."""
    device.config = changed(device.saved, (0x04, 2, 0))
    device.reset("Bus")
    verdict, not_reset = bring_back(decide, device, alone=False)
    ways = ["Bus", "Function", "Advanced", "Power"]
    if device.saved is not CAPABLE:
        ways = ways[: 1 if device.saved is BRIDGE else 2]
    obeyed = next((number for number, way in enumerate(ways) if way in device.obeys), None)
    if device.silent > 10:
        assert verdict == decide.MrmPciBackSilent
        assert device.asked == ["Bus"]
        return
    assert device.asked == (ways if obeyed is None else ways[: obeyed + 1])
    assert not_reset == (obeyed is None)
    lost = (
        device.stubborn
        and obeyed is not None
        and device.saved[0x10:0x14] != after_reset(device.saved)[0x10:0x14]
    )
    assert verdict == (decide.MrmPciBackLost if lost else decide.MrmPciBackDone)
    if not lost:
        assert device.config[0x10:0x28] == device.saved[0x10:0x28]


@pytest.mark.parametrize(
    ("saved", "asked"),
    [(CAPABLE, ["Function"]), (ENDPOINT, ["Function"]), (BARE, ["Function"]), (space({0x10: (4, 0)}), [])],
)
@pytest.mark.parametrize("fresh", [False, True])
def test_one_that_is_alone_is_reset_by_its_own_means(
    decide: Decide, saved: bytes, asked: list[str], fresh: bool
) -> None:
    """Also when its registers look as after a reset, which its last owner can have caused long ago."""
    device = Device(saved, frozenset({"Function"}), 0, False, after_reset(saved) if fresh else saved)
    assert bring_back(decide, device, alone=True) == (decide.MrmPciBackDone, not asked)
    assert device.asked == asked
