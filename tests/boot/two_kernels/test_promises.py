# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Both kernels have what was promised, and run at the same time."""

import pytest

from tests.boot.bench import Bench
from tests.boot.support import broken
from tests.boot.warnings import new_warnings

pytestmark = [pytest.mark.boot(530), pytest.mark.timeout(1800)]


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


@pytest.mark.parametrize("name", ["steady", "realtime"])
def test_kernels_warn_of_nothing_new(bench: Bench, name: str) -> None:
    assert new_warnings(bench, name) == []
