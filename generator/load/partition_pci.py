# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `pci` of a partition."""

from __future__ import annotations

import re
from typing import TypeVar

from generator.errors import Problem
from generator.load.machine_pci import parse_at
from generator.load.nodes import Mapping, Node, Scalar
from generator.load.reader import Fields, ranged, read_scalar, wrong_type
from generator.load.values import parse_integer
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.intent import PciBusIntent, PciClass, PciIntent, PciMatchIntent
from generator.places import Located
from generator.printable import quoted

T = TypeVar("T")

KEYS = ("root_port", "root", "bus", "segment", "vendor", "device", "class", "serial", "count")
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


def read_pci(partition: Fields) -> tuple[PciIntent, ...]:
    """One entry or a list of them, as far as they can be read."""
    found = [_entry(item, partition.problems) for item in partition.items("pci")]
    entries = tuple(entry for entry in found if entry is not None)
    if len(entries) < len(found):
        partition.unread.add("pci")
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
    return read_scalar(node, "an entry of 'pci'", EXPECTED, parse_place, problems)


def _mapping(node: Mapping, problems: list[Problem]) -> PciIntent | None:
    """`{root_port: 03.0}`, `{bus: 3}`, or `{class: nvme, …}`."""
    fields = Fields(node, "an entry of 'pci'", KEYS, problems)
    at = fields.scalar("root_port", "device.function in hexadecimal, such as 03.0", parse_at, False)
    root = fields.integer("root", 0, 0xFFFFFFFF)
    bus, segment = fields.integer("bus", 0, 255), fields.integer("segment", 0, 0xFFFF)
    match = PciMatchIntent(
        place=node.place,
        vendor=_value(fields.integer("vendor", 0, 0xFFFF)),
        device=_value(fields.integer("device", 0, 0xFFFF)),
        class_code=_value(
            fields.scalar(
                "class",
                "a class code such as 0x010802 or 0x01, or one of " + ", ".join(CLASSES),
                parse_class,
                False,
            )
        ),
        serial=_value(fields.text("serial")),
        count=_value(fields.scalar("count", "1 to 16", ranged(parse_integer, 1, 16), False)),
    )
    if fields.unread:
        return None
    forms = [
        {"root_port", "root"} & node.entries.keys(),
        {"bus", "segment"} & node.entries.keys(),
        {"vendor", "device", "class", "serial", "count"} & node.entries.keys(),
    ]
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
