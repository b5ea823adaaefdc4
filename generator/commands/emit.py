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


def _run(options: argparse.Namespace) -> int:
    """Write what changed."""
    plan, warnings = make_plan(options.files, options.machine)
    changed = emit(plan, options.output)
    if options.json:
        print(problems_json(warnings, changed=list(changed)))
    else:
        print_problems(warnings)
        print_lines([f"{options.output}: {len(changed)} files changed"])
    return 0


COMMAND = Command(
    "emit",
    "write what Mrm.efi is built of: the plan as a blob and as JSON, and the DSDT of each partition",
    _configure,
    _run,
)
