# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine's PCI tree, line by line: which partition could have a function, and what keeps it from all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.hardware.functions import gained
from generator.hardware.pieces import Piece, most_at_once, pieces_of
from generator.letters import letters
from generator.model.device_path import DevicePath
from generator.model.machine import Machine, PciFunction, PciRoot
from generator.model.ports import bus_reset_fails, ends


@dataclass(frozen=True, slots=True)
class Offer:
    """A piece that a partition could have; `key` is its letter.

    `together` are the letters of the pieces that come along with it: none of those can be had beside it.
    """

    key: str
    piece: Piece
    port: PciFunction
    together: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of the tree: a function, or without one a root bridge.

    `key` is the letter of the offer that the function belongs to, empty if there is none; `stays`: it stays
    with the controller; `note` says what else is to be known of it.
    """

    depth: int
    root: PciRoot
    function: PciFunction | None
    key: str = ""
    stays: bool = False
    note: str = ""


def offers_of(machine: Machine) -> tuple[Offer, ...]:
    """What partitions could have: first what can be had at the same time, then what comes with others."""
    pieces = pieces_of(machine)
    free = most_at_once(pieces)
    outer = [piece for piece in pieces if piece.stays is None and piece.useful and piece not in free]
    keys: dict[DevicePath, str] = {}
    found: list[Offer] = []
    for number, piece in enumerate((*free, *outer)):
        if piece.port is not None:
            key = letters(number)
            along = (keys[function.path] for function in piece.along if function.path in keys)
            found.append(Offer(key, piece, piece.port, tuple(dict.fromkeys(along))))
            keys.update((function.path, key) for function in piece.functions)
    return tuple(found)


def tree_of(machine: Machine, offers: Iterable[Offer]) -> Iterator[Branch]:
    """All lines, root bridge by root bridge, each function before what is behind it."""
    judge = _Judge(machine, {offer.port.path: offer for offer in offers})
    for root in machine.roots:
        yield Branch(0, root, None, note=judge.note_of_root(root))
        yield from _below(root, root.functions, 1, judge)


def _below(root: PciRoot, functions: Iterable[PciFunction], depth: int, judge: _Judge) -> Iterator[Branch]:
    """Lines of functions and everything behind them."""
    for function in functions:
        key, stays = judge.fate(function)
        yield Branch(depth, root, function, key, stays, judge.note(function))
        yield from _below(root, function.behind, depth + 1, judge)


class _Judge:
    """What becomes of each function, and why."""

    def __init__(self, machine: Machine, offers: Mapping[DevicePath, Offer]) -> None:
        self._boots = machine.firmware.boot_devices
        self._offers = offers
        self._ports: dict[DevicePath, Piece] = {}
        self._pieces: dict[DevicePath, Piece] = {}
        self._weak: set[DevicePath] = set()
        self._alone = {single.function.path for single in gained(machine)}
        for piece in pieces_of(machine):
            self._pieces.update((function.path, piece) for function in piece.functions)
            if piece.port is not None:
                self._ports[piece.port.path] = piece
                self._weak.update(function.path for function in bus_reset_fails(piece.port))

    def _piece(self, function: PciFunction) -> Piece | None:
        """The piece that a function is part of: its own, or for a bridge that of the port it lies behind."""
        found = self._pieces.get(function.path)
        if found is None and function.bridge is not None:
            return next((self._ports[up] for up in reversed(function.path.way) if up in self._ports), None)
        return found

    def fate(self, function: PciFunction) -> tuple[str, bool]:
        """Letter of the offer; whether it stays with the controller."""
        piece = self._piece(function)
        if piece is None:
            return "", function.bridge is None
        if piece.port is not None and piece.port.path in self._offers:
            return self._offers[piece.port.path].key, False
        return "", piece.stays is not None and bool(piece.functions)

    def note(self, function: PciFunction) -> str:
        """What keeps a function, or what is special about it."""
        if function.path in self._boots:
            return "the controller is booted from it"
        piece = self._ports.get(function.path)
        if piece is not None:
            return self._note_of_port(function, piece)
        piece = self._pieces.get(function.path)
        if piece is None or piece.stays is not None:
            if function.path in self._alone:
                return "by itself, in a guarded partition"
            return "" if function.bridge is None else self._leads(function)
        if function in piece.disabled:
            return "stays disabled: neither MSI nor MSI-X"
        return "may not survive a restart: the bus reset leaves it out" if function.path in self._weak else ""

    def _note_of_port(self, port: PciFunction, piece: Piece) -> str:
        """What is to be known of a port with a piece of its own."""
        if piece.stays is not None:
            return piece.stays if not piece.functions else f"stays: {piece.stays}"
        offer = self._offers.get(port.path)
        if offer is None:
            return "nothing that anybody asks for"
        return f"only together with {', '.join(offer.together)}" if offer.together else ""

    def _leads(self, bridge: PciFunction) -> str:
        """Which offers lie behind a bridge that is none itself."""
        if self._piece(bridge) is not None or not ends(bridge):
            return ""
        inner = [offer.key for offer in self._offers.values() if bridge.path.leads_to(offer.port.path)]
        return f"leads to {', '.join(inner)}" if inner else ""

    def note_of_root(self, root: PciRoot) -> str:
        """What is to be known of a root bus."""
        whole = any(piece.port is None and piece.root is root for piece in self._pieces.values())
        return "what is on this bus stays: it cannot be told apart" if whole else ""
