# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`scan`: a machine file from a running Linux or a collection."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from generator.commands.command import Command
from generator.printable import quoted
from generator.scan import Note, open_snapshot, render_machine_file, scan


def take_source(parser: argparse._ActionsContainer) -> None:
    """The arguments that say what to scan."""
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="PATH",
        help="what generator/collect.sh or Mrm.efi scan made, or ACPI tables: a folder, tar, zip, or text of "
        "acpidump; default: the running system, best as root",
    )


def print_notes(notes: Iterable[Note]) -> None:
    """What a scan could not learn, one line each, to standard error."""
    for note in notes:
        print(f"finding: {note}", file=sys.stderr)


def _configure(parser: argparse.ArgumentParser) -> None:
    """The arguments: source and destination."""
    take_source(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to write, default: standard output"
    )
    parser.add_argument("--name", type=_name, metavar="NAME", help="what to call the machine")


def _name(text: str) -> str:
    """A name as machine files have them."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", text) is None:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no word of letters, digits and hyphens")
    return text


def _run(options: argparse.Namespace) -> int:
    """Scan, write the file, tell what is not known."""
    found = scan(open_snapshot(options.source), options.name)
    text = render_machine_file(found.machine, found.notes)
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, "utf-8")
    print_notes(found.notes)
    return 0


COMMAND = Command(
    "scan", "write the machine file of the running machine, or of a collection", _configure, _run
)
