# SPDX-License-Identifier: BSD-2-Clause-Patent
r"""One serial line of a machine: what it said, waiting for what it will say, typing on it.

Nothing here can be satisfied by the wrong line or by the past: a wait looks at one console only, and only at
what arrived after the call or after a `Cursor` taken from that same console earlier. Take the cursor *before*
the action whose effect is awaited:

    here = console.mark()
    console.send("reboot -f\n")
    await console.wait_for(r"Linux version", 60, since=here)
"""

import re
import time
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ci.qemu.stream import GARBLED, Report, StreamDecoder

Result = TypeVar("Result")


class Waiter(Protocol):
    """What a console needs of its machine: a wait that also ends when the machine fails or stalls."""

    def until(
        self, look: Callable[[], Result | None], timeout: float, what: str
    ) -> Awaitable[Result]:  # pragma: no cover - a protocol
        """Call `look` after each change until it returns something else than None."""
        ...


@dataclass(frozen=True)
class Cursor:
    """A moment in the life of one console: characters of text and number of reports so far."""

    console: str
    text: int
    reports: int


@dataclass(frozen=True)
class Found:
    """A piece of text that was waited for.

    match: the regular expression's match; cursor: the moment right after it; at: time.monotonic() of its
    arrival, in seconds.
    """

    match: re.Match[str]
    cursor: Cursor
    at: float


@dataclass(frozen=True)
class Event:
    """A report that was waited for; `data` is its JSON object, `at` time.monotonic() of its arrival."""

    name: str
    data: dict[str, Any]
    cursor: Cursor
    at: float


def _any(_data: dict[str, Any]) -> bool:
    return True


class Console:
    """Everything one serial line said, and the way to type on it."""

    def __init__(self, name: str, waiter: Waiter, write: Callable[[bytes], None]) -> None:
        """Name the line (`COM1`); `write` sends bytes to it."""
        self.name = name
        self.text = ""
        self.reports: list[Report] = []
        self.terminal = bytearray()
        self._waiter = waiter
        self._write = write
        self._decoder = StreamDecoder()
        self._report_times: list[float] = []
        self._latest: dict[str, int] = {}
        self._chunk_ends: list[int] = []
        self._chunk_times: list[float] = []
        self._listeners: list[Callable[[bytes, str, list[Report]], None]] = []

    def listen(self, listener: Callable[[bytes, str, list[Report]], None]) -> None:
        """Call `listener(terminal bytes, text, reports)` for everything that arrives from now on."""
        self._listeners.append(listener)

    def received(self, data: bytes) -> None:
        """Take in bytes of the line; called by the machine that reads it."""
        now = time.monotonic()
        decoded = self._decoder.feed(data)
        self.terminal += decoded.terminal
        if decoded.text:
            self.text += decoded.text
            self._chunk_ends.append(len(self.text))
            self._chunk_times.append(now)
        for report in decoded.reports:
            self._latest[report.name] = len(self.reports)
            self.reports.append(report)
        self._report_times += [now] * len(decoded.reports)
        for listener in self._listeners:
            listener(decoded.terminal, decoded.text, decoded.reports)

    def send(self, text: str) -> None:
        """Type `text` on the line. End a command with a newline, which is sent as the Enter key."""
        self._write(text.replace("\n", "\r").encode())

    def send_bytes(self, data: bytes) -> None:
        """Send bytes to the line as they are (a terminal's key presses)."""
        self._write(data)

    def mark(self) -> Cursor:
        """Return the present moment."""
        return Cursor(self.name, len(self.text), len(self.reports))

    def start(self) -> Cursor:
        """Return the moment before the first character."""
        return Cursor(self.name, 0, 0)

    def tail(self, lines: int = 25) -> str:
        """Return the last lines of text, for messages."""
        return "\n".join(self.text.splitlines()[-lines:])

    def since(self, cursor: Cursor) -> str:
        """Return the text that arrived after `cursor`."""
        return self.text[self._own(cursor).text :]

    def events(self, name: str, since: Cursor) -> list[Event]:
        """Return the reports called `name` that arrived after `since`, oldest first."""
        first = self._own(since).reports
        return [self._event(i) for i in range(first, len(self.reports)) if self.reports[i].name == name]

    def latest(self, name: str) -> Event | None:
        """Return the last report called `name`, None if there was none."""
        index = self._latest.get(name)
        return None if index is None else self._event(index)

    def find(self, pattern: str, since: Cursor) -> Found | None:
        """Return the first match of a regular expression (multi-line mode) after `since`, or None."""
        begin = self._own(since).text
        # A copy of the rest: an expression with ^ or a look-behind must not see the past.
        match = re.search(pattern, self.text[begin:], re.MULTILINE)
        if not match:
            return None
        end = begin + match.end()
        reports = sum(report.offset < end for report in self.reports)
        return Found(match, Cursor(self.name, end, max(reports, since.reports)), self._time_of(end))

    async def wait_for(self, pattern: str, timeout: float, since: Cursor | None = None) -> Found:
        """Wait until text matching `pattern` arrives; raises what `Machine.until` raises.

        pattern: regular expression, multi-line mode. timeout: seconds, multiplied by MRM_TIME_SCALE.
        since: where to begin, default the moment of the call.
        """
        begin = since or self.mark()
        return await self._waiter.until(
            lambda: self.find(pattern, begin), timeout, f"/{pattern}/ on {self.name}"
        )

    async def wait_for_event(
        self,
        name: str,
        timeout: float,
        since: Cursor | None = None,
        where: Callable[[dict[str, Any]], bool] = _any,
    ) -> Event:
        """Wait for a report called `name` whose data `where` accepts; raises what `Machine.until` raises."""
        begin = since or self.mark()

        def look() -> Event | None:
            return next((event for event in self.events(name, begin) if where(event.data)), None)

        return await self._waiter.until(look, timeout, f"report {name} on {self.name}")

    def garbled(self, since: Cursor) -> list[str]:
        """Return what arrived in place of reports that could not be understood."""
        return [str(event.data["text"]) for event in self.events(GARBLED, since)]

    def _own(self, cursor: Cursor) -> Cursor:
        if cursor.console != self.name:
            raise ValueError(f"cursor of console {cursor.console} used on console {self.name}")
        return cursor

    def _event(self, index: int) -> Event:
        report = self.reports[index]
        cursor = Cursor(self.name, report.offset, index + 1)
        return Event(report.name, report.data, cursor, self._report_times[index])

    def _time_of(self, end: int) -> float:
        """Return when the character before offset `end` arrived."""
        if not self._chunk_times:
            return time.monotonic()
        return self._chunk_times[min(bisect_right(self._chunk_ends, end - 1), len(self._chunk_times) - 1)]
