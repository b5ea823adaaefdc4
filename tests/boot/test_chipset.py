# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A partition that owns the PC's chipset: interrupts, keyboard, power button and ends, beside a neighbour."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.qemu.guest import Guest
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import mount
from tests.boot.screen import lit, press
from tests.boot.support import broken, reboot, undisturbed
from tests.boot.test_guard import told

pytestmark = [pytest.mark.boot(390), pytest.mark.timeout(1800)]

OWNER, NEIGHBOUR = "desktop", "steady"
FOREIGN = {"0000:00:04.0", "0000:00:1f.2"}
"""What the neighbour and the PC's firmware have on bus 0."""
OWN = {
    "0000:00:00.0",
    "0000:00:02.0",
    "0000:00:03.0",
    "0000:00:05.0",
    "0000:00:06.0",
    "0000:00:06.1",
    "0000:00:1f.0",
    "0000:00:1f.3",
}
HARDWARE_WAIT = 30
"""Seconds in which a shell says that it reads."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("chipset")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), display="VGA") as bench:
        bench.run(bench.session.settle())
        bench.run(mount(bench.session.guests[NEIGHBOUR]))
        yield bench


async def output(guest: Guest, command: str) -> str:
    """What a command prints; it must succeed."""
    done = await guest.run(command)
    assert done.status == 0, done.output
    return done.output


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_it_has_the_chipset_and_no_foreign_function(bench: Bench) -> None:
    async def look() -> None:
        guest = bench.session.guests[OWNER]
        interrupts = await output(guest, "cat /proc/interrupts")
        assert re.search(r"IO-APIC +9-fasteoi +acpi", interrupts), interrupts
        assert re.search(r"IO-APIC +1-edge +i8042", interrupts), interrupts
        assert "rtc0" in interrupts
        functions = set((await output(guest, "ls /sys/bus/pci/devices")).split())
        assert functions >= OWN and not FOREIGN & functions
        mine = await output(guest, "cat /sys/firmware/acpi/tables/DSDT | wc -c; ls /sys/firmware/acpi/tables")
        assert {"HPET", "MCFG", "APIC", "FACP", "SSDT"} <= set(mine.split())

    bench.run(look())


async def register_of_neighbour(bench: Bench) -> int:
    """The address of registers of the neighbour's card."""
    text = (await bench.machine.monitor("info pci")).replace("\r", "")
    about = text.split("  Bus  0, device   4, function 0:")[1].split("\n  Bus ")[0]
    return int(re.findall(r"memory at (0x[0-9a-f]+)", about)[0], 16)


def test_its_kernel_puts_nothing_where_others_have_registers(bench: Bench) -> None:
    async def look() -> None:
        found = await output(bench.session.guests[OWNER], "cat /proc/iomem")
        base = await register_of_neighbour(bench)
        reserved = re.findall(r"([0-9a-f]+)-([0-9a-f]+) : pnp ", found)
        assert any(int(first, 16) <= base <= int(last, 16) for first, last in reserved), found

    bench.run(look())


def test_the_keyboard_is_its_own(bench: Bench) -> None:
    async def typed() -> str:
        guest = bench.session.guests[OWNER]
        begin = guest.console.mark()
        reading = asyncio.create_task(guest.run("echo READING=; read -r line </dev/tty1; echo LINE=$line="))
        await guest.console.wait_for(r"^READING=$", HARDWARE_WAIT, begin)
        await asyncio.sleep(1)
        await press(bench.machine, "m", "r", "m", "ret")
        return (await reading).output

    assert "LINE=mrm=" in bench.run(typed())


def test_the_screen_is_its_own(bench: Bench, tmp_path: Path) -> None:
    guest = bench.session.guests[OWNER]
    text = "for i in 1 2 3 4 5 6 7 8 9; do echo a partition with the screen of the PC; done >/dev/tty1"
    bench.run(guest.run(text))
    bench.run(bench.machine.screenshot(tmp_path / "system.ppm"))
    assert lit(tmp_path / "system.ppm") > 2000


def test_interrupt_lines_work(bench: Bench) -> None:
    """A network card gets its address by a driver that was told to use neither MSI nor MSI-X."""

    async def work() -> None:
        guest = bench.session.guests[OWNER]
        async with undisturbed(bench.session.guests[NEIGHBOUR]):
            done = await guest.run(
                "modprobe -r e1000e; modprobe e1000e IntMode=0 && sleep 1; "
                "card=$(ls /sys/class/net | grep -v lo) && "
                "udhcpc -i $card -n -q -t 8 -T 1 -s /lib/mrm/lease >/dev/null 2>&1; "
                "grep $card /proc/interrupts"
            )
        assert re.search(r"[1-9]\d* .*IO-APIC +\d+-fasteoi +e", done.output), done.output

    bench.run(work())


ENDS = {
    "reboot -f": "cold reset",
    "echo c >/proc/sysrq-trigger": "panic|cold reset",
    "echo b >/proc/sysrq-trigger": "cold reset",
}
"""What ends it, and what is then said of that; a panic is not always seen as one: docs/isolation.md."""


@pytest.mark.parametrize("end", ENDS)
def test_it_restarts_alone(bench: Bench, end: str) -> None:
    async def work() -> None:
        since = bench.session.count()
        await reboot(bench.session, OWNER, NEIGHBOUR, end)
        assert re.search(ENDS[end], bench.session.history[since].detail)
        interrupts = await output(bench.session.guests[OWNER], "cat /proc/interrupts")
        assert re.search(r"IO-APIC +9-fasteoi +acpi", interrupts), interrupts

    bench.run(work())


def test_foreign_memory_ends_it_alone(bench: Bench) -> None:
    """A register of the neighbour's card; the PC's chipset comes back for the next start."""

    async def work() -> None:
        base = await register_of_neighbour(bench)
        since = bench.session.count()
        await reboot(bench.session, OWNER, NEIGHBOUR, f"devmem {base:#x} 32 1")
        assert "its own; address" in bench.session.history[since].detail

    bench.run(work())


def test_its_guard_counts(bench: Bench) -> None:
    """Idle, it reaches its chipset without exits by ports."""

    async def look() -> None:
        before = (await told(bench, OWNER))["exits"]
        await output(bench.session.guests[OWNER], "sleep 5")
        after = (await told(bench, OWNER))["exits"]
        assert after["io"] == before["io"] and after["memory"] >= before["memory"]

    bench.run(look())
