# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The memory: a bar to scale, with what lies below 4 GiB and the low slices enlarged below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.load.values import format_size
from generator.model.plan import Plan
from generator.picture.canvas import INK, LINE, PAPER, SOFT_INK, Canvas, text_width
from generator.picture.owners import STAYS, Owners
from generator.picture.places import Piece, pieces_of
from generator.resolve.memory import BELOW_4G_LIMIT, GIB, KIB, LOW_LIMIT, LOW_MINIMUM

_BAR = 44
_ZOOM = 26
_LABELS = 34
_LOW_END = 640 * KIB
_HOLE = "#dcdcd5"


def draw_memory(canvas: Canvas, plan: Plan, owners: Owners, x: float, y: float, width: float) -> float:
    """Draw the bars; returns the height."""
    pieces = pieces_of(plan, owners)
    top = max((memory.end for memory in plan.machine.memory), default=1)
    bars: list[tuple[int, str]] = [(top, "all memory, to scale")]
    if top > BELOW_4G_LIMIT + BELOW_4G_LIMIT // 2:
        bars.append((BELOW_4G_LIMIT, "below 4 GiB"))
    shared = format_size(LOW_LIMIT - LOW_MINIMUM)
    bars.append((_LOW_END, f"low memory: all partitions share the {shared} between the two marks"))
    at = y
    for number, (end, title) in enumerate(bars):
        last = number + 1 == len(bars)
        if not last:
            _zoom(canvas, x, at + 18 + _BAR, width, bars[number + 1][0] / end)
        canvas.text(x, at + 12, title, 12, colour=SOFT_INK, halo=True)
        bar = _Bar(canvas, x, at + 18, width, end)
        bar.draw_memory(plan)
        bar.draw_pieces(pieces)
        bar.draw_ticks()
        at += 18 + _BAR + _LABELS + (0 if last else _ZOOM - 12)
    return at - y - 6


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar from address 0 to `end`."""

    canvas: Canvas
    x: float
    y: float
    width: float
    end: int

    def at(self, address: int) -> float:
        """Where an address is."""
        return self.x + self.width * min(address, self.end) / self.end

    def draw_memory(self, plan: Plan) -> None:
        """What is RAM, and that between it nothing is."""
        self.canvas.rectangle(self.x, self.y, self.width, _BAR, _HOLE, "none")
        before = 0
        for memory in sorted(plan.machine.memory, key=lambda memory: memory.base):
            if memory.base >= self.end:
                break
            left, right = self.at(memory.base), self.at(memory.end)
            where = f"{format_size(memory.base)} to {format_size(memory.end)}, NUMA node {memory.node}: free"
            self.canvas.rectangle(left, self.y, right - left, _BAR, PAPER, LINE, title=where)
            self._name_hole(before, memory.base)
            before = memory.end
        self._name_hole(before, self.end)
        if self.end == _LOW_END:
            for address in (LOW_MINIMUM, LOW_LIMIT):
                at = self.at(address)
                self.canvas.line(((at, self.y - 5), (at, self.y + _BAR + 5)), INK, 2)

    def _name_hole(self, start: int, end: int) -> None:
        """Say that there is no memory, where there is room to say so."""
        left, right = self.at(start), self.at(end)
        if right - left > 90:
            self.canvas.text(
                (left + right) / 2, self.y + _BAR / 2 + 4, "no memory", 12, "middle", colour=SOFT_INK
            )

    def draw_pieces(self, pieces: Sequence[Piece]) -> None:
        """Who has what."""
        labelled = -1e9
        for piece in pieces:
            if piece.start >= self.end:
                continue
            left, right = self.at(piece.start), self.at(piece.end)
            title = (
                f"{piece.look.name}: {format_size(piece.end - piece.start)} at {piece.start:#x}: {piece.why}"
            )
            self.canvas.rectangle(
                left, self.y, max(right - left, 0.6), _BAR, piece.look.fill, INK, 0, 0.8, title=title
            )
            labelled = self._name(piece, left, right, labelled)
        self.canvas.rectangle(self.x, self.y, self.width, _BAR, "none", INK)

    def _name(self, piece: Piece, left: float, right: float, labelled: float) -> float:
        """Letter and size of a piece, where they fit; returns where the last letter stands."""
        middle, stays = (left + right) / 2, piece.look is STAYS
        size = _size_text(piece.end - piece.start)
        if right - left >= text_width(size, 12) + 8:
            colour = PAPER if stays else INK
            self.canvas.text(middle, self.y + _BAR - 8, size, 12, "middle", colour=colour, halo=not stays)
            if stays:
                self.canvas.text(middle, self.y + 18, "firmware", 11, "middle", bold=True, colour=PAPER)
        if piece.look.key and right - left >= 22 and middle - labelled >= 22:
            self.canvas.badge(middle, self.y + 14, piece.look.key, 12)
            return middle
        if piece.look.key and right - left >= text_width(piece.look.key, 10) + 4 and middle - labelled >= 22:
            self.canvas.text(middle, self.y + 18, piece.look.key, 10, "middle", bold=True, halo=True)
        return labelled

    def draw_ticks(self) -> None:
        """Addresses below the bar."""
        last = -1e9
        for address in _ticks(self.end):
            at = self.at(address)
            self.canvas.line(((at, self.y + _BAR), (at, self.y + _BAR + 5)), INK)
            text = _size_text(address) if address else "0"
            half = text_width(text, 11) / 2
            middle = min(max(at, self.x + half), self.x + self.width - half)
            if middle - half > last + 6:
                self.canvas.text(middle, self.y + _BAR + 17, text, 11, "middle", colour=SOFT_INK, halo=True)
                last = middle + half


def _zoom(canvas: Canvas, x: float, y: float, width: float, share: float) -> None:
    """What shows that the next bar is the beginning of this one, enlarged."""
    below = y + _LABELS + _ZOOM - 12 + 18
    points = ((x, y), (x + max(1.0, width * share), y), (x + width, below), (x, below))
    canvas.polygon(points, "#e9e9e4")


def _size_text(size: int) -> str:
    """A size, rounded to three digits where it is no whole unit."""
    for unit, bytes_of in (("TiB", 1 << 40), ("GiB", GIB), ("MiB", 1 << 20), ("KiB", KIB)):
        if size >= bytes_of:
            return f"{size / bytes_of:.4g} {unit}"
    return f"{size} B"


def _ticks(end: int) -> Iterator[int]:
    """Addresses to label."""
    step = 64 * KIB if end <= _LOW_END else 1 << max(0, (end // 8 - 1).bit_length())
    yield from range(0, end + 1, step)
