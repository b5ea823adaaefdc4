# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`show`: draw the plan."""

from __future__ import annotations

import argparse
from pathlib import Path

from generator.api import make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_lines, print_problems, problems_json
from generator.emit.files import OutputFolder
from generator.picture import render_page, render_svg

SVG, PAGE = "plan.svg", "plan.html"


def _configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    takes_plan(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")


def _run(options: argparse.Namespace) -> int:
    """Write the picture and the page."""
    plan, warnings = make_plan(options.files, options.machine)
    output = OutputFolder(options.output)
    output.write_text(SVG, render_svg(plan))
    output.write_text(PAGE, render_page(plan, warnings))
    files = [str(options.output / name) for name in (SVG, PAGE)]
    if options.json:
        print(problems_json(warnings, files=files))
    else:
        print_problems(warnings)
        print_lines(files)
    return 0


COMMAND = Command("show", f"draw the plan: {SVG}, and {PAGE} around it", _configure, _run)
