# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The PCI tree: root bridges, ports with what is behind them, and everything else the firmware keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.model.machine import PciFunction, PciRoot
from generator.model.plan import Plan
from generator.model.ports import Ports, can_work, is_port
from generator.picture.canvas import INK, PAPER, SOFT_INK, Canvas, shorten
from generator.picture.owners import FREE, STAYS, Look, Owners
from generator.picture.rows import Row, buses_of, draw_rows, name_of, place_of

_COLUMNS = 3
_ALL_ROWS = 120
"""Machines with more functions are drawn in short: a line for each port that a partition owns."""


def draw_pci(canvas: Canvas, plan: Plan, owners: Owners, x: float, y: float, width: float) -> float:
    """Draw the tree in columns; returns the height."""
    every = sum(
        len(root.functions) + sum(1 for f in root.functions for _ in f.below()) for root in plan.machine.roots
    )
    rows = list(_rows(plan, owners, every > _ALL_ROWS))
    return draw_rows(canvas, rows, x, y, width, _COLUMNS)


def _rows(plan: Plan, owners: Owners, only_owned: bool) -> Iterator[Row]:
    """All lines of the tree."""
    looks = _Looks(plan, owners)
    for root in plan.machine.roots:
        node = f", NUMA node {root.node}" if root.node is not None else ""
        yield Row(0, f"{root.path}", f"segment {root.segment}, bus {root.bus}{node}", FREE, root.path)
        yield from _short(root, looks) if only_owned else _whole(root, looks)


def _whole(root: PciRoot, looks: _Looks) -> Iterator[Row]:
    """A line for each function behind a root bridge."""
    for depth, function in _below(root.functions, 1):
        look = looks.of(function)
        yield Row(depth, place_of(function), looks.name(function), look, f"{function.path}: {look.name}")


def _short(root: PciRoot, looks: _Looks) -> Iterator[Row]:
    """A line for each port, or function by itself, that a partition owns."""
    functions = [function for _, function in _below(root.functions, 1)]
    owned = [function for function in functions if looks.is_owned_port(function)]
    for port in owned:
        named = [port] if port.bridge is None else [f for f in port.below() if f.bridge is None]
        behind = ", ".join(looks.name(f) for f in named)
        look = looks.of(port)
        text = behind if port.bridge is None else f"{buses_of(port).removeprefix(' → ')}: {behind}"
        yield Row(1, port.path.trail, text, look, f"{port.path}: {look.name}")
    hidden = len(functions) - sum(1 + sum(1 for _ in port.below()) for port in owned)
    if hidden:
        yield Row(1, f"{hidden} more functions", "which no partition owns", FREE, "")


class _Looks:
    """How the functions of a machine look, each by who has it and whether anybody can."""

    def __init__(self, plan: Plan, owners: Owners) -> None:
        self._owners = owners
        self._boots = plan.machine.firmware.boot_devices
        self._ports = Ports.of(plan.machine)
        self._uplinks = {
            network.uplink.card.path: network.name.value
            for network in plan.networks
            if network.uplink is not None and network.uplink.card is not None
        }
        # Something behind these ports is taken: they cannot be given away as a whole any more.
        taken = [*owners.ports, *self._boots, *self._uplinks]
        self._split = {above for path in taken for above in path.way}

    def is_owned_port(self, function: PciFunction) -> bool:
        """Whether a partition was given this very port."""
        return function.path in self._owners.ports

    def of(self, function: PciFunction) -> Look:
        """Whose a function is."""
        owner = self._owners.of_function(function.path)
        if owner is not None:
            return owner
        port = function if is_port(function) else self._ports.least.get(function.path)
        if port is None or port.path in self._split or not any(map(can_work, port.below())):
            return STAYS
        return FREE

    def name(self, function: PciFunction) -> str:
        """What a function is, and what is special about it."""
        off = " (disabled: neither MSI nor MSI-X)" if function.path in self._owners.disabled else ""
        network = self._uplinks.get(function.path)
        out = f" (uplink of {network})" if network is not None else ""
        return name_of(function, function.path in self._boots) + off + out


def _below(functions: Iterable[PciFunction], depth: int) -> Iterator[tuple[int, PciFunction]]:
    """Functions and everything behind them with its depth."""
    for function in functions:
        yield depth, function
        yield from _below(function.behind, depth + 1)


def draw_consoles(canvas: Canvas, plan: Plan, owners: Owners, x: float, y: float, width: float) -> float:
    """Draw the UARTs, the PCI cards that are consoles, and the displays; returns the height."""
    box, gap, height = 168.0, 12.0, 46.0
    columns = max(1, int((width + gap) / (box + gap)))
    found = list(_speakers(plan, owners))
    for number, (title, name, look) in enumerate(found):
        left = x + number % columns * (box + gap)
        top = y + number // columns * (height + gap)
        canvas.rectangle(left, top, box, height, PAPER, INK, 5, 0.8, look is FREE)
        canvas.rectangle(left, top, 34, height, look.fill, INK, 5, 0.8, look is FREE, f"{title}: {look.name}")
        if look.key:
            canvas.badge(left + 17, top + height / 2, look.key, 12)
        canvas.text(left + 44, top + 19, shorten(title, box - 50, 12), 12, bold=True)
        canvas.text(left + 44, top + 37, shorten(name, box - 50, 12), 12, colour=SOFT_INK)
    if not found:
        canvas.text(
            x, y + 16, "the machine has no UARTs, and no partition has a display", 12, colour=SOFT_INK
        )
        return 24
    return -(-len(found) // columns) * (height + gap) - gap


def _speakers(plan: Plan, owners: Owners) -> Iterator[tuple[str, str, Look]]:
    """Everything that shows text or pictures: what it is, whose, and how that looks."""
    for uart in plan.machine.uarts:
        look = owners.uarts.get(uart.name, FREE)
        name = "the controller" if look is STAYS else "free" if look is FREE else look.name
        yield f"{uart.name}  {uart.io_base:#x}", name, look
    for partition, look in owners.partitions:
        if partition.console is not None and partition.console.path is not None:
            yield f"serial {partition.console.path.slot}", look.name, look
        if partition.display.value:
            yield "display", look.name, look
