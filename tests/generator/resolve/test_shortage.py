# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A partition that asks for functions by properties may get too few: messages say why of each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.api import judge
from tests.generator.support import document, partition

Write = Callable[[str], Path]
PORTS = [f"PciRoot(0x0)/Pci(0x{device:X},0x0)" for device in range(3, 9)]


def told(write: Write, *wishes: str) -> str:
    """What the last of some partitions, each with one wish, hears of it."""
    partitions = [partition(f"p{number}", boot="shell", pci=wish) for number, wish in enumerate(wishes)]
    _, problems = judge(write(document(*partitions)))
    (what,) = [problem.what for problem in problems if problem.rule == "pci-found"]
    return what


def test_functions_on_a_root_bus(write: Write) -> None:
    what = told(write, "{class: ahci}")
    assert what.startswith("0 of 1 functions with class 0x010601 are free: PciRoot(0x0)/Pci(0x1F,0x2) (")
    assert what.endswith(" sits on bus 0, a root bus: what is on it stays with the controller")


def test_functions_that_others_have(write: Write) -> None:
    what = told(write, f'["{PORTS[0]}", "{PORTS[1]}"]', "{class: nvme, count: 4}")
    assert what.startswith("2 of 4 functions with class 0x010802 are free: ")
    for port in PORTS[:2]:
        assert f"is behind {port}, which 'p0' has" in what
    assert PORTS[2] not in what


def test_the_disk_that_the_controller_is_booted_from(project: Path, write: Write) -> None:
    machine = project / "platforms" / "q35.yaml"
    text = machine.read_text("utf-8")
    lines = [line for line in text.splitlines() if "boot_device:" not in line]
    at = next(number for number, line in enumerate(lines) if line.startswith("firmware:"))
    lines.insert(at + 1, f"  boot_device: {PORTS[0]}/Pci(0x0,0x0)")
    machine.write_text("\n".join(lines) + "\n", "utf-8")
    what = told(write, "{serial: mrm-rp3}")
    assert f"is behind {PORTS[0]}, as is the disk from which the controller is booted" in what


def test_bridges(write: Write) -> None:
    what = told(write, "{class: 0x0604}")
    assert f"{PORTS[0]} (" in what and "is a bridge, and comes with what is behind it only" in what


@pytest.mark.parametrize("wish", ["{class: display}", '{serial: "\\e[31m"}', f"{{serial: {'x' * 5000}}}"])
def test_functions_of_which_there_are_none(write: Write, wish: str) -> None:
    what = told(write, wish)
    assert what.startswith("q35 has no functions with ") and what.isprintable() and len(what) < 150
