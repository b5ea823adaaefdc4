# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `pci` of a partition."""

from __future__ import annotations

import re
from typing import TypeVar

from generator.errors import Problem
from generator.load.keys import TEXT, Form, Key, Keys, Schema, any_of, integer, one_or_more
from generator.load.machine_pci import parse_at
from generator.load.nodes import Mapping, Node, Scalar
from generator.load.reader import Fields, read_scalar, wrong_type
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.intent import PciBusIntent, PciClass, PciIntent, PciMatchIntent
from generator.places import Located
from generator.printable import quoted

T = TypeVar("T")

EXPECTED = (
    "a UEFI device path such as PciRoot(0x0)/Pci(0x3,0x0), a root port such as 03.0, {bus: 3}, "
    "or {class: nvme, count: 1}"
)
CLASSES = {
    "nvme": PciClass(0x010802, 0xFFFFFF),
    "ahci": PciClass(0x010601, 0xFFFFFF),
    "storage": PciClass(0x010000, 0xFF0000),
    "network": PciClass(0x020000, 0xFF0000),
    "ethernet": PciClass(0x020000, 0xFFFF00),
    "display": PciClass(0x030000, 0xFF0000),
    "usb": PciClass(0x0C0300, 0xFFFF00),
    "xhci": PciClass(0x0C0330, 0xFFFFFF),
}
"""Names of PCI class codes (PCI Code and ID Assignment Specification)."""
_CLASS = re.compile(r"0x((?:[0-9a-fA-F]{2}){1,3})")


def parse_class(text: str) -> PciClass | None:
    """A name of the table, or the first one to three bytes of a class code, such as 0x0108."""
    match = _CLASS.fullmatch(text)
    if match is None:
        return CLASSES.get(text)
    shift = 24 - 4 * len(match[1])
    return PciClass(int(match[1], 16) << shift, 0xFFFFFF >> shift << shift)


_AT = any_of({"type": "string", "pattern": r"^[0-9a-fA-F]{1,2}\.[0-7]$"}, {"type": "number"})
_PATH: Schema = {"type": "string", "pattern": r"^[Pp][Cc][Ii][Rr]oot\(.*\)(/[Pp][Cc][Ii]\(.*,.*\))+$"}
_CLASS_EXPECTED = "a class code such as 0x010802 or 0x01, or one of " + ", ".join(CLASSES)
_CLASS_SCHEMA = any_of({"enum": list(CLASSES)}, {"type": ["string", "integer"]})
ROOT_PORT = Key(
    "root_port", Form("device.function in hexadecimal, such as 03.0", parse_at, _AT), "Device and function."
)
ROOT = Key("root", integer(), "_UID.")
BUS = Key("bus", integer(0, 255), "A bus behind a port.")
SEGMENT = Key("segment", integer(0, 0xFFFF), "PCI segment.")
VENDOR = Key("vendor", integer(0, 0xFFFF), "Vendor ID.")
DEVICE = Key("device", integer(0, 0xFFFF), "Device ID.")
CLASS = Key(
    "class",
    Form(_CLASS_EXPECTED, parse_class, _CLASS_SCHEMA),
    "A class, its code, or the first bytes of it.",
)
SERIAL = Key("serial", TEXT, "Serial number.")
COUNT = Key("count", integer(1, 16, "1 to 16"), "How many functions.")
FORMS = (Keys((ROOT_PORT, ROOT)), Keys((BUS, SEGMENT)), Keys((VENDOR, DEVICE, CLASS, SERIAL, COUNT)))
"""The keys of the three ways to name a port."""
KEYS = Keys(tuple(key for form in FORMS for key in form.keys))
ENTRY: Schema = {
    "description": "A port: the partition gets everything behind it.",
    "anyOf": [
        {**_PATH, "description": "A UEFI device path."},
        {**_AT, "description": "Device and function of a root port, such as 03.0."},
        *(form.schema for form in FORMS),
    ],
}


def read_pci(partition: Fields) -> tuple[PciIntent, ...]:
    """One entry or a list of them, as far as they can be read."""
    found = [_entry(item, partition.problems) for item in partition.items(PCI.name)]
    entries = tuple(entry for entry in found if entry is not None)
    if len(entries) < len(found):
        partition.unread.add(PCI.name)
    return entries


def join_paths(node: Mapping) -> Mapping:
    """With device paths whole: between { and } YAML ends a text at a comma, and takes the rest for a key."""
    entries: dict[str, tuple[Located[str], Node]] = {}
    last = ""
    for name, (key, value) in node.entries.items():
        before = entries[last][1] if last else None
        open_path = isinstance(before, Scalar) and before.text.count("(") > before.text.count(")")
        if open_path and isinstance(before, Scalar) and isinstance(value, Scalar) and not value.text:
            entries[last] = (entries[last][0], Scalar(f"{before.text},{name}", False, before.place))
        else:
            entries[name] = (key, value)
            last = name
    return Mapping(entries, node.place)


def parse_place(text: str) -> DevicePath | None:
    """A device path, or the device and function of a root port on the first root bridge."""
    at = parse_at(text)
    return parse_device_path(text) if at is None else DevicePath(0, (at,))


PCI = Key(
    "pci",
    Form(EXPECTED, parse_place, one_or_more(ENTRY)),
    "Root ports, with everything behind them.",
    "ports, in one of the forms below, or a list of them; the partition gets all that is behind them",
    "nothing",
)


def _entry(node: Node, problems: list[Problem]) -> PciIntent | None:
    """One entry of `pci`."""
    if isinstance(node, Mapping):
        return _mapping(node, problems)
    if isinstance(node, Scalar) and node.text.count("(") != node.text.count(")"):
        problems.append(
            Problem(
                node.place,
                "yaml-type",
                f"an entry of 'pci' is {quoted(node.text)}, cut off at a comma",
                "a UEFI device path such as PciRoot(0x0)/Pci(0x3,0x0)",
                "put the path in quotes: between [ and ] a comma ends an entry",
            )
        )
        return None
    return read_scalar(node, "an entry of 'pci'", PCI.form.expected, PCI.form.parse, problems)


def _mapping(node: Mapping, problems: list[Problem]) -> PciIntent | None:
    """`{root_port: 03.0}`, `{bus: 3}`, or `{class: nvme, …}`."""
    fields = Fields(node, "an entry of 'pci'", KEYS.names, problems)
    at, root = fields.read(ROOT_PORT), fields.read(ROOT)
    bus, segment = fields.read(BUS), fields.read(SEGMENT)
    match = PciMatchIntent(
        place=node.place,
        vendor=_value(fields.read(VENDOR)),
        device=_value(fields.read(DEVICE)),
        class_code=_value(fields.read(CLASS)),
        serial=_value(fields.read(SERIAL)),
        count=_value(fields.read(COUNT)),
    )
    if fields.unread:
        return None
    forms = [node.entries.keys() & set(form.names) for form in FORMS]
    if (
        sum(map(bool, forms)) != 1
        or match.empty == bool(forms[2])
        or (at is None and bus is None and not forms[2])
    ):
        wrong_type(node, "an entry of 'pci'", EXPECTED, problems)
        return None
    if at is not None:
        return Located(DevicePath(root.value if root else 0, (at.value,)), node.place)
    if bus is not None:
        return PciBusIntent(node.place, segment.value if segment else 0, bus.value)
    return match


def _value(found: Located[T] | None) -> T | None:
    """The value, or None for a missing one."""
    return None if found is None else found.value
