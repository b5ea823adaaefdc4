# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Run the command line in this process and hold it to what holds for every run."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from generator.__main__ import main
from generator.printable import LINE, PATH, SENTENCE

LONGEST_MESSAGE = PATH + 3 * SENTENCE + 100
MOST_OUTPUT = 1 << 20
"""Characters that any run prints at most."""


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    status: int
    out: str
    err: str


def run(*arguments: str, data: bool = False) -> Ran:
    """Run a command, which must end in order and print only what a terminal can take.

    `data`: it hands on values of its input, as long as they are.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
    ran = Ran(status, out.getvalue(), err.getvalue())
    assert ran.status in (0, 1, 2, 3), ran
    for text, longest in ((ran.out, MOST_OUTPUT if data else LINE + 100), (ran.err, LONGEST_MESSAGE)):
        assert "Traceback" not in text and "internal error" not in text, ran
        assert len(text) <= MOST_OUTPUT
        for line in text.split("\n"):
            assert line.isprintable() and len(line) <= longest, line
    return ran
