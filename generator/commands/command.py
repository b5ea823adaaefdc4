# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a command of the generator is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from generator.errors import Problem


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, one line of help, its arguments, and what it does.

    `run` returns the exit status; it may raise `UserErrors`, `CompileError` or `OSError`, which are told to
    the user as such.
    """

    name: str
    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def print_problems(problems: Iterable[Problem]) -> None:
    """One line each, to standard error."""
    for problem in problems:
        print(problem, file=sys.stderr)
