# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the boot tests assert, in the words of the tests. All of it is judged from outside the machine."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from ci.qemu.console import Console, Cursor
from ci.qemu.guest import Guest, steady
from ci.run.judge import Observation, judge
from ci.run.session import Session

NEIGHBOUR_TICKS = 2
"""Seconds a neighbour is watched after an event."""

_WATCHED_ELSEWHERE = ("ticks", "power_off")


def said(console: Console, pattern: str, since: Cursor) -> bool:
    """Whether text matching a regular expression came after `since`: also amid a report that it garbled."""
    garbled = (re.search(pattern, text) for text in console.garbled(since))
    return console.find(pattern, since) is not None or any(garbled)


def boot_of(session: Session, name: str) -> str:
    """Return the identifier of a partition's latest boot."""
    guest = session.guests[name]
    report = guest.console.latest("MRM-GUEST")
    assert report, f"{name} has not reported"
    return str(report.data["boot"])


def broken(session: Session, observations: Mapping[str, Observation], *names: str) -> list[str]:
    """Return a line for each promise not seen kept by the partitions named, default all.

    Ticks and power-off are left to the tests that watch for them.
    """
    return [
        f"{partition.name}: {row.item}: promised {row.promised_text}, seen {row.seen_text}"
        for partition in judge(session.plan, observations).partitions
        if not names or partition.name in names
        for row in partition.rows
        if not row.ok and row.item not in _WATCHED_ELSEWHERE
    ]


def broken_after_reboot(session: Session, name: str, report: Mapping[str, Any]) -> list[str]:
    """Return the promises that the report of a later boot of one partition does not keep."""
    observations = session.observe({})
    state = session.states[name]
    observations[name] = Observation(state.state, state.detail, report)
    return broken(session, observations, name)


@asynccontextmanager
async def undisturbed(guest: Guest) -> AsyncIterator[None]:
    """Assert that a guest ticks on, in the same boot and without a gap, through the body and after it."""
    before = guest.console.mark()
    await guest.tick()
    yield
    await guest.ticks_on(NEIGHBOUR_TICKS)
    ticks = guest.ticks(before)
    assert steady(ticks), f"{guest.name} was disturbed: {[(t.boot[:8], t.number, t.up) for t in ticks]}"


async def reboot(
    session: Session, name: str, neighbour: str, command: str = "reboot -f", times: int = 1
) -> None:
    """Reboot one partition from its shell; each time its promises hold, and its neighbour never notices."""
    async with undisturbed(session.guests[neighbour]):
        for _ in range(times):
            since = session.count()
            report = await session.reboot(name, boot_of(session, name), command)
            await session.wait_state(name, "running", 30, since)
            assert broken_after_reboot(session, name, report.data) == []
            named = [state.state for state in session.history[since:] if state.partition == name]
            assert named[0] == "restarting" and named[-1] == "running", named
            assert all(state.partition == name for state in session.history[since:])


async def power_off(session: Session, name: str, neighbour: str) -> None:
    """Power one partition off from its shell; it stays off, its neighbour notices nothing."""
    since = session.count()
    async with undisturbed(session.guests[neighbour]):
        await session.power_off(name)
        quiet = session.guests[name].console.mark()
    assert session.guests[name].console.events("MRM-TICK", quiet) == []
    assert session.states[name].state == "off"
    assert all(state.partition == name for state in session.history[since:])
