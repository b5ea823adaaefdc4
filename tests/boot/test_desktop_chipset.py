# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The demonstration of a desktop that owns the chipset: a whole Debian as its installer leaves it."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.qemu.guest import Done
from generator.resolve.kernel_parameters import KERNEL_PARAMETERS
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.screen import lit, press
from tests.boot.support import broken, reboot, said, undisturbed

pytestmark = [pytest.mark.long, pytest.mark.boot(300), pytest.mark.timeout(2400)]

OWNER, NEIGHBOUR = "desktop", "control"
SHUTDOWN_SECONDS = 240
HARDWARE_WAIT = 30
"""Seconds in which a shell says that it reads."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("desktop-chipset")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), display="VGA") as bench:
        bench.run(bench.session.settle())
        yield bench


def run(bench: Bench, command: str) -> Done:
    return bench.run(bench.session.guests[OWNER].run(command, 240))


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_it_came_from_its_own_disk_by_shim_and_grub(bench: Bench) -> None:
    text = bench.session.guests[OWNER].console.text
    assert "Welcome to GRUB!" in text and "Loading initial ramdisk ..." in text
    done = run(bench, "readlink -f /sys/block/sda/device; findmnt -no SOURCE /")
    assert "/0000:00:02.0/ata" in done.output and "/dev/sda" in done.output, done.output


def test_it_was_given_no_parameter(bench: Bench) -> None:
    """None of MRM's, that is: its user has named a console on a serial line."""
    words = bench.session.reports()[OWNER].data["cmdline"].split()
    given = [word for word in words if not word.startswith(("BOOT_IMAGE=", "root=", "console="))]
    assert set(given) <= {"ro", "quiet"}, words
    assert not {word.partition("=")[0] for word in given} & {one.name for one in KERNEL_PARAMETERS}


def test_systemd_is_content(bench: Bench) -> None:
    done = run(bench, "systemctl is-system-running --wait; systemctl --failed --no-legend --plain")
    assert "running" in done.output and ".service" not in done.output, done.output


def test_the_chipset_is_its_own(bench: Bench) -> None:
    done = run(bench, "cat /proc/interrupts; lspci -n")
    assert re.search(r"IO-APIC +9-fasteoi +acpi", done.output), done.output
    assert re.search(r"IO-APIC +1-edge +i8042", done.output), done.output
    assert re.search(r"^00:02\.0 0106: 8086:2922", done.output, re.MULTILINE), done.output
    assert not re.search(r"^00:(04\.0|1f\.2) ", done.output, re.MULTILINE), done.output


def test_screen_and_keyboard_are_its_own(bench: Bench, tmp_path: Path) -> None:
    """What is typed there is read, and what is written there is seen."""

    async def typed() -> str:
        guest = bench.session.guests[OWNER]
        begin = guest.console.mark()
        command = "systemctl stop getty@tty1; echo READING=; read -r line </dev/tty1; echo LINE=$line="
        reading = asyncio.create_task(guest.run(command, 120))
        await guest.console.wait_for(r"^READING=$", HARDWARE_WAIT, begin)
        await asyncio.sleep(1)
        await press(bench.machine, "m", "r", "m", "ret")
        return (await reading).output

    assert "LINE=mrm=" in bench.run(typed())
    run(bench, "for i in 1 2 3 4 5 6 7 8 9; do echo a partition with the screen of the PC; done >/dev/tty1")
    bench.run(bench.machine.screenshot(tmp_path / "system.ppm"))
    assert lit(tmp_path / "system.ppm") > 2000


def test_it_restarts_alone_from_its_own_disk(bench: Bench) -> None:
    bench.run(reboot(bench.session, OWNER, NEIGHBOUR, "reboot -f"))
    assert run(bench, "grep -c 'IO-APIC.*acpi' /proc/interrupts").output.strip().startswith("1")


def test_the_power_button_is_its_own(bench: Bench) -> None:
    """It is shut down by systemd, its own tables switch it off, and nobody else notices."""

    async def work() -> None:
        session = bench.session
        guest = session.guests[OWNER]
        assert (await guest.run("kill -s RTMIN+20 1")).status == 0
        since, mark = session.count(), guest.console.mark()
        async with undisturbed(session.guests[NEIGHBOUR]):
            await bench.machine.execute("system_powerdown")
            state = await session.wait_state(OWNER, "off", SHUTDOWN_SECONDS, since)
        assert state.detail == "shutdown"
        assert said(guest.console, "reboot: Power down", mark)
        assert guest.console.find("Reached target .*poweroff.target", mark)
        assert [one.partition for one in session.history[since:]] == [OWNER]

    bench.run(work())
