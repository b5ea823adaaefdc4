# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The PCI tree of a machine file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.errors import Problem
from generator.load.keys import (
    BOOLEAN,
    SIZE,
    TEXT,
    TEXT_SCHEMA,
    Form,
    Key,
    Keys,
    choice,
    integer,
    list_of,
    mapping_of,
)
from generator.load.machine_bridge import BAR_KEYS, BRIDGE_KEYS, read_bar, read_bridge
from generator.load.nodes import Node
from generator.load.reader import Fields, read_mapping, read_scalar, value_or, value_or_none
from generator.load.values import parse_integer, ranged
from generator.model.device_path import DevicePath
from generator.model.machine import Bridge, Ecam, PciFunction, PciRoot

RESET_METHODS = ("device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus")
"""Ways to reset a function, by the names of Linux (Documentation/ABI/testing/sysfs-bus-pci, reset_method)."""
FUNCTION_DEFINITION = "function"
"""Name in the schema of a function, which may have others behind it."""

_AT = re.compile(r"([0-9a-fA-F]{1,2})\.([0-7])")


def parse_at(text: str) -> tuple[int, int] | None:
    """Device and function as `lspci` writes them: `1f.2` is device 31, function 2."""
    match = _AT.fullmatch(text)
    if match is None or int(match[1], 16) > 31:
        return None
    return int(match[1], 16), int(match[2])


ECAM_SEGMENT = Key("segment", integer(0, 0xFFFF), "Segment.", "segment", "0")
ECAM_BASE = Key("base", SIZE, "Address of bus 0.", "address of bus 0", "required", required=True)
_COVERED = "buses that it covers"
FIRST_BUS = Key("first_bus", integer(0, 255), "First bus covered.", f"first of the {_COVERED}", "0")
LAST_BUS = Key("last_bus", integer(0, 255), "Last bus covered.", f"last of the {_COVERED}", "255")
ECAM_KEYS = Keys((ECAM_SEGMENT, ECAM_BASE, FIRST_BUS, LAST_BUS))

AT = Key(
    "at",
    Form("device.function in hexadecimal, such as 1f.2", parse_at, TEXT_SCHEMA),
    "Device and function in hexadecimal.",
    'device and function in hexadecimal, as `lspci` writes them: `"1f.2"`',
    "required",
    required=True,
)
_NUMBERS = "numbers from configuration space; the class code has six digits"
VENDOR_ID = Key("vendor", integer(0, 0xFFFF), "Vendor ID.", _NUMBERS, "required", required=True)
DEVICE_ID = Key("device", integer(0, 0xFFFF), "Device ID.", _NUMBERS, "required", required=True)
CLASS = Key(
    "class",
    Form(
        "a class code such as 0x010802",
        ranged(parse_integer, 0, 0xFFFFFF),
        integer(0, 0xFFFFFF).schema,
    ),
    "Class code, six digits.",
    _NUMBERS,
    "required",
    required=True,
)
_PEOPLE = "for people; the serial number of a drive"
TITLE = Key("title", TEXT, "What people call it.", _PEOPLE, "none")
SERIAL = Key("serial", TEXT, "Serial number of a drive.", _PEOPLE, "none")
_CAPABLE = "`true` if the function has the capability"
MSI = Key("msi", BOOLEAN, "Whether it has MSI.", _CAPABLE, "`false`")
MSIX = Key("msix", BOOLEAN, "Whether it has MSI-X.", _CAPABLE, "`false`")
INTERRUPT_PIN = Key(
    "interrupt_pin",
    integer(0, 4),
    "0: no interrupt at all; 1 to 4: INTA to INTD.",
    "0: it has no interrupt at all; 1 to 4: INTA to INTD. Matters only without `msi` and `msix`",
    "unknown",
)
BRIDGE = Key(
    "bridge", mapping_of(BRIDGE_KEYS), "What makes it a bridge.", "what makes it a bridge, below", "no bridge"
)
BEHIND = Key(
    "behind",
    list_of({"$ref": f"#/$defs/{FUNCTION_DEFINITION}"}),
    "Functions on the bus behind it.",
    "functions on the bus behind it",
    "none",
)
BARS = Key(
    "bars",
    list_of(BAR_KEYS.whole),
    "Base address registers.",
    "list of base address registers, below",
    "none",
)
METHOD = choice({method: method for method in RESET_METHODS})
RESET = Key(
    "reset",
    list_of(METHOD.schema),
    "Ways to reset it, best first, by the names of Linux.",
    "list of the ways to reset it, best first, by the names of Linux: "
    + ", ".join(f"`{method}`" for method in RESET_METHODS)
    + "; `[]` if there is none",
    "unknown",
)
IOMMU_GROUP = Key(
    "iommu_group",
    integer(),
    "Number of the group of functions that the IOMMU cannot tell apart.",
    "number of the group of functions that the IOMMU cannot tell apart",
    "none, or unknown",
)
FUNCTION_KEYS = Keys(
    (
        AT,
        VENDOR_ID,
        DEVICE_ID,
        CLASS,
        TITLE,
        SERIAL,
        MSI,
        MSIX,
        INTERRUPT_PIN,
        BRIDGE,
        BEHIND,
        BARS,
        RESET,
        IOMMU_GROUP,
    )
)

UID = Key(
    "uid",
    integer(),
    "_UID, the number in PciRoot(…).",
    "_UID, the number in `PciRoot(…)`",
    "required",
    required=True,
)
ROOT_SEGMENT = Key("segment", integer(0, 0xFFFF), "Segment.", "segment and bus", "0")
ROOT_BUS = Key("bus", integer(0, 255), "Bus.", "segment and bus", "0")
ROOT_NODE = Key("node", integer(), "NUMA node.", "NUMA node", "unknown")
FUNCTIONS = Key(
    "functions",
    BEHIND.form,
    "Functions on that bus.",
    "list of the functions on that bus, below",
    "none",
)
ROOT_KEYS = Keys((UID, ROOT_SEGMENT, ROOT_BUS, ROOT_NODE, FUNCTIONS))

ECAM = Key(
    "ecam", list_of(ECAM_KEYS.whole), "Entries of the MCFG table.", "entries of the MCFG table, below", "none"
)
ROOTS = Key(
    "roots", list_of(ROOT_KEYS.whole), "Root bridges.", "root bridges, below", "required", required=True
)
PCI_KEYS = Keys((ECAM, ROOTS))
PCI = Key(
    "pci", mapping_of(PCI_KEYS), "The PCI tree.", "`ecam` and `roots`, below", "required", required=True
)


def read_ecam(node: Node, problems: list[Problem]) -> Ecam | None:
    """One ECAM range."""
    fields = read_mapping(node, "an ECAM range", ECAM_KEYS.names, problems)
    if fields is None:
        return None
    segment, base = fields.read(ECAM_SEGMENT), fields.read(ECAM_BASE)
    first, last = fields.read(FIRST_BUS), fields.read(LAST_BUS)
    if base is None:
        return None
    return Ecam(fields.place, value_or(segment, 0), base.value, value_or(first, 0), value_or(last, 255))


def load_roots(nodes: Iterable[Node], problems: list[Problem]) -> tuple[PciRoot, ...]:
    """All root bridges with everything below them."""
    found = (_root(node, problems) for node in nodes)
    return tuple(root for root in found if root is not None)


def _root(node: Node, problems: list[Problem]) -> PciRoot | None:
    """One root bridge."""
    fields = read_mapping(node, "a root bridge", ROOT_KEYS.names, problems)
    if fields is None:
        return None
    uid, segment, bus = fields.read(UID), fields.read(ROOT_SEGMENT), fields.read(ROOT_BUS)
    numa = fields.read(ROOT_NODE)
    if uid is None:
        return None
    path = DevicePath(uid.value, ())
    return PciRoot(
        fields.place,
        str(path),
        uid.value,
        value_or(segment, 0),
        value_or(bus, 0),
        _functions(fields.listed(FUNCTIONS), path, None, problems),
        value_or_none(numa),
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
    fields = read_mapping(node, "a PCI function", FUNCTION_KEYS.names, problems)
    if fields is None:
        return None
    at, vendor, device, class_code = (
        fields.read(AT),
        fields.read(VENDOR_ID),
        fields.read(DEVICE_ID),
        fields.read(CLASS),
    )
    title, serial = fields.read(TITLE), fields.read(SERIAL)
    msi, msix, pin = fields.read(MSI), fields.read(MSIX), fields.read(INTERRUPT_PIN)
    group = fields.read(IOMMU_GROUP)
    bars = [read_bar(bar, problems) for bar in fields.listed(BARS)]
    bridge_fields = fields.inside(BRIDGE, BRIDGE_KEYS)
    bridge = read_bridge(bridge_fields, bridge_above) if bridge_fields else None
    if at is None or vendor is None or device is None or class_code is None:
        return None
    path = above.child(*at.value)
    behind = _functions(fields.listed(BEHIND), path, bridge, problems)
    if behind and bridge is None and not fields.has(BRIDGE.name):
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
        title=value_or_none(title),
        serial=value_or_none(serial),
        msi=value_or(msi, False),
        msix=value_or(msix, False),
        bridge=bridge,
        behind=behind,
        bars=tuple(bar for bar in bars if bar is not None),
        reset=_reset(fields, problems),
        iommu_group=value_or_none(group),
        interrupt_pin=value_or_none(pin),
    )


def _reset(fields: Fields, problems: list[Problem]) -> tuple[str, ...] | None:
    """The ways to reset a function; None if the file does not say."""
    if not fields.has(RESET.name):
        return None
    found = (
        read_scalar(node, "a way to reset", METHOD.expected, METHOD.parse, problems)
        for node in fields.listed(RESET)
    )
    return tuple(method.value for method in found if method is not None)
