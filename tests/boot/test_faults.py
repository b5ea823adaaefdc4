# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A short fault campaign, always the same one; `make faults` is the long one.

What other tests boot is left out: a watchdog that is not fed is in test_control.py and two_debians.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ci.faults.campaign import run_campaign
from ci.faults.kinds import by_name
from ci.faults.schedule import Injection, schedule
from ci.faults.verdict import last_line, table
from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.machine import Machine
from ci.run.session import Session
from tests.boot.conftest import Builder

pytestmark = [pytest.mark.long, pytest.mark.boot(350), pytest.mark.timeout(1800)]

SEED = 11
KINDS = (
    "runtime-panic",
    "runtime-reset",
    "runtime-power-off",
    "bios-reset",
    "dma-panic",
    "offline-reset",
    "neighbour-restart-busy",
)


def two_machine_checks(number: int, processors: int) -> list[Injection]:
    """Hit one processor twice, other than the partition's first: it must have forgotten the first time."""
    drawn = schedule(SEED, 2, {"stock": processors}, [by_name("machine-check")])
    return [replace(injection, number=number + index) for index, injection in enumerate(drawn)]


def test_neighbours_notice_nothing_of_a_partition_that_fails(built: Builder, tmp_path: Path) -> None:
    result = built("faults")
    description = load_description(PROJECT / "platforms" / f"{result.plan.machine}.yaml")
    victims = {partition.name: partition.processors for partition in result.plan.partitions}
    injections = [
        *schedule(SEED, len(KINDS), victims, [by_name(name) for name in KINDS]),
        *two_machine_checks(len(KINDS) + 1, victims["stock"]),
    ]

    async def run() -> None:
        machine = Machine(description, prepare_boot(description, tmp_path, result.esp), tmp_path)
        session = Session(machine, result.plan)
        async with machine:
            campaign = await run_campaign(session, SEED, injections, lambda so_far: print(last_line(so_far)))
        print(table(campaign))
        assert [line for outcome in campaign.outcomes for line in outcome.complaints] == []
        assert campaign.ok

    asyncio.run(run())
