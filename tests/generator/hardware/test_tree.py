# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What partitions could have of a machine without a plan: as a tree, as text, as a picture, as a page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from generator.__main__ import main
from generator.api import load_machine
from generator.hardware.pieces import most_at_once, pieces_of
from generator.hardware.tree import offers_of, tree_of
from generator.hardware.words import facts_of
from generator.model.device_path import DevicePath
from generator.model.machine import Machine
from generator.picture import render_machine_page, render_machine_svg
from tests.generator.large import large_machine
from tests.generator.support import PROJECT

REAL = sorted((Path(__file__).parent / "real").glob("*.yaml"))
MACHINES = [*REAL, *sorted((PROJECT / "platforms").glob("*.yaml"))]
CHIPSET = Path(__file__).parent / "real" / "b450m-pro4.yaml"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=MACHINES, ids=lambda path: path.stem)
def machine(request: pytest.FixtureRequest) -> Machine:
    return load_machine(request.param)


def texts(svg: str) -> list[str]:
    """All texts of a picture; raises if it is not well-formed."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_function_is_on_one_line_with_the_letter_of_its_offer(machine: Machine) -> None:
    offers = offers_of(machine)
    lines = [branch for branch in tree_of(machine, offers) if branch.function is not None]
    keys = {branch.function.path: branch.key for branch in lines if branch.function is not None}
    assert len(lines) == len(keys) and set(keys) == set(machine.functions_by_path())
    for offer in offers:
        assert keys[offer.port.path] == offer.key
        assert {keys[function.path] for function in offer.piece.functions} == {offer.key}
    owned = {function.path for offer in offers for function in offer.piece.functions}
    assert not any(
        branch.key
        for branch in lines
        if branch.function and not branch.function.bridge and branch.function.path not in owned
    )
    assert not any(branch.key and branch.stays for branch in lines)


def test_letters_that_need_no_others_can_be_had_at_the_same_time(machine: Machine) -> None:
    offers = offers_of(machine)
    alone = [offer for offer in offers if not offer.together]
    assert [offer.piece for offer in alone] == list(most_at_once(pieces_of(machine)))
    seen: list[DevicePath] = [end.path for offer in alone for end in offer.port.below()]
    assert len(seen) == len(set(seen))


def test_what_stays_says_why(machine: Machine) -> None:
    """Behind a port the port's line says it, on a root bus that of the root bridge."""
    lines = list(tree_of(machine, offers_of(machine)))
    notes = {branch.function.path: branch.note for branch in lines if branch.function is not None}
    roots = {branch.root.uid: branch.note for branch in lines if branch.function is None}
    for branch in lines:
        function = branch.function
        if function is None or not branch.stays or function.class_code >> 16 == 6:
            continue
        way = [notes[above] for above in function.path.way]
        assert any(way) or (len(way) == 1 and "cannot be told apart" in roots[branch.root.uid]), function.path


def test_everything_is_on_the_picture(machine: Machine) -> None:
    offers = offers_of(machine)
    told = texts(render_machine_svg(machine))
    for offer in offers:
        assert offer.key in told and str(offer.port.path) in told
    assert set(facts_of(machine, offers)) <= set(told)
    for processor in machine.processors:
        assert str(processor.apic_id) in told
    for uart in machine.uarts:
        assert any(text.startswith(f"{uart.name} ") for text in told)


def test_the_page_tells_how_to_ask_for_each_and_needs_nothing_from_elsewhere(machine: Machine) -> None:
    page = render_machine_page(machine)
    for offer in offers_of(machine):
        assert f"<code>pci: {offer.port.path}</code>" in page
    for piece in pieces_of(machine):
        assert piece.stays is None or piece.stays in page
    assert "invariant-tsc" in page
    assert not re.search(r"(?:src|href)=|url\((?!#)|@import|<script", page)
    assert re.findall(r"https?://[^\"' <]+", page) == ["http://www.w3.org/2000/svg"]


def test_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(CHIPSET)]) == 0
    told = capsys.readouterr().out
    assert (
        "  A to D can be had at the same time, by one partition each; there are cores for 3 partitions\n"
        in told
    )
    assert "\n  E   01.3 root port → bus 1–6  (only together with A, B)\n" in told
    assert "\n  -       00.0 switch port → bus 3–4  (stays: neither MSI nor MSI-X)\n" in told
    assert "\n      07.1 root port → bus 10  (nothing that anybody asks for)\n" in told
    path = "PciRoot(0x0)/Pci(0x1,0x3)/Pci(0x0,0x2)/Pci(0x4,0x0)"
    assert f"\n  B   pci: {path}  Ethernet controller\n" in told


def test_a_disabled_function_and_the_boot_device_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(PROJECT / "platforms" / "q35-devices.yaml")]) == 0
    told = capsys.readouterr().out
    assert "USB controller (EHCI)  (stays disabled: neither MSI nor MSI-X)\n" in told
    assert "AHCI controller  (the controller is booted from it)\n" in told
    assert "Not known" not in told


def test_a_device_that_its_bus_does_not_reset_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    path = tmp_path / "m.yaml"
    path.write_text(text.replace("reset: [flr, bus]", "reset: [flr]", 1), "utf-8")
    assert main(["show", str(path)]) == 0
    note = "may not survive a restart: the bus reset leaves it out"
    assert f"00.0 NVMe drive mrm-rp3  ({note})\n" in capsys.readouterr().out
    assert note in render_machine_page(load_machine(path))


def test_nothing_to_give_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parent / "real" / "simatic-ipc227g.yaml").read_text("utf-8")
    path = tmp_path / "m.yaml"
    device = "boot_device: PciRoot(0x0)/Pci(0x1C,0x0)/Pci(0x0,0x0)\n"
    path.write_text(text.replace("firmware:\n", f"firmware:\n  {device}", 1), "utf-8")
    assert main(["show", str(path)]) == 0
    told = capsys.readouterr().out
    assert "  no device can be given to a partition\n" in told and "pci: " not in told
    assert "(stays: the controller is booted from PciRoot(0x0)/Pci(0x1C,0x0)/Pci(0x0,0x0))\n" in told
    assert any("what keeps each" in text for text in texts(render_machine_svg(load_machine(path))))


def test_a_large_machine_has_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text(large_machine(1088, 512, 33), "utf-8")
    machine = load_machine(path)
    offers = offers_of(machine)
    told = texts(render_machine_svg(machine))
    assert len(offers) > 240
    assert offers[239].key in told and f"and {len(offers) - 240} more: see the tables of the page" in told
    assert f"<code>pci: {offers[-1].port.path}</code>" in render_machine_page(machine)


def test_the_command_draws_and_tells_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(CHIPSET), "--output", str(tmp_path)]) == 0
    assert {found.name for found in tmp_path.iterdir()} == {"machine.svg", "machine.html"}
    assert capsys.readouterr().out.split() == [str(tmp_path / n) for n in ("machine.svg", "machine.html")]
    assert main(["show", str(CHIPSET), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True and told["problems"] == []
    assert [offer["key"] for offer in told["offers"]] == list("ABCDE")
    assert told["offers"][4]["together"] == ["A", "B"]


def test_a_wrong_machine_file_is_judged_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("format: 1\nprocessors: []\n", "utf-8")
    assert main(["show", str(path)]) == 1
    assert "the machine file has no 'firmware'" in capsys.readouterr().err


def test_a_plan_without_a_folder_is_told_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(PROJECT / "partitions" / "two-kernels.yaml")
    assert main(["plan", path]) == 0
    plan = capsys.readouterr().out
    assert main(["show", path]) == 0
    assert capsys.readouterr().out == plan


def test_the_picture_in_the_docs_is_up_to_date() -> None:
    path = Path(__file__).parent / "real" / "am5-w5700.yaml"
    assert (PROJECT / "docs" / "machine.svg").read_text("utf-8") == render_machine_svg(load_machine(path)), (
        f"run: python -m generator show {path.relative_to(PROJECT)} --output DIR; cp DIR/machine.svg docs"
    )
