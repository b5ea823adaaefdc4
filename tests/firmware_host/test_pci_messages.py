# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPciLib: where a function has the messages by which it interrupts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.pci_config import (
    BRIDGE,
    ENDPOINT,
    MSI,
    MSIX,
    SIZE,
    as_dwords,
    capabilities,
    space,
)


def messages(decide: Decide, config: bytes) -> tuple[tuple[int, int] | None, tuple[int, bool] | None]:
    """Return address and length of the MSI-X table; offset of MSI's address, and whether it is wide."""
    ffi, copy = decide.ffi, Guarded(decide.ffi, config)
    found: Any = ffi.new("MRM_PCI_CAPABILITIES *")
    decide.call("MrmPciCapabilities", as_dwords(decide, copy), found)
    address, count = ffi.new("UINT64 *"), ffi.new("UINT32 *")
    offset, wide = ffi.new("UINT32 *"), ffi.new("BOOLEAN *")
    table = decide.call("MrmPciMessageTable", found, as_dwords(decide, copy), address, count)
    registers = decide.call("MrmPciMessageRegisters", found, as_dwords(decide, copy), offset, wide)
    return (
        (address[0], count[0]) if table else None,
        (offset[0], bool(wide[0])) if registers else None,
    )


def sample(table: int, control: int = 4, **bars: int) -> bytes:
    """Return the endpoint with another table register, length and base address registers."""
    config = bytearray(ENDPOINT)
    config[MSIX + 2 : MSIX + 4] = control.to_bytes(2, "little")
    config[MSIX + 4 : MSIX + 8] = table.to_bytes(4, "little")
    for name, value in bars.items():
        offset = 0x10 + 4 * int(name.removeprefix("bar"))
        config[offset : offset + 4] = value.to_bytes(4, "little")
    return bytes(config)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (sample(0), (0xC0600000, 5)),
        (sample(0x2000, 0xC040), (0xC0602000, 65)),
        (sample(0x3008, 0x07FF), (0xC0603008, 2048)),
        (sample(0x2002), (0xE000002000, 5)),
        (sample(0x1004, bar4=0xC0700000), (0xC0701000, 5)),
        (sample(0x1005, bar5=0xC0700004), (0xC0701000, 5)),  # wide, and no other half
        (sample(1), None),  # I/O ports
        (sample(3), None),  # the upper half of another one
        (sample(4), None),  # no address
        (sample(6), None),
        (sample(7), None),
        (BRIDGE, None),
        (bytes(SIZE), None),
        (b"\xff" * SIZE, None),
    ],
)
def test_where_the_table_is(decide: Decide, config: bytes, expected: tuple[int, int] | None) -> None:
    assert messages(decide, config)[0] == expected


def test_a_bridge_has_two_base_address_registers(decide: Decide) -> None:
    for number, expected in ((0, (0xC0C46000, 1)), (2, None)):
        config = space(
            capabilities((MSIX, 0x11))
            | {0x0E: (1, 1), 0x10: (4, 0xC0C46000), 0x18: (4, 0xC0C46000), MSIX + 4: (4, number)}
        )
        assert messages(decide, config)[0] == expected


@pytest.mark.parametrize(
    ("offset", "control", "expected"),
    [
        (MSI, 0x0080, (MSI + 4, True)),
        (MSI, 0x0100, (MSI + 4, False)),
        (0xF4, 0, (0xF8, False)),
        (0xF4, 0x80, None),
        (0xF8, 0, None),
    ],
)
def test_where_the_registers_are(
    decide: Decide, offset: int, control: int, expected: tuple[int, bool] | None
) -> None:
    config = space(capabilities((offset, 0x05)) | {offset + 2: (2, control)})
    assert messages(decide, config) == (None, expected)


@given(config=st.binary(min_size=SIZE, max_size=SIZE))
def test_any_bytes_can_be_read(decide: Decide, config: bytes) -> None:
    table, registers = messages(decide, config)
    assert table is None or (table[0] % 8 == 0 and 0 < table[1] <= 2048)
    assert registers is None or (registers[0] % 4 == 0 and registers[0] + (12 if registers[1] else 8) <= SIZE)
