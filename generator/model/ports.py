# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Ports: what can be given away is everything behind one.

A root port, and a downstream port of a switch, has buses of its own behind it and resets nothing but them.
An upstream port has not: the buses behind it hold the switch together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.model.device_path import DevicePath
from generator.model.machine import Machine, PciFunction

ROOT_PORT = "root-port"
UPSTREAM_PORT = "upstream-port"
DOWNSTREAM_PORT = "downstream-port"
PCI_BRIDGE = "pci"
"""Kinds of bridges."""


def is_port(function: PciFunction) -> bool:
    """Whether everything behind a function can be given away together."""
    return function.bridge is not None and function.bridge.kind in (ROOT_PORT, DOWNSTREAM_PORT)


def ends(port: PciFunction) -> tuple[PciFunction, ...]:
    """The functions behind a port at any depth that are no bridges."""
    return tuple(function for function in port.below() if function.bridge is None)


def can_interrupt(function: PciFunction) -> bool:
    """Whether a function interrupts a partition, or needs not: it has no interrupt lines, only messages."""
    silent = function.bridge is not None or function.interrupt_pin == 0
    return silent or function.msi or function.msix


def can_work(function: PciFunction) -> bool:
    """Whether a function is worth giving away: no bridge, and able to interrupt."""
    return function.bridge is None and can_interrupt(function)


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of a machine by device path, in the order of the machine file, outer ones first.

    `least` has for each function, by its path, the least that can be given away with it: the innermost port
    that it lies behind, or the outermost of those that lead to no other function but bridges.
    """

    by_path: Mapping[DevicePath, PciFunction]
    least: Mapping[DevicePath, PciFunction]

    @classmethod
    def of(cls, machine: Machine) -> Ports:
        """The ports of a machine."""
        by_path: dict[DevicePath, PciFunction] = {}
        least: dict[DevicePath, PciFunction] = {}
        for root in machine.roots:
            _collect(root.functions, None, 0, by_path, least)
        return cls(by_path, least)

    def leading_to(self, path: DevicePath) -> tuple[PciFunction, ...]:
        """The ports that a function lies behind, the outermost first; a port does not lead to itself."""
        return tuple(self.by_path[above] for above in path.way[:-1] if above in self.by_path)

    def own_ends(self, port: PciFunction) -> tuple[PciFunction, ...]:
        """The functions that are no bridges for which this port is the least."""
        return tuple(end for end in ends(port) if self.least[end.path] is port)


def _collect(
    functions: Iterable[PciFunction],
    least: PciFunction | None,
    count: int,
    ports: dict[DevicePath, PciFunction],
    found: dict[DevicePath, PciFunction],
) -> None:
    """Put down the ports among functions and behind; the least port they lie behind leads to `count` ends."""
    for function in functions:
        if least is not None:
            found[function.path] = least
        inner, behind = least, count
        if is_port(function):
            ports[function.path] = function
            own = len(ends(function))
            if least is None or own < count:
                inner, behind = function, own
        _collect(function.behind, inner, behind, ports, found)


def bus_reset_fails(port: PciFunction) -> Iterator[PciFunction]:
    """The functions behind a port that do not survive the reset of their bus, as far as Linux told.

    The controller resets everything behind a port by its bus.  Linux resets so only a function that is alone
    on its bus: of others its list of ways to reset tells nothing.
    """
    for bridge in (port, *port.below()):
        for function in bridge.behind:
            alone = len(bridge.behind) == 1 and function.bridge is None
            if alone and function.reset is not None and "bus" not in function.reset:
                yield function
