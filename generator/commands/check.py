# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`check`: all problems, and how many."""

from __future__ import annotations

import argparse

from generator.api import judge
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_lines, print_problems, problems_json
from generator.errors import Severity, in_order


def _run(options: argparse.Namespace) -> int:
    """Print everything that is wrong."""
    _, found = judge(options.files, options.machine)
    problems = in_order(found)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if options.json:
        print(problems_json(problems))
    else:
        print_problems(problems)
        names = " + ".join(str(file) for file in options.files)
        print_lines([f"{names}: {errors} errors, {len(problems) - errors} warnings"])
    return 1 if errors else 0


COMMAND = Command("check", "say everything that is wrong with a partition file", takes_plan, _run)
