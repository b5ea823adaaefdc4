# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`python -m generator`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    # Loading the rest takes a moment, in which Ctrl-C must not print a traceback.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from generator.command_line import run

    signal.signal(signal.SIGINT, before)
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
