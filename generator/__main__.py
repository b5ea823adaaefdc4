# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`python -m generator`, and the same as an installed command: `mrm`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import ModuleType


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    return int(_command_line().run(arguments))


def installed() -> int:
    """Run one command of `mrm`, as pip installs it; returns the exit status."""
    command_line = _command_line()
    return int(command_line.run(program=command_line.INSTALLED))


def _command_line() -> ModuleType:
    """The rest of the program."""
    # Loading the rest takes a moment, in which Ctrl-C must not print a traceback.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from generator import command_line

    signal.signal(signal.SIGINT, before)
    return command_line


if __name__ == "__main__":
    sys.exit(main())
