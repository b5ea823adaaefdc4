# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The registry of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from generator.errors import Problem, Severity
from generator.model.plan import Plan
from generator.places import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation of a rule: where, what is wrong, what was expected, what to change."""

    place: Place
    what: str
    expected: str
    change: str


Judge = Callable[[Plan], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: identifier = name of its function, with hyphens; doc = first line of its docstring."""

    identifier: str
    severity: Severity
    doc: str
    module: str
    judge: Judge

    @property
    def topic(self) -> str:
        """What the rule is about."""
        return self.module.rsplit(".", 1)[-1]

    def problems(self, plan: Plan) -> Iterator[Problem]:
        """The findings of this rule as problems."""
        for finding in self.judge(plan):
            yield Problem(
                finding.place, self.identifier, finding.what, finding.expected, finding.change, self.severity
            )


_RULES: dict[str, Rule] = {}


def rule(severity: Severity) -> Callable[[Judge], Judge]:
    """Register a function as a rule."""

    def register(judge: Judge) -> Judge:
        identifier = judge.__name__.replace("_", "-")
        doc = (judge.__doc__ or "").strip().splitlines()
        if not doc or identifier in _RULES:
            raise ValueError(f"rule {identifier}: no docstring, or the name is taken")
        _RULES[identifier] = Rule(identifier, severity, doc[0], judge.__module__, judge)
        return judge

    return register


def registered() -> tuple[Rule, ...]:
    """All rules in the order of registration."""
    return tuple(_RULES.values())


def error(judge: Judge) -> Judge:
    """Register a rule whose violation stops the build."""
    return rule(Severity.ERROR)(judge)


def warning(judge: Judge) -> Judge:
    """Register a rule whose violation is only told."""
    return rule(Severity.WARNING)(judge)
