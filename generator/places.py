# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Places: file, line and column where something was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from generator.printable import PATH, printable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in an input file; `line` and `column` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        """`file:line:column`, as editors and terminals understand it."""
        return f"{printable(self.file, PATH)}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """Base name and line, for comments in generated files: free of machine paths."""
        return f"{printable(self.file.replace(chr(92), '/').rsplit('/', 1)[-1])}:{self.line}"


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """A value together with the place it was written at."""

    value: T
    place: Place
