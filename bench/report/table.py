# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tables of Markdown, with columns that also line up for those who read the source."""

from collections.abc import Sequence

from bench.report.ratios import Comparison
from bench.results import AGAIN, ALONE, NEIGHBOUR
from bench.statistics import Figure

TITLES = {AGAIN: "bare machine again", ALONE: "partition alone", NEIGHBOUR: "partition with a busy neighbour"}


def markdown(titles: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return a table; the first `left` columns are text, the others are aligned to the right."""
    widths = [max(3, *(len(row[column]) for row in (titles, *rows))) for column in range(len(titles))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if index < left else "-" * (width - 1) + ":" for index, width in enumerate(widths)]
    return "\n".join([line(titles), line(rule), *(line(row) for row in rows)])


def thousands(number: float) -> str:
    """Return a count with its digits in groups of three."""
    return f"{round(number):,}"


def magnitude(value: float) -> str:
    """Return a measured value with three significant digits, and no exponent."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def interval(found: Figure | None) -> str:
    """Return a ratio with its interval, `1.00 (0.98–1.02)`; `–` if there is none."""
    return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})" if found else "–"


def ratio_table(comparisons: Sequence[Comparison]) -> str:
    """Return the table of how fast each subject is beside the bare machine, of those with samples."""
    subjects = [name for name in TITLES if any(name in found.ratios for found in comparisons)]
    titles = ["work", "bare machine", "spread", *(TITLES[name] for name in subjects)]
    rows = [
        [
            found.row,
            f"{magnitude(found.bare.median)} {found.unit}",
            f"{100 * found.bare.spread:.0f} %",
            *(interval(found.ratios.get(name)) for name in subjects),
        ]
        for found in comparisons
    ]
    return markdown(titles, rows)
