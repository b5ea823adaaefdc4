# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is on a machine's screen, from a picture of it; pressing keys of the machine's keyboard."""

import asyncio
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ci.edk2 import edk2_path
from ci.qemu.machine import Machine
from ci.qemu.timing import scaled

_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")
_FONT = "MdeModulePkg/Universal/Console/GraphicsConsoleDxe/LaffStd.c"
_WIDTH, _HEIGHT = 8, 19
"""Pixels of a character of UEFI's font (UEFI 2.10 section 33.3.2)."""


@dataclass(frozen=True)
class Picture:
    """A binary PPM picture: three bytes for each pixel, row by row."""

    width: int
    height: int
    pixels: bytes

    @classmethod
    def of(cls, file: Path) -> "Picture":
        """Read a file."""
        data = file.read_bytes()
        header = _HEADER.match(data)
        assert header, data[:20]
        picture = cls(int(header[1]), int(header[2]), data[header.end() :])
        assert len(picture.pixels) == 3 * picture.width * picture.height
        return picture

    def pixel(self, column: int, row: int) -> bytes:
        """Return the colour of a pixel."""
        start = 3 * (row * self.width + column)
        return self.pixels[start : start + 3]


def lit(file: Path) -> int:
    """Return how many pixels of a binary PPM picture are not black."""
    pixels = Picture.of(file).pixels
    return sum(any(pixels[i : i + 3]) for i in range(0, len(pixels), 3))


@cache
def _font() -> dict[bytes, str]:
    """Return the characters of UEFI's font by their rows of pixels, as EDK2 has them."""
    glyph = r"\{\s*(0x[0-9a-fA-F]{4}),\s*0x00,\s*\{([^}]*)\}\s*\}"
    font = {}
    for code, rows in re.findall(glyph, (edk2_path() / _FONT).read_text()):
        character = chr(int(code, 16))
        if " " <= character <= "~":
            font[bytes(int(row, 16) for row in rows.split(","))] = character
    assert len(font) > 90
    return font


def read(file: Path) -> list[str]:
    """Return the rows of text on a screen whose upper left character has a background that is not black.

    Blanks at their ends are cut; what is no printable ASCII becomes U+FFFD.
    """
    picture = Picture.of(file)
    first = next((i for i in range(0, len(picture.pixels), 3) if any(picture.pixels[i : i + 3])), None)
    if first is None:
        return []
    top, left = divmod(first // 3, picture.width)
    rows = []
    for y in range(top, picture.height - _HEIGHT + 1, _HEIGHT):
        cells = range(left, picture.width - _WIDTH + 1, _WIDTH)
        rows.append("".join(_character(picture, x, y) for x in cells).rstrip())
    return rows


def _character(picture: Picture, x: int, y: int) -> str:
    background = picture.pixel(x, y)
    bits = bytes(
        sum(0x80 >> column for column in range(_WIDTH) if picture.pixel(x + column, y + row) != background)
        for row in range(_HEIGHT)
    )
    return _font().get(bits, "\ufffd")


async def press(machine: Machine, *keys: str) -> None:
    """Press keys of the machine's keyboard, named as QEMU does, one after the other."""
    for key in keys:
        await machine.execute("send-key", keys=[{"type": "qcode", "data": key}])
        await asyncio.sleep(0.2)


async def wait_for_screen(machine: Machine, pattern: str, file: Path, timeout: float = 60) -> list[str]:
    """Take pictures until a row of the screen matches a regular expression; return its rows."""
    rows: list[str] = []
    async with asyncio.timeout(scaled(timeout)):
        while not any(re.search(pattern, row) for row in rows):
            await asyncio.sleep(0.5)
            await machine.screenshot(file)
            rows = read(file)
    return rows
