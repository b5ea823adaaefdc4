# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Compare two plans, as plain data (see `generator.emit.plan_json`).

First who owns what: processors, ports and consoles that moved, came or went.  Then what each partition
is promised.  Where a value comes from (lines, reasons) does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.load.values import format_size
from generator.resolve.words import split_words

_IGNORED = {
    "line",
    "why",
    "name",
    "root_port",
    "apic_ids",
    "console",
    "functions",
    "file",
    "initrd",
    "needs",
    "added_parameters",
}
"""Keys that are not compared: where a value comes from, what its owner tells already, paths of the host."""
_SIZES = {"size", "alignment", "minimum", "limit", "quota"}
"""Values told with units, save those that count something else."""
_COUNTS = (".policy.limit",)
_DEEPEST = 40
"""Levels of data that are compared; a plan has fewer than ten."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs; None stands for "not there"."""

    what: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """`what: before -> after` on one line."""
        leaf = "" if self.what.endswith(_COUNTS) else self.what.rsplit(".", 1)[-1]
        return f"{self.what}: {_told(leaf, self.before)} → {_told(leaf, self.after)}"

    def to_json(self) -> dict[str, Any]:
        """Plain data, for tools."""
        return {"what": self.what, "before": self.before, "after": self.after}


def is_plan(found: Any) -> bool:
    """Whether some data has the outline of a plan, and no more levels; what it says may be anything."""
    if _is_deeper(found, _DEEPEST):
        return False
    if not isinstance(found, dict) or not isinstance(found.get("partitions"), list):
        return False
    if not isinstance(found.get("controller", {}), dict):
        return False
    if not all(isinstance(found.get(key, []), list) for key in ("networks", "shared")):
        return False
    return all(
        isinstance(partition, dict)
        and isinstance(partition.get("processors"), dict)
        and isinstance(partition["processors"].get("apic_ids"), list)
        and isinstance(partition.get("pci"), list)
        and all(isinstance(grant, dict) for grant in partition["pci"])
        and isinstance(partition.get("console"), dict | None)
        for partition in found["partitions"]
    )


def _is_deeper(found: Any, levels: int) -> bool:
    """Whether some data is nested deeper than so many levels."""
    level = [found]
    for _ in range(levels):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """All differences, owners first, then what partitions that are in both plans are promised."""
    owners = _differences(_owners(before), _owners(after))
    machines = _differences(_top(before), _top(after))
    found = {name: dict(_flat(name, partition)) for name, partition in _partitions(before).items()}
    values = [
        difference
        for name, partition in _partitions(after).items()
        if name in found
        for difference in _differences(found[name], dict(_flat(name, partition)))
    ]
    return (*machines, *owners, *values)


def _partitions(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Partitions by name."""
    return {str(partition.get("name")): partition for partition in plan.get("partitions", ())}


def _top(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What belongs to no partition."""
    controller = plan.get("controller") or {}
    told = {f"controller.{key}": controller.get(key) for key in ("console", "all_off", "power_button")}
    channels = controller.get("channels")
    if isinstance(channels, dict):
        told["controller.channels.apic_ids"] = channels.get("apic_ids")
    networks = {
        f"network {network.get('name')}.{key}": network.get(key)
        for network in plan.get("networks", ())
        if isinstance(network, dict)
        for key in ("mtu", "uplink")
    }
    shared = {
        f"shared {entry.get('name')}.size": entry.get("size")
        for entry in plan.get("shared", ())
        if isinstance(entry, dict)
    }
    return {"machine": plan.get("machine"), **told, **networks, **shared}


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """What differs between two flat mappings, in the order of the first, then of the second."""
    for what in dict.fromkeys((*before, *after)):
        if before.get(what) != after.get(what):
            yield Difference(what, before.get(what), after.get(what))


def _owners(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The owner of everything that has one."""
    owners: dict[str, Any] = {}
    for partition in plan.get("partitions", ()):
        name = partition.get("name")
        owners[f"partition {name}"] = "there"
        for apic_id in partition.get("processors", {}).get("apic_ids", ()):
            owners[f"processor {apic_id}"] = name
        for grant in partition.get("pci", ()):
            owners[str(grant.get("root_port"))] = name
        console = partition.get("console")
        if console:
            owners[str(console.get("name"))] = name
        if partition.get("display"):
            owners["display"] = name
    return owners


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Paths and values of a partition."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _IGNORED:
                yield from _flat(f"{prefix}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            name = number if prefix.endswith(".sources") else _name_of(inner)
            yield from _flat(f"{prefix}[{name}]", inner)
    elif prefix.endswith(".options") and value is not None:
        for word in split_words(str(value)):
            yield f"{prefix} {word}", "given"
    else:
        yield prefix, value


def _name_of(element: Any) -> str:
    """What makes an element of a list the same one in another plan."""
    if not isinstance(element, dict):
        return str(element)
    if "purpose" in element:
        return f"{element['purpose']} below {_told('limit', element.get('limit'))}"
    if "medium" in element:
        return f"device {element.get('device')}"
    return str(
        element.get("root_port")
        or element.get("network")
        or element.get("shared")
        or element.get("parameter")
    )


def _told(leaf: str, value: Any) -> str:
    """A value for people."""
    if value is None:
        return "nothing"
    if leaf in _SIZES and isinstance(value, int):
        return format_size(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
