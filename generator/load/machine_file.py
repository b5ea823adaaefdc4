# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The machine file: YAML → facts of a machine.  The format is described in docs/machine-file.md."""

from __future__ import annotations

from pathlib import Path

from generator.errors import Problem
from generator.load.keys import TEXT, Key, Keys, integer, mapping_of
from generator.load.machine_features import FEATURES, QEMU, read_features, read_qemu
from generator.load.machine_firmware import ACPI, FIRMWARE, read_acpi, read_firmware
from generator.load.machine_identity import IDENTITY, read_identity
from generator.load.machine_parts import (
    MEMORY,
    PROCESSORS,
    UARTS,
    read_processor,
    read_range,
    read_uart,
)
from generator.load.machine_pci import ECAM, PCI, PCI_KEYS, ROOTS, load_roots, read_ecam
from generator.load.nodes import Mapping, parse_yaml
from generator.load.partition_file import FORMAT_KEY, read_format, shown_path
from generator.load.reader import read_mapping
from generator.load.text import read_text
from generator.model.machine import Machine
from generator.places import Place
from generator.printable import printable

FORMAT = 1
_NAMES = "a word, and what people call the machine"
NAME = Key("name", TEXT, "Names the machine.", _NAMES, "required, `name`", required=True)
TITLE = Key("title", TEXT, "What people call the machine.", _NAMES, "required, `name`")
BITS = Key(
    "physical_address_bits",
    integer(32, 52),
    "Width of physical addresses.",
    "width of physical addresses, 32 to 52",
    "required",
    required=True,
)
CONSOLE = Key("console", TEXT, "Name of a UART.", "name of a UART", "none")
CONTROLLER_KEYS = Keys((CONSOLE,))
CONTROLLER = Key(
    "controller",
    mapping_of(CONTROLLER_KEYS),
    "The controller's UART unless the partition file names another.",
    "`{console: COM1}`: the controller's UART unless the partition file names another",
    "no console",
)
FILE_KEYS = Keys(
    (
        FORMAT_KEY,
        NAME,
        TITLE,
        IDENTITY,
        BITS,
        FIRMWARE,
        CONTROLLER,
        PROCESSORS,
        MEMORY,
        PCI,
        UARTS,
        ACPI,
        FEATURES,
        QEMU,
    )
)


def is_machine_file(path: Path) -> bool:
    """Whether a file is a machine file rather than a partition file, as far as its keys say."""
    shown, ignored = shown_path(path), list[Problem]()
    text = read_text(path, shown, ignored)
    node = None if text is None else parse_yaml(text, shown, ignored)
    return isinstance(node, Mapping) and not {"processors", "memory", "pci"}.isdisjoint(node.entries)


def load_machine_file(path: Path, problems: list[Problem], named: Place | None = None) -> Machine | None:
    """Read a machine file; None, with problems, if it is not complete and well-formed.

    `named` is where a partition file names it.
    """
    shown = shown_path(path)
    before = len(problems)
    text = read_text(path, shown, problems, named)
    node = None if text is None else parse_yaml(text, shown, problems)
    fields = None if node is None else read_mapping(node, "the machine file", FILE_KEYS.names, problems)
    if fields is None:
        if len(problems) == before:
            problems.append(_empty(shown))
        return None
    read_format(fields, FORMAT)
    name, title, bits = fields.read(NAME), fields.read(TITLE), fields.read(BITS)
    identity = read_identity(fields)
    firmware = read_firmware(fields, problems)
    controller = fields.inside(CONTROLLER, CONTROLLER_KEYS)
    console = controller.read(CONSOLE) if controller else None
    processors = [p for n in fields.listed(PROCESSORS) if (p := read_processor(n, problems)) is not None]
    memory = [m for n in fields.listed(MEMORY) if (m := read_range(n, problems)) is not None]
    pci = fields.inside(PCI, PCI_KEYS)
    ecam = [e for n in (pci.listed(ECAM) if pci else ()) if (e := read_ecam(n, problems)) is not None]
    roots = load_roots(pci.listed(ROOTS), problems) if pci else ()
    uarts = [u for n in fields.listed(UARTS) if (u := read_uart(n, problems)) is not None]
    acpi = read_acpi(fields)
    features = read_features(fields)
    qemu = read_qemu(fields) if fields.has(QEMU.name) else None
    if len(problems) > before or name is None or bits is None or firmware is None or acpi is None:
        return None
    return Machine(
        path=path,
        place=fields.place,
        name=printable(name.value),
        title=title.value if title else name.value,
        physical_address_bits=bits.value,
        firmware=firmware,
        controller_console=console.value if console else None,
        processors=tuple(processors),
        memory=tuple(memory),
        ecam=tuple(ecam),
        roots=roots,
        uarts=tuple(uarts),
        acpi=acpi,
        qemu=qemu,
        features=features,
        identity=identity,
    )


def _empty(shown: str) -> Problem:
    """The problem of a file without content."""
    return Problem(
        Place(shown),
        "yaml-type",
        "the machine file is empty",
        "facts of a machine",
        "see docs/machine-file.md",
    )
