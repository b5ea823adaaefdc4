# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Who owns something, and how that looks: a colour, a pattern and a letter for each partition.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart.  Seven colours and
nine patterns make 63 looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.letters import letters
from generator.model.device_path import DevicePath
from generator.model.plan import PartitionPlan, Plan
from generator.picture.canvas import PAPER

COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00")
STAYS_FILL = "#3d3d3d"
"""Of what the PC's firmware and the controller keep."""
SEVERAL_FILL = "#a8a8a0"
"""Of what more than one partition has."""
FREE_FILL = PAPER

_MARKS = (
    "",
    '<path d="M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6" {0}/>',
    '<circle cx="2" cy="2" r="1.3" fill="{1}"/><circle cx="6" cy="6" r="1.3" fill="{1}"/>',
    '<path d="M0,2 H8 M0,6 H8" {0}/>',
    '<path d="M-2,6 L2,10 M0,0 L8,8 M6,-2 L10,2" {0}/>',
    '<path d="M2,0 V8 M6,0 V8" {0}/>',
    '<path d="M0,4 H8 M4,0 V8" {0}/>',
    '<rect width="4" height="4" fill="{1}"/><rect x="4" y="4" width="4" height="4" fill="{1}"/>',
    '<path d="M0,6 L2,2 L4,6 L6,2 L8,6" fill="none" {0}/>',
)


@dataclass(frozen=True, slots=True)
class Look:
    """How something of one owner is drawn; `key` is empty for what belongs to no partition."""

    name: str
    key: str
    fill: str


STAYS = Look("PC firmware and controller", "", STAYS_FILL)
SEVERAL = Look("several partitions", "", SEVERAL_FILL)
FREE = Look("nobody", "", FREE_FILL)


def look_of(number: int, name: str) -> Look:
    """The look of an owner, from number 0 on; its fill is one of `patterns`."""
    return Look(name, letters(number), f"url(#owner{number})")


def patterns(count: int) -> str:
    """The definitions that the fills of so many owners refer to."""
    found = []
    for number in range(count):
        colour = COLOURS[number % len(COLOURS)]
        mark = _mix(colour, "#000000", 0.45)
        drawn = _MARKS[number % len(_MARKS)].format(f'stroke="{mark}" stroke-width="1.2"', mark)
        found.append(
            f'<pattern id="owner{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="{_mix(colour, "#ffffff", 0.35)}"/>{drawn}</pattern>'
        )
    return "<defs>" + "".join(found) + "</defs>"


def _mix(colour: str, other: str, share: float) -> str:
    """A colour with a share of another one."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * (1 - share) + b * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    """Red, green and blue."""
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


@dataclass(frozen=True, slots=True)
class Owners:
    """The looks of all partitions of a plan, and who owns what."""

    partitions: tuple[tuple[PartitionPlan, Look], ...]
    processors: Mapping[int, Look]
    booting: frozenset[int]
    ports: Mapping[DevicePath, Look]
    uarts: Mapping[str, Look]
    disabled: frozenset[DevicePath] = frozenset()

    def of_function(self, path: DevicePath) -> Look | None:
        """The partition that a PCI function belongs to, None for one that nobody was given."""
        return next((self.ports[above] for above in path.way if above in self.ports), None)

    def patterns(self) -> str:
        """The definitions the fills refer to."""
        return patterns(len(self.partitions))


def owners_of(plan: Plan) -> Owners:
    """Who owns what in a plan."""
    partitions = tuple(
        (partition, look_of(number, partition.name.value)) for number, partition in enumerate(plan.partitions)
    )
    processors = {p.apic_id: STAYS for p in plan.machine.processors if p.bsp}
    if plan.channels is not None:
        processors.update((grant.apic_id, STAYS) for grant in plan.channels.grants)
    ports: dict[DevicePath, Look] = {}
    disabled: set[DevicePath] = set()
    uarts: dict[str, Look] = {}
    if plan.controller_console.uart is not None:
        uarts[plan.controller_console.uart.name] = STAYS
    booting: set[int] = set()
    for partition, look in partitions:
        grants = partition.processors.grants
        processors.update((grant.apic_id, look) for grant in grants)
        booting.update(grant.apic_id for grant in grants[:1])
        for grant in partition.pci:
            ports[grant.root_port.value] = look
            disabled.update(function.path for function in partition.disabled(grant))
        if partition.console is not None and partition.console.uart is not None:
            uarts[partition.console.uart.name] = look
    return Owners(partitions, processors, frozenset(booting), ports, uarts, frozenset(disabled))
