# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The pictures of the README show what a terminal showed, and are small."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from ci.pictures import COLUMNS, PICTURES, ROWS, PictureError, Terminal, draw
from ci.progress import PROJECT

ENVIRONMENT = {"TERM": "screen-256color", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[tuple[float, float, str]]:
    """Row, column and text of each piece of text in a picture, in units of the picture."""
    return [
        (float(text.attrib["y"]), float(text.attrib["x"]), text.text or "")
        for text in ElementTree.fromstring(picture).iter(f"{SVG}text")
    ]


def shown(program: str, pattern: str) -> str:
    """What a terminal shows of a Python program's output when a row matches a pattern, as a picture."""
    terminal = Terminal([sys.executable, "-c", f"{program}\nimport time; time.sleep(60)"], ENVIRONMENT)
    try:
        terminal.wait_for(pattern, seconds=60)
        return draw(terminal.cells())
    finally:
        terminal.close()


def test_text_stands_where_the_terminal_has_it() -> None:
    picture = shown(r"print('\x1b[2J\x1b[3;5Hone <&\x1b[4;5Htwo\x1b[5;6H\x1b[1mthree', flush=True)", "three")
    (y1, x1, one), (y2, x2, two), (y3, x3, three) = texts(picture)
    assert (one, two, three) == ("one <&", "two", "three")
    assert x1 == x2 < x3 and y2 - y1 == y3 - y2 > 0
    assert re.search(r'font-weight="bold">three<', picture)


def test_colours_and_reversed_text_have_a_ground() -> None:
    picture = shown(r"print('\x1b[2J\x1b[31mred\x1b[0m \x1b[7mreversed', flush=True)", "reversed")
    fills = {text.text: text.attrib["fill"] for text in ElementTree.fromstring(picture).iter(f"{SVG}text")}
    grounds = [ground.attrib["fill"] for ground in ElementTree.fromstring(picture).iter(f"{SVG}rect")]
    assert fills["red"] != fills["reversed"] == grounds[0]
    assert len(grounds) == 2


def test_a_terminal_scrolls_up_when_it_is_told_to() -> None:
    lines = r"'\x1b[2J\x1b[1;4r\x1b[1;1Ha\r\nbbbbbb\r\ncc\r\ndd\x1b[2S\x1b[3;1Hend'"
    found = texts(shown(f"print({lines}, flush=True)", "end"))
    assert [text for _, _, text in found] == ["cc", "dd", "end"]
    assert all(below[0] - above[0] == found[1][0] - found[0][0] for above, below in pairwise(found))


def test_what_is_typed_reaches_the_program() -> None:
    program = "import time; print('got', input(), input(), flush=True); time.sleep(60)"
    terminal = Terminal([sys.executable, "-c", program], ENVIRONMENT)
    try:
        terminal.type("one\r", "two\r")
        terminal.wait_for("^got one two", seconds=60)
        with pytest.raises(PictureError, match="got one two"):
            terminal.wait_for("never comes", seconds=0)
    finally:
        terminal.close()


@pytest.mark.parametrize("name", ["panes.svg", "status.svg"])
def test_the_pictures_are_small_and_made_by_the_tool(name: str) -> None:
    picture = (PICTURES / name).read_text("utf-8")
    assert len(picture) < 150_000
    rows = [y for y, _, _ in texts(picture)]
    width, height = map(float, ElementTree.fromstring(picture).attrib["viewBox"].split()[2:])
    assert max(rows) < height and len(set(rows)) <= ROWS
    assert width / height < COLUMNS / ROWS
    assert "/home/" not in picture and str(PROJECT) not in picture
