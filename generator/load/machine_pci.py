# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The PCI tree of a machine file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.errors import Problem
from generator.load.nodes import Node
from generator.load.reader import Fields, read_mapping, read_scalar
from generator.load.values import parse_integer, ranged
from generator.model.device_path import DevicePath
from generator.model.machine import Bar, Bridge, PciFunction, PciRoot, Window
from generator.model.ports import DOWNSTREAM_PORT, PCI_BRIDGE, ROOT_PORT, UPSTREAM_PORT

ROOT_KEYS = ("uid", "segment", "bus", "functions", "node")
FUNCTION_KEYS = (
    "at",
    "vendor",
    "device",
    "class",
    "title",
    "serial",
    "msi",
    "msix",
    "interrupt_pin",
    "bridge",
    "behind",
    "bars",
    "reset",
    "iommu_group",
)
BRIDGE_KEYS = ("kind", "buses", "memory", "prefetchable")
WINDOW_KEYS = ("base", "size")
BAR_KEYS = ("index", "space", "bits", "prefetchable", "base", "size")
BAR_SPACES = {"io": "io", "memory": "memory"}
RESET_METHODS = ("device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus")
"""Ways to reset a function, by the names of Linux (Documentation/ABI/testing/sysfs-bus-pci, reset_method)."""
SWITCH_PORT = "switch-port"
"""A port of a switch by its older name: which of the two it is, its place in the tree tells."""
BRIDGE_KINDS = {kind: kind for kind in (ROOT_PORT, UPSTREAM_PORT, DOWNSTREAM_PORT, SWITCH_PORT, PCI_BRIDGE)}

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
    numa = fields.integer("node", 0, 0xFFFFFFFF)
    if uid is None:
        return None
    path = DevicePath(uid.value, ())
    return PciRoot(
        fields.place,
        str(path),
        uid.value,
        segment.value if segment else 0,
        bus.value if bus else 0,
        _functions(fields.sequence("functions"), path, None, problems),
        numa.value if numa else None,
    )


def _functions(
    nodes: Iterable[Node], above: DevicePath, bridge: Bridge | None, problems: list[Problem]
) -> tuple[PciFunction, ...]:
    """The functions on one bus: behind a bridge, or behind a root bridge if that is None."""
    found = (_function(node, above, bridge, problems) for node in nodes)
    return tuple(function for function in found if function is not None)


def _function(
    node: Node, above: DevicePath, bridge_above: Bridge | None, problems: list[Problem]
) -> PciFunction | None:
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
    pin = fields.integer("interrupt_pin", 0, 4)
    group = fields.integer("iommu_group", 0, 0xFFFFFFFF)
    bars = (_bar(bar, problems) for bar in fields.sequence("bars"))
    bridge_fields = fields.mapping("bridge", BRIDGE_KEYS)
    bridge = _bridge(bridge_fields, bridge_above) if bridge_fields else None
    if at is None or vendor is None or device is None or class_code is None:
        return None
    path = above.child(*at.value)
    behind = _functions(fields.sequence("behind"), path, bridge, problems)
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
        bars=tuple(bar for bar in bars if bar is not None),
        reset=_reset(fields, problems),
        iommu_group=group.value if group else None,
        interrupt_pin=pin.value if pin else None,
    )


def _reset(fields: Fields, problems: list[Problem]) -> tuple[str, ...] | None:
    """The ways to reset a function; None if the file does not say."""
    if not fields.has("reset"):
        return None
    known = {method: method for method in RESET_METHODS}
    expected = "one of " + ", ".join(RESET_METHODS)
    found = (
        read_scalar(node, "a way to reset", expected, known.get, problems)
        for node in fields.sequence("reset")
    )
    return tuple(method.value for method in found if method is not None)


def _bar(node: Node, problems: list[Problem]) -> Bar | None:
    """One base address register."""
    fields = read_mapping(node, "a base address register", BAR_KEYS, problems)
    if fields is None:
        return None
    index = fields.integer("index", 0, 5, required=True)
    space = fields.scalar("space", "io or memory", BAR_SPACES.get, required=True)
    bits = fields.integer("bits", 16, 64)
    prefetchable = fields.boolean("prefetchable")
    base, size = fields.size("base"), fields.size("size", required=True)
    if index is None or space is None or size is None:
        return None
    return Bar(
        index.value,
        space.value,
        bits.value if bits else 32,
        prefetchable.value if prefetchable else False,
        base.value if base else 0,
        size.value,
    )


def _bridge(fields: Fields, above: Bridge | None) -> Bridge | None:
    """What a bridge forwards, on the bus behind another one; a window left out is closed."""
    kind = fields.scalar("kind", "one of " + ", ".join(BRIDGE_KINDS), BRIDGE_KINDS.get, required=True)
    buses = fields.scalar("buses", "a bus or a range of buses such as 1-3", parse_buses, required=True)
    memory, prefetchable = _window(fields, "memory"), _window(fields, "prefetchable")
    if kind is None or buses is None:
        return None
    return Bridge(_exact(kind.value, above), buses.value[0], buses.value[1], memory, prefetchable)


def _exact(kind: str, above: Bridge | None) -> str:
    """The kind of a bridge; behind the upstream port of a switch are downstream ports, elsewhere none."""
    if kind != SWITCH_PORT:
        return kind
    return DOWNSTREAM_PORT if above is not None and above.kind == UPSTREAM_PORT else UPSTREAM_PORT


def _window(fields: Fields, name: str) -> Window | None:
    """One address window."""
    window = fields.mapping(name, WINDOW_KEYS)
    if window is None:
        return None
    base, size = window.size("base", required=True), window.size("size", required=True)
    return None if base is None or size is None else Window(base.value, size.value)
