# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MADT, "APIC": processors and interrupt controllers (5.2.12)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from generator.acpi.table import HEADER_SIZE, Parsed, Structure, TableReader

SIGNATURE = "APIC"
ENABLED = 1
"""Flag of a processor: it can be used now."""

_LOCAL_APIC = struct.Struct("<BBBBI")
_X2APIC = struct.Struct("<BBHIII")
_IO_APIC = struct.Struct("<BBBBII")
_OVERRIDE = struct.Struct("<BBBBIH")
_LAPIC_ADDRESS = struct.Struct("<BBHQ")
_START = HEADER_SIZE + 8
_PLACEHOLDER = 0xFF


@dataclass(frozen=True, slots=True)
class LocalApic:
    """A processor: its ACPI UID, local APIC ID, flags; `x2apic` if it is listed as type 9."""

    uid: int
    apic_id: int
    flags: int
    x2apic: bool

    @property
    def enabled(self) -> bool:
        """Whether the processor can be used now."""
        return bool(self.flags & ENABLED)


@dataclass(frozen=True, slots=True)
class IoApic:
    """An IO-APIC: identifier, physical address."""

    identifier: int
    address: int


@dataclass(frozen=True, slots=True)
class Override:
    """An ISA interrupt that arrives at another global interrupt or with other polarity or trigger."""

    source: int
    interrupt: int
    flags: int


@dataclass(frozen=True, slots=True)
class Madt:
    """The table; `processors` are without repetitions and placeholders, enabled or not.

    `disabled` counts the entries that are not enabled, placeholders with them.
    """

    lapic_address: int
    legacy_pics: bool
    processors: tuple[LocalApic, ...]
    io_apics: tuple[IoApic, ...]
    overrides: tuple[Override, ...]
    disabled: int

    @property
    def enabled(self) -> tuple[LocalApic, ...]:
        """The processors that can be used now."""
        return tuple(processor for processor in self.processors if processor.enabled)


def parse_madt(data: bytes) -> Parsed[Madt]:
    """Read a MADT."""
    reader = TableReader(data, SIGNATURE)
    address, flags = reader.integer(HEADER_SIZE, 4), reader.integer(HEADER_SIZE + 4, 4)
    if reader.header is None or address is None or flags is None:
        if reader.header is not None:
            reader.find(HEADER_SIZE, "the table ends before its first entry")
        return Parsed(None, reader.findings)
    processors: dict[int, LocalApic] = {}
    disabled = 0
    io_apics: list[IoApic] = []
    overrides: list[Override] = []
    for structure in reader.structures(_START):
        if structure.kind in (0, 9):
            disabled += not _add_processor(reader, structure, processors)
        elif structure.kind == 1 and (fields := reader.unpack(structure, _IO_APIC)):
            io_apics.append(IoApic(fields[2], fields[4]))
        elif structure.kind == 2 and (fields := reader.unpack(structure, _OVERRIDE)):
            overrides.append(Override(fields[3], fields[4], fields[5]))
        elif structure.kind == 5 and (fields := reader.unpack(structure, _LAPIC_ADDRESS)):
            address = fields[3]
    if not any(processor.enabled for processor in processors.values()):
        reader.find(_START, "no processor is enabled")
    madt = Madt(
        lapic_address=address,
        legacy_pics=bool(flags & 1),
        processors=tuple(processors.values()),
        io_apics=tuple(io_apics),
        overrides=tuple(overrides),
        disabled=disabled,
    )
    return Parsed(madt, reader.findings)


def _add_processor(reader: TableReader, structure: Structure, processors: dict[int, LocalApic]) -> bool:
    """Add the processor that a structure of type 0 or 9 describes, if it does; whether it is enabled."""
    fields = reader.unpack(structure, _LOCAL_APIC if structure.kind == 0 else _X2APIC)
    if fields is None:
        return False
    if structure.kind == 0:
        found = LocalApic(fields[2], fields[3], fields[4], x2apic=False)
        absent = found.apic_id == _PLACEHOLDER
    else:
        found = LocalApic(fields[5], fields[3], fields[4], x2apic=True)
        absent = found.apic_id == 0xFFFFFFFF
    if absent:
        if found.enabled:
            reader.find(structure.offset, f"the broadcast APIC ID {found.apic_id:#x} is enabled")
        return False
    # Disabled entries are often placeholders that repeat an ID; an enabled one is the real one.
    first = processors.get(found.apic_id)
    if first is not None and first.enabled and found.enabled:
        # Types 0 and 9 for one processor: odd, harmless.
        reader.find(structure.offset, f"APIC ID {found.apic_id} is listed twice")
    if first is None or (found.enabled and not first.enabled):
        processors[found.apic_id] = found
    return found.enabled
