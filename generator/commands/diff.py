# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`diff`: what one plan does differently from another."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from generator.api import make_plan
from generator.commands.command import Command, takes_json, takes_machine
from generator.commands.output import print_lines, print_problems, problems_json
from generator.diff import compare, is_plan
from generator.emit.plan_json import plan_to_json
from generator.errors import Problem, UserErrors
from generator.places import Place
from generator.reading import UnreadableError, read_file

LARGEST_PLAN = 16 << 20
"""Bytes of a MrmPlan.json that are read: one of 64 partitions has 2 MiB."""


def _configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    for name in ("a", "b"):
        parser.add_argument(
            name, type=Path, metavar=name.upper(), help="a partition file, or the MrmPlan.json of a build"
        )
    takes_machine(parser)
    takes_json(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 3 if the plans differ")


def _run(options: argparse.Namespace) -> int:
    """Print the differences."""
    (first, warnings_a), (second, warnings_b) = (
        _load(path, options.machine) for path in (options.a, options.b)
    )
    differences = compare(first, second)
    if options.json:
        told = [difference.to_json() for difference in differences]
        print(problems_json((*warnings_a, *warnings_b), differences=told))
    else:
        print_problems((*warnings_a, *warnings_b))
        print_lines(differences)
        print(f"{len(differences)} differences" if differences else "the plans are the same")
    return 3 if differences and options.exit_code else 0


def _load(path: Path, machine: Path | None) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """A plan as plain data, with warnings."""
    if path.suffix != ".json":
        plan, warnings = make_plan(path, machine)
        return plan_to_json(plan), warnings
    try:
        found = json.loads(read_file(path, LARGEST_PLAN).decode("utf-8"))
        if not is_plan(found):
            raise ValueError("it lacks what a plan has")
    except (UnreadableError, ValueError, RecursionError) as error:
        raise UserErrors(
            [
                Problem(
                    Place(str(path)),
                    "plan-readable",
                    f"the file is no plan: {error}",
                    "a MrmPlan.json, or a partition file",
                    "name another file",
                )
            ]
        ) from error
    content: dict[str, Any] = found
    return content, ()


COMMAND = Command("diff", "say what one plan does differently from another", _configure, _run)
