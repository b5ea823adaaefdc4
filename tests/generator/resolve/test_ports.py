# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Ports: what is given away when switches, functions without messages and boot devices are in the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.api import judge, load_machine
from generator.emit.plan_json import plan_to_json
from generator.errors import Problem
from generator.model.plan import Plan
from generator.model.ports import Ports, bus_reset_fails
from generator.picture import render_page, render_svg
from generator.show import render_plan_text
from tests.generator.support import EXAMPLES, PROJECT, document, partition

Write = Callable[[str], Path]

REAL = PROJECT / "tests" / "generator" / "hardware" / "real"
SWITCH = "PciRoot(0x0)/Pci(0x9,0x0)"
DOWN = [f"{SWITCH}/Pci(0x0,0x0)/Pci(0x{device:X},0x0)" for device in range(3)]
"""The ports of the switch of odd-pci: a drive, a drive beside an old card, nothing."""


def on(machine: str, *partitions: str) -> str:
    """A partition file for a machine."""
    return document(*partitions).replace("machine: q35", f"machine: {machine}")


def odd(*partitions: str) -> str:
    """A partition file for the machine with odd ports."""
    return on("machines/odd-pci.yaml", *partitions)


def ports(plan: Plan | None) -> list[list[str]]:
    """The ports of each partition."""
    assert plan is not None
    return [[str(grant.root_port.value) for grant in p.pci] for p in plan.partitions]


def rules(problems: tuple[Problem, ...]) -> list[str]:
    return sorted(problem.rule for problem in problems)


@pytest.mark.parametrize(
    ("pci", "port", "told"),
    [
        (f'"{DOWN[0]}"', DOWN[0], []),
        (f'"{DOWN[0]}/Pci(0x0,0x0)"', DOWN[0], []),
        ("{bus: 9}", DOWN[0], []),
        ("{bus: 7}", SWITCH, ["pci-disabled"]),
        ("{bus: 8}", SWITCH, ["pci-disabled"]),
        ("{device: 0xA808}", DOWN[0], []),
        ("{device: 0xA809}", DOWN[1], ["pci-bus-mates", "pci-disabled"]),
        ("09.0", SWITCH, ["pci-disabled"]),
        (f'"{DOWN[2]}"', DOWN[2], ["pci-populated"]),
        (f'"{DOWN[1]}/Pci(0x0,0x0)"', f"{DOWN[1]}/Pci(0x0,0x0)", ["pci-is-port"]),
    ],
)
def test_switches_are_split_at_their_downstream_ports(
    write: Write, pci: str, port: str, told: list[str]
) -> None:
    plan, problems = judge(write(odd(partition(pci=pci))))
    assert ports(plan) == [[port]]
    assert rules(problems) == told


def test_two_partitions_share_a_switch(write: Write) -> None:
    """Each has a bus of its own in a segment of its own."""
    text = odd(partition(pci="{device: 0xA808}"), partition("two", pci=f'"{DOWN[1]}"', console="none"))
    plan, problems = judge(write(text))
    assert ports(plan) == [[DOWN[0]], [DOWN[1]]]
    assert rules(problems) == ["pci-disabled"]


def test_what_is_matched_is_not_behind_a_port_that_somebody_else_has(write: Write) -> None:
    """A port that leads to what somebody else has cannot be given away."""
    two = partition("two", pci="{class: nvme, count: 2}", console="none")
    plan, problems = judge(write(odd(partition(pci="09.0"), two)))
    assert ports(plan)[1] == ["PciRoot(0x0)/Pci(0x8,0x0)"]
    assert "pci-found" in rules(problems)
    plan, problems = judge(write(odd(partition(pci=f'"{DOWN[0]}"'), two)))
    assert ports(plan)[1] == ["PciRoot(0x0)/Pci(0x8,0x0)", DOWN[1]]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (SWITCH, DOWN[0], "lies behind"),
        (DOWN[0], SWITCH, "leads to"),
        (DOWN[0], DOWN[0], "belongs to 'one' already"),
    ],
)
def test_ports_overlap(write: Write, first: str, second: str, told: str) -> None:
    text = odd(partition(pci=f'"{first}"'), partition("two", pci=f'"{second}"', console="none"))
    _, problems = judge(write(text))
    (found,) = (problem for problem in problems if problem.rule == "pci-owned-once")
    assert told in found.what and "'one'" in found.what


def test_a_switch_on_a_card_of_its_own_goes_with_it(write: Write) -> None:
    """Where an outer port leads to the same functions it is taken: its reset reaches all of the card."""
    machine = (REAL / "am5-w5700.yaml").as_posix()
    plan, _ = judge(write(on(machine, partition(pci="{class: display}"))))
    assert ports(plan) == [["PciRoot(0x0)/Pci(0x1,0x1)"]]


def test_a_switch_port_by_its_older_name() -> None:
    """Machine files of earlier scans say `switch-port` for both; the place in the tree tells which it is."""
    machine = load_machine(REAL / "b450m-pro4.yaml")
    kinds = [f.bridge.kind for f in machine.functions_by_path().values() if f.bridge is not None]
    assert "switch-port" not in kinds
    assert kinds[:5] == ["root-port", "upstream-port", "downstream-port", "pci", "downstream-port"]


def test_functions_without_messages_are_not_matched(write: Write) -> None:
    plan, problems = judge(write(odd(partition(pci="{class: 0x0780}"))))
    assert ports(plan) == [[]]
    assert rules(problems) == ["pci-found"]


def test_a_function_asked_for_that_cannot_work_is_an_error(write: Write) -> None:
    _, problems = judge(write(odd(partition(pci='"PciRoot(0x0)/Pci(0x4,0x0)/Pci(0x0,0x0)"'))))
    assert rules(problems) == ["pci-msi"]


def test_what_stays_disabled_is_told_everywhere(write: Write) -> None:
    plan, _ = judge(write(odd(partition(pci=f'"{DOWN[1]}"'))))
    assert plan is not None
    card = f"{DOWN[1]}/Pci(0x0,0x1)"
    assert plan_to_json(plan)["partitions"][0]["pci"][0]["disabled"] == [card]
    assert re.search(
        r"10b5:9050 old card, comes along|10b5:9050 old card, stays disabled", render_plan_text(plan)
    )
    assert "old card (disabled" in render_svg(plan)
    assert "old card, stays disabled" in render_page(plan)


def test_a_disk_behind_a_controller_that_stays_disabled_boots_nobody(write: Write) -> None:
    machine = (EXAMPLES / "machines" / "odd-pci.yaml").read_text("utf-8")
    text = machine.replace("class: 0x078000, title: old card", "class: 0x010601, title: old card")
    text = text.replace(
        "device: 0xA809\n                      class: 0x010802",
        "device: 0xA809\n                      class: 0x020000",
    )
    assert text.count("0x010601") == 1
    path = write(on("machines/changed.yaml", partition(pci=f'"{DOWN[1]}"', boot="disk")))
    (path.parent / "machines" / "changed.yaml").write_text(text, "utf-8")
    _, problems = judge(path)
    assert rules(problems) == ["boot-disk-storage", "pci-disabled"]


def test_all_members_of_the_boot_device_stay(write: Write) -> None:
    """And only they: what is behind another port of the same switch can be given away."""
    machine = (EXAMPLES / "machines" / "odd-pci.yaml").read_text("utf-8")
    one = 'boot_device: "PciRoot(0x0)/Pci(0x3,0x0)/Pci(0x0,0x0)"'
    assert one in machine
    several = f'boot_device: ["PciRoot(0x0)/Pci(0x8,0x0)/Pci(0x0,0x0)", "{DOWN[0]}/Pci(0x0,0x0)"]'
    path = write(on("machines/changed.yaml", partition(pci="{class: nvme, count: 2}")))
    (path.parent / "machines" / "changed.yaml").write_text(machine.replace(one, several), "utf-8")
    plan, _ = judge(path)
    assert ports(plan) == [["PciRoot(0x0)/Pci(0x3,0x0)", DOWN[1]]]
    for port in ("PciRoot(0x0)/Pci(0x8,0x0)", DOWN[0], SWITCH):
        path.write_text(on("machines/changed.yaml", partition(pci=f'"{port}"')), "utf-8")
        assert "pci-not-boot-device" in rules(judge(path)[1])


def test_a_switch_that_forwards_less_than_its_port_is_found(write: Write) -> None:
    machine = (EXAMPLES / "machines" / "odd-pci.yaml").read_text("utf-8")
    drive = "device: 0xA809\n                      class: 0x010802\n                      msix: true\n"
    assert drive in machine
    bar = (
        "                      bars: [{index: 0, space: memory, bits: 64, base: 0xC0700000, size: 16 KiB}]\n"
    )
    path = write(on("machines/changed.yaml", partition(pci=f'"{DOWN[1]}"')))
    (path.parent / "machines" / "changed.yaml").write_text(machine.replace(drive, drive + bar), "utf-8")
    (found,) = (problem for problem in judge(path)[1] if problem.rule == "pci-windows")
    assert "in no window of PciRoot(0x0)/Pci(0x9,0x0)/Pci(0x0,0x0)" in found.what


@pytest.mark.parametrize("path", sorted(REAL.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_least_port_is_the_same_whatever_is_asked(path: Path) -> None:
    """Every function that is no bridge has one least port or is on a root bus, and no reset fails."""
    machine = load_machine(path)
    found = Ports.of(machine)
    own = [end.path for port in found.by_path.values() for end in found.own_ends(port)]
    behind = [
        f.path for f in machine.functions_by_path().values() if f.bridge is None and len(f.path.nodes) > 1
    ]
    assert sorted(own) == sorted(behind)
    assert all(not list(bus_reset_fails(port)) for port in found.by_path.values())
