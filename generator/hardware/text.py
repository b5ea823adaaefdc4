# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The answers of the hardware check as text and as a table over many machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from generator.hardware.functions import Single, gained, most_guarded
from generator.hardware.pieces import Piece, most_at_once, pieces_of
from generator.hardware.tree import Branch, offers_of, tree_of
from generator.hardware.verdict import Row
from generator.hardware.words import counted, facts_of, name_of, spare_cores, summed
from generator.model.machine import Machine


def render_rows(rows: Sequence[Row]) -> list[str]:
    """One line for each requirement."""
    width = max(len(row.name) for row in rows)
    return [
        f"{row.state.value:7}  {row.level.value:8}  {row.name:{width}}  {row.value} — {row.why.rstrip('.')}"
        for row in rows
    ]


def render_tree(machine: Machine) -> list[str]:
    """A machine's PCI tree, a letter before what a partition could have, and how to ask for each letter."""
    offers = offers_of(machine)
    lines = [machine.title, *(f"  {fact}" for fact in facts_of(machine, offers)), ""]
    lines += [_branch(branch) for branch in tree_of(machine, offers)]
    width = max((len(str(offer.port.path)) for offer in offers), default=0)
    lines += [
        "",
        "to be given to a partition, each letter with everything behind its port:" if offers else "",
    ]
    for offer in offers:
        alone = f"; only together with {', '.join(offer.together)}" if offer.together else ""
        path = f"{offer.port.path!s:{width}}"
        lines.append(f"  {offer.key:2}  pci: {path}  {counted(offer.piece.useful)}{alone}")
    lines.append("  -   stays with the PC's firmware and the controller")
    return lines


def _branch(branch: Branch) -> str:
    """A line of the tree."""
    function, note = branch.function, f"  ({branch.note})" if branch.note else ""
    if function is None:
        return f"{branch.root.path}, segment {branch.root.segment}, bus {branch.root.bus}{note}"
    device, number = function.path.nodes[-1]
    bridge = function.bridge
    last = f"–{bridge.subordinate}" if bridge is not None and bridge.subordinate > bridge.secondary else ""
    buses = f" → bus {bridge.secondary}{last}" if bridge is not None else ""
    serial = f" {function.serial}" if function.serial else ""
    mark = branch.key or ("-" if branch.stays else "")
    indent = "  " * (branch.depth - 1)
    return f"  {mark:2}  {indent}{device:02x}.{number} {name_of(function)}{serial}{buses}{note}"


def render_pieces(machine: Machine) -> list[str]:
    """What could be given away, a line for each port and each function behind it, and what keeps the rest."""
    pieces = pieces_of(machine)
    if not pieces:
        return []
    lines = ["", "could be given away, to one partition each, with everything behind the port:"]
    free = [piece for piece in pieces if piece.stays is None]
    lines += [line for piece in free for line in _piece(piece)] or ["  nothing"]
    lines.append("stays with the controller:")
    lines += [line for piece in pieces if piece.stays is not None for line in _piece(piece)] or ["  nothing"]
    singles = gained(machine)
    if singles:
        lines.append("of what stays, each by itself in a guarded partition:")
        lines += [_single(single) for single in singles]
    return lines


def _single(single: Single) -> str:
    """A function by itself, and what a contained partition lacks."""
    known = "" if single.resets else "; no way to reset it is known"
    confined = "" if single.contained is None else f"; not contained: {single.contained}"
    return f"    {single.function.path} {name_of(single.function)}{known}{confined}"


def _piece(piece: Piece) -> Iterator[str]:
    """A port, or a root bus, with its functions."""
    where = str(piece.port.path) if piece.port is not None else piece.root.path
    why = f": {piece.stays}" if piece.stays is not None else ""
    yield f"  {where}, {piece.buses}{why}"
    for function in piece.functions:
        device, number = function.path.nodes[-1]
        title = f" {function.title}" if function.title else ""
        off = ": would stay disabled, neither MSI nor MSI-X" if function in piece.disabled else ""
        off = off if piece.stays is None else ""
        yield f"    {device:02x}.{number} {function.vendor:04x}:{function.device:04x}{title}{off}"
    if piece.along:
        yield "    with it: " + counted(piece.along)


_COLUMNS = (
    "machine",
    "cores",
    "pieces",
    "by root port",
    "guarded",
    "pieces at the same time",
    "only all together",
    "stays",
    "of that, if guarded",
)
TABLE_HEADER = f"| {' | '.join(_COLUMNS)} |\n{'|---' * len(_COLUMNS)}|\n"


def render_table(machines: Iterable[Machine]) -> list[str]:
    """A table in Markdown, a line for each machine."""
    return [*TABLE_HEADER.splitlines(), *(f"| {' | '.join(_cells(machine))} |" for machine in machines)]


def _cells(machine: Machine) -> Iterator[str]:
    """The columns of one machine."""
    pieces = pieces_of(machine)
    free = most_at_once(pieces)
    yield f"`{machine.name}`"
    yield str(spare_cores(machine))
    yield str(len(free))
    yield str(len({piece.port.path.way[0] for piece in free if piece.port is not None}))
    yield str(most_guarded(machine))
    yield summed("; ", (counted(piece.useful) for piece in free)) or "nothing"
    outer = [piece for piece in pieces if piece.stays is None and piece.useful and piece not in free]
    yield "; ".join(f"{counted(piece.useful)}, with {counted(piece.along)}" for piece in outer) or "–"
    yield "; ".join(_stays(pieces)) or "–"
    yield counted(single.function for single in gained(machine)) or "–"


def _stays(pieces: Iterable[Piece]) -> Iterator[str]:
    """What stays, and why."""
    for piece in pieces:
        if piece.stays is not None and piece.useful:
            why = f"on bus {piece.root.bus}" if piece.port is None else piece.stays
            yield f"{why}: {counted(piece.useful)}"
