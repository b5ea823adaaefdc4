# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The answers of the hardware check as text and as a table over many machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from generator.hardware.pieces import Piece, most_at_once, pieces_of
from generator.hardware.verdict import Row
from generator.model.machine import Machine, PciFunction


def render_rows(rows: Sequence[Row]) -> list[str]:
    """One line for each requirement."""
    width = max(len(row.name) for row in rows)
    return [
        f"{row.state.value:7}  {row.level.value:8}  {row.name:{width}}  {row.value} — {row.why.rstrip('.')}"
        for row in rows
    ]


def render_pieces(machine: Machine) -> list[str]:
    """What could be given away, a line for each port and each function behind it, and what keeps the rest."""
    pieces = pieces_of(machine)
    if not pieces:
        return []
    lines = ["", "could be given away, to one partition each, with everything behind the port:"]
    free = [piece for piece in pieces if piece.kept is None]
    lines += [line for piece in free for line in _piece(piece)] or ["  nothing"]
    lines.append("stays with the controller:")
    lines += [line for piece in pieces if piece.kept is not None for line in _piece(piece)] or ["  nothing"]
    return lines


def _piece(piece: Piece) -> Iterator[str]:
    """A port, or a root bus, with its functions."""
    where = str(piece.port.path) if piece.port is not None else piece.root.path
    kept = f": {piece.kept}" if piece.kept is not None else ""
    yield f"  {where}, {piece.buses}{kept}"
    for function in piece.functions:
        device, number = function.path.nodes[-1]
        title = f" {function.title}" if function.title else ""
        off = ": would stay disabled, neither MSI nor MSI-X" if function in piece.disabled else ""
        off = off if piece.kept is None else ""
        yield f"    {device:02x}.{number} {function.vendor:04x}:{function.device:04x}{title}{off}"
    if piece.along:
        yield "    with it: " + _counted(piece.along)


def _counted(functions: Iterable[PciFunction]) -> str:
    """Functions by what they are: `2 × Ethernet controller + audio device`."""
    return _summed(" + ", (f.title or f"class {f.class_code:06x}" for f in functions))


def _summed(between: str, names: Iterable[str]) -> str:
    """Names, each once, with how many there are of it."""
    counted = Counter(names).items()
    return between.join(name if count == 1 else f"{count} × {name}" for name, count in counted)


TABLE_HEADER = """\
| machine | cores | pieces | by root port | pieces at the same time | only all together | stays |
|---|---|---|---|---|---|---|
"""


def render_table(machines: Iterable[Machine]) -> list[str]:
    """A table in Markdown, a line for each machine."""
    return [*TABLE_HEADER.splitlines(), *(f"| {' | '.join(_cells(machine))} |" for machine in machines)]


def _cells(machine: Machine) -> Iterator[str]:
    """The columns of one machine."""
    pieces = pieces_of(machine)
    free = most_at_once(pieces)
    yield f"`{machine.name}`"
    boot = next((p for p in machine.processors if p.bsp), None)
    cores = {(p.package, p.core) for p in machine.processors}
    yield str(len(cores - ({(boot.package, boot.core)} if boot else set())))
    yield str(len(free))
    yield str(len({piece.port.path.way[0] for piece in free if piece.port is not None}))
    yield _summed("; ", (_counted(piece.useful) for piece in free)) or "nothing"
    outer = [piece for piece in pieces if piece.kept is None and piece.useful and piece not in free]
    yield "; ".join(f"{_counted(piece.useful)}, with {_counted(piece.along)}" for piece in outer) or "–"
    yield "; ".join(_stays(pieces)) or "–"


def _stays(pieces: Iterable[Piece]) -> Iterator[str]:
    """What stays, and why."""
    for piece in pieces:
        if piece.kept is not None and piece.useful:
            why = f"on bus {piece.root.bus}" if piece.port is None else piece.kept
            yield f"{why}: {_counted(piece.useful)}"
