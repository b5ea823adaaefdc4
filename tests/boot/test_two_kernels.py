# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A stock and a PREEMPT_RT kernel side by side, handed over as files; one boot for all tests."""

from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, power_off, reboot

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]

REBOOTS = 10


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("two-kernels")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_both_run_at_the_same_time(bench: Bench) -> None:
    alive = bench.run(bench.session.alive(5))
    assert alive == {"steady": 5, "realtime": 5}


@pytest.mark.parametrize("name", ["steady", "realtime"])
def test_each_console_is_that_partition_s_terminal(bench: Bench, name: str) -> None:
    done = bench.run(bench.session.guests[name].run("cat /sys/class/dmi/id/product_serial"))
    assert (done.status, done.output.strip()) == (0, name)


def test_realtime_kernel_is_one(bench: Bench) -> None:
    reports = bench.session.reports()
    assert {name: report.data["realtime"] for name, report in reports.items()} == {
        "steady": False,
        "realtime": True,
    }


def test_ten_reboots_of_one_leave_the_other_ticking(bench: Bench) -> None:
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
