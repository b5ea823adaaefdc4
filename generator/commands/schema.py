# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`schema`: the partition file as JSON Schema, for editors."""

from __future__ import annotations

import argparse

from generator.commands.command import Command
from generator.commands.output import to_json
from generator.schema import partition_file_schema


def _run(_options: argparse.Namespace) -> int:
    """Print the schema."""
    print(to_json(partition_file_schema()))
    return 0


def _configure(_parser: argparse.ArgumentParser) -> None:
    """No arguments."""


COMMAND = Command(
    "schema", "print the JSON Schema of partition files: editors complete and check with it", _configure, _run
)
