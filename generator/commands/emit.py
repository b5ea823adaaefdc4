# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`emit`: write the generated files."""

from __future__ import annotations

import argparse
from pathlib import Path

from generator.api import make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_lines, print_problems, problems_json
from generator.emit import emit


def _configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    takes_plan(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--no-compile", action="store_true", help="write ASL and JSON only: needs no iasl")


def _run(options: argparse.Namespace) -> int:
    """Write what changed."""
    plan, warnings = make_plan(options.files, options.machine)
    changed = emit(plan, options.output, not options.no_compile)
    if options.json:
        print(problems_json(warnings, changed=list(changed)))
    else:
        print_problems(warnings)
        print_lines([f"{options.output}: {len(changed)} files changed"])
    return 0


COMMAND = Command(
    "emit",
    "write the generated part of the EDK2 package: C tables, ASL, AML, MrmPlan.json",
    _configure,
    _run,
)
