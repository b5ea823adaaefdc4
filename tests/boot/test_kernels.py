# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian's older kernels on processors chosen by name; network and disks have them beside newer ones."""

from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, power_off, reboot, said
from tests.boot.warnings import new_warnings

pytestmark = [pytest.mark.long, pytest.mark.boot(180), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("kernels-6.1")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_both_run_at_the_same_time(bench: Bench) -> None:
    names = [partition.name for partition in bench.plan.partitions]
    assert bench.run(bench.session.alive()) == dict.fromkeys(names, 3)


def test_kernels_warn_of_nothing_new(bench: Bench) -> None:
    for partition in bench.plan.partitions:
        assert new_warnings(bench, partition.name) == [], partition.name


def test_each_reboots_and_the_other_ticks_on(bench: Bench) -> None:
    first, second = (partition.name for partition in bench.plan.partitions)
    bench.run(reboot(bench.session, first, second))
    bench.run(reboot(bench.session, second, first))


def test_power_off_of_the_first_leaves_the_second_ticking(bench: Bench) -> None:
    first, second = (partition.name for partition in bench.plan.partitions)
    bench.run(power_off(bench.session, first, second))


def test_power_button_has_the_second_shut_down(bench: Bench) -> None:
    async def press() -> None:
        session = bench.session
        name = bench.plan.partitions[1].name
        since, mark = session.count(), session.guests[name].console.mark()
        await bench.machine.execute("system_powerdown")
        assert await bench.machine.wait_end(120) == "guest-shutdown"
        last = [(state.partition, state.state, state.detail) for state in session.history[since:]]
        asked = "asked to shut down, ordered by the power button; is reclaimed in 120 s"
        assert last == [(name, "stopping", asked), (name, "off", "shutdown")]
        assert said(session.guests[name].console, "critical temperature reached", mark)

    bench.run(press())
