# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What isolation levels cost, as tables and goals.  Pure functions."""

from collections.abc import Iterator, Mapping, Sequence

from bench.report.table import markdown, thousands
from bench.results import BOUND, EXACT, ExitCount, LevelCount

GUARDED = "guarded"


def level_table(counts: Sequence[LevelCount], again: Mapping[str, float]) -> str:
    """Return a row for each kind of work; `again` is what it took in another boot, by row."""
    levels = list(dict.fromkeys(count.level for count in counts))
    rows = []
    for row in dict.fromkeys(count.row for count in counts):
        of_row = {count.level: count for count in counts if count.row == row}
        cooperative = next(iter(of_row.values())).cooperative
        held = [of_row.get(level) for level in levels]
        cells = [f"{thousands(one.held)} ({one.ratio:.4f})" if one else "–" for one in held]
        second = f"{thousands(again[row])} ({again[row] / cooperative:.4f})" if row in again else "–"
        rows.append([row, thousands(cooperative), second, *cells])
    titles = ["work", "cooperative", "another boot of it", *(f"{level} (÷ cooperative)" for level in levels)]
    return markdown(titles, rows)


def exit_table(exits: Sequence[ExitCount]) -> str:
    """Return a row for each level and what was done, with the reasons that there were."""
    rows = []
    for one in exits:
        reasons = [f"{reason} {count:,}" for reason, count in one.exits.items() if count]
        total = sum(one.exits.values())
        rows.append(
            [one.level, one.what, ", ".join(reasons) or "none", f"{one.seconds:.0f}", thousands(total)]
        )
    return markdown(["level", "what the partition did", "by reason", "seconds", "exits"], rows, 3)


def level_goals(counts: Sequence[LevelCount], exits: Sequence[ExitCount]) -> Iterator[tuple[str, str, bool]]:
    """Yield what was aimed at, what was seen, and whether that is enough.

    Of rows that differ from boot to boot two boots do not tell by how much.
    """
    guarded = [count for count in counts if count.level == GUARDED and count.row in EXACT]
    if guarded:
        worst = max(guarded, key=lambda count: abs(count.ratio - 1))
        far = abs(worst.ratio - 1)
        seen = f"at most {far:.4f} away ({worst.row})"
        goal = "instructions of the same work when guarded: 1.000 ± 0.002 of cooperative"
        yield f"{goal}, of rows that are the same in each boot", seen, far <= BOUND
    of_guarded = [sum(one.exits.values()) for one in exits if one.level == GUARDED]
    if of_guarded:
        yield "exits of a guarded partition that runs: 0", thousands(sum(of_guarded)), sum(of_guarded) == 0
