# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An operator's terminal on a serial console: what it shows, typing on it."""

import re
from collections.abc import Callable

import pyte

from ci.qemu.console import Console
from ci.qemu.machine import Machine
from ci.qemu.stream import Report


class _Screen(pyte.Screen):
    """A screen that answers what a terminal is asked."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, rows)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        """Send an answer."""
        self._answer(data)


class Terminal:
    """A terminal that has been there from now on."""

    def __init__(self, machine: Machine, console: Console, columns: int = 80, rows: int = 24) -> None:
        """Connect it with a console of the machine."""
        self._machine = machine
        self._console = console
        self._screen = _Screen(columns, rows, console.send)
        self._stream = pyte.ByteStream(self._screen)
        console.listen(self._said)

    def _said(self, terminal: bytes, _text: str, _reports: list[Report]) -> None:
        self._stream.feed(terminal)

    @property
    def rows(self) -> list[str]:
        """What it shows, without blanks at the ends."""
        return [row.rstrip() for row in self._screen.display]

    async def wait_for(self, pattern: str, timeout: float = 60) -> None:
        """Wait until a row matches a regular expression; raises what `Machine.until` raises."""

        def look() -> bool | None:
            return any(re.search(pattern, row) for row in self.rows) or None

        try:
            await self._machine.until(look, timeout, f"a row /{pattern}/")
        except Exception as error:
            raise AssertionError("\n".join(["the terminal shows:", *self.rows])) from error

    async def type(self, keys: str, pattern: str, timeout: float = 60) -> None:
        """Type, then wait until a row matches a regular expression."""
        self._console.send(keys)
        await self.wait_for(pattern, timeout)
