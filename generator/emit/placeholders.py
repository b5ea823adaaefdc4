# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Placeholders in the DSDT for what only the live machine knows, and where they lie in the AML.

Each PCI bus of a partition has one named resource descriptor of each kind.  Its fields are as wide as they
may ever need to be, and its placeholder values are consistent, so that iasl accepts them.
"""

from __future__ import annotations

from dataclasses import dataclass

MAXIMUM_BUSES = 16


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A resource descriptor: its name in the ASL, and placeholders for first, last and length."""

    tag: str
    first: int
    length: int

    @property
    def last(self) -> int:
        """The last address, as iasl wants it to match the length."""
        return self.first + self.length - 1


@dataclass(frozen=True, slots=True)
class BusPlaceholders:
    """All placeholders of the PCI bus with this index."""

    index: int
    base_bus: int
    bus: Descriptor
    memory: Descriptor
    prefetchable: Descriptor
    io: Descriptor
    ecam: Descriptor


CONSOLE_IO = Descriptor("UAIO", 0xE000, 8)
CONSOLE_MEMORY = Descriptor("UAME", 0x604D524D2D554100, 8)
"""The console on a PCI serial card, in I/O or in memory space."""

PANIC = Descriptor("PANR", 0x604D524D2D504100, 4)
"""The register of the panic device."""

THERMAL = 0x604D524D2D544800
"""The address of the registers of the thermal zone."""


def placeholders(index: int) -> BusPlaceholders:
    """The placeholders of one bus; no two buses share a value, and 64-bit values occur nowhere else."""
    if not 0 <= index < MAXIMUM_BUSES:
        raise ValueError(f"bus index {index} is not below {MAXIMUM_BUSES}")
    return BusPlaceholders(
        index=index,
        base_bus=0x4D524D2D42425500 + index,
        bus=Descriptor(f"BU{index:02X}", 0xA000 + (index << 8), 1 << 8),
        memory=Descriptor(f"ME{index:02X}", 0xA0000000 + (index << 24), 1 << 24),
        prefetchable=Descriptor(f"PF{index:02X}", 0x304D524D2D504600 + index, 0x104D524D2D504C00 + index),
        io=Descriptor(f"IO{index:02X}", 0xC000 + (index << 8), 1 << 8),
        ecam=Descriptor(f"EC{index:02X}", 0x504D524D2D454300 + index, 0x204D524D2D454C00 + index),
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """Where first, last and length lie in an address space descriptor (ACPI 6.5, section 6.4.3.5)."""

    tag: int
    width: int
    first: int
    last: int
    length: int


WORD = Layout(tag=0x88, width=2, first=8, last=10, length=14)
DWORD = Layout(tag=0x87, width=4, first=10, last=14, length=22)
QWORD = Layout(tag=0x8A, width=8, first=14, last=22, length=38)
