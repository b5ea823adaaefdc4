# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Problems in what the user wrote, and the one exception that carries them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from generator.places import Place


class Severity(enum.Enum):
    """How bad a problem is: an error stops the build, a warning is printed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to tell the user: what is wrong, what was expected, what to change."""

    place: Place
    rule: str
    what: str
    expected: str
    change: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`file:line:column: error: what; expected …; change [rule]` on one line."""
        text = f"{self.place}: {self.severity.value}: {self.what}; expected {self.expected}; {self.change}"
        return f"{text} [{self.rule}]"

    def to_json(self) -> dict[str, object]:
        """The problem as plain data, for tools."""
        return {
            "file": self.place.file,
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


class UserErrors(Exception):  # noqa: N818 - it carries many
    """The input cannot be used; `problems` says why, all at once and in order of place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line for each problem."""
        return "\n".join(str(problem) for problem in self.problems)
