# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Printing of problems, listings and JSON: on any terminal, and also if the reader of the output stops."""

from __future__ import annotations

import codecs
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from generator.errors import Problem, Severity, lines_of, to_tell
from generator.printable import LINE, SENTENCE, printable

_PLAIN = {"→": "->", "…": "...", "–": "-", "—": "-", "×": "x", "·": ".", "°": " degrees "}
"""Replacements for characters of ours that a terminal lacks."""
_HANDLER = "mrm-plain"


def prepare_streams() -> None:
    """Make standard output and error take every text; closed ones swallow it."""
    codecs.register_error(_HANDLER, _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for good
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def abandon_output() -> None:
    """The reader has stopped: discard the rest of the output, so that Python ends without an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def print_problems(problems: Sequence[Problem]) -> None:
    """One line each, to standard error."""
    for line in lines_of(problems):
        print(line, file=sys.stderr)


def print_lines(lines: Iterable[object]) -> None:
    """One line each, to standard output."""
    for line in lines:
        print(printable(line, LINE))


def fail(program: str, text: object) -> None:
    """Why a command of the program ends here, to standard error."""
    print(f"{program}: {printable(text, SENTENCE)}", file=sys.stderr)


def to_json(value: Any) -> str:
    """JSON in ASCII: every locale has it, and nothing in it steers a terminal."""
    return json.dumps(value, indent=2)


def problems_json(problems: Sequence[Problem], **more: Any) -> str:
    """Problems as a JSON object with `ok` and `problems`, and `more` beside them."""
    ok = not any(problem.severity is Severity.ERROR for problem in problems)
    told, left = to_tell(problems)
    return to_json({"ok": ok, **more, "problems": [problem.to_json() for problem in told], "left_out": left})


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Characters that an encoding lacks, in others that all have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or ascii(c)[1:-1] for c in missing), error.end
