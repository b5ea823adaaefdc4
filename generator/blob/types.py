# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The words in which the format of the plan is described.

All numbers are little-endian and lie without gaps. A reference is two 32-bit numbers: where its target lies,
in bytes from the start of the blob, and how many elements it has. A target lies at a multiple of 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

REFERENCE = 8
"""Bytes of a reference."""
ALIGNMENT = 8
"""Bytes; whatever a reference names lies at a multiple of it."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number with a name in C; `doc` says what it limits or means."""

    name: str
    value: int | str
    doc: str = ""

    @property
    def number(self) -> int:
        """The value; `BITn` is 1 << n."""
        return self.value if isinstance(self.value, int) else 1 << int(self.value.removeprefix("BIT"))


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Names for the numbers from 0 on, each with what it means."""

    name: str
    doc: str
    names: tuple[tuple[str, str], ...]

    def number(self, name: str) -> int:
        """The number of a name.

        Raises:
            KeyError: It has no such name.
        """
        return {known: number for number, (known, _) in enumerate(self.names)}[name]


@dataclass(frozen=True, slots=True)
class Number:
    """An unsigned number of `width` bytes, `minimum` to `maximum` (None: what fits)."""

    width: int
    minimum: int = 0
    maximum: int | None = None

    @property
    def highest(self) -> int:
        """The highest value."""
        return (1 << 8 * self.width) - 1 if self.maximum is None else self.maximum


@dataclass(frozen=True, slots=True)
class Truth:
    """One byte, 0 or 1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One byte: a number of an enumeration."""

    enumeration: Enumeration


@dataclass(frozen=True, slots=True)
class Text:
    """A reference to printable ASCII of at most `longest` characters, and a zero behind it.

    `wide`: two bytes a character. Counted are the characters without the zero. `optional`: both numbers of
    the reference may be zero, for no text.
    """

    longest: int
    wide: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Numbers:
    """A reference to `fewest` to `most` numbers of `width` bytes; `count` is what counts them in C."""

    width: int
    count: str
    fewest: int
    most: int
    count_doc: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """A reference to `fewest` to `most` records; `count` is the name of their number in C."""

    record: Record
    count: str
    fewest: int
    most: int
    count_doc: str = ""


@dataclass(frozen=True, slots=True)
class Inline:
    """A record in place."""

    record: Record


Type: TypeAlias = Number | Truth | Choice | Text | Numbers | Records | Inline


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a record; `doc` has a line for each line of its comment.

    `policy`: a running partition can have another value of it.
    """

    name: str
    type: Type
    doc: str = ""
    policy: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Fields one behind the other; `name` is that of the structure in C."""

    name: str
    doc: str
    fields: tuple[Field, ...]

    @property
    def size(self) -> int:
        """Bytes in the blob."""
        return sum(size(field.type) for field in self.fields)


def size(kind: Type) -> int:
    """Bytes that a field of this type takes in its record."""
    match kind:
        case Number():
            return kind.width
        case Truth() | Choice():
            return 1
        case Inline():
            return kind.record.size
        case _:
            return REFERENCE


def aligned(offset: int) -> int:
    """The next multiple of ALIGNMENT, or `offset` itself if it is one."""
    return -(-offset // ALIGNMENT) * ALIGNMENT
