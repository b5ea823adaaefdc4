# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Kernel parameters by which Linux drives a UART before it has read ACPI, and so by an address of its own.

The firmware of a partition judges the command line of any Linux it starts by the same rules (MrmSerial.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.model.machine import Uart
from generator.model.plan import ConsolePlan
from generator.printable import printable
from generator.resolve.words import canonical, kernel_words

LEGACY_PORTS = (0x3F8, 0x2F8, 0x3E8, 0x2E8)
"""Ports of ttyS0 to ttyS3, compiled into every x86 kernel (arch/x86/include/asm/serial.h)."""
EARLY_PORTS = LEGACY_PORTS[:2]
"""Ports of ttyS0 and ttyS1 for earlyprintk; any other number means the first."""
USUAL_UARTS = 4
"""CONFIG_SERIAL_8250_RUNTIME_UARTS of most distributions, which 8250.nr_uarts overrides."""
_COUNTS = ("8250.nr_uarts", "8250_core.nr_uarts")


@dataclass(frozen=True, slots=True)
class SerialWord:
    """A parameter, and the UART it means: at an I/O port, or elsewhere, in words."""

    word: str
    port: int | None
    place: str

    def __str__(self) -> str:
        return f"with the kernel parameter {printable(self.word)} a starting Linux drives {self.place}"


def foreign_serial_words(options: str, console: ConsolePlan | None) -> tuple[SerialWord, ...]:
    """The words of a command line that drive another UART than the partition's console.

    Where a PCI serial card is, only the live machine knows: only legacy ports are certain not to be it.
    """
    own = console.uart if console is not None else None
    card = console is not None and console.path is not None
    found: list[SerialWord] = []
    for word in _serial_words(options, own, card):
        mine = own is not None and word.port == own.io_base
        unknown = card and word.port not in LEGACY_PORTS
        if not mine and not unknown:
            found.append(word)
    return tuple(found)


def _serial_words(options: str, own: Uart | None, card: bool) -> Iterator[SerialWord]:
    """All words that drive a UART by address."""
    words = kernel_words(options)
    count = USUAL_UARTS
    for word in words:
        name, value = canonical(word)
        if name in _COUNTS:
            count = _number(value)

    def of_kgdb(value: str) -> tuple[int | None, str] | None:
        match = re.search(r"ttyS(\d*)", value)
        return None if match is None else _debugger(int(match[1] or "0"), count, own, card)

    readers: dict[str, Callable[[str], tuple[int | None, str] | None]] = {
        "console": lambda value: _console(value, count),
        "earlycon": _by_address,
        "earlyprintk": _early_print,
        "kgdboc": of_kgdb,
    }
    for word in words:
        name, value = canonical(word)
        place = readers[name](value) if name in readers and "=" in word else None
        if place is not None:
            yield SerialWord(word, *place)


def _number(text: str) -> int:
    """A number of 64 bits as the kernel reads it, 0 if it is none; what follows it does not count."""
    for pattern, base in ((r"0[xX]([0-9a-fA-F]*)", 16), (r"(0[0-7]*)", 8), (r"(\d+)", 10)):
        match = re.match(pattern, text)
        if match is not None:
            return min(int(match[1] or "0", base), (1 << 64) - 1)
    return 0


def _at_port(port: int) -> tuple[int, str]:
    return port, f"the UART at I/O port 0x{port:X}"


def _console(value: str, count: int) -> tuple[int | None, str] | None:
    """`console=ttyS0,…`: that line of the driver, before ACPI has put anything into it."""
    match = re.match(r"(?:ttyS(?=[\d,]|$)|(?=\d))(\d*)", value)
    if match is None:
        return _by_address(value)
    line = int(match[1] or "0")
    if count == 0:
        return None
    if line >= count:
        return _at_port(LEGACY_PORTS[0])
    return _at_port(LEGACY_PORTS[line]) if line < len(LEGACY_PORTS) else None


def _debugger(line: int, count: int, own: Uart | None, card: bool) -> tuple[int | None, str] | None:
    """`kgdboc=ttyS0`: that line of the driver, after ACPI's UART has taken its own, or else the first."""
    taken = own is not None or card
    legacy = own is not None and own.io_base in LEGACY_PORTS[:count]
    if line >= min(count, len(LEGACY_PORTS)) or (line == 0 and taken and not legacy):
        return None
    return _at_port(LEGACY_PORTS[line])


def _by_address(value: str) -> tuple[int | None, str] | None:
    """`earlycon=uart8250,io,0x3f8,…`; `console=` takes the same."""
    match = re.match(r"[a-z0-9_]+,(?:(io|mmio|mmio16|mmio32|mmio32be|mmio32native),|(?=0x))(.*)", value)
    if match is None:
        return None
    if match[1] == "io":
        return _at_port(_number(match[2]))
    return None, f"a UART in memory at 0x{_number(match[2]):X}"


def _early_print(value: str) -> tuple[int | None, str] | None:
    """`earlyprintk=serial,ttyS0,…`; without an address it is the first UART's."""
    if "pciserial" in value:
        return None, "a UART on a PCI card, which it finds by the shared ports CF8 and CFC"
    match = re.search(r"(?:serial,?|(?=ttyS))(?:(0x[0-9a-fA-F]*)|(?:ttyS)?(\d*))", value)
    if match is None:
        return None
    if match[1] is not None:
        return _at_port(_number(match[1]))
    line = int(match[2] or "0")
    return _at_port(EARLY_PORTS[line] if line < len(EARLY_PORTS) else EARLY_PORTS[0])
