# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The picture: complete in itself, well-formed, everything of the plan on it, readable without colours."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from generator.__main__ import main
from generator.api import judge, make_plan
from generator.letters import letters
from generator.picture import render_page, render_svg
from generator.picture.owners import STAYS, owners_of
from generator.picture.places import pieces_of
from tests.generator.emit.test_emit import everything
from tests.generator.support import PROJECT, document, partition
from tests.generator.test_scale import write_large

Write = Callable[[str], Path]
SVG = "{http://www.w3.org/2000/svg}"
PLANS = sorted((PROJECT / "partitions").glob("*.yaml"))


def texts(svg: str) -> list[str]:
    """All texts of a picture; raises if it is not well-formed."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_everything_is_on_the_picture(path: Path) -> None:
    plan, _ = make_plan(path)
    told = "\n".join(texts(render_svg(plan)))
    for planned in plan.partitions:
        assert planned.name.value in told
        assert planned.console is not None
        uart = planned.console.uart
        assert (uart.name if uart is not None else "serial port") in told
        for grant in planned.pci:
            assert grant.port is not None
            assert all((function.serial or "") in told for function in grant.port.below())
    for processor in plan.machine.processors:
        assert str(processor.apic_id) in told.splitlines()


def test_boot_chain_console_card_display_and_restarts_are_on_the_picture(write: Write) -> None:
    plan, _ = make_plan(write(everything()))
    told = texts(render_svg(plan))
    assert any("a choice for 3 s" in text and "disk 03.0, else disk, else network" in text for text in told)
    assert "display" in told and "serial 06.0" in told
    assert any("restarts always" in text for text in told)
    assert any("restarts never" in text for text in told)
    page = render_page(plan)
    for fact in (
        "PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)",
        "may restart",
        "power-off the PC",
        "2 min",
        "128 KiB",
    ):
        assert fact in page


def test_shapes_lie_on_the_sheet_and_have_sizes(project: Path) -> None:
    large, _ = judge(write_large(project))
    assert large is not None
    for plan in (make_plan(PLANS[0])[0], large):
        root = ElementTree.fromstring(render_svg(plan))
        width, height = float(root.get("width") or 0), float(root.get("height") or 0)
        for element in root.iter(f"{SVG}rect"):
            if element.get("x") is None:
                continue
            left, top = float(element.get("x") or 0), float(element.get("y") or 0)
            assert 0 <= left <= left + float(element.get("width") or -1) <= width
            assert 0 <= top <= top + float(element.get("height") or -1) <= height


def test_it_needs_nothing_from_elsewhere() -> None:
    plan, warnings = make_plan(PLANS[0])
    page = render_page(plan, warnings)
    assert not re.search(r"(?:src|href)=|url\((?!#)|@import|<script", page)
    assert re.findall(r"https?://[^\"' <]+", page) == ["http://www.w3.org/2000/svg"]


def test_texts_of_the_owner_are_escaped(write: Write) -> None:
    options = "'{file: files/linux, options: \"<script>&amp;\"}'".strip("'")
    plan, _ = make_plan(write(document(partition(boot=options))))
    page = render_page(plan)
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;amp;" in page
    assert any("<script>&amp;" in text for text in texts(render_svg(plan)))


def test_looks_differ_without_colours(project: Path) -> None:
    plan, _ = judge(write_large(project))
    assert plan is not None
    owners = owners_of(plan)
    assert len({look.key for _, look in owners.partitions}) == 64
    patterns = re.findall(r'<pattern id="owner\d+"[^>]*>(.*?)</pattern>', owners.patterns())
    assert len(set(patterns[:63])) == 63
    marks = [re.sub("#[0-9a-f]{6}", "", pattern) for pattern in patterns]
    assert all(before != after for before, after in itertools.pairwise(marks))


def test_letters() -> None:
    assert [letters(number) for number in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_memory_is_drawn_where_it_may_lie(path: Path) -> None:
    plan, _ = make_plan(path)
    pieces = pieces_of(plan, owners_of(plan))
    assert all(before.end <= after.start for before, after in itertools.pairwise(pieces))
    for planned in plan.partitions:
        own = [piece for piece in pieces if piece.look.name == planned.name.value]
        assert sum(piece.end - piece.start for piece in own) == planned.memory.size.value
    assert any(piece.look is STAYS for piece in pieces)


def test_the_command_writes_both_and_says_what_is_wrong(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(document(partition(memory="{size: 256 MiB, below_4g: 0}")))
    assert main(["show", str(path), "--output", str(tmp_path / "out")]) == 0
    assert {found.name for found in (tmp_path / "out").iterdir()} == {"plan.svg", "plan.html"}
    assert "swiotlb" in (tmp_path / "out" / "plan.html").read_text("utf-8")
    capsys.readouterr()
    assert main(["show", str(write(document(partition(memory="1")))), "--output", "unused", "--json"]) == 1
    assert '"ok": false' in capsys.readouterr().out
    assert not Path("unused").exists()
