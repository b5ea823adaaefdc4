# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Every rule has an example file that breaks it: exactly the marked problems are found, each in its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.api import judge
from generator.check import rules
from tests.generator.support import EXAMPLES, Mark, marks

LOAD_RULES = (
    "machine-file-found",
    "yaml-alias",
    "yaml-duplicate-key",
    "yaml-encoding",
    "yaml-extends",
    "yaml-later-key",
    "yaml-missing-key",
    "yaml-syntax",
    "yaml-type",
    "yaml-unknown-key",
)
"""Rules applied while files are read."""

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_example_has_exactly_the_marked_problems(shared_project: Path, name: str) -> None:
    path = shared_project / "partitions" / f"{name}.yaml"
    _, problems = judge(path)
    found = {Mark(Path(problem.place.file).name, problem.place.line, problem.rule) for problem in problems}
    machines = (shared_project / "partitions" / "machines").glob("*.yaml")
    used = [path, *(machine for machine in machines if f"machines/{machine.name}" in path.read_text("utf-8"))]
    assert found == set().union(*(marks(file) for file in used))
    assert name == "valid" or name in {mark.rule for mark in found}


def test_every_rule_has_an_example() -> None:
    wanted = {rule.identifier for rule in rules()} | {*LOAD_RULES, "valid"}
    assert set(NAMES) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_problems_say_what_was_expected_and_what_to_change(shared_project: Path, name: str) -> None:
    _, problems = judge(shared_project / "partitions" / f"{name}.yaml")
    for problem in problems:
        assert problem.what
        assert problem.expected
        assert problem.change
        text = str(problem)
        assert "\n" not in text
        assert text.startswith(f"{problem.place.file}:{problem.place.line}:{problem.place.column}: ")
        assert problem.place.column >= 1


def test_severities() -> None:
    warnings = {rule.identifier for rule in rules() if rule.severity.value == "warning"}
    assert warnings == {
        "after-starts",
        "boot-file-cooperates",
        "boot-initrd-microcode",
        "boot-options-console",
        "boot-options-harmless",
        "channels-needed",
        "console-left",
        "memory-dma32",
        "memory-for-grub",
        "memory-order",
        "network-alone",
        "shared-alone",
        "pci-bus-mates",
        "pci-disabled",
        "pci-reset",
        "processor-numa-near",
        "reset-methods",
    }
