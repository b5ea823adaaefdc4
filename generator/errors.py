# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Problems in what the user wrote, and the one exception that carries them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.places import Place
from generator.printable import LINE, SENTENCE, printable, shorten

MOST_TOLD = 100
"""Problems that are told: nobody corrects more at once."""
MOST_FOUND = 1000
"""Problems after which files are not read on."""
ENOUGH = "problem-count"
"""Rule of the problem that says so."""


class Severity(enum.Enum):
    """How bad a problem is: an error stops the build, a warning is printed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to tell the user: what is wrong, what was expected, what to change; all of it printable."""

    place: Place
    rule: str
    what: str
    expected: str
    change: str
    severity: Severity = Severity.ERROR

    def __post_init__(self) -> None:
        """A message is one printable line, whatever its parts are: no terminal obeys what is in it."""
        for name in ("what", "expected", "change"):
            object.__setattr__(self, name, printable(getattr(self, name), SENTENCE))

    def __str__(self) -> str:
        """`file:line:column: error: what; expected …; change [rule]` on one line."""
        text = f"{self.place}: {self.severity.value}: {self.what}; expected {self.expected}; {self.change}"
        return f"{text} [{self.rule}]"

    def to_json(self) -> dict[str, object]:
        """The problem as plain data, for tools."""
        return {
            "file": shorten(self.place.file, LINE),
            "line": self.place.line,
            "column": self.place.column,
            "severity": self.severity.value,
            "rule": self.rule,
            "what": self.what,
            "expected": self.expected,
            "change": self.change,
        }


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems sorted by place, then rule, without repetitions."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda problem: (problem.place, problem.rule, problem.what)))


class TooManyProblemsError(Exception):
    """There are too many problems to go on; the last one found says so."""


class Problems(list[Problem]):
    """Problems as they are found while files are read; raises TooManyProblemsError after `MOST_FOUND`."""

    def append(self, problem: Problem) -> None:
        """Add a problem, or the one that ends the reading."""
        super().append(problem)
        if len(self) >= MOST_FOUND:
            super().append(
                Problem(
                    problem.place,
                    ENOUGH,
                    f"{MOST_FOUND} problems up to here, and nothing was read from here on",
                    "a file that is largely right",
                    "correct the first ones, and check again",
                )
            )
            raise TooManyProblemsError


def to_tell(problems: Sequence[Problem]) -> tuple[tuple[Problem, ...], int]:
    """The problems to tell, in order of place, and how many are left out: warnings rather than errors."""
    ordered = in_order(problems)
    if len(ordered) <= MOST_TOLD:
        return ordered, 0
    by_weight = sorted(ordered, key=lambda p: (p.rule != ENOUGH, p.severity is not Severity.ERROR))
    return in_order(by_weight[:MOST_TOLD]), len(ordered) - MOST_TOLD


def lines_of(problems: Sequence[Problem]) -> list[str]:
    """One line for each problem to tell, and one for all that are left out."""
    told, left = to_tell(problems)
    return [str(problem) for problem in told] + ([f"and at least {left} more problems"] if left else [])


class UserErrors(Exception):  # noqa: N818 - it carries many
    """The input cannot be used; `problems` says why, all at once and in order of place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line for each problem, as many as are told."""
        return "\n".join(lines_of(self.problems))
