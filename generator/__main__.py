# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The command line of the generator."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from generator.api import judge, make_plan
from generator.emit import emit
from generator.emit.aml import CompileError
from generator.emit.plan_json import render_plan_json
from generator.errors import Problem, Severity, UserErrors, in_order
from generator.rules_page import render_rules_page
from generator.show import render_plan_text

DESCRIPTION = """\
Turn a partition file and the facts of a machine into a checked plan, and the plan into EDK2 source.

  check   say everything that is wrong with a partition file
  plan    print what each partition gets, and which line of the file says so
  emit    write the generated part of the EDK2 package: C tables, ASL, AML, MrmPlan.json
  rules   print the page of all rules a plan is checked by
"""
EPILOG = """\
The machine file is platforms/NAME.yaml for `machine: NAME`, found in the folders above the partition file.
Messages are `file:line:column: what is wrong; what was expected; what to change [rule]`.
Exit status: 0 = a valid plan, 1 = the input is wrong, 2 = wrong usage.
"""


def build_parser() -> argparse.ArgumentParser:
    """The argument parser."""
    parser = argparse.ArgumentParser(
        prog="python -m generator",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("check", "check a partition file"),
        ("plan", "print the plan"),
        ("emit", "write the generated files"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("file", type=Path, metavar="FILE", help="the partition file")
        command.add_argument(
            "--machine", type=Path, metavar="FILE", help="the machine file, instead of looking it up"
        )
        if name in ("check", "plan"):
            command.add_argument("--json", action="store_true", help="print JSON, for tools")
        else:
            command.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
            command.add_argument(
                "--no-compile", action="store_true", help="write ASL and JSON only: needs no iasl"
            )
    commands.add_parser(
        "rules", help="print the page of all rules", description="print the page of all rules"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        if options.command == "rules":
            print(render_rules_page(), end="")
            return 0
        if options.command == "check":
            return _check(options)
        plan, warnings = make_plan(options.file, options.machine)
        _print_problems(warnings)
        if options.command == "plan":
            print(render_plan_json(plan) if options.json else render_plan_text(plan), end="")
        else:
            changed = emit(plan, options.output, not options.no_compile)
            print(f"{options.output}: {len(changed)} files changed")
    except UserErrors as errors:
        _print_problems(errors.problems)
        return 1
    except CompileError as error:
        print(f"python -m generator: internal error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"python -m generator: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _check(options: argparse.Namespace) -> int:
    """`check`: all problems, and how many."""
    _, found = judge(options.file, options.machine)
    problems = in_order(found)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if options.json:
        print(
            json.dumps({"ok": errors == 0, "problems": [problem.to_json() for problem in problems]}, indent=2)
        )
    else:
        _print_problems(problems)
        print(f"{options.file}: {errors} errors, {len(problems) - errors} warnings")
    return 1 if errors else 0


def _print_problems(problems: Sequence[Problem]) -> None:
    """One line each, to standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
