# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Draw SVG: shapes as text, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from generator.printable import LINE as LONGEST
from generator.printable import printable

CHARACTER_WIDTH = 0.6
"""Of the font size: wide enough for the widest common sans-serif font."""

INK = "#1b1b1b"
SOFT_INK = "#565656"
LINE = "#8a8a8a"
PAPER = "#ffffff"
SHADE = "#f3f3f0"


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def shorten(text: str, width: float, size: float) -> str:
    """A text that fits a width, cut in the middle: both ends of paths and versions matter."""
    return printable(text, max(4, int(width / (size * CHARACTER_WIDTH))))


def markup(text: str) -> str:
    """Foreign text for SVG and HTML, which have no place for control characters."""
    return "\n".join(escape(printable(line, LONGEST)) for line in text.split("\n"))


def text_width(text: str, size: float) -> float:
    """How wide a text is at most, roughly."""
    return len(text) * size * CHARACTER_WIDTH


class Canvas:
    """Collects shapes."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def __str__(self) -> str:
        """All shapes."""
        return "\n".join(self._parts)

    def add(self, part: str) -> None:
        """Something drawn elsewhere."""
        self._parts.append(part)

    def rectangle(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str = "none",
        stroke: str = LINE,
        radius: float = 0,
        stroke_width: float = 1,
        dashed: bool = False,
        title: str | None = None,
    ) -> None:
        """A rectangle; `title` is shown when the pointer rests on it."""
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        head = (
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(max(0, width))}" '
            f'height="{number(max(0, height))}" rx="{number(radius)}" fill="{fill}" stroke="{stroke}" '
            f'stroke-width="{number(stroke_width)}"{dash}'
        )
        self.add(f"{head}/>" if title is None else f"{head}><title>{markup(title)}</title></rect>")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 13,
        anchor: str = "start",
        bold: bool = False,
        colour: str = INK,
        halo: bool = False,
        mono: bool = False,
    ) -> None:
        """One line; `y` is its baseline. A halo keeps it readable on patterns."""
        more = ' font-weight="700"' if bold else ""
        more += (
            f' stroke="{PAPER}" stroke-width="4" paint-order="stroke" stroke-linejoin="round"' if halo else ""
        )
        more += ' class="mono"' if mono else ""
        anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.add(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{colour}"'
            f"{anchored}{more}>{markup(text)}</text>"
        )

    def line(self, points: Iterable[tuple[float, float]], stroke: str = LINE, width: float = 1) -> None:
        """A line through points."""
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.add(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{number(width)}"/>')

    def polygon(
        self, points: Iterable[tuple[float, float]], fill: str, stroke: str = "none", opacity: float = 1
    ) -> None:
        """A filled shape."""
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.add(f'<polygon points="{path}" fill="{fill}" stroke="{stroke}" opacity="{number(opacity)}"/>')

    def badge(self, x: float, y: float, text: str, size: float = 12) -> float:
        """A letter in a white box centred at a point; returns its width."""
        width = max(size * 1.35, text_width(text, size) + size * 0.6)
        self.rectangle(x - width / 2, y - size * 0.68, width, size * 1.36, PAPER, INK, size * 0.3)
        self.text(x, y + size * 0.36, text, size, "middle", bold=True)
        return width

    def arrow(self, x1: float, y: float, x2: float) -> None:
        """A horizontal arrow."""
        self.line(((x1, y), (x2 - 5, y)), INK, 1.5)
        self.polygon(((x2 - 8, y - 4), (x2, y), (x2 - 8, y + 4)), INK)
