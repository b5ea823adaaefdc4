# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Bridges and base address registers in the PCI tree of a machine file."""

from __future__ import annotations

import re
from typing import Any

from generator.errors import Problem
from generator.load.keys import (
    BOOLEAN,
    SIZE,
    TEXT_SCHEMA,
    Form,
    Key,
    Keys,
    any_of,
    choice,
    integer,
    mapping_of,
)
from generator.load.nodes import Node
from generator.load.reader import Fields, read_mapping, value_or
from generator.load.values import parse_integer
from generator.model.machine import Bar, Bridge, Window
from generator.model.ports import DOWNSTREAM_PORT, PCI_BRIDGE, ROOT_PORT, UPSTREAM_PORT

SWITCH_PORT = "switch-port"
"""A port of a switch by its older name: which of the two it is, its place in the tree tells."""
BRIDGE_KINDS = {kind: kind for kind in (ROOT_PORT, UPSTREAM_PORT, DOWNSTREAM_PORT, SWITCH_PORT, PCI_BRIDGE)}
BAR_SPACES = {"io": "io", "memory": "memory"}

_BUSES = re.compile(r"([0-9]{1,3})-([0-9]{1,3})")


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


_SPAN = "addresses that it forwards"
WINDOW_BASE = Key("base", SIZE, "First address.", _SPAN, "required", required=True)
WINDOW_SIZE = Key("size", SIZE, "Bytes.", _SPAN, "required", required=True)
WINDOW_KEYS = Keys((WINDOW_BASE, WINDOW_SIZE))

KIND = Key(
    "kind",
    choice(BRIDGE_KINDS),
    "Kind of bridge.",
    f"`{ROOT_PORT}`; `{UPSTREAM_PORT}` and `{DOWNSTREAM_PORT}` of a switch, `{SWITCH_PORT}` for whichever of "
    f"the two its place in the tree makes it; `{PCI_BRIDGE}`",
    "required",
    required=True,
)
BUSES = Key(
    "buses",
    Form("a bus or a range of buses such as 1-3", parse_buses, any_of(integer(0, 255).schema, TEXT_SCHEMA)),
    "Secondary and subordinate bus.",
    "`3` or `3-7`: secondary and subordinate bus",
    "required",
    required=True,
)
_WINDOW = "window that it forwards, `{base: …, size: …}`"
MEMORY = Key("memory", mapping_of(WINDOW_KEYS), "Memory that it forwards.", _WINDOW, "closed")
PREFETCHABLE = Key(
    "prefetchable", mapping_of(WINDOW_KEYS), "Prefetchable memory that it forwards.", _WINDOW, "closed"
)
BRIDGE_KEYS = Keys((KIND, BUSES, MEMORY, PREFETCHABLE))

INDEX = Key(
    "index",
    integer(0, 5),
    "Number of the register.",
    "0 to 5; a 64-bit one takes two",
    "required",
    required=True,
)
SPACE = Key(
    "space",
    choice(BAR_SPACES, "io or memory"),
    "Kind of addresses.",
    "`io` or `memory`",
    "required",
    required=True,
)
BAR_BITS = Key("bits", integer(16, 64), "Width: 16, 32 or 64.", "16, 32 or 64", "32")
IS_PREFETCHABLE = Key("prefetchable", BOOLEAN, "Whether it is prefetchable.", "`true` if it is", "`false`")
BAR_BASE = Key(
    "base", SIZE, "Address that the firmware assigned.", "address that the firmware assigned", "0: none"
)
BAR_SIZE = Key("size", SIZE, "Bytes.", "how much it decodes", "required", required=True)
BAR_KEYS = Keys((INDEX, SPACE, BAR_BITS, IS_PREFETCHABLE, BAR_BASE, BAR_SIZE))


def read_bar(node: Node, problems: list[Problem]) -> Bar | None:
    """One base address register."""
    fields = read_mapping(node, "a base address register", BAR_KEYS.names, problems)
    if fields is None:
        return None
    index, space, bits = fields.read(INDEX), fields.read(SPACE), fields.read(BAR_BITS)
    prefetchable, base, size = fields.read(IS_PREFETCHABLE), fields.read(BAR_BASE), fields.read(BAR_SIZE)
    if index is None or space is None or size is None:
        return None
    return Bar(
        index.value,
        space.value,
        value_or(bits, 32),
        value_or(prefetchable, False),
        value_or(base, 0),
        size.value,
    )


def read_bridge(fields: Fields, above: Bridge | None) -> Bridge | None:
    """What a bridge forwards, on the bus behind another one; a window left out is closed."""
    kind, buses = fields.read(KIND), fields.read(BUSES)
    memory, prefetchable = _window(fields, MEMORY), _window(fields, PREFETCHABLE)
    if kind is None or buses is None:
        return None
    return Bridge(_exact(kind.value, above), buses.value[0], buses.value[1], memory, prefetchable)


def _exact(kind: str, above: Bridge | None) -> str:
    """The kind of a bridge; behind the upstream port of a switch are downstream ports, elsewhere none."""
    if kind != SWITCH_PORT:
        return kind
    return DOWNSTREAM_PORT if above is not None and above.kind == UPSTREAM_PORT else UPSTREAM_PORT


def _window(fields: Fields, key: Key[Any]) -> Window | None:
    """One address window."""
    window = fields.inside(key, WINDOW_KEYS)
    if window is None:
        return None
    base, size = window.read(WINDOW_BASE), window.read(WINDOW_SIZE)
    return None if base is None or size is None else Window(base.value, size.value)
