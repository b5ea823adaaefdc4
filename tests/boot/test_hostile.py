# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a hostile system in ring 0 can do at each isolation level, and what its neighbours notice of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import ask, mount, read_json
from tests.boot.hostile import NEIGHBOUR, PORTS, Hostile
from tests.boot.hostile.acts import FIRMWARE, Act, Foreign, everywhere, interrupts, interrupts_by_x2apic, once
from tests.boot.hostile.drive import Drive
from tests.boot.support import undisturbed

pytestmark = [pytest.mark.boot(140), pytest.mark.timeout(1800)]

STATE_SECONDS = 120.0
WAKE = 0x40EF
"""The interrupt that wakes the controller; the PC's firmware has no handler for that vector."""
REFRESH_SECONDS = 2
"""After which `State` shows what has been counted."""

QEMU_VENDOR = 0x1B36
PAGE, LARGE = 0x1000, 0x200000

PATTERN = "head -c 8388608 /dev/urandom >/run/pattern; sha256sum </run/pattern >/run/sum"
UNCHANGED = "sha256sum </run/pattern | cmp - /run/sum"
COUNT_NMIS = "awk '/^ *NMI:/ { print $2 }' /proc/interrupts"
FIND_MEMORY = "awk -F- '/System RAM/ { print $1 }' /proc/iomem | tail -n 1"


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("hostile")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), iommu=True) as bench:
        steady = bench.session.guests[NEIGHBOUR]
        for name in PORTS:
            console = bench.session.guests[name].console
            bench.run(Hostile(bench.session, name).ready(console.start()))
        bench.run(steady.report(steady.console.start()))
        bench.run(mount(steady))
        yield bench


async def count_nmis(bench: Bench) -> int:
    """Return how many NMIs the neighbour has seen; what it prints comes after the command that was typed."""
    return int((await bench.session.guests[NEIGHBOUR].run(COUNT_NMIS)).output.split()[-1])


@asynccontextmanager
async def unhurt(bench: Bench) -> AsyncIterator[None]:
    """Assert that neither the neighbour nor the boot processor noticed anything."""
    session = bench.session
    steady, logged = session.guests[NEIGHBOUR], session.controller.mark()
    assert (await steady.run(PATTERN)).status == 0
    nmis = await count_nmis(bench)
    async with undisturbed(steady):
        yield
    assert await count_nmis(bench) == nmis
    assert (await steady.run(UNCHANGED)).status == 0
    said = session.controller.since(logged)
    assert "NMI: " not in said and "stray interrupts" not in said and "does not leave guest mode" not in said


async def find_foreign(bench: Bench, name: str) -> Foreign:
    """Return where the memory of others is; the second processor of the partition waits in its guard."""
    found = await bench.session.guests[NEIGHBOUR].run(FIND_MEMORY)
    waiting = next(p for p in bench.plan.partitions if p.name == name).apic_ids[1]
    told = re.split(r"CPU#(\d+)\s", await bench.machine.monitor("info registers -a"))
    told_of = dict(zip(map(int, told[1::2]), told[2::2], strict=True))
    registers = dict(re.findall(r"\b(R[IS]P)=([0-9a-f]{16})", told_of[waiting]))
    code, data = int(registers["RIP"], 16), int(registers["RSP"], 16)
    return Foreign(int(found.output.split()[-1], 16), code, data)


async def told(bench: Bench, name: str) -> dict[str, Any]:
    """Return what `State` tells of a partition."""
    await asyncio.sleep(REFRESH_SECONDS)
    state = await read_json(bench.session.guests[NEIGHBOUR], "State")
    return next(each for each in state["partitions"] if each["name"] == name)


async def denied(bench: Bench, name: str) -> int:
    """Return how much `State` says that a partition was denied since its start."""
    return int((await told(bench, name))["denied"])


async def try_act(hostile: Hostile, act: Act) -> str:
    """Have it tried; return the effect, and assert that it is the right one."""
    kept = await hostile.do(act.kept) if act.kept else None
    for command in act.commands[:-1]:
        await hostile.do(command)
    last = act.commands[-1]
    if act.ends is not None:
        state = await hostile.ended(last)
        assert act.ends in state.detail.lower(), f"{act.what}: {state.detail}"
        return f"ended: {state.detail}"
    told = await hostile.do(last)
    assert told.vector == act.vector, f"{act.what}: {told}"
    assert act.value is None or told.value == act.value, f"{act.what}: {told}"
    if act.kept:
        assert await hostile.do(act.kept) == kept, act.what
    return f"exception {told.vector}" if told.vector else "no effect"


async def try_all(bench: Bench, name: str, acts: Sequence[Act]) -> None:
    """Have a partition try everything, and print what came of it."""
    hostile = Hostile(bench.session, name)
    async with unhurt(bench):
        for act in acts:
            print(f"{name:<5} {act.what:<40} {await try_act(hostile, act)}")


@pytest.mark.parametrize("name", PORTS)
def test_what_is_not_its_own_it_does_not_reach(bench: Bench, name: str) -> None:
    async def work() -> None:
        acts = everywhere(await find_foreign(bench, name))
        await try_all(bench, name, acts if name == "wild" else once(acts))

    bench.run(work())


def test_a_device_reaches_memory_of_its_own_partition_only(bench: Bench) -> None:
    """QEMU's drive completes a command whose DMA was denied, and its IOMMU logs nothing (docs/traps.md)."""

    async def work() -> None:
        foreign = await find_foreign(bench, "held")
        hostile = Hostile(bench.session, "held")

        async def words(address: int) -> str:
            return re.sub(r"\s+", " ", await bench.machine.monitor(f"xp /16wx {address:#x}"))

        async with unhurt(bench):
            drive = await Drive.find(hostile)
            assert await drive.identify(drive.buffer) == 0
            written = (await words(drive.buffer)).split()[1]
            assert int(written, 16) & 0xFFFF == QEMU_VENDOR
            for whose, address in {
                "a neighbour's": foreign.neighbour + LARGE,
                "its guard's data": foreign.guard_data & -PAGE,
                "its guard's code": foreign.guard_code & -PAGE,
                "the PC's firmware's": FIRMWARE,
            }.items():
                before = await words(address)
                status = await drive.identify(address)
                after = await words(address)
                assert after.split()[1] != written, whose
                assert after == before, whose
                print(f"held  DMA to {whose} memory: status {status}, nothing written")
            # A queue there is memory that is read.
            await drive.start(foreign.neighbour + LARGE)
            assert await drive.go() is None
            assert await drive.identify(drive.buffer) == 0

    bench.run(work())


def test_a_contained_one_interrupts_nobody(bench: Bench) -> None:
    async def work() -> None:
        neighbour = next(p for p in bench.plan.partitions if p.name == NEIGHBOUR).apic_ids[0]
        guarded = next(p for p in bench.plan.partitions if p.name == "wild").apic_ids[1]
        foreign = {"the boot processor": 0, "a neighbour": neighbour, "a processor of a guarded one": guarded}
        before = await denied(bench, "held")
        hostile = Hostile(bench.session, "held")
        acts = interrupts(foreign, await hostile.page())
        await try_all(bench, "held", acts)
        single = [act for act in acts if " to all" not in act.what]
        seen = await denied(bench, "held")
        assert seen >= before + len(single)
        before, acts = seen, interrupts_by_x2apic(foreign)
        await try_all(bench, "held", acts)
        single = [act for act in acts if " to all" not in act.what and act.value is None]
        seen = await denied(bench, "held")
        assert seen >= before + len(single)
        # What wakes the controller goes to the boot processor, and to nobody else.
        async with unhurt(bench):
            for apic_id, more in ((0, 0), (neighbour, 1), (guarded, 2)):
                await hostile.send_ipi(apic_id, WAKE)
                assert await denied(bench, "held") == seen + more

    bench.run(work())


@pytest.mark.parametrize(("name", "how"), [("wild", "l"), ("held", "h")])
def test_processors_that_never_answer_are_taken_back(bench: Bench, name: str, how: str) -> None:
    """With interrupts off, in a loop or halted, all of them; by an NMI, not by INIT."""

    async def work() -> None:
        session, hostile = bench.session, Hostile(bench.session, name)
        steady = session.guests[NEIGHBOUR]
        other = next(p for p in bench.plan.partitions if p.name == name).apic_ids[1]
        async with unhurt(bench):
            assert await hostile.start_other(other) == 1
            await hostile.do(how)
            since = session.count()
            assert (await ask(steady, f"stop {name} now"))[1]["result"] == "done"
            await session.wait_state(name, "off", STATE_SECONDS, since)
            begin = hostile.console.mark()
            assert (await ask(steady, f"start {name}"))[1]["result"] == "done"
            await hostile.ready(begin)
            # Both are there again.
            assert await hostile.start_other(other) == 1
            since, begin = session.count(), hostile.console.mark()
            assert (await ask(steady, f"restart {name} now"))[1]["result"] == "done"
            await hostile.ready(begin)

    bench.run(work())
