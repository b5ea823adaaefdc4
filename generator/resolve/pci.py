# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which PCI buses a partition gets: whatever is asked for, the answer is a root port with all behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.device_path import DevicePath
from generator.model.intent import PartitionIntent, PciBusIntent, PciIntent, PciMatchIntent
from generator.model.machine import Machine, PciFunction
from generator.model.plan import PciGrant, PciShortage
from generator.places import Located

FIRST_SEGMENT = 1
"""Segment 0 is where Linux scans on its own and finds everyone's devices."""

ROOT_PORT = "root-port"
SERIAL = 0x0700
"""Class and subclass of serial ports."""
FREE = "free"
"""Why a match found too little: not enough of it is free."""


def is_root_port(function: PciFunction) -> bool:
    """Whether everything behind a function can be given away together."""
    return function.bridge is not None and function.bridge.kind == ROOT_PORT


def is_serial(function: PciFunction) -> bool:
    """Whether a function is a serial port."""
    return function.class_code >> 8 == SERIAL


@dataclass(frozen=True, slots=True)
class PciPlan:
    """The root ports of one partition, and what could not be found."""

    grants: tuple[PciGrant, ...]
    shortages: tuple[PciShortage, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A root port for an entry of `pci`, before it has a segment."""

    path: Located[DevicePath]
    port: PciFunction | None
    asked: str | None = None
    wanted: tuple[PciFunction, ...] = ()


def resolve_pci(wishes: Sequence[PartitionIntent], machine: Machine) -> list[PciPlan]:
    """Root ports for all partitions, each a segment of its own in the order of the partition file.

    Root ports named by place go first, whatever the order of partitions; who asks for properties gets the
    first functions that nobody has, in the order of the machine file.
    """
    choice = _Choice(wishes, machine)
    return [choice.plan(wish.pci) for wish in wishes]


class _Choice:
    """The functions of a machine, and which root ports are given already."""

    def __init__(self, wishes: Sequence[PartitionIntent], machine: Machine) -> None:
        self._functions = machine.functions_by_path()
        self._machine = machine
        self._taken: set[DevicePath] = set()
        for wish in wishes:
            for entry in wish.pci:
                if not isinstance(entry, PciMatchIntent):
                    self._taken.update(found.path.value for found in self._at_place(entry))
        self._ports_with_ends = [
            (port, [function for function in port.below() if function.bridge is None])
            for root in machine.roots
            for port in root.functions
            if is_root_port(port)
        ]

    def plan(self, entries: Sequence[PciIntent]) -> PciPlan:
        """The root ports of one partition."""
        found: list[_Found] = []
        shortages: list[PciShortage] = []
        for entry in entries:
            if isinstance(entry, PciMatchIntent):
                matched = self._match(entry)
                merged = {f.path.value: f for f in matched}
                found.extend(merged.values())
                having = {function.path for f in merged.values() for function in f.wanted}
                wanted = entry.count or 1
                if len(having) < wanted:
                    others = tuple(
                        function
                        for path, function in self._functions.items()
                        if path not in having and matches(entry, function)
                    )
                    shortages.append(PciShortage(entry.place, str(entry), wanted, len(having), FREE, others))
            else:
                at_place = list(self._at_place(entry))
                found.extend(at_place)
                if not at_place and isinstance(entry, PciBusIntent):
                    shortages.append(self._no_bus(entry))
        grants = tuple(
            PciGrant(f.path, segment, f.port, f.asked, f.wanted)
            for segment, f in enumerate(found, FIRST_SEGMENT)
        )
        return PciPlan(grants, tuple(shortages))

    def _at_place(self, entry: Located[DevicePath] | PciBusIntent) -> Iterator[_Found]:
        """The root port that is named, or leads to the function or bus that is named."""
        if isinstance(entry, PciBusIntent):
            text = f"bus {entry.bus} of segment {entry.segment}"
            for port in self._ports(entry.segment):
                if port.bridge is not None and port.bridge.secondary <= entry.bus <= port.bridge.subordinate:
                    yield _Found(Located(port.path, entry.place), port, text)
            return
        function = self._functions.get(entry.value)
        above = DevicePath(entry.value.root, entry.value.nodes[:1])
        port_above = self._functions.get(above)
        if (
            function is not None
            and above != entry.value
            and port_above is not None
            and is_root_port(port_above)
        ):
            single = _Found(Located(above, entry.place), port_above, str(entry.value), (function,))
            ends = [f for f in port_above.below() if f.bridge is None]
            if ends == [function]:
                yield single
                return
        yield _Found(entry, function)

    def _ports(self, segment: int) -> Iterator[PciFunction]:
        """The root ports of a segment."""
        for root in self._machine.roots:
            if root.segment == segment:
                yield from (function for function in root.functions if is_root_port(function))

    def _no_bus(self, entry: PciBusIntent) -> PciShortage:
        """Why no root port leads to a bus."""
        on_root = any(r.segment == entry.segment and r.bus == entry.bus for r in self._machine.roots)
        why = (
            "it is a root bus: what is on it cannot be told apart" if on_root else "no root port leads there"
        )
        return PciShortage(entry.place, f"bus {entry.bus} of segment {entry.segment}", 1, 0, why)

    def _match(self, entry: PciMatchIntent) -> Iterator[_Found]:
        """The first root ports with functions that match and that nobody has."""
        left = entry.count or 1
        boot_device = self._machine.firmware.boot_device
        for port, ends in self._ports_with_ends:
            if left <= 0:
                return
            wanted = tuple(end for end in ends if matches(entry, end))[:left]
            if not wanted or port.path in self._taken:
                continue
            if boot_device is not None and port.path.leads_to(boot_device):
                continue
            self._taken.add(port.path)
            left -= len(wanted)
            yield _Found(Located(port.path, entry.place), port, str(entry), wanted)


def matches(entry: PciMatchIntent, function: PciFunction) -> bool:
    """Whether a function has what is asked for."""
    wanted = entry.class_code
    return (
        entry.vendor in (None, function.vendor)
        and entry.device in (None, function.device)
        and entry.serial in (None, function.serial)
        and (wanted is None or function.class_code & wanted.mask == wanted.code)
    )
