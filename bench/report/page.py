# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The page docs/performance.md, from results."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.report.chart import chart
from bench.report.ratios import Comparison, compare
from bench.report.table import magnitude, markdown, ratio_table, thousands
from bench.results import ALONE, Counts, Results

CHART = Path("pictures") / "performance.svg"
"""Where the chart is, beside the page."""

_PARTS = Path(__file__).parent / "parts"
_SHOWN_MODULES = 8
_RESIDENT = 2 << 20


def performance_chart(results: Results) -> str:
    """Return the chart as SVG."""
    return chart(compare(results.samples), "Speed beside the bare machine (1: as fast)")


def performance_page(results: Results) -> str:
    """Return the page: words from `parts/`, tables from the results."""
    pieces = [
        _part("head"),
        "## Taken on\n",
        markdown(
            ["", ""], [["date", results.date], *([key, value] for key, value in results.machine.items())], 2
        ),
        _part("counted"),
        *_counts(results.counts),
        _part("timed"),
        *_timed(compare(results.samples)),
        _part("size"),
        markdown(["", "bytes"], [[name, thousands(size)] for name, size in results.sizes.items()]),
        _part("goals"),
        markdown(["goal", "seen", ""], list(goals(results)), 3),
        _part("tail"),
    ]
    return "\n\n".join(piece.strip("\n") for piece in pieces) + "\n"


def _part(name: str) -> str:
    return (_PARTS / f"{name}.md").read_text()


def _counts(counts: Counts) -> Iterator[str]:
    yield "### The same work\n"
    yield markdown(
        ["work", "bare machine", "partition", "partition ÷ bare"],
        [[row.row, thousands(row.bare), thousands(row.partition), f"{row.ratio:.4f}"] for row in counts.rows],
    )
    yield _part("outside")
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
    yield _part("start")
    yield markdown(
        ["phase", "by module, in millions", "instructions"],
        [[one.phase, _modules(one.modules), thousands(one.instructions)] for one in counts.phases],
        left=2,
    )
    yield _part("boot-processor")
    yield markdown(
        ["a partition", "the boot processor's instructions each second"],
        [[what, thousands(rate)] for what, rate in counts.boot_processor.items()],
    )


def _modules(modules: dict[str, int] | object) -> str:
    assert isinstance(modules, dict)
    first = list(modules.items())[:_SHOWN_MODULES]
    rest = sum(list(modules.values())[_SHOWN_MODULES:])
    words = [f"{name} {magnitude(count / 1e6)}" for name, count in first]
    return ", ".join([*words, *([f"others {magnitude(rest / 1e6)}"] if rest else [])])


def _timed(comparisons: Sequence[Comparison]) -> Iterator[str]:
    if not comparisons:
        yield "No times were taken in this run.\n"
        return
    count = max(found.bare.count for found in comparisons)
    reached = min(found.bare.confidence for found in comparisons)
    yield f"{count} rounds; the intervals hold the true median with at least {100 * reached:.0f} %.\n"
    yield ratio_table(comparisons)
    yield f"\n![Speed of each kind of work beside the bare machine]({CHART.as_posix()})\n"


def goals(results: Results) -> Iterator[list[str]]:
    """Yield what was aimed at, what was seen, and whether that is enough."""
    counts = results.counts
    if counts.rows:
        worst = max(counts.rows, key=lambda row: abs(row.ratio - 1))
        far = abs(worst.ratio - 1)
        seen = f"at most {far:.4f} away ({worst.row})"
        yield ["instructions of the same work: 1.000 ± 0.002 of bare", seen, _verdict(far <= 0.002)]
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
    alone = [found.ratios[ALONE] for found in compare(results.samples) if ALONE in found.ratios]
    if alone:
        within = sum(1 for ratio in alone if ratio.high >= 0.99)
        seen = f"{within} of {len(alone)} rows reach it within their interval"
        yield ["speed of a partition alone: 0.99 of bare, within noise", seen, _verdict(within == len(alone))]
    if "Mrm.efi without a plan" in results.sizes:
        size = results.sizes["Mrm.efi without a plan"]
        yield ["Mrm.efi: 1 MiB at most", f"{size / 2**20:.2f} MiB", _verdict(size <= 2**20)]


def _verdict(reached: bool) -> str:
    return "reached" if reached else "missed"
