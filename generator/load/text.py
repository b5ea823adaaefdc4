# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Read a text file as YAML wants it: UTF-8, plain spaces in the indentation, no control characters."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from pathlib import Path

from generator.errors import Problem
from generator.places import Place
from generator.printable import PATH, printable
from generator.reading import UnreadableError, read_file

MAXIMUM_SIZE = 4 * 1024 * 1024
"""Bytes; a machine file of 4,096 processors and 4,096 functions is about 1 MiB."""

MOST_PROBLEMS = 100
"""Problems of one kind that are told; a file with more is no text."""

_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB = re.compile(r"^ *\t", re.MULTILINE)
_SPACE = "[\xa0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]"
_ODD_SPACE = re.compile(rf"^ *(?:- +)*(?:[A-Za-z0-9_]+ *: *|-)?{_SPACE}", re.MULTILINE)
"""Where YAML wants plain spaces: in front of a line, of an entry of a list, of a value."""

_FAULTS = (
    (_CONTROL, "yaml-encoding", "printable text", "remove the character"),
    (_TAB, "yaml-syntax", "spaces: YAML does not allow tabs there", "replace the tab by spaces"),
    (_ODD_SPACE, "yaml-syntax", "plain spaces, U+0020", "replace it by a plain space"),
)


def read_text(path: Path, shown: str, problems: list[Problem], named: Place | None = None) -> str | None:
    """The text of a file, or None if there is nothing to go on with; faults are added to `problems`.

    `named` is where another file names this one, and where it is told that it cannot be read.
    """
    try:
        data = read_file(path, MAXIMUM_SIZE)
    except UnreadableError as error:
        what = "the file" if named is None else printable(shown, PATH)
        problems.append(
            Problem(
                named or Place(shown),
                "file-readable",
                f"cannot read {what}: {error}",
                "a readable text file",
                "check the path and its permissions",
            )
        )
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line_start = data.rfind(b"\n", 0, start) + 1
        column = len(data[line_start:start].decode("utf-8", "replace")) + 1
        problems.append(
            Problem(
                Place(shown, data.count(b"\n", 0, start) + 1, column),
                "yaml-encoding",
                f"byte 0x{data[start]:02X} is not valid UTF-8",
                "text in UTF-8",
                "save the file as UTF-8",
            )
        )
        return None
    usable = True
    for pattern, rule, expected, change in _FAULTS:
        for match in islice(pattern.finditer(text), MOST_PROBLEMS):
            at = match.end() - 1
            problems.append(Problem(place_at(text, at, shown), rule, _name(text[at]), expected, change))
            usable = False
    return text if usable else None


def _name(character: str) -> str:
    """What is wrong with a character."""
    if character == "\t":
        return "a tab indents this line"
    code = f"character U+{ord(character):04X}"
    if re.fullmatch(_SPACE, character) is None:
        return f"control {code}"
    return f"the {code} ({unicodedata.name(character).lower()}), which YAML does not take for a space"


def place_at(text: str, index: int, shown: str) -> Place:
    """The place of the character at `index`."""
    return Place(shown, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
