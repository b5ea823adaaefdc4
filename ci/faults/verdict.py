# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a campaign has shown: pure functions from observations to a verdict, a report and a table."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ci.faults.schedule import Injection
from ci.qemu.guest import Tick
from ci.run.table import lay_out


@dataclass(frozen=True)
class Work:
    """Sums of a neighbour's work: blocks written and read back, wrong ones, echoes asked, echoes lost."""

    rounds: int = 0
    corrupt: int = 0
    asked: int = 0
    lost: int = 0

    def since(self, earlier: "Work") -> "Work":
        """What was done after `earlier`."""
        return Work(
            self.rounds - earlier.rounds,
            self.corrupt - earlier.corrupt,
            self.asked - earlier.asked,
            self.lost - earlier.lost,
        )


@dataclass(frozen=True)
class Neighbour:
    """A neighbour through one fault: its clock before and through it, and its work meanwhile."""

    name: str
    ticks: Sequence[Tick]
    work: Work

    @property
    def steady(self) -> bool:
        """Whether it was the same boot all the time, and no tick is missing."""
        pairs = itertools.pairwise(self.ticks)
        return len(self.ticks) > 1 and all(
            a.boot == b.boot and b.number == a.number + 1 and b.up > a.up for a, b in pairs
        )

    @property
    def gap(self) -> float:
        """The longest time between two ticks, by its own clock, in seconds; 0 without two ticks."""
        return longest_gap(self.ticks)

    def complaints(self) -> list[str]:
        """What it lost, in words; nothing if nothing."""
        found = []
        if not self.steady:
            found.append(f"{self.name}: its clock stopped or started anew")
        if self.work.corrupt:
            found.append(f"{self.name}: {self.work.corrupt} of {self.work.rounds} blocks came back wrong")
        if self.work.lost:
            found.append(f"{self.name}: {self.work.lost} of {self.work.asked} echoes were lost")
        return found


@dataclass(frozen=True)
class Outcome:
    """What came of one fault.

    Attributes:
        injection: The fault.
        broken: What went wrong that is none of the next two.
        seconds: From the fault to the first line of the victim's next boot; None when there was none.
        neighbours: The others.
        leaked: Promises the victim's next boot does not keep: processors, memory, devices.
        lost: Variables it had committed before the fault and has no more.
    """

    injection: Injection
    broken: Sequence[str] = ()
    seconds: float | None = None
    neighbours: Sequence[Neighbour] = ()
    leaked: Sequence[str] = ()
    lost: Sequence[str] = ()

    @property
    def complaints(self) -> list[str]:
        """Everything wrong, in words; nothing if the fault was survived."""
        found = [f"{self.injection.victim}: {line}" for line in (*self.broken, *self.leaked, *self.lost)]
        for neighbour in self.neighbours:
            found += neighbour.complaints()
        return found


@dataclass(frozen=True)
class Campaign:
    """A whole campaign; `baseline` is each partition's longest gap in the quiet before it, in seconds."""

    seed: int
    planned: int
    baseline: Mapping[str, float]
    outcomes: Sequence[Outcome] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every planned fault was injected and survived."""
        return len(self.outcomes) == self.planned and not any(o.complaints for o in self.outcomes)

    @property
    def restarts(self) -> int:
        """How many victims came back, and were looked at for what they lost."""
        return sum(outcome.seconds is not None for outcome in self.outcomes)

    @property
    def leaks(self) -> int:
        """After how many restarts something was missing of processors, memory and devices."""
        return sum(bool(outcome.leaked) for outcome in self.outcomes)

    @property
    def lost(self) -> int:
        """How many committed variables were lost."""
        return sum(len(outcome.lost) for outcome in self.outcomes)


def longest_gap(ticks: Sequence[Tick]) -> float:
    """The longest time between two ticks of one boot, by its own clock, in seconds."""
    pairs = itertools.pairwise(ticks)
    return max((b.up - a.up for a, b in pairs if a.boot == b.boot), default=0.0)


def last_line(campaign: Campaign) -> str:
    """What came of the last fault so far."""
    outcome = campaign.outcomes[-1]
    verdict = "survived" if not outcome.complaints else "; ".join(outcome.complaints)
    return f"fault {outcome.injection} of {campaign.planned}: {verdict}"


def to_json(campaign: Campaign) -> dict[str, Any]:
    """The report for tools."""
    return {
        "seed": campaign.seed,
        "planned": campaign.planned,
        "ok": campaign.ok,
        "baseline_gap_seconds": dict(campaign.baseline),
        "restarts": campaign.restarts,
        "restarts_with_leaks": campaign.leaks,
        "lost_variables": campaign.lost,
        "faults": [
            {
                "number": outcome.injection.number,
                "victim": outcome.injection.victim,
                "kind": outcome.injection.kind.name,
                "pause": outcome.injection.pause,
                "survived": not outcome.complaints,
                "complaints": outcome.complaints,
                "seconds_to_first_line": outcome.seconds,
                "neighbours": {
                    n.name: {"gap_seconds": round(n.gap, 3), "ticks": len(n.ticks), **vars(n.work)}
                    for n in outcome.neighbours
                },
            }
            for outcome in campaign.outcomes
        ],
    }


def table(campaign: Campaign) -> str:
    """The report for people: a line for each kind, each partition's longest gap, what went wrong."""
    kinds = Counter(outcome.injection.kind.name for outcome in campaign.outcomes)
    rows: list[Sequence[str]] = [("fault", "injected", "survived", "seconds to first line: median", "most")]
    for name in sorted(kinds):
        of_kind = [o for o in campaign.outcomes if o.injection.kind.name == name]
        survived = sum(not o.complaints for o in of_kind)
        seconds = sorted(o.seconds for o in of_kind if o.seconds is not None)
        median = f"{seconds[len(seconds) // 2]:.1f}" if seconds else "–"
        rows.append((name, str(kinds[name]), str(survived), median, f"{seconds[-1]:.1f}" if seconds else "–"))
    gaps: list[Sequence[str]] = [
        ("neighbour", "longest gap, s", "when quiet, s", "blocks checked", "echoes answered")
    ]
    for name, quiet in campaign.baseline.items():
        seen = [n for o in campaign.outcomes for n in o.neighbours if n.name == name]
        gap = max((n.gap for n in seen), default=0.0)
        blocks, answers = sum(n.work.rounds for n in seen), sum(n.work.asked - n.work.lost for n in seen)
        gaps.append((name, f"{gap:.2f}", f"{quiet:.2f}", str(blocks), str(answers)))
    wrong = [f"fault {o.injection}: {line}" for o in campaign.outcomes for line in o.complaints]
    sums = (
        f"restarts that leaked processors, memory or devices: {campaign.leaks} of {campaign.restarts}\n"
        f"committed variables lost: {campaign.lost} of {campaign.restarts}\n"
    )
    done = len(campaign.outcomes)
    verdict = (
        f"{done - sum(bool(o.complaints) for o in campaign.outcomes)} of {campaign.planned} faults survived"
    )
    return "\n".join([lay_out(rows), lay_out(gaps), sums, *wrong, f"seed {campaign.seed}: {verdict}"]) + "\n"
