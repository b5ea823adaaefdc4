# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Stage 3: judge a plan.  Every invariant is one rule: a named function with severity and doc."""

from __future__ import annotations

from itertools import islice

from generator.check import (
    boot,
    chipset,
    consoles,
    disks,
    functions,
    isolation,
    machine,
    memory,
    names,
    networks,
    pci,
    policy,
    processors,
    shared,
    sources,
)
from generator.check.registry import Rule, registered
from generator.errors import MOST_TOLD, Problem, in_order
from generator.model.plan import Plan

_MODULES = (
    machine,
    names,
    processors,
    isolation,
    chipset,
    memory,
    pci,
    functions,
    networks,
    disks,
    shared,
    consoles,
    boot,
    sources,
    policy,
)
"""Importing them registers their rules, in this order."""


def rules() -> tuple[Rule, ...]:
    """All rules, by topic."""
    order = [module.__name__ for module in _MODULES]
    return tuple(sorted(registered(), key=lambda rule: order.index(rule.module)))


def check(plan: Plan) -> tuple[Problem, ...]:
    """The problems that the rules find in a plan, in order of place; of each rule only so many."""
    return in_order(problem for rule in rules() for problem in islice(rule.problems(plan), MOST_TOLD))
