# SPDX-License-Identifier: BSD-2-Clause-Patent
"""UARTs at I/O ports: those ACPI describes, and those the kernel found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from generator.model.machine import PciFunction, PciRoot, Uart
from generator.places import Place
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot
from generator.scan.tables import Tables

STANDARD = {0x3F8: "COM1", 0x2F8: "COM2", 0x3E8: "COM3", 0x2E8: "COM4"}
"""Names by I/O base, as people use them."""

PNP_DEVICES = "sys/bus/pnp/devices"
TERMINALS = "sys/class/tty"

_IDENTIFIERS = {"PNP0500", "PNP0501"}
_PORTS = re.compile(r"^io (0x[0-9a-fA-F]{1,4})-0x[0-9a-fA-F]{1,4}", re.MULTILINE)
_IRQ = re.compile(r"^irq ([0-9]{1,3})\b", re.MULTILINE)
# Linux 6.5 and later add its own numbers to the function's: 0000:03:00.0:0.0.
_PCI = re.compile(r"([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(:[0-9]+(\.[0-9]+)?)?$")
_DEFAULT_BAUD = 115200
_SYSTEM_IO = 1


@dataclass(frozen=True, slots=True)
class _Found:
    """A UART at a port, with its interrupt if known."""

    port: int
    irq: int | None


def scan_uarts(
    snapshot: Snapshot, tables: Tables, roots: Iterable[PciRoot], notes: Notes, place: Place
) -> tuple[Uart, ...]:
    """All UARTs of the PC itself, ordered by name; those of PCI functions belong to their function."""
    found = {uart.port: uart for uart in [*_terminals(snapshot, notes), *_pnp(snapshot)]}
    spcr = tables.spcr
    console = None
    if spcr is not None and spcr.address is not None and spcr.address.space == _SYSTEM_IO:
        console = spcr.address.address
        if 0x100 <= console <= 0xFFF8 and console not in found:
            found[console] = _Found(console, spcr.irq)
    cards = [f for root in roots for function in root.functions for f in _all(function)]
    for port in sorted(found):
        card = next((f for f in cards if _decodes(f, port)), None)
        if card is not None:
            notes.add(
                "uarts", f"the UART at I/O port 0x{port:x} is part of the PCI function {card.path}: left out"
            )
            del found[port]
    names = _names(sorted(found))
    if not found:
        notes.add("uarts", "no UART at an I/O port was found")
    uarts = []
    for port, name in names.items():
        baud = spcr.baud if spcr is not None and port == console and spcr.baud else _DEFAULT_BAUD
        uarts.append(Uart(place, name, port, baud, found[port].irq))
    return tuple(sorted(uarts, key=lambda uart: (len(uart.name), uart.name)))


def _names(ports: list[int]) -> dict[int, str]:
    """A name for each port: the usual one, or the next number from COM5 on."""
    names: dict[int, str] = {}
    number = 5
    for port in ports:
        if port in STANDARD:
            names[port] = STANDARD[port]
        else:
            names[port] = f"COM{number}"
            number += 1
    return names


def _all(function: PciFunction) -> Iterable[PciFunction]:
    """A function and all behind it."""
    yield function
    for behind in function.behind:
        yield from _all(behind)


def _decodes(function: PciFunction, port: int) -> bool:
    """Whether a base address register of the function decodes the I/O port."""
    return any(
        bar.space == "io" and bar.base and bar.base <= port < bar.base + bar.size for bar in function.bars
    )


def _pnp(snapshot: Snapshot) -> list[_Found]:
    """The UARTs in the ACPI namespace, with the resources they use now."""
    found: list[_Found] = []
    for name in snapshot.names(PNP_DEVICES):
        identifiers = set((snapshot.text(f"{PNP_DEVICES}/{name}/id") or "").split())
        resources = snapshot.text(f"{PNP_DEVICES}/{name}/resources") or ""
        ports, irq = _PORTS.search(resources), _IRQ.search(resources)
        if identifiers & _IDENTIFIERS and ports and 0x100 <= int(ports[1], 16) <= 0xFFF8:
            found.append(_Found(int(ports[1], 16), int(irq[1]) if irq and int(irq[1]) < 256 else None))
    return found


def _terminals(snapshot: Snapshot, notes: Notes) -> list[_Found]:
    """The UARTs the kernel drives; those on PCI cards belong to their function."""
    found: list[_Found] = []
    for name in snapshot.names(TERMINALS):
        terminal = f"{TERMINALS}/{name}"
        if not re.fullmatch(r"ttyS[0-9]{1,4}", name) or not snapshot.integer(f"{terminal}/type", 10):
            continue
        port = snapshot.integer(f"{terminal}/port", 16)
        link = snapshot.link(f"{terminal}/device") or ""
        if match := _PCI.search(link):
            notes.add("uarts", f"{name} is part of the PCI function {match[1]}: left out")
        elif port is not None and 0x100 <= port <= 0xFFF8:
            irq = snapshot.integer(f"{terminal}/irq", 10)
            found.append(_Found(port, irq if irq and 0 < irq < 256 else None))
    return found
