# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The picture in a browser: everything visible, nothing over something else, readable without colours."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.api import judge
from generator.picture import render_page
from tests.generator.browser import Box, Shown, complaints_about, show_page, take_picture
from tests.generator.emit.test_emit import everything
from tests.generator.large import large_machine, large_partitions
from tests.generator.support import PROJECT, make_project
from tests.generator.test_scale import write_large

TWO = PROJECT / "partitions" / "two-kernels.yaml"
MARKS = 9
"""Patterns there are; owners with the same one are told apart by their letters."""
SLACK = 1.5
"""Units of the sheet by which the boxes of two texts may touch: line boxes are taller than letters."""
GREY_STEP = 6
"""Mean difference of grey levels from which on two textures look different, out of 255."""


def write_accepted(project: Path) -> Path:
    """28 partitions on 1,088 processors, which is what low memory allows."""
    (project / "platforms" / "large.yaml").write_text(large_machine(1088, 256, 33), "utf-8")
    path = project / "partitions" / "accepted.yaml"
    path.write_text(large_partitions(28, 896, 224, "16 KiB", "files/app.efi"), "utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pages and the browser's profile go."""
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module", params=["two", "everything", "twenty-eight", "sixty-four"])
def shown(request: pytest.FixtureRequest, folder: Path) -> tuple[list[str], Shown]:
    """Names of partitions, and their picture in the browser."""
    place = folder / str(request.param)
    place.mkdir()
    if request.param == "sixty-four":
        # More than low memory allows, so that `show` refuses it.
        plan, _ = judge(write_large(make_project(place)))
        assert plan is not None
        page = place / "plan.html"
        page.write_text(render_page(plan), "utf-8")
        return [p.name.value for p in plan.partitions], show_page(page, folder)
    if request.param == "two":
        path = TWO
    elif request.param == "everything":
        path = make_project(place) / "partitions" / "everything.yaml"
        path.write_text(everything(), "utf-8")
    else:
        path = write_accepted(make_project(place))
    assert main(["show", str(path), "--output", str(place)]) == 0
    plan, _ = judge(path)
    assert plan is not None
    return [p.name.value for p in plan.partitions], show_page(place / "plan.html", folder)


def test_the_browser_has_nothing_to_complain_of(shown: tuple[list[str], Shown]) -> None:
    assert shown[1].complaints == ()
    assert not shown[1].scrolls_sideways


def test_complaints_are_heard(folder: Path) -> None:
    page = folder / "wrong.html"
    page.write_text('<!DOCTYPE html><script>throw Error("as expected")</script>', "utf-8")
    assert any("as expected" in complaint for complaint in complaints_about(page, folder))


def test_every_name_is_visible(shown: tuple[list[str], Shown]) -> None:
    names, picture = shown
    visible = {box.text for box in picture.texts() if box.on_top and box.right > box.left}
    assert [name for name in names if name not in visible] == []


def test_no_text_is_hidden(shown: tuple[list[str], Shown]) -> None:
    assert [box.text for box in shown[1].texts() if not box.on_top] == []


def test_everything_is_on_the_sheet(shown: tuple[list[str], Shown]) -> None:
    picture = shown[1]
    assert len(picture.boxes) > 50
    outside = [
        box
        for box in picture.boxes
        if box.left < 0 or box.top < 0 or box.right > picture.width or box.bottom > picture.height
    ]
    assert outside == []


def test_no_texts_overlap(shown: tuple[list[str], Shown]) -> None:
    texts = sorted(shown[1].texts(), key=lambda box: box.left)
    found: list[tuple[Box, Box]] = []
    for number, box in enumerate(texts):
        for other in texts[number + 1 :]:
            if other.left >= box.right:
                break
            if box.overlaps(other, SLACK):
                found.append((box, other))
    assert [(one.text, other.text) for one, other in found] == []


def difference(one: list[int], other: list[int]) -> float:
    """How different two textures look, wherever their tiles begin."""
    return min(
        sum(
            abs(one[8 * y + x] - other[8 * ((y + down) % 8) + (x + right) % 8])
            for y in range(8)
            for x in range(8)
        )
        / 64
        for down in range(8)
        for right in range(8)
    )


def test_owners_differ_without_colours(shown: tuple[list[str], Shown]) -> None:
    names, picture = shown
    assert set(picture.greys) == set(range(len(names)))
    alike = [
        (one, other)
        for one, other in itertools.combinations(picture.greys, 2)
        if one % MARKS != other % MARKS and difference(picture.greys[one], picture.greys[other]) < GREY_STEP
    ]
    assert alike == []
    owned = {box.fill for box in picture.boxes if box.fill.startswith("url(#owner")}
    assert len(owned) == len(names)
    # On the card of each owner stands its letter, black on white.
    texts = [box for box in picture.texts() if box.on_top]
    for fill in owned:
        card = next(box for box in picture.boxes if box.fill == fill)
        letters = [text.text for text in texts if card.contains(text)]
        assert len(letters) == 1 and letters[0].isupper()


@pytest.fixture(scope="module", params=["b450m-pro4", "q35-devices", "large"])
def machine(request: pytest.FixtureRequest, folder: Path) -> Shown:
    """The picture of a machine without a plan in the browser."""
    place = folder / f"machine-{request.param}"
    place.mkdir()
    path = PROJECT / "platforms" / f"{request.param}.yaml"
    if request.param == "b450m-pro4":
        path = PROJECT / "tests" / "generator" / "hardware" / "real" / f"{request.param}.yaml"
    elif request.param == "large":
        path = place / "large.yaml"
        path.write_text(large_machine(64, 40, 33), "utf-8")
    assert main(["show", str(path), "--output", str(place)]) == 0
    return show_page(place / "machine.html", folder)


def test_a_machine_s_picture_has_no_faults(machine: Shown) -> None:
    test_the_browser_has_nothing_to_complain_of(([], machine))
    test_no_text_is_hidden(([], machine))
    test_everything_is_on_the_sheet(([], machine))
    test_no_texts_overlap(([], machine))


def test_a_picture_can_be_taken(folder: Path) -> None:
    assert main(["show", str(TWO), "--output", str(folder)]) == 0
    png = take_picture(folder / "plan.html", folder, 800, 600)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (800, 600)
