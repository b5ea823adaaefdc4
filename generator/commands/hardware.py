# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`hardware`: can MRM run on a machine?"""

from __future__ import annotations

import argparse
from pathlib import Path

from generator.api import load_machine
from generator.commands.command import Command
from generator.commands.output import print_lines, to_json
from generator.commands.scan import print_notes, take_source
from generator.hardware import Facts, exit_status, judge_hardware
from generator.hardware.page import render_hardware_page
from generator.hardware.pieces import pieces_of
from generator.hardware.text import render_pieces, render_rows, render_table
from generator.scan import open_snapshot, scan


def _configure(parser: argparse.ArgumentParser) -> None:
    """Which machine, which form."""
    which = parser.add_mutually_exclusive_group()
    take_source(which)
    which.add_argument("--machine", type=Path, metavar="FILE", help="a machine file")
    which.add_argument(
        "--table", type=Path, nargs="+", metavar="FILE", help="compare machine files: a table in Markdown"
    )
    which.add_argument("--page", action="store_true", help="print docs/hardware.md instead")
    parser.add_argument("--json", action="store_true", help="print JSON, for tools")


def _run(options: argparse.Namespace) -> int:
    """One line for each requirement, then what could be given away."""
    if options.page:
        print(render_hardware_page(), end="")
        return 0
    if options.table is not None:
        print_lines(render_table([load_machine(path) for path in options.table]))
        return 0
    if options.machine is not None:
        facts = Facts(load_machine(options.machine))
    else:
        scanned = scan(open_snapshot(options.source))
        print_notes(scanned.notes)
        facts = Facts.of_scan(scanned)
    rows = judge_hardware(facts)
    status = exit_status(rows)
    if options.json:
        told = {
            "machine": facts.machine.title,
            "ok": status == 0,
            "rows": [row.to_json() for row in rows],
            "pieces": [piece.to_json() for piece in pieces_of(facts.machine)],
        }
        print(to_json(told))
    else:
        print_lines((*render_rows(rows), *render_pieces(facts.machine)))
    return status


COMMAND = Command("hardware", "say whether a machine has what MRM needs", _configure, _run)
