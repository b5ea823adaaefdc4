# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The controller names the rules it judges at boot as the generator does."""

import re
from pathlib import Path

from generator.check import rules

PROJECT = Path(__file__).resolve().parents[2]
CONTROLLER = PROJECT / "MrmPkg" / "Controller"
VERDICT = CONTROLLER / "Partition" / "Verdict"
BOOT_ONLY = {
    "machine-clocks": "a clock's rate is measured on the live machine",
    "processor-usable": "the live machine alone knows whether a processor is enabled, healthy and given up",
    "chipset-able": "whether the PC's firmware can do without the chipset is known at boot",
    "disk-file": "what is on the ESP, and how much room there is, is known at boot",
    "disk-gpt": "drives and their partitions are known at boot",
    "controller-able": "the controller itself ran out of memory or of table space",
}
"""Rules that only the live machine can break; docs/architecture.md explains them."""


def boot_rules() -> dict[str, str]:
    """Names of the MRM_RULE_* macros by macro."""
    header = VERDICT.with_suffix(".h").read_text(encoding="utf-8")
    return dict(re.findall(r'#define (MRM_RULE_\w+)\s+"([^"]+)"', header))


def test_every_rule_of_the_controller_is_known() -> None:
    known = {rule.identifier for rule in rules()} | set(BOOT_ONLY)
    assert boot_rules() and set(boot_rules().values()) <= known


def test_every_rule_of_the_controller_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in CONTROLLER.rglob("*.c"))
    assert [name for name in boot_rules() if not re.search(rf"\b{name}\b", sources)] == []


NOT_REFUSED = {"MRM_RULE_PCI_DISABLED"}
"""Rules of what is kept otherwise than promised; nobody is refused for them."""


def test_every_refusal_has_a_way_out() -> None:
    source = VERDICT.with_suffix(".c").read_text(encoding="utf-8")
    ways = dict(re.findall(r'\{ (MRM_RULE_\w+),\s+"([^"]+)"\s*\}', source))
    assert set(ways) == set(boot_rules()) - NOT_REFUSED
    assert all(len(way) < 100 for way in ways.values()), "the cause of a state has 255 characters"


def test_rules_only_the_live_machine_can_break_are_documented() -> None:
    architecture = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [rule for rule in BOOT_ONLY if f"`{rule}`" not in architecture] == []
