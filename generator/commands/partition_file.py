# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`check`, `plan`, `emit`: what is done with a partition file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from generator.api import judge, make_plan
from generator.commands.command import Command, print_problems
from generator.emit import emit
from generator.emit.plan_json import render_plan_json
from generator.errors import Severity, in_order
from generator.show import render_plan_text


def _take_files(parser: argparse.ArgumentParser) -> None:
    """The partition file and its machine file."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the partition file")
    parser.add_argument(
        "--machine", type=Path, metavar="FILE", help="the machine file, instead of looking it up"
    )


def _take_files_and_json(parser: argparse.ArgumentParser) -> None:
    """The files, and the form of the output."""
    _take_files(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, for tools")


def _take_output(parser: argparse.ArgumentParser) -> None:
    """The files, and where to write."""
    _take_files(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--no-compile", action="store_true", help="write ASL and JSON only: needs no iasl")


def _check(options: argparse.Namespace) -> int:
    """All problems, and how many."""
    _, found = judge(options.file, options.machine)
    problems = in_order(found)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if options.json:
        told = {"ok": errors == 0, "problems": [problem.to_json() for problem in problems]}
        print(json.dumps(told, indent=2))
    else:
        print_problems(problems)
        print(f"{options.file}: {errors} errors, {len(problems) - errors} warnings")
    return 1 if errors else 0


def _plan(options: argparse.Namespace) -> int:
    """The plan as text or JSON."""
    plan, warnings = make_plan(options.file, options.machine)
    print_problems(warnings)
    print(render_plan_json(plan) if options.json else render_plan_text(plan), end="")
    return 0


def _emit(options: argparse.Namespace) -> int:
    """The generated files."""
    plan, warnings = make_plan(options.file, options.machine)
    print_problems(warnings)
    changed = emit(plan, options.output, not options.no_compile)
    print(f"{options.output}: {len(changed)} files changed")
    return 0


CHECK = Command("check", "say everything that is wrong with a partition file", _take_files_and_json, _check)
PLAN = Command(
    "plan", "print what each partition gets, and which line of the file says so", _take_files_and_json, _plan
)
EMIT = Command(
    "emit",
    "write the generated part of the EDK2 package: C tables, ASL, AML, MrmPlan.json",
    _take_output,
    _emit,
)
