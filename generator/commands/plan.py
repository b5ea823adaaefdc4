# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`plan`: what each partition gets."""

from __future__ import annotations

import argparse
import sys

from generator.api import make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_problems, problems_json
from generator.emit.plan_json import render_plan_json
from generator.show import render_plan_text


def _run(options: argparse.Namespace) -> int:
    """Print the plan."""
    plan, warnings = make_plan(options.files, options.machine)
    if options.json:
        if warnings:
            print(problems_json(warnings), file=sys.stderr)
        print(render_plan_json(plan), end="")
    else:
        print_problems(warnings)
        print(render_plan_text(plan), end="")
    return 0


COMMAND = Command(
    "plan", "print what each partition gets, and which line of which file says so", takes_plan, _run
)
