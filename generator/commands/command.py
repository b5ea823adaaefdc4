# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a command of the generator is, and how it takes files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, one line of help, its arguments, and what it does.

    `run` returns the exit status; it may raise `UserErrors`, `SnapshotError`, `CompileError` or `OSError`,
    which are told to the user as such.
    """

    name: str
    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def takes_plan(parser: argparse.ArgumentParser) -> None:
    """The arguments `files`, `machine` and `json`: from which files a plan is made, how problems are told."""
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="the partition file; of several, the later ones override the earlier ones",
    )
    takes_machine(parser)
    takes_json(parser)


def takes_machine(parser: argparse.ArgumentParser) -> None:
    """The argument `machine`."""
    parser.add_argument(
        "--machine", type=Path, metavar="FILE", help="the machine file, instead of looking it up"
    )


def takes_json(parser: argparse.ArgumentParser) -> None:
    """The argument `json`."""
    parser.add_argument(
        "--json", action="store_true", help="print JSON, for tools; problems are told as JSON too"
    )
