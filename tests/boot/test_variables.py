# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What an OS was told is written to a UEFI variable is there, however the PC ends.

The power is cut (QEMU is killed) at a random moment while a guest writes variables as fast as it can and
tells each that is written. The next boot finds of each what was told last, or what was written just then.
`MRM_POWER_CUTS` is the number of cuts, default 3; `MRM_SEED` repeats a run's moments.
"""

import asyncio
import os
import random
import re
import secrets
from pathlib import Path

import pytest

from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.command import Boot
from ci.qemu.description import load_description
from ci.qemu.guest import Guest
from ci.qemu.machine import Machine
from ci.run.session import Session
from tests.boot.conftest import Builder, Built
from tests.boot.efivars import FOLDER, FREE, GLOBAL, mount, read
from tests.boot.support import boot_of

pytestmark = [pytest.mark.boot(170), pytest.mark.timeout(3600)]

CUTS = int(os.environ.get("MRM_POWER_CUTS", "3"))
SEED = int(os.environ.get("MRM_SEED", secrets.randbits(32)))
NAMES = 5
QUOTA = 16 * 2**10
LANGUAGES = {"PlatformLangCodes": "en-US", "PlatformLang": "en-US", "LangCodes": "eng", "Lang": "eng"}
"""Variables of the UEFI specification (UEFI 2.10 section 3.3)."""
NAME = "steady"

# Variable n % NAMES becomes n and as many dots as n % 97. The store of 16 KiB is soon full, which ends the
# writing; EDK2 tidies it up at the next start, and that is one large change.
WRITER = (
    "n=FIRST; while :; do n=$((n + 1)); k=$((n % 5)); p=$(printf '%*s' $((n % 97)) '' | tr ' ' .); "
    rf"printf '\007\000\000\000%s%s' $n $p >/run/v; dd if=/run/v of={FOLDER}/V$k-{FREE} bs=200 2>/run/e "
    r"|| { cat /run/e; break; }; printf '\033]5380;MRM-WROTE "
    '{"n":%s}'
    r"\007' $n; done"
)
READER = f"for k in 0 1 2 3 4; do printf 'V=%s\\n' $(cat {FOLDER}/V$k-{FREE} | tail -c +5 | tr -d .); done"


class Life:
    """One life of the PC, from power-on on."""

    def __init__(self, built: Built, boot: Boot, folder: Path) -> None:
        description = load_description(PROJECT / "platforms" / f"{built.plan.machine}.yaml")
        self.machine = Machine(description, boot, folder)
        self.session = Session(self.machine, built.plan)
        self.guest = self.session.guests[NAME]

    async def read(self) -> list[int]:
        """Return the numbers the variables hold."""
        await mount(self.guest)
        done = await self.guest.run(READER)
        assert done.status == 0, done.output
        return [int(number) for number in re.findall(r"V=(\d+)", done.output)]

    async def write_until(self, first: int, seconds: float, least: int) -> None:
        """Write for some time, at least so many variables, and cut the power."""
        begin = self.guest.console.mark()
        self.guest.type(WRITER.replace("FIRST", str(first)))
        await self.guest.console.wait_for_event(
            "MRM-WROTE", 60, begin, lambda data: data["n"] >= first + least
        )
        await asyncio.sleep(seconds)
        await self.machine.cut_power()

    def told(self, first: int) -> int:
        """Return the last number the guest said is written."""
        events = self.guest.console.events("MRM-WROTE", self.guest.console.start())
        return int(events[-1].data["n"]) if events else first


def expected(told: int, begun: int) -> list[set[int]]:
    """Return for each variable what it may hold when `told` was written and `begun` perhaps."""
    found = []
    for variable in range(NAMES):
        last = next(n for n in range(told, told - NAMES, -1) if n % NAMES == variable)
        found.append({last, begun} if begun % NAMES == variable else {last})
    return found


def test_power_cuts_lose_nothing_that_was_told_written(built: Builder, tmp_path: Path) -> None:
    print(f"MRM_SEED={SEED}")
    chance = random.Random(SEED)
    result = built("small-store")
    description = load_description(PROJECT / "platforms" / f"{result.plan.machine}.yaml")
    boot = prepare_boot(description, tmp_path, result.esp)
    rows = []

    async def run() -> None:
        number = 0
        for cut in range(CUTS + 1):
            async with (life := Life(result, boot, tmp_path / f"life-{cut}")).machine:
                await life.session.settle()
                if cut:
                    held = await life.read()
                    rows.append((cut, number, held))
                    assert len(held) == NAMES, rows
                    allowed = expected(number, number + 1)
                    assert all(n in may for n, may in zip(held, allowed, strict=True)), rows
                    number = max(held)
                else:
                    await mount(life.guest)
                if cut < CUTS:
                    await life.write_until(number, chance.uniform(0, 4), NAMES)
                    number = life.told(number)

    asyncio.run(run())
    assert len(rows) == CUTS


def only_life(built: Builder, folder: Path) -> Life:
    """One life of the PC, with an ESP of its own."""
    result = built("small-store")
    description = load_description(PROJECT / "platforms" / f"{result.plan.machine}.yaml")
    return Life(result, prepare_boot(description, folder, result.esp), folder / "life")


# Variable n is n with a thousand digits. The first that cannot be written ends the filling.
FILLER = (
    "n=FIRST; while printf '\\007\\000\\000\\000%01000d' $n >/run/v && "
    f"dd if=/run/v of={FOLDER}/F$(printf %02d $n)-{FREE} bs=1100 2>/run/e; do n=$((n + 1)); done; "
    "cat /run/e; echo filled=$n"
)
FILLED = f"for f in $(ls {FOLDER} | grep ^F); do printf 'F=%s:%s\\n' $f $(cat {FOLDER}/$f | tail -c +5); done"
SPACE = f"stat -f -c 'space=%S:%b:%f' {FOLDER}"


async def esp_counts(life: Life) -> tuple[int, int, int]:
    """Return bytes written to the ESP's disk, write commands and flush commands so far."""
    found = re.search(ESP_COUNTS, await life.machine.monitor("info blockstats"), re.MULTILINE)
    assert found
    return int(found[1]), int(found[2]), int(found[3])


async def space(guest: Guest) -> tuple[int, int]:
    """Return how many bytes the store has, and of these how many are free (QueryVariableInfo)."""
    found = re.search(r"space=1:(\d+):(\d+)", (await guest.run(SPACE)).output)
    assert found
    return int(found[1]), int(found[2])


async def fill(guest: Guest, first: int) -> int:
    """Write variables until the firmware has no resources for more; return how many there are."""
    done = await guest.run(FILLER.replace("FIRST", str(first)))
    assert "No space left on device" in done.output
    return int(done.output.rpartition("filled=")[2].split()[0])


async def filled(guest: Guest) -> set[tuple[int, int]]:
    """Return the numbers of the variables and what they hold."""
    done = await guest.run(FILLED)
    found = re.findall(r"F=F(\d+)-\S+:(\d{1000})\s", done.output)
    return {(int(number), int(digits)) for number, digits in found}


def test_a_full_store_refuses_and_loses_nothing(built: Builder, tmp_path: Path) -> None:
    life = only_life(built, tmp_path)

    async def run() -> None:
        async with life.machine:
            await life.session.settle()
            guest = life.guest
            await mount(guest)
            size, free = await space(guest)
            assert free < size <= QUOTA
            count = await fill(guest, 0)
            full = {(number, number) for number in range(count)}
            # Each takes the same space, and what is left is too little for one more.
            left = (await space(guest))[1]
            each = (free - left) / count
            assert (await space(guest))[0] == size and 1000 < each == int(each) and left < each
            assert await filled(guest) == full
            # Space of what is deleted is free from the next start on: EDK2 tidies up before an OS runs.
            assert (await guest.run(f"rm {FOLDER}/F03-{FREE}")).status == 0
            assert await space(guest) == (size, left)
            assert await fill(guest, count) == count
            await life.session.reboot(NAME, boot_of(life.session, NAME))
            await mount(guest)
            assert await space(guest) == (size, left + each)
            assert await filled(guest) == full - {(3, 3)}
            assert await fill(guest, count) == count + 1
            assert await filled(guest) == full - {(3, 3)} | {(count, count)}

    asyncio.run(run())


WRITES = 60
"""Of which the controller tells how long the OS waited for them."""
ESP_COUNTS = r"^esp\b[^\n]*\n[^\n]*\nRead:[^\n]*\nWrite:\s+(\d+)\s+(\d+)[^\n]*\nFlush:\s+(\d+)"
"""What QEMU's monitor says of the ESP's disk (`info blockstats`)."""
COMMITS = r"steady: (\d+) changes of its variables were committed, (\d+) of them at once; it waited [^\n]*"


def test_variables_survive_a_restart_of_the_partition(built: Builder, tmp_path: Path) -> None:
    life = only_life(built, tmp_path)

    async def run() -> None:
        async with life.machine:
            await life.session.settle()
            await mount(life.guest)
            languages = {name: await read(life.guest, name, GLOBAL) for name in LANGUAGES}
            assert {name: text.split()[-1].rstrip("\0") for name, text in languages.items()} == LANGUAGES
            name = f"{FOLDER}/Kept-{FREE}"
            assert (await life.guest.run(rf"printf '\007\000\000\000kept' >{name}")).status == 0
            before = await esp_counts(life)
            each = rf"printf '\007\000\000\000%s' $n >{FOLDER}/Timed-{FREE}"
            assert (await life.guest.run(f"for n in $(seq {WRITES}); do {each} || break; done")).status == 0
            size, writes, flushes = (
                (now - then) / WRITES for now, then in zip(await esp_counts(life), before, strict=True)
            )
            # The disk has written down its cache before each answer: a real one would forget the rest.
            assert flushes >= 1
            print(
                f"a commit writes {size:.0f} bytes by {writes:.1f} commands, and flushes {flushes:.1f} times"
            )
            await life.session.reboot(NAME, boot_of(life.session, NAME))
            await mount(life.guest)
            done = await life.guest.run(f"cat {name} | tail -c +5 && echo")
            assert done.status == 0 and "kept" in done.output.split()
            controller = life.session.controller
            commits = (await controller.wait_for(COMMITS, 30, controller.start())).match
            # A figure, and how many programs wanted to run on the host in the last minute.
            print(f"{commits[0]} (load of the host: {os.getloadavg()[0]:.1f})")
            # On a busy host a look by the timer may come before the interrupt.
            assert 0 < int(commits[2]) <= int(commits[1]), "the controller was not woken"
            # One for what the firmware changed before the loader, one for each write.
            assert int(commits[1]) == 1 + 1 + WRITES

    asyncio.run(run())
