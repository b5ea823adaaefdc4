# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Restarts as a table, a chart and a goal.  Pure functions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.report.bars import Bar, bars
from bench.report.table import interval, magnitude, markdown
from bench.results import ALONE, BARE, Restart
from bench.statistics import Figure, figure, quotient

GOAL = 0.3
"""What a partition's restart to its loader may take of the PC's own."""

TITLES = {"grub": "shim and GRUB", "systemd-boot": "systemd-boot", "alone": "the kernel's EFI stub"}
SPANS = ("to the loader", "on to the kernel's first line", "on to the first process")


@dataclass(frozen=True)
class Loader:
    """Restarts by one loader.

    Attributes:
        title: Its name for people.
        spans: For BARE and ALONE the seconds of each of SPANS, medians.
        ratio: Seconds to the loader, partition ÷ PC.
    """

    title: str
    spans: Mapping[str, Sequence[float]]
    ratio: Figure


def by_loader(restarts: Sequence[Restart]) -> list[Loader]:
    """Return what was seen of each loader with which both were restarted in some round."""
    found: dict[str, dict[str, dict[int, Restart]]] = {}
    for one in restarts:
        found.setdefault(one.loader, {}).setdefault(one.subject, {})[one.round] = one
    loaders = []
    for name, subjects in found.items():
        bare, partition = subjects.get(BARE, {}), subjects.get(ALONE, {})
        rounds = sorted(bare.keys() & partition.keys())
        if rounds:
            pairs = {kind: [subjects[kind][number] for number in rounds] for kind in (BARE, ALONE)}
            ratio = quotient(*([one.started for one in pairs[kind]] for kind in (BARE, ALONE)))
            spans = {kind: _spans(taken) for kind, taken in pairs.items()}
            loaders.append(Loader(TITLES.get(name, name), spans, ratio))
    return loaders


def _spans(taken: Sequence[Restart]) -> list[float]:
    each = [
        [one.started for one in taken],
        [one.kernel - one.started for one in taken],
        [one.process - one.kernel for one in taken],
    ]
    return [figure(seconds).median for seconds in each]


def restart_table(loaders: Sequence[Loader]) -> str:
    """Return a row for each loader."""
    titles = ["loader", "restart of", *SPANS, "to the loader: partition ÷ PC"]
    rows = []
    for loader in loaders:
        for kind, what in ((BARE, "the PC"), (ALONE, "a partition")):
            seconds = [f"{magnitude(span)} s" for span in loader.spans[kind]]
            last = interval(loader.ratio) if kind == ALONE else ""
            rows.append([loader.title if kind == BARE else "", what, *seconds, last])
    return markdown(titles, rows, 2)


def restart_chart(loaders: Sequence[Loader]) -> str:
    """Return the chart as SVG."""
    drawn = [
        Bar(f"{loader.title}: {what}", loader.spans[kind])
        for loader in loaders
        for kind, what in ((BARE, "the PC"), (ALONE, "a partition"))
    ]
    return bars(drawn, SPANS, "Seconds from the order to restart")


def restart_goal(loaders: Sequence[Loader]) -> Iterator[tuple[str, str, bool]]:
    """Yield what was aimed at, what was seen, and whether that is enough."""
    if loaders:
        worst = max(loaders, key=lambda loader: loader.ratio.median)
        seen = f"at most {worst.ratio.median:.2f} ({worst.title})"
        yield (
            "a partition's restart to its loader: 0.3 of the PC's own at most",
            seen,
            (worst.ratio.median <= GOAL),
        )
