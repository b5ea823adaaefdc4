# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tables of text for people (pure)."""

from collections.abc import Mapping, Sequence

from ci.run.figures import ROWS
from ci.run.judge import Verdict

_CELL = 72
"""Characters of an observation in the table; the whole of it is in report.json."""


def lay_out(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text with aligned columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _short(text: str) -> str:
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


def verdict_table(verdict: Verdict) -> str:
    """Return the table of promised and seen."""
    rows = [("", "partition", "promise", "promised", "seen")]
    for partition in verdict.partitions:
        for row in partition.rows:
            mark = "ok" if row.ok else "NO"
            rows.append((mark, partition.name, row.item, row.promised_text, _short(row.seen_text)))
    return lay_out(rows)


def figures_table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return the table of seconds: a column for each partition and the bare machine."""
    rows = [("seconds", *figures)]
    for key, title in ROWS:
        if any(key in column for column in figures.values()):
            rows.append((title, *(f"{c[key]:.2f}" if key in c else "–" for c in figures.values())))
    return lay_out(rows)
