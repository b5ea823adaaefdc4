# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Ends of one kernel, which the other one does not notice, and the end of the PC: the last tests here."""

import pytest

from tests.boot.bench import Bench
from tests.boot.support import power_off, reboot

pytestmark = [pytest.mark.boot(530), pytest.mark.timeout(1800)]

REBOOTS = 4


def test_reboots_of_one_leave_the_other_ticking(bench: Bench) -> None:
    bench.run(reboot(bench.session, "realtime", "steady", times=REBOOTS))


def test_reboot_of_the_other_likewise(bench: Bench) -> None:
    bench.run(reboot(bench.session, "steady", "realtime"))


def test_panic_of_one_leaves_the_other_ticking(bench: Bench) -> None:
    bench.run(reboot(bench.session, "realtime", "steady", "panic"))


def test_power_off_of_one_leaves_the_other_ticking(bench: Bench) -> None:
    bench.run(power_off(bench.session, "realtime", "steady"))


def test_power_button_pressed_twice_is_the_end_at_once(bench: Bench) -> None:
    async def press() -> None:
        machine, controller = bench.machine, bench.session.controller
        mark = controller.mark()
        await machine.execute("system_powerdown")
        await controller.wait_for(
            "switched off when all partitions are off, ordered by the power button", 30, mark
        )
        await machine.execute("system_powerdown")
        assert await machine.wait_end(30) == "guest-shutdown"
        assert controller.find("switched off at once, ordered by the power button", mark)

    bench.run(press())
