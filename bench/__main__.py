# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Measure and report: `python -m bench run`, which is `make bench`; figures, no judgement.

`report` and `compare` need nothing but Python.
"""

import argparse
import asyncio
import datetime
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.report.lines import read_lines
from bench.report.page import CHART, performance_chart, performance_page
from bench.report.ratios import compare
from bench.report.table import ratio_table
from bench.results import ALONE, BARE, Results, ResultsError, read_results, write_results
from ci.progress import PROJECT, SetupError

_DOCS = PROJECT / "docs"
_RUN = PROJECT / "Build" / "bench" / "run"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure everything, write the results and the page")
    run.add_argument("--quick", action="store_true", help="fewer samples")
    run.add_argument("--rounds", type=int, help="samples of each time (15, or 6 with --quick)")
    run.add_argument(
        "--only",
        choices=("counts", "channels", "times"),
        help="leave the other figures as the results have them",
    )
    run.add_argument("--results", type=Path, default=_RUN / "performance.json", help="(%(default)s)")
    run.set_defaults(run=_run)
    report = commands.add_parser("report", help="make the page and its chart of results")
    report.add_argument("results", type=Path)
    report.add_argument("--output", type=Path, default=_DOCS, metavar="DIR", help="(%(default)s)")
    report.set_defaults(run=_report)
    beside = commands.add_parser("compare", help="set two files of bench/run.sh beside each other")
    beside.add_argument("bare", type=Path)
    beside.add_argument("partition", type=Path)
    beside.set_defaults(run=_compare)
    planner = commands.add_parser("planner", help="print how long the generator takes for large machines")
    planner.set_defaults(run=_planner)
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except ResultsError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    """Measure, and say in one line what a user can mend."""
    # Only this command needs an emulator, a build, and Python packages.
    from ci.run.command import exit_status

    return exit_status(lambda: _measure(options), ResultsError)


def _measure(options: argparse.Namespace) -> int:
    """Measure, and keep what was not to be measured."""
    from bench import counts, machine, modules, timing
    from bench.analysis import AnalysisError
    from bench.counter.record import RecordError

    file: Path = options.results
    old = read_results(file) if file.is_file() else Results("", {})
    taken = Results(
        datetime.date.today().isoformat(),
        machine.describe_machine(),
        old.counts,
        old.samples,
        machine.sizes(modules.READY),
    )
    try:
        if options.only in (None, "counts"):
            runs, seconds, writes = (1, 10, 20) if options.quick else (3, 60, 50)
            counted = asyncio.run(
                counts.count_all(_RUN, modules.load, runs=runs, seconds=seconds, writes=writes, say=_say)
            )
            taken = replace(taken, counts=counted)
            write_results(taken, file)
        if options.only in (None, "channels"):
            seconds = 10 if options.quick else 30
            rates = asyncio.run(counts.idle_channels(_RUN, seconds, _say))
            rates = {**taken.counts.boot_processor, **rates}
            taken = replace(taken, counts=replace(taken.counts, boot_processor=rates))
            write_results(taken, file)
        if options.only in (None, "times"):
            rounds, milliseconds = (6, 30) if options.quick else (15, 100)
            rounds = options.rounds or rounds
            samples = asyncio.run(timing.measure(_RUN, rounds, milliseconds, say=_say))
            taken = replace(taken, samples=samples)
            write_results(taken, file)
    except (AnalysisError, RecordError) as error:
        raise SetupError(str(error)) from error
    _write(taken, file.parent)
    print(ratio_table(compare(taken.samples)))
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _write(results: Results, folder: Path) -> None:
    """Write page and chart."""
    picture = folder / CHART
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(performance_chart(results))
    (folder / "performance.md").write_text(performance_page(results))
    _say(f"{folder / 'performance.md'} is written")


def _report(options: argparse.Namespace) -> int:
    _write(read_results(options.results), options.output)
    return 0


def _compare(options: argparse.Namespace) -> int:
    print(ratio_table(compare([*read_lines(options.bare, BARE), *read_lines(options.partition, ALONE)])))
    return 0


def _planner(_: argparse.Namespace) -> int:
    from bench import planner

    planner.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
