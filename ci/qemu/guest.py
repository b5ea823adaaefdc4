# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A guest that reports as ci/guests/lib has it, seen through its console: report, ticks, commands.

All methods that wait raise what `Machine.until` raises. A boot of the guest is told from the next one by the
random identifier the kernel makes (`boot` in each report), never by guessing from text.
"""

import itertools
import secrets
from dataclasses import dataclass
from typing import Any

from ci.qemu.console import Console, Cursor, Event

BOOT_SECONDS = 600.0
"""Time limit for a guest to come up, from power-on of the machine or from its own restart."""

COMMAND_SECONDS = 60.0
TICK_SECONDS = 30.0

_tokens = itertools.count(1)
_session = secrets.token_hex(4)


@dataclass(frozen=True)
class Tick:
    """A sign of life: `boot` identifies the boot, `number` counts from 1, `up` is the uptime in seconds."""

    boot: str
    number: int
    up: float

    @classmethod
    def of(cls, event: Event) -> "Tick":
        """Read an MRM-TICK event."""
        return cls(str(event.data["boot"]), int(event.data["n"]), float(event.data["up"]))


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit status and what it printed."""

    status: int
    output: str


class Guest:
    """The operating system at the other end of a console."""

    def __init__(self, console: Console, name: str) -> None:
        """`name` is the partition's name, for messages of callers."""
        self.console = console
        self.name = name

    async def report(self, since: Cursor, timeout: float = BOOT_SECONDS) -> Event:
        """Wait for the report of a boot after `since`."""
        return await self.console.wait_for_event("MRM-GUEST", timeout, since)

    async def next_boot(self, old_boot: str, since: Cursor, timeout: float = BOOT_SECONDS) -> Event:
        """Wait for the report of a boot other than `old_boot` after `since`."""
        return await self.console.wait_for_event(
            "MRM-GUEST", timeout, since, where=lambda data: data.get("boot") != old_boot
        )

    async def tick(self, since: Cursor | None = None, timeout: float = TICK_SECONDS) -> Tick:
        """Wait for the first tick after `since`, default now."""
        return Tick.of(await self.console.wait_for_event("MRM-TICK", timeout, since))

    def ticks(self, since: Cursor) -> list[Tick]:
        """Return the ticks received after `since`, oldest first."""
        return [Tick.of(event) for event in self.console.events("MRM-TICK", since)]

    async def ticks_on(self, count: int, since: Cursor | None = None) -> list[Tick]:
        """Wait until `count` ticks have come after `since` (default now) and return them."""
        begin = since or self.console.mark()
        cursor, ticks = begin, list[Tick]()
        while len(ticks) < count:
            event = await self.console.wait_for_event("MRM-TICK", TICK_SECONDS, cursor)
            ticks.append(Tick.of(event))
            cursor = event.cursor
        return ticks

    async def run(self, command: str, timeout: float = COMMAND_SECONDS) -> Done:
        """Type a one-line command in the guest's shell and wait for its end."""
        token = f"{_session}-{next(_tokens)}"
        begin = self.console.mark()

        def ours(data: dict[str, Any]) -> bool:
            return data.get("token") == token

        self.console.send(f"{command}; mrm-done {token} $?\n")
        done = await self.console.wait_for_event("MRM-DONE", timeout, begin, where=ours)
        # The first line is the echo of what was typed.
        _, _, output = self.console.text[begin.text : done.cursor.text].partition("\n")
        return Done(int(done.data["status"]), output)

    def type(self, command: str) -> None:
        """Type a command whose end cannot be waited for here (`poweroff -f`, `reboot -f`)."""
        self.console.send(f"{command}\n")


def steady(ticks: list[Tick]) -> bool:
    """Whether ticks are of one uninterrupted boot: same identifier, numbers without a gap, uptime growing."""
    pairs = itertools.pairwise(ticks)
    return all(a.boot == b.boot and b.number == a.number + 1 and b.up > a.up for a, b in pairs)
