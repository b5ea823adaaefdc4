# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What of a machine's PCI functions could be given away, in which pieces, and what keeps the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.model.machine import Machine, PciFunction, PciRoot
from generator.model.ports import Ports, can_interrupt, ends, is_port

BRIDGES = 0x06
"""Class of host, ISA and PCI bridges: nobody would give them away."""
_SYSTEM = (0x05, 0x08, 0x10, 0x11, 0x13)
"""Classes of what nobody asks for by itself: memory, timers, encryption, signals, instrumentation."""
_SD_HOST = 0x0805
"""Class and subclass of what is among the timers, though it is storage."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Functions that can only be given away together.

    `port` leads to them; None for those on the root bus `bus` of `root`.  `stays` says why they stay with the
    controller, None if a partition could have them.  `along` are functions that come along, each of which is
    in a smaller piece too.
    """

    root: PciRoot
    port: PciFunction | None
    functions: tuple[PciFunction, ...]
    along: tuple[PciFunction, ...]
    stays: str | None

    @property
    def disabled(self) -> tuple[PciFunction, ...]:
        """The functions that would stay switched off: they have neither MSI nor MSI-X."""
        return tuple(function for function in self.functions if not can_interrupt(function))

    @property
    def useful(self) -> tuple[PciFunction, ...]:
        """The functions that somebody may ask for."""
        return tuple(function for function in self.functions if is_useful(function))

    @property
    def buses(self) -> str:
        """The buses behind the port, or the root bus."""
        bridge = self.port.bridge if self.port is not None else None
        if bridge is None:
            return f"bus {self.root.bus}"
        last = f" to {bridge.subordinate}" if bridge.subordinate > bridge.secondary else ""
        return f"bus{'es' if last else ''} {bridge.secondary}{last}"

    def to_json(self) -> dict[str, Any]:
        """Plain data, for tools."""
        return {
            "port": str(self.port.path) if self.port is not None else None,
            "buses": self.buses,
            "segment": self.root.segment,
            "stays": self.stays,
            "functions": [
                {
                    "path": str(function.path),
                    "vendor": f"0x{function.vendor:04x}",
                    "device": f"0x{function.device:04x}",
                    "class": f"0x{function.class_code:06x}",
                    "title": function.title,
                    "disabled": function in self.disabled,
                }
                for function in self.functions
            ],
            "along": [str(function.path) for function in self.along],
        }


def is_useful(function: PciFunction) -> bool:
    """Whether somebody may ask for a function."""
    return function.class_code >> 8 == _SD_HOST or function.class_code >> 16 not in _SYSTEM


def pieces_of(machine: Machine) -> tuple[Piece, ...]:
    """All pieces of a machine, root bridge by root bridge: first what is behind ports, then the root bus."""
    ports = Ports.of(machine)
    return tuple(piece for root in machine.roots for piece in _of_root(machine, root, ports))


def _of_root(machine: Machine, root: PciRoot, ports: Ports) -> Iterator[Piece]:
    """The pieces behind one root bridge."""
    for port in ports.by_path.values():
        if port.path.root != root.uid:
            continue
        own = ports.own_ends(port)
        if own:
            along = tuple(end for end in ends(port) if end not in own)
            yield Piece(root, port, own, along, _kept(machine, root, port))
        elif not ends(port) and all(ends(above) for above in ports.leading_to(port.path)):
            yield Piece(root, port, (), (), "nothing is behind it")
    on_bus = tuple(f for f in root.functions if not is_port(f) and f.class_code >> 16 != BRIDGES)
    if on_bus:
        yield Piece(root, None, on_bus, (), "what is on a root bus cannot be told apart")


def _kept(machine: Machine, root: PciRoot, port: PciFunction) -> str | None:
    """Why what is behind a port cannot be given away."""
    bridge = port.bridge
    boots = [device for device in machine.firmware.boot_devices if port.path.leads_to(device)]
    if boots:
        return f"the controller is booted from {boots[0]}"
    if not any(can_interrupt(function) for function in ends(port)):
        return "neither MSI nor MSI-X"
    if machine.acpi.msi is False:
        return "the FADT forbids MSI"
    covered = bridge is not None and any(
        e.segment == root.segment and e.first_bus <= bridge.secondary and bridge.subordinate <= e.last_bus
        for e in machine.ecam
    )
    return None if covered else "no ECAM range covers its buses"


def most_at_once(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """As many useful pieces as partitions can have at the same time: of nested ones the inner."""
    free = [piece for piece in pieces if piece.stays is None and piece.useful]
    return tuple(piece for piece in free if not any(_is_inside(other, piece) for other in free))


def _is_inside(inner: Piece, outer: Piece) -> bool:
    """Whether a piece comes along with another one."""
    return bool(set(inner.functions) & set(outer.along))
