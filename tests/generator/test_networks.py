# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory: keys, what is resolved, and what people and tools are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.api import judge, make_plan
from generator.blob.form import MTU_LEAST, MTU_MOST
from generator.blob.read import read
from generator.diff import compare
from generator.dsdt.assemble import make_dsdt
from generator.emit import make_blob
from generator.emit.plan_json import plan_to_json
from generator.errors import UserErrors
from generator.model.intent import MAXIMUM_CARDS, MAXIMUM_NETWORKS
from generator.picture.sheet import render_svg
from generator.resolve.memory import CHANNELS, controller_bytes
from generator.show import render_plan_text
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]

TWO = "networks: [lan, {name: back, mtu: 1280}]\n"
MAC = "52:54:00:ab:00:0f"


def two(first: str, second: str = "lan", head: str = TWO, **keys: str) -> str:
    """A file with two partitions on these networks."""
    return document(partition(network=first, **keys), partition("two", network=second), head=head)


def plan_of(write: Write, text: str) -> dict[str, Any]:
    return plan_to_json(make_plan(write(text))[0])


def test_networks_and_cards(write: Write) -> None:
    told = plan_of(write, two(f"[{{name: back, mac: '{MAC.upper()}'}}, lan]", "[lan, {name: back}]"))
    assert told["networks"] == [{"name": "lan", "mtu": 1500}, {"name": "back", "mtu": 1280}]
    one, other = (entry["network"] for entry in told["partitions"])
    assert one == [
        {"network": "back", "segment": 1, "device": 0, "mac": MAC},
        {"network": "lan", "segment": 1, "device": 1, "mac": None},
    ]
    assert [(card["network"], card["device"]) for card in other] == [("lan", 0), ("back", 1)]


def test_their_segment_follows_those_of_the_ports(write: Write) -> None:
    told = plan_of(write, two("lan", pci="[03.0, 04.0]"))
    one, other = told["partitions"]
    assert [grant["segment"] for grant in one["pci"]] == [1, 2]
    assert one["network"][0]["segment"] == 3
    assert other["network"][0]["segment"] == 1


def test_without_networks_nothing_changes(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(pci="03.0"))))
    told = plan_to_json(plan)
    assert "networks" not in told and "network" not in told["partitions"][0]
    found = read(make_blob(plan))["Partitions"][0]
    assert (found["ChannelSegment"], found["Cards"]) == (0, [])
    assert {patch.index for patch in make_dsdt(plan.partitions[0]).patches} == {0}
    assert "network" not in render_plan_text(plan)
    assert controller_bytes(plan.partitions[0]) == plan.partitions[0].boot.copy_bytes


def test_the_controller_is_told(write: Write) -> None:
    plan, _ = make_plan(write(two(f"[{{name: back, mac: '{MAC}'}}, lan]", "[back, lan]", pci="03.0")))
    one, other = read(make_blob(plan))["Partitions"]
    assert one["ChannelSegment"] == 2
    assert one["Cards"] == [
        {"Network": "back", "Mtu": 1280, "Mac": 0x525400AB000F},
        {"Network": "lan", "Mtu": 1500, "Mac": 0},
    ]
    assert [card["Network"] for card in other["Cards"]] == ["back", "lan"]
    assert {patch["Index"] for patch in one["DsdtPatches"]} == {0, 1}, "one more host bridge"
    assert controller_bytes(plan.partitions[0]) == plan.partitions[0].boot.copy_bytes + CHANNELS


def test_people_are_told(write: Write) -> None:
    plan, _ = make_plan(write(two(f"{{name: lan, mac: '{MAC}'}}")))
    text = render_plan_text(plan)
    assert "network     lan, MTU 1500" in text
    assert f"network     lan, {MAC}, as segment 1, device 0" in text
    assert "network     lan, MAC made at boot, as segment 1, device 0" in text
    assert "on lan" in render_svg(plan)


def test_differences_are_told(write: Write) -> None:
    before = plan_of(write, two("lan"))
    after = plan_of(
        write,
        two(f"[lan, {{name: back, mac: '{MAC}'}}]", head=TWO.replace("lan,", "{name: lan, mtu: 2000},")),
    )
    told = [str(difference) for difference in compare(before, after)]
    assert told == [
        "network lan.mtu: 1500 → 2000",
        "one.network[back].network: nothing → back",
        "one.network[back].segment: nothing → 1",
        "one.network[back].device: nothing → 1",
        f"one.network[back].mac: nothing → {MAC}",
    ]


CARDS_OF_THE_PC = ("PciRoot(0x0)/Pci(0x7,0x0)/Pci(0x0,0x0)", "PciRoot(0x0)/Pci(0x8,0x0)/Pci(0x0,0x0)")


def with_uplink(uplink: str, **keys: str) -> str:
    """A file whose only network has this way out; the second partition has a port of its own."""
    head = f"networks: [{{name: lan, uplink: {uplink}}}]\n"
    return document(partition(network="lan"), partition("two", **keys), head=head)


@pytest.mark.parametrize("form", ["{pc: '%s'}", "{pc: %s}"])
@pytest.mark.parametrize("card", CARDS_OF_THE_PC)
def test_an_uplink_by_a_card_that_is_named(write: Write, form: str, card: str) -> None:
    plan, warnings = make_plan(write(with_uplink(form % card)))
    assert not warnings, "one partition is enough on a network with a way out"
    assert plan_to_json(plan)["networks"] == [{"name": "lan", "mtu": 1500, "uplink": card}]
    assert read(make_blob(plan))["Uplinks"] == [{"Network": "lan", "Card": card}]
    assert f"way out by the PC's {card} (Ethernet controller)" in render_plan_text(plan)
    assert "(uplink of lan)" in render_svg(plan)


@pytest.mark.parametrize("given", ["07.0", "08.0"])
def test_an_uplink_by_the_only_card_that_stays(write: Write, given: str) -> None:
    plan, _ = make_plan(write(with_uplink("pc", pci=given)))
    (network,) = plan_to_json(plan)["networks"]
    assert network["uplink"] == CARDS_OF_THE_PC[given == "07.0"]


def test_a_card_that_is_named_is_not_given_away(write: Write) -> None:
    """A partition that asks for any card gets the other one."""
    ask = "{class: network}"
    for number, card in enumerate(CARDS_OF_THE_PC):
        plan, _ = make_plan(write(with_uplink(f"{{pc: '{card}'}}", pci=ask)))
        assert str(plan.partitions[1].pci[0].root_port.value) in CARDS_OF_THE_PC[1 - number]
    with pytest.raises(UserErrors, match="as is the uplink of the network 'lan'"):
        make_plan(write(with_uplink(f"{{pc: '{CARDS_OF_THE_PC[0]}'}}", pci="{class: network, count: 2}")))


@pytest.mark.parametrize(
    ("pci", "words"),
    [
        ("none", "2 network cards stay with the PC; expected exactly one, or its device path; name one"),
        ("[07.0, 08.0]", "no network card stays with the PC"),
    ],
)
def test_a_choice_that_is_none(write: Write, pci: str, words: str) -> None:
    keys = {} if pci == "none" else {"pci": pci}
    with pytest.raises(UserErrors) as caught:
        make_plan(write(with_uplink("pc", **keys)))
    (problem,) = caught.value.problems
    assert problem.rule == "network-uplink-card" and words in str(problem)


def test_an_uplink_comes_and_goes(write: Write) -> None:
    before = plan_of(write, two("lan"))
    head = TWO.replace("lan,", f"{{name: lan, uplink: {{pc: '{CARDS_OF_THE_PC[1]}'}}}},")
    after = plan_of(write, two("lan", head=head))
    told = f"network lan.uplink: nothing → {CARDS_OF_THE_PC[1]}"
    assert [str(difference) for difference in compare(before, after)] == [told]


@pytest.mark.parametrize(
    ("first", "head", "words"),
    [
        ("lan", f"networks: [{{name: lan, mtu: {MTU_LEAST - 1}}}]\n", "'mtu' is "),
        ("lan", f"networks: [{{name: lan, mtu: {MTU_MOST + 1}}}]\n", "'mtu' is "),
        ("lan", "networks: [{mtu: 1500}]\n", "an entry of 'networks' has no 'name'"),
        ("lan", "networks: [[lan]]\n", "an entry of 'networks' is a list"),
        ("lan", "networks: [{name: lan, uplink: card}]\n", "'uplink' is "),
        ("lan", "networks: [{name: lan, uplink: {pc: eth0}}]\n", "'pc' is "),
        ("lan", "networks: [{name: lan, uplink: {}}]\n", "'uplink' has no 'pc'"),
        ("lan", "networks: [{name: lan, uplink: [pc]}]\n", "'uplink' is a list"),
        ("{mac: '52:54:00:ab:00:0f'}", TWO, "an entry of 'network' has no 'name'"),
        ("{name: lan, mac: 52-54-00-ab-00-0f}", TWO, "'mac' is "),
        ("{name: lan, mac: '52:54:00:ab:00'}", TWO, "'mac' is "),
        ("[[lan]]", TWO, "an entry of 'network' is a list"),
    ],
)
def test_what_is_not_right_is_said_at_its_place(write: Write, first: str, head: str, words: str) -> None:
    with pytest.raises(UserErrors) as caught:
        make_plan(write(two(first, head=head)))
    assert any(words in str(problem) for problem in caught.value.problems), str(caught.value)


def test_as_many_as_there_can_be(write: Write) -> None:
    names = [f"n{number}" for number in range(MAXIMUM_NETWORKS + 1)]
    some = ", ".join(names[:MAXIMUM_CARDS])
    plan, _ = judge(write(two(f"[{some}]", f"[{some}]", head=f"networks: [{', '.join(names[:-1])}]\n")))
    assert plan is not None
    assert len(plan.networks) == MAXIMUM_NETWORKS
    assert len(plan.partitions[0].cards) == MAXIMUM_CARDS
    with pytest.raises(UserErrors, match="17 entries; those from here on were not read"):
        make_plan(write(two("n0", "n0", head=f"networks: [{', '.join(names)}]\n")))


def test_fifteen_ports_and_cards(tmp_path: Path) -> None:
    """Cards take the place of one of sixteen ports."""
    file = PROJECT / "tests" / "generator" / "examples" / "pci-limit.yaml"
    text = file.read_text("utf-8").replace("machines/", f"{file.parent}/machines/")
    text = text.replace("files/linux", str(PROJECT / "README.md"))
    lines = [line for line in text.splitlines() if "0x11,0x0" not in line and "Pci(0x10,0x0)" not in line]
    for count, found in ((15, False), (16, True)):
        ports = lines if count == 15 else [*lines, '      - "PciRoot(0x0)/Pci(0x10,0x0)"']
        head = "\n".join(ports).replace("partitions:", "networks: [lan]\npartitions:")
        path = tmp_path / "test.yaml"
        path.write_text(head + "\n    network: lan\n", "utf-8")
        rules = {problem.rule for problem in judge(path)[1]}
        assert ("pci-limit" in rules) == found
