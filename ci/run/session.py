# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A running machine seen as MRM: the states the controller names on its console, a guest per partition."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

from ci.qemu.console import Cursor, Event
from ci.qemu.errors import WaitTimeoutError
from ci.qemu.guest import BOOT_SECONDS, COMMAND_SECONDS, Guest, steady
from ci.qemu.machine import Machine
from ci.qemu.stream import Report
from ci.run.controller_log import FINAL_STATES, LineSplitter, State, Timing, parse_line
from ci.run.judge import TICKS, Observation
from ci.run.plan import Plan

SETTLE_SECONDS = 600.0
"""Time limit from power-on until every partition has reported or was refused."""

RETRY_SECONDS = 20.0
"""Time after which a power-off is typed again."""

TRIES = 3
"""How often a power-off is typed."""


class Session:
    """The machine's consoles by the plan's names.

    Attributes:
        machine: The machine.
        plan: What it runs.
        guests: A guest for each partition that has a console.
        states: The last state the controller named for each partition.
        history: All states it named, oldest first.
        named_at: When it named the last one, time.monotonic() in seconds.
        timings: The last timings it named for each partition, in milliseconds.
    """

    def __init__(self, machine: Machine, plan: Plan) -> None:
        """Begin to listen; call it before the machine starts."""
        self.machine = machine
        self.plan = plan
        self.controller = machine.console(plan.controller_console)
        self.guests: dict[str, Guest] = {}
        for partition in plan.partitions:
            if partition.console is not None:
                self.guests[partition.name] = Guest(machine.console(partition.console), partition.name)
        self.states: dict[str, State] = {}
        self.history: list[State] = []
        self.named_at: dict[str, float] = {}
        self.timings: dict[str, Timing] = {}
        self._splitter = LineSplitter()
        self._names = [partition.name for partition in plan.partitions]
        self.controller.listen(self._controller_said)

    def _controller_said(self, _terminal: bytes, text: str, _reports: list[Report]) -> None:
        for line in self._splitter.feed(text):
            said = parse_line(line, self._names)
            if isinstance(said, State):
                self.states[said.partition] = said
                self.named_at[said.partition] = time.monotonic()
                self.history.append(said)
            elif isinstance(said, Timing):
                self.timings[said.partition] = said

    def count(self) -> int:
        """Return a moment in the history of states, for `wait_state`."""
        return len(self.history)

    async def wait_state(self, partition: str, state: str, timeout: float, since: int | None = None) -> State:
        """Wait until the controller names `state` for a partition after `since` (see `count`), default now.

        Raises what `Machine.until` raises.
        """
        begin = self.count() if since is None else since

        def look() -> State | None:
            named = (s for s in self.history[begin:] if s.partition == partition and s.state == state)
            return next(named, None)

        return await self.machine.until(look, timeout, f"{partition} to be {state}")

    def reports(self) -> Mapping[str, Event]:
        """Return the first report of each partition that has sent one."""
        found = {}
        for name, guest in self.guests.items():
            if events := guest.console.events("MRM-GUEST", guest.console.start()):
                found[name] = events[0]
        return found

    async def settle(self, timeout: float = SETTLE_SECONDS) -> Mapping[str, Event]:
        """Wait until every partition has reported or will not; return the reports.

        Raises what `Machine.until` raises.
        """

        def look() -> Mapping[str, Event] | None:
            reports = self.reports()
            waiting = [
                name
                for name in self.guests
                if name not in reports
                and (name not in self.states or self.states[name].state not in FINAL_STATES)
            ]
            return None if waiting else reports

        return await self.machine.until(look, timeout, "a report or the end of every partition")

    async def alive(self, seconds: int = TICKS) -> dict[str, int]:
        """Watch all partitions that reported at the same time; return for how many seconds each ticked.

        A partition whose ticks show a gap or another boot counts 0. Raises what `Machine.until` raises.
        """
        guests = [self.guests[name] for name in self.reports()]
        # One more than wanted: n intervals need n + 1 ticks.
        ticks = await asyncio.gather(*(guest.ticks_on(seconds + 1) for guest in guests))
        return {
            guest.name: len(seen) - 1 if steady(seen) else 0
            for guest, seen in zip(guests, ticks, strict=True)
        }

    async def power_off(self, partition: str) -> State:
        """Type a power-off in a partition's shell and wait until the controller has seen it.

        Raises what `Machine.until` raises.
        """
        since = self.count()
        for _ in range(TRIES - 1):
            # A login that begins anew, as on a serial line at boot, forgets what was typed before.
            self.guests[partition].type("poweroff -f")
            with suppress(WaitTimeoutError):
                return await self.wait_state(partition, "off", RETRY_SECONDS, since)
        self.guests[partition].type("poweroff -f")
        return await self.wait_state(partition, "off", COMMAND_SECONDS, since)

    async def reboot(self, partition: str, old_boot: str, command: str = "reboot -f") -> Event:
        """Type a reboot in a partition's shell and wait for the report of the next boot.

        old_boot: the identifier of the boot that is to end. Raises what `Machine.until` raises.
        """
        guest = self.guests[partition]
        since: Cursor = guest.console.mark()
        guest.type(command)
        return await guest.next_boot(old_boot, since, BOOT_SECONDS)

    def observe(self, ticks: Mapping[str, int]) -> dict[str, Observation]:
        """Return what is known of each partition before its power-off; `ticks` comes from `alive`."""
        reports = self.reports()
        result = {}
        for name in self._names:
            state = self.states.get(name)
            report = reports.get(name)
            result[name] = Observation(
                state=state.state if state else None,
                detail=state.detail if state else "",
                report=report.data if report else None,
                ticks=ticks.get(name, 0),
            )
        return result
