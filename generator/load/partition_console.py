# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `console` of a partition."""

from __future__ import annotations

from generator.load.keys import TEXT, TEXT_SCHEMA, Form, Key, Keys, any_of
from generator.load.nodes import Mapping
from generator.load.partition_pci import join_paths
from generator.load.reader import Fields
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.intent import CONSOLE_AUTO, CONSOLE_NONE
from generator.places import Located

UART = any_of({"enum": [CONSOLE_AUTO, CONSOLE_NONE]}, {"type": ["string", "integer"]})
"""Schema of a UART."""

CARD = Key(
    "pci",
    Form("a UEFI device path such as PciRoot(0x0)/Pci(0x9,0x0)", parse_device_path, TEXT_SCHEMA),
    "The device path of a PCI serial card of its own.",
    required=True,
)
CONSOLE_KEYS = Keys((CARD,))
_CONSOLE_BRIEF = "A UART by name or first I/O port, none, or auto: the first that nobody names."
CONSOLE = Key(
    "console",
    Form(TEXT.expected, TEXT.parse, any_of({**UART, "description": _CONSOLE_BRIEF}, CONSOLE_KEYS.schema)),
    "Where its firmware and operating system speak.",
    "a UART by name or first I/O port (`COM2`, `0x2F8`), a PCI serial card of its own "
    '(`{pci: "PciRoot(0x0)/Pci(0x9,0x0)/Pci(0x0,0x0)"}`), `none`, or `auto`',
    "`auto`",
    inherited=True,
)


def read_console(partition: Fields) -> Located[str] | Located[DevicePath] | None:
    """A UART by name or port, a word, or `{pci: …}`."""
    node = partition.node(CONSOLE.name)
    if not isinstance(node, Mapping):
        return partition.read(CONSOLE)
    fields = Fields(join_paths(node), "'console'", CONSOLE_KEYS.names, partition.problems)
    path = fields.read(CARD)
    partition.lose(CONSOLE.name, fields.unread)
    return path
