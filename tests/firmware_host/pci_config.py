# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Configuration space of PCI functions for tests: made of registers, written to as hardware takes it."""

from collections.abc import Mapping
from typing import Any

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

SIZE = 256

MSI, MSIX, POWER, PCIE, ADVANCED = 0x50, 0x60, 0x70, 0x80, 0xD0
"""Where the samples have their capabilities."""


def space(registers: Mapping[int, tuple[int, int]]) -> bytes:
    """Return configuration space of registers: bytes and value by offset; all else is zero."""
    made = bytearray(SIZE)
    for offset, (width, value) in registers.items():
        made[offset : offset + width] = value.to_bytes(width, "little")
    return bytes(made)


def capabilities(*chain: tuple[int, int]) -> dict[int, tuple[int, int]]:
    """Return the registers of a list of capabilities: offset and ID each."""
    registers = {0x06: (2, 1 << 4), 0x34: (1, chain[0][0])}
    for index, (offset, identity) in enumerate(chain):
        following = chain[index + 1][0] if index + 1 < len(chain) else 0
        registers[offset] = (2, identity | following << 8)
    return registers


ENDPOINT = space(
    capabilities((MSI, 0x05), (MSIX, 0x11), (POWER, 0x01), (PCIE, 0x10))
    | {
        0x00: (4, 0x10D38086),
        0x04: (2, 0x0407),
        0x0C: (2, 0x2010),
        0x10: (4, 0xC0600000),
        0x14: (4, 0x00006001),
        0x18: (4, 0x0000000C),
        0x1C: (4, 0x000000E0),
        0x30: (4, 0xC0680001),
        0x3C: (2, 0x010B),
        MSI + 2: (2, 0x0081),
        MSIX + 2: (2, 0xC004),
        POWER + 4: (2, 0x0108),
        PCIE + 2: (2, 0x0002),
        PCIE + 4: (4, 0x10008FC1),
        PCIE + 8: (2, 0x2830),
        PCIE + 0x10: (2, 0x0040),
        PCIE + 0x28: (2, 0x0005),
        PCIE + 0x30: (2, 0x0003),
    }
)
"""A network interface with everything, as a PC's firmware leaves it."""

BRIDGE = space(
    capabilities((POWER, 0x01), (PCIE, 0x10))
    | {
        0x00: (4, 0x8233104C),
        0x04: (2, 0x0007),
        0x0C: (4, 0x00010010),
        0x18: (4, 0x00060403),
        0x1C: (2, 0x7161),
        0x20: (4, 0xC0F0C0E0),
        0x24: (4, 0x1FF10001),
        0x28: (4, 0x000000E0),
        0x2C: (4, 0x000000E1),
        0x30: (4, 0x00000000),
        0x3C: (4, 0x0010010B),
        POWER + 4: (2, 0x0008),
        PCIE + 2: (2, 0x0162),
        PCIE + 8: (2, 0x8020),
        PCIE + 0x10: (2, 0x0040),
        PCIE + 0x18: (2, 0x05C0),
        PCIE + 0x28: (2, 0x0020),
        PCIE + 0x30: (2, 0x0003),
    }
)
"""A downstream port of a switch, buses 4 to 6 behind it."""

# What a reset leaves alone: who the function is and which capabilities it has.
_LASTS = ((0x00, 4), (0x06, 2), (0x0E, 1), (0x34, 1), (0x3D, 1))


def after_reset(config: bytes) -> bytes:
    """Return a sample right after a reset."""
    fresh = bytearray(SIZE)
    for offset, width in _LASTS:
        fresh[offset : offset + width] = config[offset : offset + width]
    for offset in (MSI, MSIX, POWER, PCIE):
        fresh[offset : offset + 4] = config[offset : offset + 4]
    fresh[PCIE + 4 : PCIE + 8] = config[PCIE + 4 : PCIE + 8]
    for offset, mask in ((MSI + 2, 0x0080), (MSIX + 2, 0x07FF)):
        control = int.from_bytes(config[offset : offset + 2], "little") & mask
        fresh[offset : offset + 2] = control.to_bytes(2, "little")
    for offset in range(0x10, 0x28 if not config[0x0E] & 0x7F else 0x18, 4):
        fresh[offset] = config[offset] & 0x0F
    return bytes(fresh)


def as_dwords(decide: Decide, guarded: Guarded) -> Any:
    """Return the pointer C takes."""
    return decide.ffi.cast("UINT32 *", guarded.pointer)
