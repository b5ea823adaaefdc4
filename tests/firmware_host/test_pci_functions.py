# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPciLib: functions by themselves, what they decode, and what stands in for function 0."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.pci_config import ENDPOINT, SIZE, as_dwords, space

GIB, PAGE = 1 << 30, 0x1000
SAMPLE = [(0xC0600000, 0x20000, False), (0x6000, 0x20, True), (0xE000000000, 0x4000, False)]
"""What the registers of the sample decode."""


def is_all(decide: Decide, config: bytes, bars: Sequence[tuple[int, int, bool]]) -> bool:
    """Whether the PC's firmware knows all that a function decodes."""
    copy, told = Guarded(decide.ffi, config), Guarded.array(decide.ffi, "MRM_PCI_BAR", bars)
    return bool(decide.call("MrmPciIsAllOf", as_dwords(decide, copy), told.pointer, len(bars)))


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        (SAMPLE, True),
        (SAMPLE[::-1], True),
        ([*SAMPLE, (0, 0x100, True)], True),
        (SAMPLE[:2], False),
        ([*SAMPLE, (0xC0700000, 0x1000, False)], False),
        ([(0xC0600000, 0x20000, True), *SAMPLE[1:]], False),
        ([], False),
    ],
)
def test_what_the_firmware_knows(
    decide: Decide, bars: Sequence[tuple[int, int, bool]], expected: bool
) -> None:
    assert is_all(decide, ENDPOINT, bars) == expected


def test_a_wide_register_without_another_half(decide: Decide) -> None:
    config = space({0x24: (4, 0xC0600004)})
    assert is_all(decide, config, [(0xC0600000, 0x1000, False)])


def pages(decide: Decide, bar: tuple[int, int, bool]) -> tuple[int, int]:
    """Return first page and bytes of registers."""
    told, found = decide.ffi.new("MRM_PCI_BAR *", bar), decide.ffi.new("MRM_RANGE *")
    decide.call("MrmPciPages", told, found)
    return found.Base, found.Size


@given(base=st.integers(1, 1 << 44), size=st.integers(1, 1 << 32))
def test_whole_pages(decide: Decide, base: int, size: int) -> None:
    first, length = pages(decide, (base, size, False))
    assert first % PAGE == 0 and length % PAGE == 0
    assert first <= base < first + PAGE and 0 <= first + length - (base + size) < PAGE
    assert pages(decide, (base, size, True)) == (base, size)


BARS = st.tuples(st.integers(1, 8 * GIB), st.integers(1, GIB), st.booleans())


@given(bars=st.lists(BARS, max_size=6))
def test_windows_reach_all_of_it(decide: Decide, bars: list[tuple[int, int, bool]]) -> None:
    bus: Any = decide.ffi.new("MRM_PCI_BUS *")
    for bar in bars:
        decide.call("MrmPciAddWindow", decide.ffi.new("MRM_PCI_BAR *", bar), bus)
    kinds = [(bus.Io, [b for b in bars if b[2]])]
    kinds += [(bus.Memory, [b for b in bars if not b[2] and b[0] < 4 * GIB])]
    kinds += [(bus.Prefetchable, [b for b in bars if not b[2] and b[0] >= 4 * GIB])]
    for window, inside in kinds:
        found = [pages(decide, bar) for bar in inside]
        if found:
            assert window.Base == min(base for base, _ in found)
            assert window.Base + window.Size == max(base + size for base, size in found)
        else:
            assert window.Size == 0


def test_what_stands_in_for_function_0(decide: Decide) -> None:
    room = Guarded(decide.ffi, b"\xa5" * SIZE)
    decide.call("MrmPciStandIn", as_dwords(decide, room))
    assert room.contents() == space({0: (4, 0xFFFE), 0x0B: (1, 0xFF), 0x0E: (1, 0x80)})


@pytest.mark.parametrize(("register", "expected"), [(0x14, 0x40), (0x15, 0)])
def test_addresses_beside_the_registers(decide: Decide, register: int, expected: int) -> None:
    config = space({0x06: (2, 16), 0x34: (1, 0x40), 0x40: (1, register)})
    found, copy = decide.ffi.new("MRM_PCI_CAPABILITIES *"), Guarded(decide.ffi, config)
    decide.call("MrmPciCapabilities", as_dwords(decide, copy), found)
    assert found.FixedAddresses == expected


SHARES = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(1, 6), st.integers(0, 3)).map(
        lambda told: (told[0], told[1], told[1] + told[2], False, 0, 0)
    ),
    st.tuples(st.integers(0, 1), st.integers(1, 6), st.integers(0, 2), st.integers(0, 1)).map(
        lambda told: (told[0], told[1], told[1], True, told[2], told[3])
    ),
)


def functions_of(share: tuple[int, int, int, bool, int, int]) -> set[tuple[int, int, int, int]]:
    """All functions that can be among a share."""
    segment, first, last, alone, device, function = share
    if alone:
        return {(segment, first, device, function)}
    return {(segment, bus, d, f) for bus in range(first, last + 1) for d in range(3) for f in range(2)}


@settings(max_examples=300)
@given(one=SHARES, other=SHARES)
def test_whether_two_would_have_one_function(
    decide: Decide, one: tuple[int, int, int, bool, int, int], other: tuple[int, int, int, bool, int, int]
) -> None:
    told = [decide.ffi.new("MRM_PCI_SHARE *", share) for share in (one, other)]
    assert bool(decide.call("MrmPciSharesMeet", *told)) == bool(functions_of(one) & functions_of(other))
