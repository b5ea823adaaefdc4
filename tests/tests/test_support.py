# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The boot tests' own judgement of a neighbour: it must be able to find a disturbance."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from ci.qemu.guest import Guest, Tick
from tests.boot.support import undisturbed
from tests.ci.qemu.test_console import console, tick


async def watch(during: bytes, after: Iterable[bytes]) -> None:
    """Watch a guest that says `during` while something happens to its neighbour, and `after` afterwards."""
    line, _ = console()

    class Scripted(Guest):
        """Hears the first tick when the watch begins, and the rest when it is asked for more."""

        async def tick(self, *_arguments: Any, **_options: Any) -> Tick:
            line.received(tick(1))
            return self.ticks(line.start())[-1]

        async def ticks_on(self, *_arguments: Any, **_options: Any) -> list[Tick]:
            for piece in after:
                line.received(piece)
            return self.ticks(line.start())

    async with undisturbed(Scripted(line, "neighbour")):
        line.received(during)


def test_a_neighbour_that_ticks_on() -> None:
    asyncio.run(watch(tick(2), [tick(3), tick(4)]))


@pytest.mark.parametrize(
    ("during", "after"),
    [
        (b"", [tick(3)]),
        (tick(2), [tick(1, "another boot"), tick(2, "another boot")]),
        (tick(2), [tick(3, "another boot")]),
    ],
    ids=["a gap", "a reboot", "a reboot with a lucky number"],
)
def test_a_disturbed_neighbour(during: bytes, after: list[bytes]) -> None:
    with pytest.raises(AssertionError, match="neighbour was disturbed"):
        asyncio.run(watch(during, after))
