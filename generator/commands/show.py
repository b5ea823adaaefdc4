# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`show`: draw the plan, or what a machine without one has to give away."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.api import load_machine, make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_lines, print_problems, problems_json
from generator.emit.files import OutputFolder
from generator.errors import Problem
from generator.hardware.text import render_tree
from generator.hardware.tree import offers_of
from generator.load.machine_file import is_machine_file
from generator.model.machine import Machine
from generator.picture import render_machine_page, render_machine_svg, render_page, render_svg
from generator.show import render_plan_text

SVG, PAGE = "plan.svg", "plan.html"
MACHINE_SVG, MACHINE_PAGE = "machine.svg", "machine.html"


def _configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    takes_plan(parser)
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="where to draw; without it a text is printed"
    )


def _run(options: argparse.Namespace) -> int:
    """Write the picture and the page, or print the text."""
    if options.machine is None and len(options.files) == 1 and is_machine_file(options.files[0]):
        return _machine(load_machine(options.files[0]), options)
    plan, warnings = make_plan(options.files, options.machine)
    if options.output is None:
        text = render_plan_text(plan).splitlines()
        return _tell(options, text, warnings)
    return _write(options, {SVG: render_svg(plan), PAGE: render_page(plan, warnings)}, warnings)


def _machine(machine: Machine, options: argparse.Namespace) -> int:
    """The same for a machine without a plan."""
    if options.output is not None:
        pages = {MACHINE_SVG: render_machine_svg(machine), MACHINE_PAGE: render_machine_page(machine)}
        return _write(options, pages, ())
    offers = [{"key": o.key, "together": list(o.together), **o.piece.to_json()} for o in offers_of(machine)]
    return _tell(options, render_tree(machine), (), machine=machine.title, offers=offers)


def _write(options: argparse.Namespace, pages: Mapping[str, str], warnings: Sequence[Problem]) -> int:
    """Write files, and print their names."""
    output = OutputFolder(options.output)
    for name, text in pages.items():
        output.write_text(name, text)
    files = [str(options.output / name) for name in pages]
    return _tell(options, files, warnings, files=files)


def _tell(options: argparse.Namespace, lines: Sequence[str], warnings: Sequence[Problem], **more: Any) -> int:
    """Print lines and warnings, or for tools `more` and the warnings."""
    if options.json:
        print(problems_json(warnings, **more))
    else:
        print_problems(warnings)
        print_lines(lines)
    return 0


COMMAND = Command(
    "show",
    f"draw the plan: {SVG}, and {PAGE} around it; of a machine file, what partitions could have of it",
    _configure,
    _run,
)
