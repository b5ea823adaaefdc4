# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`corpus`: what share of many machines could carry partitions."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from generator.commands.command import Command
from generator.commands.output import to_json
from generator.scan.corpus import open_corpus, render_corpus, summarise


def _configure(parser: argparse.ArgumentParser) -> None:
    """Which machines."""
    parser.add_argument(
        "path",
        type=Path,
        metavar="PATH",
        help="a folder, tar or zip with a folder of ACPI tables for each machine",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for tools")


def _run(options: argparse.Namespace) -> int:
    """The table of shares, or the facts of each machine."""
    summaries = [summarise(snapshot) for snapshot in open_corpus(options.path)]
    if options.json:
        print(to_json([dataclasses.asdict(summary) for summary in summaries]))
    else:
        print(render_corpus(summaries), end="")
    return 0


COMMAND = Command("corpus", "say what share of many machines could carry partitions", _configure, _run)
