# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Measure and report: `python -m bench run`, which is `make bench`; figures, no judgement.

`report` and `compare` need nothing but Python.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.report.lines import read_lines
from bench.report.page import performance_charts, performance_page
from bench.report.ratios import compare
from bench.report.table import ratio_table
from bench.results import ALONE, BARE, PARTS, Results, ResultsError, read_results, write_results
from ci.progress import PROJECT, SetupError

_DOCS = PROJECT / "docs"
_RUN = PROJECT / "Build" / "bench" / "run"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure everything, write the results and the page")
    run.add_argument("--quick", action="store_true", help="fewer samples")
    run.add_argument("--rounds", type=int, help="samples of each time (15, or 4 with --quick)")
    run.add_argument("--only", choices=PARTS, help="leave the other figures as the results have them")
    run.add_argument("--results", type=Path, default=_RUN / "performance.json", help="(%(default)s)")
    run.set_defaults(run=_run)
    report = commands.add_parser("report", help="publish results: with the page and its charts")
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
    from bench import machine, modules, parts
    from bench.analysis import AnalysisError
    from bench.counter.record import RecordError
    from bench.cyclictest import OutputError

    modules.check()
    file: Path = options.results
    # What is not measured again is kept only where one part was asked for, and keeps its own date.
    if options.only and file.is_file():
        results = read_results(file)
    else:
        results = Results(datetime.date.today().isoformat(), machine.describe_machine())
    extent = parts.Extent(_RUN, options.quick, options.rounds)
    try:
        for name in PARTS:
            if options.only in (None, name):
                begun = time.monotonic()
                results = parts.measure(name, results, extent)
                write_results(results, file)
                parts.say(f"{name}: {time.monotonic() - begun:.0f} s")
    except (AnalysisError, OutputError, RecordError) as error:
        raise SetupError(str(error)) from error
    _write(results, file.parent)
    if options.only in (None, "times"):
        print(ratio_table(compare(results.samples)))
    return 0


def _write(results: Results, folder: Path) -> None:
    """Write the page and its charts."""
    for name, drawing in performance_charts(results).items():
        picture = folder / name
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(drawing)
    (folder / "performance.md").write_text(performance_page(results))
    print(f"{folder / 'performance.md'} is written", file=sys.stderr)


def _report(options: argparse.Namespace) -> int:
    """Make the page, and put the results beside it."""
    results: Results = read_results(options.results)
    write_results(results, options.output / "performance.json")
    _write(results, options.output)
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
