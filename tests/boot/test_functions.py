# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Guarded partitions with single functions of buses that others have functions on, too."""

from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, reboot
from tests.boot.warnings import unexpected

pytestmark = [pytest.mark.boot(200), pytest.mark.timeout(1800)]

NAME, NEIGHBOUR = "alone", "steady"
LIVES = 3


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("functions")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_everything_promised_is_seen(bench: Bench) -> None:
    """The card has an address, the drive was written and read, and nobody sees a foreign function."""
    assert broken(bench.session, bench.session.observe({})) == []


def test_its_kernel_warns_of_nothing_that_its_neighbour_does_not(bench: Bench) -> None:
    reports = bench.session.reports()
    mine, other = reports[NAME].data, reports[NEIGHBOUR].data
    assert unexpected(mine["warnings"], other["warnings"], mine["kernel"]) == []


def test_it_restarts_with_them(bench: Bench) -> None:
    bench.run(reboot(bench.session, NAME, NEIGHBOUR, times=LIVES))
