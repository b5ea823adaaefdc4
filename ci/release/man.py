# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The manual page of `mrm`, made of its argument parser."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator

from generator.command_line import DESCRIPTION, EPILOG


def render_man_page(parser: argparse.ArgumentParser, version: str, seconds: int) -> str:
    """Return the page mrm(1) in roff's man macros (man(7)).

    Args:
        parser: Of `generator.command_line`.
        version: Of MRM.
        seconds: Its date, in seconds since 1970 began.
    """
    date = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    lines = [
        f'.TH MRM 1 "{date}" "MRM {_roff(version)}" "User Commands"',
        ".SH NAME",
        "mrm \\- divide a PC into several real machines",
        *_synopsis(parser),
        ".SH DESCRIPTION",
        _roff(DESCRIPTION.strip()),
        ".SH OPTIONS",
        *_arguments(parser),
        ".SH COMMANDS",
    ]
    for name, command in commands.choices.items():
        lines += [
            f".SS {_roff(name)}",
            _roff(command.description or ""),
            *_synopsis(command),
            *_arguments(command),
        ]
    lines += [".SH NOTES"]
    for line in EPILOG.strip().splitlines():
        lines += [_roff(line), ".br"]
    return "\n".join(lines[:-1]) + "\n"


def _synopsis(parser: argparse.ArgumentParser) -> Iterator[str]:
    """How a program or a command is called."""
    words = " ".join(parser.format_usage().removeprefix("usage: ").split())
    yield ".SH SYNOPSIS" if " " not in parser.prog else ".PP"
    yield ".B " + _roff(parser.prog)
    yield _roff(words.removeprefix(parser.prog).strip())


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Each argument with its help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) or (" " in parser.prog and action.dest == "help"):
            continue
        metavar = action.metavar if action.metavar is not None else action.dest
        names = [metavar] if isinstance(metavar, str) else list(metavar)
        values = " ".join(f"\\fI{_roff(name)}\\fR" for name in names)
        options = ", ".join(f"\\fB{_roff(option)}\\fR" for option in action.option_strings)
        takes = action.nargs != 0 or not options
        yield ".TP"
        yield " ".join(filter(None, (options, values if takes else "")))
        yield _roff(action.help or "")


def _roff(text: str) -> str:
    """A text as roff sets it: nothing in it is a request or an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    escaped = re.sub(r"(?m)^\.", r"\\&.", escaped.replace("…", "..."))
    return escaped.replace("\n\n", "\n.PP\n")
