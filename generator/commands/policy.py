# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`policy`: what an OS with the permission puts in force without a new build."""

from __future__ import annotations

import argparse

from generator.api import make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_problems, problems_json
from generator.emit.policy_text import LONGEST, render_policy
from generator.errors import Problem, UserErrors


def _run(options: argparse.Namespace) -> int:
    """Print the text."""
    plan, warnings = make_plan(options.files, options.machine)
    text = render_policy(plan)
    if len(text) > LONGEST:
        raise UserErrors(
            [
                Problem(
                    plan.place,
                    "policy-length",
                    f"the policy of all partitions is a text of {len(text)} bytes",
                    f"{LONGEST} bytes at most, which is what the controller takes",
                    "shorten lists of permissions ('all' is short) or names, or build anew",
                )
            ]
        )
    if options.json:
        print(problems_json(warnings, policy=text))
    else:
        print_problems(warnings)
        print(text, end="")
    return 0


COMMAND = Command(
    "policy",
    "print how partitions live and what they may do, as mrmctl reload puts it in force",
    takes_plan,
    _run,
)
