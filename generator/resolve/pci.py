# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which PCI buses a partition gets: whatever is asked for, the answer is a port with all behind it.

Only a partition of a level above cooperative gets a function that it names by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.device_path import DevicePath
from generator.model.intent import PartitionIntent, PciBusIntent, PciMatchIntent
from generator.model.machine import Machine, PciFunction
from generator.model.plan import PciGrant, PciShortage
from generator.model.ports import Ports, can_interrupt, ends, is_port
from generator.places import Located

FIRST_SEGMENT = 1
"""Segment 0 is where Linux scans on its own and finds everyone's devices."""

SERIAL = 0x0700
"""Class and subclass of serial ports."""
FREE = "free"
"""Why a match found too little: not enough of it is free."""


def is_serial(function: PciFunction) -> bool:
    """Whether a function is a serial port."""
    return function.class_code >> 8 == SERIAL


@dataclass(frozen=True, slots=True)
class PciPlan:
    """The ports of one partition, and what could not be found."""

    grants: tuple[PciGrant, ...]
    shortages: tuple[PciShortage, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A port for an entry of `pci`, or a function by itself, before it has a segment."""

    path: Located[DevicePath]
    port: PciFunction | None
    asked: str | None = None
    wanted: tuple[PciFunction, ...] = ()
    alone: bool = False

    @property
    def bus(self) -> DevicePath:
        """What tells its bus from others: a port, or what functions by themselves are below."""
        path = self.path.value
        return DevicePath(path.root, path.nodes[:-1]) if self.alone else path


def resolve_pci(
    intents: Sequence[PartitionIntent],
    machine: Machine,
    consoles: Sequence[DevicePath | None],
    kept: Sequence[DevicePath] = (),
) -> list[PciPlan]:
    """Ports for all partitions, each a segment of its own in the order of the partition file.

    Ports that are named go first, whatever the order of partitions.  Then come partitions that want
    functions by their properties.  They get the first ones that no partition has, in the order of the
    machine file, with the least port that leads to them.  `consoles` are the serial cards that are polled:
    they need no interrupt.  `kept` are functions that are named as staying with the PC: nobody gets them by
    their properties.
    """
    choice = _Choice(intents, machine, kept)
    return [choice.plan(intent, console) for intent, console in zip(intents, consoles, strict=True)]


def _has_functions(intent: PartitionIntent) -> bool:
    """Whether a partition can have functions by themselves."""
    return intent.isolation is not None and intent.isolation.value != "cooperative"


class _Taken:
    """Ports that are given already: nobody else gets one of them, one behind it or one that leads to it."""

    def __init__(self) -> None:
        self._ports: set[DevicePath] = set()
        self._above: set[DevicePath] = set()

    def add(self, path: DevicePath) -> None:
        """Give a port away."""
        self._ports.add(path)
        self._above.update(path.way)

    def __contains__(self, path: DevicePath) -> bool:
        """Whether a port, or part of what is behind it, is given already."""
        return path in self._above or any(above in self._ports for above in path.way)


class _Choice:
    """The functions of a machine, and which ports are given already."""

    def __init__(
        self, intents: Sequence[PartitionIntent], machine: Machine, kept: Sequence[DevicePath]
    ) -> None:
        self._stays = (*machine.firmware.boot_devices, *kept)
        self._functions = machine.functions_by_path()
        self._machine = machine
        self._ports = Ports.of(machine)
        self._taken = _Taken()
        for intent in intents:
            for entry in intent.pci:
                if not isinstance(entry, PciMatchIntent):
                    for found in self._at_place(entry, _has_functions(intent)):
                        self._taken.add(found.path.value)
        self._ports_with_ends = [
            (port, own) for port in self._ports.by_path.values() if (own := self._ports.own_ends(port))
        ]

    def plan(self, intent: PartitionIntent, console: DevicePath | None) -> PciPlan:
        """The ports of one partition with this serial card as its console."""
        found: list[_Found] = []
        shortages: list[PciShortage] = []
        for entry in intent.pci:
            if isinstance(entry, PciMatchIntent):
                matched = self._match(entry, console)
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
                at_place = list(self._at_place(entry, _has_functions(intent)))
                found.extend(at_place)
                if not at_place and isinstance(entry, PciBusIntent):
                    shortages.append(self._no_bus(entry))
        return PciPlan(tuple(_with_segments(found)), tuple(shortages))

    def _at_place(self, entry: Located[DevicePath] | PciBusIntent, functions: bool) -> Iterator[_Found]:
        """The port that is named, or the least that leads to the function or bus that is named.

        With `functions` one that has others behind its port, or that no port leads to, is given by itself.
        """
        if isinstance(entry, PciBusIntent):
            port = self._port_to(entry)
            if port is not None:
                text = f"bus {entry.bus} of segment {entry.segment}"
                yield _Found(Located(port.path, entry.place), port, text)
            return
        function = self._functions.get(entry.value)
        if function is not None and not is_port(function):
            port = self._ports.least.get(entry.value)
            if port is not None and ends(port) == (function,):
                yield _Found(Located(port.path, entry.place), port, str(entry.value), (function,))
                return
            if functions and function.bridge is None:
                yield _Found(entry, function, alone=True)
                return
        yield _Found(entry, function)

    def _port_to(self, entry: PciBusIntent) -> PciFunction | None:
        """The innermost port that leads to a bus, or an outer one that leads to the same functions."""
        roots = {root.uid for root in self._machine.roots if root.segment == entry.segment}
        found = None
        for port in self._ports.by_path.values():
            bridge = port.bridge
            leads = bridge is not None and bridge.secondary <= entry.bus <= bridge.subordinate
            if leads and port.path.root in roots and (found is None or len(ends(port)) < len(ends(found))):
                found = port
        return found

    def _no_bus(self, entry: PciBusIntent) -> PciShortage:
        """Why no port leads to a bus."""
        on_root = any(r.segment == entry.segment and r.bus == entry.bus for r in self._machine.roots)
        why = "it is a root bus: what is on it cannot be told apart" if on_root else "no port leads there"
        return PciShortage(entry.place, f"bus {entry.bus} of segment {entry.segment}", 1, 0, why)

    def _match(self, entry: PciMatchIntent, console: DevicePath | None) -> Iterator[_Found]:
        """The first ports with functions that match, can work in a partition, and that nobody has."""
        left = entry.count or 1
        for port, own in self._ports_with_ends:
            if left <= 0:
                return
            able = (end for end in own if can_interrupt(end) or end.path == console)
            wanted = tuple(end for end in able if matches(entry, end))[:left]
            if not wanted or port.path in self._taken:
                continue
            if any(port.path.leads_to(device) for device in self._stays):
                continue
            self._taken.add(port.path)
            left -= len(wanted)
            yield _Found(Located(port.path, entry.place), port, str(entry), wanted)


def _with_segments(found: Sequence[_Found]) -> Iterator[PciGrant]:
    """Grants: functions by themselves that are on one bus have one segment, all else has one of its own."""
    shared: dict[DevicePath, int] = {}
    following = FIRST_SEGMENT
    for f in found:
        segment = shared.get(f.bus, following) if f.alone else following
        if f.alone:
            shared[f.bus] = segment
        following = max(following, segment + 1)
        yield PciGrant(f.path, segment, f.port, f.asked, f.wanted, f.alone)


def matches(entry: PciMatchIntent, function: PciFunction) -> bool:
    """Whether a function has what is asked for."""
    wanted = entry.class_code
    return (
        entry.vendor in (None, function.vendor)
        and entry.device in (None, function.device)
        and entry.serial in (None, function.serial)
        and (wanted is None or function.class_code & wanted.mask == wanted.code)
    )
