# SPDX-License-Identifier: BSD-2-Clause-Patent
"""FADT, "FACP": fixed hardware, of which the PM timer matters most here (5.2.9)."""

from __future__ import annotations

from dataclasses import dataclass

from generator.acpi.table import Parsed, TableReader

SIGNATURE = "FACP"
TIMER_VALUE_EXTENSION = 1 << 8
HARDWARE_REDUCED = 1 << 20
NO_MSI = 1 << 3
"""In the IA-PC boot architecture flags: the system must not enable MSI."""

_SYSTEM_IO = 1
_MINIMUM = 116
"""Bytes of the first FADT, that of ACPI 1.0."""
_TIMER_PORTS = 4


@dataclass(frozen=True, slots=True)
class PmTimerBlock:
    """The PM timer's port and width in bits."""

    port: int
    bits: int


@dataclass(frozen=True, slots=True)
class Fadt:
    """The fields used here; `pm_timer` is None if there is none that can be read through a port.

    `unused_timer` is the one that the table of a hardware-reduced machine names: such a machine has no fixed
    hardware, and these fields of its table mean nothing (ACPI 6.5, sections 4.1 and 5.2.9).
    """

    revision: int
    flags: int
    boot_architecture: int
    pm_timer: PmTimerBlock | None
    unused_timer: PmTimerBlock | None = None

    @property
    def hardware_reduced(self) -> bool:
        """Whether the platform has no fixed ACPI hardware."""
        return bool(self.flags & HARDWARE_REDUCED)

    @property
    def msi(self) -> bool:
        """Whether message-signaled interrupts may be used."""
        return not self.boot_architecture & NO_MSI

    @property
    def why_no_timer(self) -> str:
        """Why there is no PM timer that can be used."""
        if not self.hardware_reduced:
            return "the FADT names none"
        named = (
            f", so port {self.unused_timer.port:#x} in the FADT means nothing" if self.unused_timer else ""
        )
        return f"hardware-reduced ACPI has none{named}"


def parse_fadt(data: bytes) -> Parsed[Fadt]:
    """Read a FADT of any revision."""
    reader = TableReader(data, SIGNATURE, _MINIMUM)
    if reader.header is None:
        return Parsed(None, reader.findings)
    flags = reader.integer(112, 4) or 0
    # Bytes 109 and 110 were reserved in ACPI 1.0.
    boot_architecture = (reader.integer(109, 2) or 0) if reader.header.revision > 1 else 0
    hardware_reduced = reader.header.revision >= 5 and bool(flags & HARDWARE_REDUCED)
    timer = _pm_timer(reader, flags)
    if not hardware_reduced:
        flags &= ~HARDWARE_REDUCED
    return Parsed(
        Fadt(
            revision=reader.header.revision,
            flags=flags,
            boot_architecture=boot_architecture,
            pm_timer=None if hardware_reduced else timer,
            unused_timer=timer if hardware_reduced else None,
        ),
        reader.findings,
    )


def _pm_timer(reader: TableReader, flags: int) -> PmTimerBlock | None:
    """The timer, by the extended address where it is there and a port, else by the old field."""
    old, length = reader.integer(76, 4) or 0, reader.integer(91, 1) or 0
    extended = reader.address(208)
    port = old
    if extended is not None:
        if extended.space == _SYSTEM_IO:
            if old and old != extended.address:
                reader.find(208, f"the PM timer is at {extended.address:#x} here, at {old:#x} in byte 76")
            port = extended.address
        else:
            reader.find(208, f"the PM timer is in address space {extended.space}, no I/O port")
    if port == 0:
        return None
    if length != _TIMER_PORTS:
        reader.find(91, f"a PM timer of {length} ports, expected {_TIMER_PORTS}")
        if length == 0 and extended is None:
            return None
    if port > 0x10000 - _TIMER_PORTS:
        reader.find(76, f"the PM timer's port {port:#x} does not exist")
        return None
    return PmTimerBlock(port, 32 if flags & TIMER_VALUE_EXTENSION else 24)
