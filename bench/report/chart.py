# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The chart: for each kind of work, how fast each subject is beside the bare machine, with its interval.

SVG 1.1, on white, in colours that differ in brightness, too.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from bench.report.ratios import Comparison
from bench.report.svg import opening
from bench.report.table import TITLES
from bench.results import AGAIN, ALONE, NEIGHBOUR
from bench.statistics import Figure

_COLOURS = {AGAIN: "#888888", ALONE: "#2a6fbb", NEIGHBOUR: "#d9822b"}
_LEFT, _RIGHT, _TOP, _BOTTOM = 170, 20, 58, 34
_WIDTH, _STEP, _APART = 760, 34, 9
LEAST, MOST = 0.5, 1.5
"""Ends of the axis; what lies beyond is drawn at the end, with an arrow's head."""

_TICKS = (0.5, 0.75, 1.0, 1.25, 1.5)


def place(ratio: float) -> float:
    """Return where a ratio is on the axis, from left to right, within the chart."""
    part = (min(max(ratio, LEAST), MOST) - LEAST) / (MOST - LEAST)
    return _LEFT + part * (_WIDTH - _LEFT - _RIGHT)


def chart(comparisons: Sequence[Comparison], title: str) -> str:
    """Return the chart as an SVG document."""
    height = _TOP + _STEP * max(1, len(comparisons)) + _BOTTOM
    lines = opening(title, _WIDTH, height, _LEFT)
    for index, (name, text) in enumerate(TITLES.items()):
        left = _LEFT + 180 * index
        lines.append(f'<circle cx="{left + 5}" cy="38" r="4" fill="{_COLOURS[name]}"/>')
        lines.append(f'<text x="{left + 14}" y="42">{escape(text)}</text>')
    bottom = height - _BOTTOM
    for tick in _TICKS:
        x = place(tick)
        colour = "#333333" if tick == 1 else "#dddddd"
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}"/>')
        lines.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>')
    for number, found in enumerate(comparisons):
        middle = _TOP + _STEP * number + _STEP / 2
        label = f'<text x="{_LEFT - 12}" y="{middle + 4:.1f}" text-anchor="end">'
        lines.append(f"{label}{escape(found.row)}</text>")
        for index, name in enumerate(TITLES):
            if name in found.ratios:
                y = middle + _APART * (index - 1)
                lines += _mark(found.ratios[name], y, _COLOURS[name])
    return "\n".join([*lines, "</svg>", ""])


def _mark(found: Figure, y: float, colour: str) -> list[str]:
    """A point with its interval."""
    low, high, x = place(found.low), place(found.high), place(found.median)
    line = f'<line x1="{low:.1f}" y1="{y:.1f}" x2="{high:.1f}" y2="{y:.1f}"'
    lines = [f'{line} stroke="{colour}" stroke-width="2"/>']
    for end, beyond, step in ((low, found.low < LEAST, -1), (high, found.high > MOST, 1)):
        if beyond:
            points = f"{end + 5 * step:.1f},{y:.1f} {end:.1f},{y - 3:.1f} {end:.1f},{y + 3:.1f}"
            lines.append(f'<polygon points="{points}" fill="{colour}"/>')
    return [*lines, f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>']
