# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The pictures of the README: `python -m ci.pictures` runs the demonstration and draws its terminal.

It needs the build of `make run`. It runs `python -m ci.run` on a terminal of its own, as a user would, and
types keys when the text before them has come. `panes.svg` is the terminal with its panes, `status.svg` the
controller's pane with the status screen.
"""

import argparse
import html
import os
import pty
import re
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fcntl import ioctl
from itertools import groupby
from pathlib import Path
from termios import TIOCSWINSZ

import pyte
from pyte.screens import Char

from ci.progress import PROJECT

PICTURES = PROJECT / "docs" / "pictures"
COLUMNS, ROWS = 104, 48
"""Size of the terminal in characters: panes below each other, so that the picture is readable in a page."""

_CELL_WIDTH, _CELL_HEIGHT, _BASE, _MARGIN = 7.2, 15, 11.5, 8
"""In SVG units: a character's cell, its base line below the cell's top, and the space around the terminal."""

_GROUND, _TEXT = "1b1d23", "d8dade"
_COLOURS = {
    "black": "1b1d23",
    "red": "d9534f",
    "green": "5fb865",
    "brown": "d7a83f",
    "blue": "5c8fd6",
    "magenta": "b57bc9",
    "cyan": "55b3b8",
    "white": "d8dade",
}


class PictureError(Exception):
    """What was to be seen did not come; the message has the screen."""


@dataclass(frozen=True)
class _Look:
    """How a character looks: colours as six hexadecimal digits."""

    text: str
    ground: str
    bold: bool

    @classmethod
    def of(cls, cell: Char) -> "_Look":
        text, ground = _colour(cell.fg, _TEXT), _colour(cell.bg, _GROUND)
        return cls(ground, text, cell.bold) if cell.reverse else cls(text, ground, cell.bold)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    name = name.removeprefix("bright")
    return _COLOURS.get(name, name)


def draw(rows: Sequence[Sequence[Char]]) -> str:
    """Return an SVG picture of a terminal's cells, row by row; all rows have the same length."""
    width = len(rows[0]) * _CELL_WIDTH + 2 * _MARGIN
    height = len(rows) * _CELL_HEIGHT + 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-size="12" '
            "font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\">",
            "<!-- SPDX-License-Identifier: BSD-2-Clause-Patent -->",
            "<!-- Made by `python -m ci.pictures` from what a terminal showed. -->",
            "<style>text { white-space: pre }</style>",
            f'<rect width="{width:g}" height="{height:g}" rx="6" fill="#{_GROUND}"/>',
            *(element for number, row in enumerate(rows) for element in _draw_row(number, row)),
            "</svg>\n",
        ]
    )


def _draw_row(number: int, row: Sequence[Char]) -> Iterator[str]:
    top, column = _MARGIN + number * _CELL_HEIGHT, 0
    for look, cells in groupby(row, _Look.of):
        text = "".join(cell.data for cell in cells)
        left, width = _MARGIN + column * _CELL_WIDTH, len(text) * _CELL_WIDTH
        column += len(text)
        if look.ground != _GROUND:
            yield (
                f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{_CELL_HEIGHT}" '
                f'fill="#{look.ground}"/>'
            )
        yield from _draw_text(text, look, left, top + _BASE)


def _draw_text(text: str, look: _Look, left: float, base: float) -> Iterator[str]:
    shown = text.strip()
    if shown:
        left += (len(text) - len(text.lstrip())) * _CELL_WIDTH
        weight = ' font-weight="bold"' if look.bold else ""
        yield (
            f'<text x="{left:g}" y="{base:g}" textLength="{len(shown) * _CELL_WIDTH:g}" '
            f'fill="#{look.text}"{weight}>{html.escape(shown, quote=False)}</text>'
        )


class _Screen(pyte.Screen):
    """A screen that scrolls up when it is told to, which tmux relies on."""

    def scroll_up(self, lines: int = 1) -> None:
        """Scroll what is between the margins (ECMA-48, SU)."""
        self.save_cursor()
        self.cursor_position(self.margins.bottom + 1 if self.margins else self.lines)
        for _ in range(lines):
            self.index()
        self.restore_cursor()


class _Stream(pyte.ByteStream):
    """A stream that knows how to say so."""

    events = frozenset([*pyte.ByteStream.events, "scroll_up"])

    def __init__(self, screen: pyte.Screen) -> None:
        self.csi = {**pyte.ByteStream.csi, "S": "scroll_up"}
        super().__init__(screen)


class Terminal:
    """A terminal with a program in it."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the program."""
        self._screen = _Screen(COLUMNS, ROWS)
        self._stream = _Stream(self._screen)
        self._process, self._line = pty.fork()
        if self._process == 0:
            os.chdir(PROJECT)
            os.execvpe(command[0], list(command), dict(environment))
        ioctl(self._line, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def cells(self) -> list[list[Char]]:
        """Return what it shows, as cells."""
        return [[self._screen.buffer[row][column] for column in range(COLUMNS)] for row in range(ROWS)]

    def type(self, *keys: str) -> None:
        """Type keys, with a second after each group of them: tmux carries out its own keys one by one."""
        for group in keys:
            os.write(self._line, group.encode())
            self.listen(1)

    def wait_for(self, *patterns: str, seconds: float) -> None:
        """Wait until each of some regular expressions is found in a row, else raise PictureError."""
        end = time.monotonic() + seconds
        while not all(any(re.search(pattern, row) for row in self._screen.display) for pattern in patterns):
            if time.monotonic() > end:
                text = "\n".join(self._screen.display)
                raise PictureError(f"{patterns} did not all come within {seconds:.0f} s:\n{text}")
            self.listen(0.5)

    def listen(self, seconds: float) -> None:
        """Take in what the program prints for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._line], [], [], left)[0]:
                try:
                    self._stream.feed(os.read(self._line, 65536))
                except OSError as error:  # the program has ended
                    raise PictureError("\n".join(self._screen.display)) from error

    def close(self) -> None:
        """End the program."""
        os.kill(self._process, signal.SIGTERM)
        os.waitpid(self._process, 0)
        os.close(self._line)


def _take(terminal: Terminal, folder: Path, patience: float) -> None:
    """Operate the demonstration and write the pictures."""
    terminal.wait_for(r"steady · running .* up ", r"realtime · running .* up ", seconds=600 * patience)
    # The first pane is the controller's, the second steady's.
    terminal.type("\x012", "clear; uname -r; nproc; free -m; lsblk; systemctl is-system-running\r")
    terminal.wait_for(r"^(running|degraded)\s*$", seconds=60 * patience)
    terminal.type("\x013", "reboot\r")
    terminal.wait_for(r"realtime · (starting|firmware|loading)", seconds=120 * patience)
    terminal.wait_for(r"realtime · running .* up ", seconds=300 * patience)
    terminal.type("clear; uname -rv; nproc; cat /sys/kernel/realtime; cat /proc/uptime\r")
    terminal.wait_for(r"^\d+\.\d\d \d+\.\d\d\s*$", seconds=60 * patience)
    (folder / "panes.svg").write_text(draw(terminal.cells()))
    terminal.type("\x011", "\x01z", "\r")
    terminal.wait_for(r"s start  t stop  r restart", seconds=60 * patience)
    terminal.listen(5 * patience)
    (folder / "status.svg").write_text(draw(terminal.cells()))


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ci.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=PICTURES, help="for the pictures (%(default)s)")
    parser.add_argument("--patience", type=float, default=1, help="factor for all waits")
    arguments = parser.parse_args()
    environment = {**os.environ, "TERM": "screen-256color", "LC_ALL": "C.UTF-8"}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    terminal = Terminal([sys.executable, "-m", "ci.run"], environment)
    try:
        _take(terminal, arguments.folder, arguments.patience)
    except PictureError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        terminal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
