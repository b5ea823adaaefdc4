# SPDX-License-Identifier: BSD-2-Clause-Patent
"""SPCR: the serial console the firmware uses (Microsoft, Serial Port Console Redirection Table)."""

from __future__ import annotations

from dataclasses import dataclass

from generator.acpi.table import HEADER_SIZE, GenericAddress, Parsed, TableReader

SIGNATURE = "SPCR"
BAUD_RATES = {3: 9600, 4: 19200, 6: 57600, 7: 115200}
"""Codes of the field; 0 stands for "as it is"."""

_MINIMUM = 80


@dataclass(frozen=True, slots=True)
class Spcr:
    """The console's UART; `baud` and `irq` are None where the table does not say, `address` if none."""

    interface: int
    address: GenericAddress | None
    irq: int | None
    baud: int | None


def parse_spcr(data: bytes) -> Parsed[Spcr]:
    """Read an SPCR."""
    reader = TableReader(data, SIGNATURE, _MINIMUM)
    if reader.header is None:
        return Parsed(None, reader.findings)
    code = reader.data[58]
    if code and code not in BAUD_RATES:
        reader.find(58, f"unknown baud rate code {code}")
    irq = reader.data[53] if reader.data[52] & 1 else None
    spcr = Spcr(reader.data[HEADER_SIZE], reader.address(40), irq, BAUD_RATES.get(code))
    return Parsed(spcr, reader.findings)
