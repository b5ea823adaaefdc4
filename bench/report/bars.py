# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A chart of bars that lie, each made of parts one after the other, all on one scale that begins at 0.

SVG 1.1, on white, in colours that differ in brightness, too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from bench.report.svg import opening
from bench.report.table import magnitude

COLOURS = ("#1f4e79", "#5b9bd5", "#d6d6d6", "#d9822b")
"""Of the first part, the second and so on."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 220, 60, 58, 30
_WIDTH, _STEP, _HIGH = 760, 26, 16
_LEGEND_BEGINS, _LEGEND, _CHARACTER = 60, 32, 6.4
"""The legend begins so far to the left of the bars; what a name takes, and each character of it."""

_TICKS = 6


@dataclass(frozen=True)
class Bar:
    """A bar: what it is of, and its parts."""

    label: str
    parts: Sequence[float]

    @property
    def length(self) -> float:
        """All its parts together."""
        return sum(self.parts)


def step_of(length: float) -> float:
    """Return a round distance between ticks, such that a few of them reach a length."""
    if length <= 0:
        return 1.0
    rough = length / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def bars(drawn: Sequence[Bar], parts: Sequence[str], title: str) -> str:
    """Return the chart as an SVG document; `parts` names the parts of all bars, at most four."""
    height = _TOP + _STEP * max(1, len(drawn)) + _BOTTOM
    longest = max((bar.length for bar in drawn), default=0.0)
    step = step_of(longest)
    end = step * max(1, math.ceil(longest / step))
    scale = (_WIDTH - _LEFT - _RIGHT) / end
    lines = opening(title, _WIDTH, height, _LEFT)
    place = float(_LEFT - _LEGEND_BEGINS)
    for name, colour in zip(parts, COLOURS, strict=False):
        lines.append(f'<rect x="{place:.1f}" y="32" width="10" height="10" fill="{colour}"/>')
        lines.append(f'<text x="{place + 14:.1f}" y="42">{escape(name)}</text>')
        place += _LEGEND + _CHARACTER * len(name)
    bottom = height - _BOTTOM
    for number in range(round(end / step) + 1):
        x = _LEFT + number * step * scale
        lines.append(f'<line x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#eeeeee"/>')
        lines.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{number * step:g}</text>')
    for number, bar in enumerate(drawn):
        top = _TOP + _STEP * number + (_STEP - _HIGH) / 2
        label = f'<text x="{_LEFT - 10}" y="{top + 12:.1f}" text-anchor="end">'
        lines.append(f"{label}{escape(bar.label)}</text>")
        left = float(_LEFT)
        for part, colour in zip(bar.parts, COLOURS, strict=False):
            width = part * scale
            lines.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{_HIGH}" fill="{colour}"/>'
            )
            left += width
        lines.append(f'<text x="{left + 6:.1f}" y="{top + 12:.1f}">{magnitude(bar.length)}</text>')
    return "\n".join([*lines, "</svg>", ""])
