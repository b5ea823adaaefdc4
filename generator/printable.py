# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Foreign text in messages: whatever a file, a name or a machine says comes out printable and bounded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

VALUE = 60
"""Characters of one foreign value in a message."""
PATH = 300
"""Characters of a path in a message: editors open what is not cut."""
SENTENCE = 1000
"""Characters of one part of a message."""
LINE = 4000
"""Characters of one line of a listing: 256 processors of one partition are told in one."""

_BYTES = range(0xDC80, 0xDD00)
"""What Python makes of the bytes of a file name that are no text (PEP 383)."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(value: object, most: int = VALUE) -> str:
    r"""A value on one line, `most` characters at most: what is too long loses its middle.

    Control characters, line ends, odd spaces, marks that change the direction of writing and bytes that are
    no text become escapes such as \x1b.
    """
    text = shorten(str(value), most)
    return text if text.isprintable() else shorten("".join(map(_escaped, text)), most)


def quoted(value: object, most: int = VALUE) -> str:
    """A value as `printable` shows it, in quotes; with its length where it had to be cut."""
    length = len(str(value))
    return f"'{printable(value, most)}'" + (f" ({length} characters)" if length > most else "")


def some(values: Sequence[object], most: int) -> str:
    """The first few of some values, and how many more there are."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(printable(value) for value in islice(values, most)) + more


def shorten(text: str, most: int) -> str:
    """A text cut in the middle to `most` characters, 4 or more: both ends of paths and versions matter."""
    if len(text) <= most:
        return text
    head = (most - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def _escaped(character: str) -> str:
    """A character, or what stands for it."""
    code = ord(character)
    if character.isprintable():
        return character
    if character in _SHORT:
        return _SHORT[character]
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
