# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Read a text file as YAML wants it: UTF-8, no tabs in the indentation, no control characters."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from generator.errors import Problem
from generator.places import Place

MAXIMUM_SIZE = 64 * 1024 * 1024
"""Bytes; a machine file of 4,096 processors and 4,096 functions is about 1 MiB."""

MOST_PROBLEMS = 100
"""Problems of one kind that are told; a file with more is no text."""

_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAB = re.compile(r"^ *\t", re.MULTILINE)


def read_text(path: Path, shown: str, problems: list[Problem]) -> str | None:
    """The text of a file, or None if there is nothing to go on with; faults are added to `problems`."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAXIMUM_SIZE + 1)
    except OSError as error:
        what = f"cannot read the file: {error.strerror or error}"
        problems.append(
            Problem(
                Place(shown),
                "file-readable",
                what,
                "a readable text file",
                "check the path and its permissions",
            )
        )
        return None
    if len(data) > MAXIMUM_SIZE:
        problems.append(
            Problem(
                Place(shown),
                "file-readable",
                f"the file is larger than {MAXIMUM_SIZE} bytes",
                "a partition or machine file",
                "name another file",
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
    for pattern, rule, expected, change in (
        (_CONTROL, "yaml-encoding", "printable text", "remove the character"),
        (_TAB, "yaml-syntax", "spaces: YAML does not allow tabs there", "replace the tab by spaces"),
    ):
        for match in islice(pattern.finditer(text), MOST_PROBLEMS):
            at = match.end() - 1
            what = (
                "a tab indents this line" if text[at] == "\t" else f"control character U+{ord(text[at]):04X}"
            )
            problems.append(Problem(place_at(text, at, shown), rule, what, expected, change))
            usable = False
    return text if usable else None


def place_at(text: str, index: int, shown: str) -> Place:
    """The place of the character at `index`."""
    return Place(shown, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))
