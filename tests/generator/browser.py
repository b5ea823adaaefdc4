# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A page as headless Chromium shows it: what it measures, what it complains of, what it looks like."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BROWSER = "chromium"
_TIME_LIMIT_SECONDS = 120
_MEASURE = (Path(__file__).with_name("measure.js")).read_text("utf-8")
_RESULT = re.compile(r'<script type="application/json" id="measured">(.*?)</script>', re.DOTALL)
_COMPLAINT = re.compile(r":CONSOLE[:(].*")


@dataclass(frozen=True)
class Box:
    """A shape on the sheet: its kind, fill, text, and bounds in units of the sheet."""

    kind: str
    fill: str
    text: str
    left: float
    top: float
    right: float
    bottom: float
    on_top: bool

    def overlaps(self, other: Box, slack: float) -> bool:
        """Whether two boxes cover each other by more than `slack` in both directions."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width > slack and height > slack

    def contains(self, other: Box) -> bool:
        """Whether another box lies inside this one."""
        return (
            self.left <= other.left <= other.right <= self.right
            and self.top <= other.top <= other.bottom <= self.bottom
        )


@dataclass(frozen=True)
class Shown:
    """What a browser made of a page.

    `greys` are the textures of owners without colours, 8 × 8 grey levels each, by number of the owner.
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    greys: dict[int, list[int]]
    complaints: tuple[str, ...]
    scrolls_sideways: bool

    def texts(self) -> list[Box]:
        """Boxes of texts."""
        return [box for box in self.boxes if box.kind == "text"]


def show_page(page: Path, folder: Path, width: int = 1280) -> Shown:
    """Open a copy of a page with a script in it that measures, and read what the script found."""
    copy = folder / f"measured-{page.name}"
    text = page.read_text("utf-8")
    copy.write_text(text.replace("</body>", f"<script>{_MEASURE}</script></body>"), "utf-8")
    dom, complaints = _run(copy, folder, f"--window-size={width},1200", "--dump-dom")
    found = _RESULT.search(dom)
    if found is None:
        raise AssertionError(f"the script that measures did not end: {complaints}")
    measured: dict[str, Any] = json.loads(html.unescape(found[1]))
    return Shown(
        width=measured["width"],
        height=measured["height"],
        boxes=tuple(Box(**box) for box in measured["boxes"]),
        greys={int(owner): levels for owner, levels in measured["greys"].items()},
        complaints=complaints,
        scrolls_sideways=measured["sideways"],
    )


def take_picture(page: Path, folder: Path, width: int, height: int) -> bytes:
    """A page as PNG."""
    picture = folder / f"{page.stem}.png"
    _run(page, folder, f"--window-size={width},{height}", f"--screenshot={picture}")
    return picture.read_bytes()


def complaints_about(page: Path, folder: Path) -> tuple[str, ...]:
    """What the browser's console says of a page as it is."""
    return _run(page, folder, "--dump-dom")[1]


def _run(page: Path, folder: Path, *arguments: str) -> tuple[str, tuple[str, ...]]:
    """Output, and messages of the browser's console; fails, never skips, where there is no browser."""
    if shutil.which(BROWSER) is None:
        raise AssertionError(f"{BROWSER} is not installed; `make setup` installs it")
    command = [
        BROWSER,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        "--virtual-time-budget=20000",
        f"--user-data-dir={folder / 'profile'}",
        *arguments,
        page.resolve().as_uri(),
    ]
    run = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=_TIME_LIMIT_SECONDS, check=False
    )
    if run.returncode != 0:
        raise AssertionError(f"{BROWSER} ended with {run.returncode}: {run.stderr[-2000:]}")
    return run.stdout, tuple(_COMPLAINT.findall(run.stderr))
