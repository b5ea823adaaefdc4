# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same work on the bare machine and in a partition, counted, as a table and a goal.  Pure functions."""

from collections.abc import Iterator, Sequence

from bench.report.table import markdown, thousands
from bench.results import BOUND, EXACT, RowCount


def row_table(counts: Sequence[RowCount]) -> str:
    """Return a row for each kind of work; other boots of the bare machine have a column if there were any."""
    twice = any(count.again is not None for count in counts)
    titles = ["work", "bare machine", *(["bare machine again (÷ bare)"] if twice else [])]
    rows = []
    for count in counts:
        again = [] if not twice else ["–"]
        if count.again is not None:
            again = [f"{thousands(count.again)} ({count.again / count.bare:.4f})"]
        rows.append(
            [count.row, thousands(count.bare), *again, thousands(count.partition), f"{count.ratio:.4f}"]
        )
    return markdown([*titles, "partition", "partition ÷ bare"], rows)


def row_goal(counts: Sequence[RowCount]) -> Iterator[tuple[str, str, bool]]:
    """Yield what was aimed at, what was seen, and whether that is enough.

    What two boots of the bare machine differ by is no difference of the partition. Where there was no second
    one, only rows are judged that are the same in each boot.
    """
    judged = [count for count in counts if count.row in EXACT or count.again is not None]
    if not judged:
        return
    worst = max(judged, key=lambda count: abs(count.ratio - 1) - count.noise)
    far = abs(worst.ratio - 1)
    goal, of = "instructions of the same work: 1.000 ± 0.002 of bare", worst.row
    if len(judged) < len(counts):
        goal = f"{goal}, of rows that are the same in each boot"
    elif worst.again is not None:
        goal = f"{goal}, within noise"
    if worst.again is not None:
        of = f"{of}; {worst.noise:.4f} between boots of the bare machine"
    yield goal, f"at most {far:.4f} away ({of})", far - worst.noise <= BOUND
