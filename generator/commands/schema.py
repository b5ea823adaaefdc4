# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`schema`: partition or machine files as JSON Schema, for editors."""

from __future__ import annotations

import argparse

from generator.commands.command import Command
from generator.commands.output import to_json
from generator.schema import machine_file_schema, partition_file_schema

_SCHEMAS = {"partition": partition_file_schema, "machine": machine_file_schema}


def _run(options: argparse.Namespace) -> int:
    """Print the schema."""
    print(to_json(_SCHEMAS[options.of]()))
    return 0


def _configure(parser: argparse.ArgumentParser) -> None:
    """Of which files."""
    parser.add_argument(
        "of", nargs="?", choices=_SCHEMAS, default="partition", help="of which files; default: partition"
    )


COMMAND = Command(
    "schema", "print the JSON Schema of partition or machine files, for editors", _configure, _run
)
