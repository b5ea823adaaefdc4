# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The commands of `python -m generator`, each in a module of its own, in the order `--help` lists them."""

from __future__ import annotations

from generator.commands import partition_file, rules
from generator.commands.command import Command
from generator.commands.scan import SCAN

COMMANDS: tuple[Command, ...] = (
    partition_file.CHECK,
    partition_file.PLAN,
    partition_file.EMIT,
    rules.RULES,
    SCAN,
)
