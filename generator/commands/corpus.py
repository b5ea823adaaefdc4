# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`corpus`: what share of many machines could carry partitions."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from generator.commands.command import Command
from generator.commands.scan import print_snapshot_error
from generator.scan.corpus import open_corpus, render_corpus, summarise
from generator.scan.snapshot import SnapshotError


def _configure(parser: argparse.ArgumentParser) -> None:
    """Which machines."""
    parser.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="a folder or tar with a folder of ACPI tables for each machine",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for tools")


def _run(options: argparse.Namespace) -> int:
    """The table of shares, or the facts of each machine."""
    try:
        summaries = [summarise(snapshot) for snapshot in open_corpus(options.path)]
    except SnapshotError as error:
        print_snapshot_error(error)
        return 1
    if options.json:
        print(json.dumps([dataclasses.asdict(summary) for summary in summaries], indent=2))
    else:
        print(render_corpus(summaries), end="")
    return 0


COMMAND = Command("corpus", "say what share of many machines could carry partitions", _configure, _run)
