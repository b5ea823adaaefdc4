# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The PCI tree of a machine file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.errors import Problem
from generator.load.nodes import Node
from generator.load.reader import Fields, ranged, read_mapping
from generator.load.values import parse_integer
from generator.model.device_path import DevicePath
from generator.model.machine import Bridge, PciFunction, PciRoot, Window

ROOT_KEYS = ("uid", "segment", "bus", "functions")
FUNCTION_KEYS = ("at", "vendor", "device", "class", "title", "serial", "msi", "msix", "bridge", "behind")
BRIDGE_KEYS = ("kind", "buses", "memory", "prefetchable")
WINDOW_KEYS = ("base", "size")
BRIDGE_KINDS = {"root-port": "root-port", "switch-port": "switch-port", "pci": "pci"}

_AT = re.compile(r"([0-9a-fA-F]{1,2})\.([0-7])")
_BUSES = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")


def load_roots(nodes: Iterable[Node], problems: list[Problem]) -> tuple[PciRoot, ...]:
    """All root bridges with everything below them."""
    found = (_root(node, problems) for node in nodes)
    return tuple(root for root in found if root is not None)


def parse_at(text: str) -> tuple[int, int] | None:
    """Device and function as `lspci` writes them: `1f.2` is device 31, function 2."""
    match = _AT.fullmatch(text)
    if match is None or int(match[1], 16) > 31:
        return None
    return int(match[1], 16), int(match[2])


def parse_buses(text: str) -> tuple[int, int] | None:
    """`1` or `1-3`: the secondary and the subordinate bus of a bridge."""
    match = _BUSES.fullmatch(text)
    single = parse_integer(text)
    if match is not None:
        first, last = int(match[1]), int(match[2])
    elif single is not None:
        first = last = single
    else:
        return None
    return (first, last) if first <= last <= 255 else None


def _root(node: Node, problems: list[Problem]) -> PciRoot | None:
    """One root bridge."""
    fields = read_mapping(node, "a root bridge", ROOT_KEYS, problems)
    if fields is None:
        return None
    uid = fields.integer("uid", 0, 0xFFFFFFFF, required=True)
    segment, bus = fields.integer("segment", 0, 0xFFFF), fields.integer("bus", 0, 255)
    if uid is None:
        return None
    path = DevicePath(uid.value, ())
    return PciRoot(
        fields.place,
        str(path),
        uid.value,
        segment.value if segment else 0,
        bus.value if bus else 0,
        _functions(fields.sequence("functions"), path, problems),
    )


def _functions(nodes: Iterable[Node], above: DevicePath, problems: list[Problem]) -> tuple[PciFunction, ...]:
    """The functions on one bus."""
    found = (_function(node, above, problems) for node in nodes)
    return tuple(function for function in found if function is not None)


def _function(node: Node, above: DevicePath, problems: list[Problem]) -> PciFunction | None:
    """One function and all behind it."""
    fields = read_mapping(node, "a PCI function", FUNCTION_KEYS, problems)
    if fields is None:
        return None
    at = fields.scalar("at", "device.function in hexadecimal, such as 1f.2", parse_at, required=True)
    vendor, device = (
        fields.integer("vendor", 0, 0xFFFF, required=True),
        fields.integer("device", 0, 0xFFFF, True),
    )
    class_code = fields.scalar(
        "class", "a class code such as 0x010802", ranged(parse_integer, 0, 0xFFFFFF), required=True
    )
    title, serial = fields.text("title"), fields.text("serial")
    msi, msix = fields.boolean("msi"), fields.boolean("msix")
    bridge_fields = fields.mapping("bridge", BRIDGE_KEYS)
    bridge = _bridge(bridge_fields) if bridge_fields else None
    if at is None or vendor is None or device is None or class_code is None:
        return None
    path = above.child(*at.value)
    behind = _functions(fields.sequence("behind"), path, problems)
    if behind and bridge is None and not fields.has("bridge"):
        fields.problem(
            fields.place,
            "yaml-missing-key",
            f"{path} has functions behind it but is no bridge",
            "the key 'bridge'",
            "add 'bridge: {kind: …, buses: …}'",
        )
    return PciFunction(
        place=fields.place,
        path=path,
        vendor=vendor.value,
        device=device.value,
        class_code=class_code.value,
        title=title.value if title else None,
        serial=serial.value if serial else None,
        msi=msi.value if msi else False,
        msix=msix.value if msix else False,
        bridge=bridge,
        behind=behind,
    )


def _bridge(fields: Fields) -> Bridge | None:
    """What a bridge forwards; a window left out is closed."""
    kind = fields.scalar("kind", "one of " + ", ".join(BRIDGE_KINDS), BRIDGE_KINDS.get, required=True)
    buses = fields.scalar("buses", "a bus or a range of buses such as 1-3", parse_buses, required=True)
    memory, prefetchable = _window(fields, "memory"), _window(fields, "prefetchable")
    if kind is None or buses is None:
        return None
    return Bridge(kind.value, buses.value[0], buses.value[1], memory, prefetchable)


def _window(fields: Fields, name: str) -> Window | None:
    """One address window."""
    window = fields.mapping(name, WINDOW_KEYS)
    if window is None:
        return None
    base, size = window.size("base", required=True), window.size("size", required=True)
    return None if base is None or size is None else Window(base.value, size.value)
