# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The page docs/performance.md, from results."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.counts import CARDS_UP
from bench.report.chart import chart
from bench.report.latencies import by_condition, latency_goal, latency_table
from bench.report.levels import exit_table, level_goals, level_table
from bench.report.links import (
    disk_table,
    file_table,
    has_files,
    idle_goal,
    link_figures,
    link_goal,
    measured_links,
    network_table,
)
from bench.report.ratios import Comparison, compare, speed_goal
from bench.report.restarts import by_loader, restart_chart, restart_goal, restart_table
from bench.report.rows import row_goal, row_table
from bench.report.scale import scale_chart, scale_goal, scale_table
from bench.report.table import magnitude, markdown, ratio_table, thousands
from bench.report.taken import apart, boots, taken_on
from bench.results import UNPACKED, WHOLE, Counts, PlannerTime, Results
from bench.statistics import Figure
from bench.timing import NETWORK_ROWS, TOOL_ROWS

CHART = Path("pictures") / "performance.svg"
"""Where the chart of speeds is, beside the page."""

RESTART_CHART = Path("pictures") / "restarts.svg"
"""Where the chart of restarts is."""

SCALE_CHART = Path("pictures") / "starts.svg"
"""Where the chart of several starts at a time is."""

_PARTS = Path(__file__).parent / "parts"
_SHOWN_MODULES = 8
_RESIDENT = 2 << 20
_START_MS = 150
_COMMIT_MS = 1


def performance_charts(results: Results) -> dict[Path, str]:
    """Return the charts as SVG, by where they are beside the page: those of what was measured."""
    comparisons, loaders, starts = (
        compare(results.samples),
        by_loader(results.restarts),
        results.counts.starts,
    )
    charts = {}
    if comparisons:
        charts[CHART] = chart(comparisons, "Speed beside the bare machine (1: as fast)")
    if loaders:
        charts[RESTART_CHART] = restart_chart(loaders)
    if starts:
        charts[SCALE_CHART] = scale_chart(starts)
    return charts


def performance_page(results: Results) -> str:
    """Return the page: words from `parts/`, tables from the results."""
    pieces = [
        _part("head"),
        "## Taken on\n",
        markdown(
            ["", ""], [["date", results.date], *([key, value] for key, value in results.machine.items())], 2
        ),
        *_apart(results),
        _part("counted"),
        *_counts(results),
        _part("timed"),
        *taken_on(results, "times"),
        *_timed(compare(results.samples)),
        _part("instead"),
        _part("restarts"),
        *taken_on(results, "restarts"),
        *_restarts(results),
        _part("latencies"),
        *taken_on(results, "latencies"),
        *_latencies(results),
        _part("plans"),
        *taken_on(results, "plans"),
        _plans(results.plans),
        _part("links"),
        *taken_on(results, "channels"),
        *_links(results),
        _part("size"),
        *taken_on(results, "sizes"),
        _bytes(results.sizes),
        _part("memory"),
        *taken_on(results, "memory"),
        _bytes(results.memory),
        _part("goals"),
        markdown(["goal", "seen", ""], list(goals(results)), 3),
        *_missing(results),
        _part("tail"),
    ]
    return "\n\n".join(piece.strip("\n") for piece in pieces) + "\n"


def _apart(results: Results) -> Iterator[str]:
    """Where else to look for a date, if this one is not that of everything."""
    if any(apart(results, part) for part in results.taken):
        yield "A section that was measured on another day or machine says so."


def _missing(results: Results) -> Iterator[str]:
    """What was not measured, if anything was not."""
    listed = "\n".join(f"- {what};" for what in missing(results))
    if listed:
        yield f"Not measured yet:\n\n{listed[:-1]}."


def _rounds(figures: Iterable[Figure]) -> str:
    """What can be said of all these figures: their rounds, and their confidence."""
    found = list(figures)
    count, reached = min(one.count for one in found), min(one.confidence for one in found)
    rounds = "1 round" if count == 1 else f"{count} rounds"
    return f"{rounds}; the intervals hold the true median with at least {math.floor(100 * reached)} %."


def _part(name: str) -> str:
    return (_PARTS / f"{name}.md").read_text()


def _counts(results: Results) -> Iterator[str]:
    counts = results.counts
    yield "### The same work\n"
    yield from taken_on(results, "counts")
    yield from boots(results, "counts")
    yield row_table(counts.rows)
    yield _part("rows")
    yield _part("levels")
    yield from taken_on(results, "levels")
    yield from boots(results, "levels")
    yield level_table(counts.levels, _again(counts)) if counts.levels else "Not counted in this run."
    yield _part("exits")
    yield from taken_on(results, "levels")
    yield exit_table(counts.exits) if counts.exits else "Not counted in this run."
    yield _part("outside")
    yield from taken_on(results, "counts")
    yield markdown(
        ["what the partition did", "seconds", "instructions", "runtime services called", "strays"],
        [
            [
                one.what,
                f"{one.seconds:.0f}",
                thousands(one.instructions),
                thousands(one.services),
                thousands(one.strays),
            ]
            for one in counts.outside
        ],
    )
    yield _part("services")
    yield from taken_on(results, "counts")
    yield markdown(
        ["service", "calls", "least", "mean", "most"],
        [
            [
                one.service,
                thousands(one.calls),
                thousands(one.least),
                thousands(one.mean),
                thousands(one.most),
            ]
            for one in counts.services
        ],
    )
    yield from _commit(counts)
    yield _part("start")
    yield from taken_on(results, "counts")
    yield from _start(results)
    yield _part("scale")
    yield from taken_on(results, "starts")
    if counts.starts:
        yield scale_table(counts.starts)
        yield f"![Instructions for each partition's start]({SCALE_CHART.as_posix()})"
    else:
        yield "No starts were counted in this run."
    yield _part("boot-processor")
    yield from taken_on(results, "counts", '"Idle" and "busy", without cards and disks: measured')
    yield from taken_on(results, "channels", "With cards and disks: measured")
    yield markdown(
        ["a partition", "the boot processor's instructions each second"],
        [[what, thousands(rate)] for what, rate in counts.boot_processor.items()],
    )


def _start(results: Results) -> Iterator[str]:
    phases = list(results.counts.phases)
    build = next((start.build for start in results.counts.starts if start.partitions == 1), None)
    if build is not None:
        yield _part("building")
        yield from taken_on(results, "starts", '"Building": measured')
        phases.insert(0, build)
    yield markdown(
        ["phase", "by module, in millions", "instructions"],
        [[one.phase, _modules(one.modules, 10**6), thousands(one.instructions)] for one in phases],
        left=2,
    )
    wrote = [one for one in phases if one.written]
    if wrote:
        yield _part("written")
        yield markdown(
            ["phase", "by module, in KiB", "bytes"],
            [
                [one.phase, _modules(one.written, 2**10), thousands(sum(one.written.values()))]
                for one in wrote
            ],
            left=2,
        )


def _commit(counts: Counts) -> Iterator[str]:
    if counts.commit is None:
        return
    yield _part("commit")
    rows = {
        "the partition's firmware, without its wait": counts.commit.caller,
        "Mrm.efi on the boot processor": counts.commit.controller,
        "all else on the boot processor: drivers and timer of the PC's firmware": counts.commit.firmware,
    }
    yield markdown(
        [f"a change of a variable, mean of {counts.commit.writes}", "instructions"],
        [[what, thousands(count)] for what, count in rows.items()],
    )


def _again(counts: Counts) -> dict[str, float]:
    """What the same work took in the partition that is set beside the bare machine: a cooperative one."""
    return {row.row: row.partition for row in counts.rows}


def _modules(modules: Mapping[str, int], unit: int) -> str:
    first = list(modules.items())[:_SHOWN_MODULES]
    rest = sum(list(modules.values())[_SHOWN_MODULES:])
    words = [f"{name} {magnitude(count / unit)}" for name, count in first]
    return ", ".join([*words, *([f"others {magnitude(rest / unit)}"] if rest else [])])


def _timed(comparisons: Sequence[Comparison]) -> Iterator[str]:
    if not comparisons:
        yield "No times were taken in this run.\n"
        return
    yield _rounds(found.bare for found in comparisons)
    yield ratio_table(comparisons)
    yield f"\n![Speed of each kind of work beside the bare machine]({CHART.as_posix()})\n"


def _restarts(results: Results) -> Iterator[str]:
    loaders = by_loader(results.restarts)
    if not loaders:
        yield "No restarts were taken in this run.\n"
        return
    yield _rounds(loader.ratio for loader in loaders)
    yield restart_table(loaders)
    yield f"\n![Seconds of restarts by loader]({RESTART_CHART.as_posix()})\n"


def _latencies(results: Results) -> Iterator[str]:
    conditions = by_condition(results.latencies)
    if not conditions:
        yield "No latencies were taken in this run."
        return
    yield _rounds(condition.ratio for condition in conditions)
    yield latency_table(conditions)


def _plans(plans: Sequence[PlannerTime]) -> str:
    if not plans:
        return "Not measured in this run."
    titles = ["partitions", "processors", "PCI functions", "seconds", "MiB"]
    return markdown(
        titles,
        [
            [
                *map(thousands, (plan.partitions, plan.processors, plan.functions)),
                f"{plan.seconds:.1f}",
                thousands(plan.memory / 2**20),
            ]
            for plan in plans
        ],
        left=0,
    )


def _bytes(sizes: Mapping[str, int]) -> str:
    if not sizes:
        return "Not measured in this run."
    return markdown(["", "bytes"], [[name, thousands(size)] for name, size in sizes.items()])


def _links(results: Results) -> Iterator[str]:
    if not results.links:
        yield "No networks or served disks were measured in this run."
        return
    yield f"Medians. {_rounds(link_figures(results.links))}"
    yield network_table(results.links)
    yield disk_table(results.links)
    if has_files(results.links):
        yield _part("files")
        yield file_table(results.links)


def missing(results: Results) -> Iterator[str]:
    """Yield what these results have no figures of."""
    counts = results.counts
    rows = {sample.row for sample in results.samples}
    measured = {
        "times beside the bare machine": results.samples,
        "restarts and boots by loader": results.restarts,
        "latencies of a PREEMPT_RT kernel, with and without somebody who writes UEFI variables": (
            results.latencies
        ),
        "isolation levels: the same work, and exits from guest mode": counts.levels,
        **measured_links(results.links),
        "what networks in memory and served disks cost the boot processor": CARDS_UP in counts.boot_processor,
        "memory that a partition's firmware holds before the end of boot services, and the controller's": (
            results.memory
        ),
        "sizes of `Mrm.efi` and of what is in it": results.sizes,
        "starts of 2, 4 and 8 partitions at a time": counts.starts,
        "what the boot processor executes to build a partition, by module": (
            any(start.build for start in counts.starts)
        ),
        "bytes that a partition's start writes, by phase and module": (
            any(phase.written for phase in counts.phases)
        ),
        "disks by `fio`, and what `stress-ng` and `openssl speed` measure": rows & set(TOOL_ROWS),
        "the network card": rows & set(NETWORK_ROWS),
    }
    yield from (what for what, found in measured.items() if not found)


def goals(results: Results) -> Iterator[list[str]]:
    """Yield what was aimed at, what was seen, and whether that is enough."""
    reached: bool | None
    counts = results.counts
    for goal, seen, reached in row_goal(counts.rows):
        yield [goal, seen, _verdict(reached)]
    if counts.outside:
        strays = sum(one.strays for one in counts.outside)
        yield [
            "instructions in firmware or controller outside runtime services: 0",
            thousands(strays),
            _verdict(strays == 0),
        ]
    if counts.resident:
        seen = f"{counts.resident / 2**20:.2f} MiB"
        goal = "memory of a partition that its OS does not get: 2 MiB at most"
        yield [goal, seen, _verdict(counts.resident <= _RESIDENT)]
    for goal, seen, reached in speed_goal(compare(results.samples)):
        yield [goal, seen, _verdict(reached)]
    judged: list[tuple[str, str, bool | None]] = [
        *level_goals(counts.levels, counts.exits),
        *scale_goal(counts.starts),
        *_start_goal(counts),
        *_commit_goal(counts),
        *restart_goal(by_loader(results.restarts)),
        *latency_goal(by_condition(results.latencies)),
        *link_goal(results.links),
        *idle_goal(counts.boot_processor),
    ]
    for goal, seen, reached in judged:
        yield [goal, seen, _verdict(reached)]
    for goal, size, most in (
        ("Mrm.efi: 1 MiB at most", results.sizes.get(WHOLE), 1.0),
        ("partition firmware, unpacked: 2.5 MiB at most", results.sizes.get(UNPACKED), 2.5),
    ):
        if size is not None:
            yield [goal, f"{size / 2**20:.2f} MiB", _verdict(size / 2**20 <= most)]


def _start_goal(counts: Counts) -> Iterator[tuple[str, str, bool]]:
    """Judge the way to the loader, at a stated rate: an instruction in a nanosecond."""
    alone = [start for start in counts.starts if start.partitions == 1]
    if alone:
        milliseconds = (alone[0].built + alone[0].loader) / 1e6
        goal = f"a partition's start to its loader: {_START_MS} ms at most, at 1 instruction in 1 ns"
        yield goal, f"{milliseconds:.0f} ms", milliseconds <= _START_MS


def _commit_goal(counts: Counts) -> Iterator[tuple[str, str, bool]]:
    """Judge our own part of a change of a variable, at the same rate."""
    if counts.commit is not None:
        milliseconds = (counts.commit.caller + counts.commit.controller) / 1e6
        goal = f"our part of SetVariable: {_COMMIT_MS} ms at most, at 1 instruction in 1 ns"
        yield goal, f"{milliseconds:.2f} ms", milliseconds <= _COMMIT_MS


def _verdict(reached: bool | None) -> str:
    if reached is None:
        return "too few rounds"
    return "reached" if reached else "missed"
