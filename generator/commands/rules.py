# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`rules`: the page of all rules."""

from __future__ import annotations

import argparse

from generator.commands.command import Command
from generator.rules_page import render_rules_page


def _configure(parser: argparse.ArgumentParser) -> None:
    """No arguments."""
    del parser


def _run(options: argparse.Namespace) -> int:
    """Print the page."""
    del options
    print(render_rules_page(), end="")
    return 0


COMMAND = Command("rules", "print the page of all rules a plan is checked by", _configure, _run)
