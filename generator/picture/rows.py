# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Lines of a PCI tree: a box that shows whose a function is, its place, what it is, and a note on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generator.model.machine import PciFunction
from generator.picture.canvas import INK, LINE, SOFT_INK, Canvas, shorten, text_width
from generator.picture.owners import FREE, Look

ROW = 24
_MOST_ROWS = 600
"""Rows drawn at all."""
_COLUMN_ROWS = 20
_NEAR = 6
"""Rows by which a column may be longer or shorter, so that the next begins with a whole branch."""
_SIZE = 12
_NOTE_LEAST = 90.0
"""Units of the sheet: a note with less room is left to the box's title."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the tree; `title` is shown when the pointer rests on the box."""

    depth: int
    text: str
    detail: str
    look: Look
    title: str
    note: str = ""


def place_of(function: PciFunction) -> str:
    """Device and function, as lspci writes them."""
    device, number = function.path.nodes[-1]
    return f"{device:02x}.{number}"


def buses_of(function: PciFunction) -> str:
    """The buses behind a bridge."""
    bridge = function.bridge
    if bridge is None:
        return ""
    last = f"–{bridge.subordinate}" if bridge.subordinate != bridge.secondary else ""
    return f" → bus {bridge.secondary}{last}"


def name_of(function: PciFunction, boots: bool) -> str:
    """What a function is."""
    title = function.title or f"{function.vendor:04x}:{function.device:04x} class {function.class_code:06x}"
    serial = f" {function.serial}" if function.serial else ""
    return f"{title}{serial}{buses_of(function)}" + (" (boots the controller)" if boots else "")


def draw_rows(canvas: Canvas, rows: Sequence[Row], x: float, y: float, width: float, most: int) -> float:
    """Draw rows in columns, `most` of them at most; returns the height."""
    left_out = len(rows) - _MOST_ROWS
    if left_out > 0:
        more = Row(0, f"and {left_out} more lines: see the tables of the page", "", FREE, "")
        rows = [*rows[:_MOST_ROWS], more]
    columns = list(_columns(rows, max(1, min(most, -(-len(rows) // _COLUMN_ROWS)))))
    column_width = (width - 24 * (len(columns) - 1)) / len(columns)
    for number, column in enumerate(columns):
        for line, row in enumerate(column):
            _draw(canvas, row, x + number * (column_width + 24), y + line * ROW, column_width)
    return max(map(len, columns)) * ROW


def _columns(rows: Sequence[Row], count: int) -> Iterator[Sequence[Row]]:
    """Rows in columns of about the same length; one begins at a root or a port on it, where one is near."""
    begin = 0
    for left in range(count, 1, -1):
        end = begin + -(-(len(rows) - begin) // left)
        near = range(end - _NEAR, end + _NEAR + 1)
        breaks = [at for at in near if begin < at < len(rows) and rows[at].depth <= 1]
        end = min(breaks, key=lambda at: abs(at - end), default=end)
        yield rows[begin:end]
        begin = end
    yield rows[begin:]


def _draw(canvas: Canvas, row: Row, x: float, y: float, width: float) -> None:
    """One line."""
    indent = row.depth * 22
    left = x + indent
    if row.depth:
        canvas.line(((left - 12, y - 4), (left - 12, y + ROW / 2 - 2), (left - 2, y + ROW / 2 - 2)), LINE)
        swatch = 30.0
        title = row.title or None
        free = row.look is FREE
        canvas.rectangle(left, y + 1, swatch, ROW - 6, row.look.fill, INK, 3, 0.8, free, title)
        if row.look.key:
            size = 11 if len(row.look.key) == 1 else 9
            canvas.text(left + swatch / 2, y + 14, row.look.key, size, "middle", bold=True, halo=True)
        left += swatch + 8
    bold = row.depth == 0
    canvas.text(left, y + 15, row.text, _SIZE, bold=bold, mono=not bold)
    start = left + max(34, len(row.text) * (7.6 if bold else 7.3)) + 8
    detail = shorten(row.detail, x + width - start, _SIZE)
    canvas.text(start, y + 15, detail, _SIZE, colour=SOFT_INK if bold else INK)
    room = x + width - start - text_width(detail, _SIZE) - 10
    if row.note and room >= _NOTE_LEAST:
        note = shorten(row.note, room, _SIZE)
        canvas.text(x + width - room, y + 15, note, _SIZE, colour=SOFT_INK)
