# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A partition above 4 GiB, beside one that has a share below 1 GiB."""

from collections.abc import Iterator

import pytest

from ci.run.judge import ram_ranges
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, power_off, reboot

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]

MEBIBYTE = 2**20
GIBIBYTE = 2**30


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("above-4g")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


def ranges(bench: Bench, name: str) -> list[tuple[int, int]]:
    return ram_ranges(bench.session.reports()[name].data["iomem"])


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_memory_above_4_gib_is_there(bench: Bench) -> None:
    """Only the low slice, which starts processors, lies below."""
    found = ranges(bench, "above")
    assert [first for first, _ in found if MEBIBYTE <= first < 4 * GIBIBYTE] == []
    assert sum(last - first + 1 for first, last in found if first >= 4 * GIBIBYTE) > 1000 * MEBIBYTE


def test_share_below_1_gib_is_there(bench: Bench) -> None:
    share = [(first, last) for first, last in ranges(bench, "below") if MEBIBYTE <= first < GIBIBYTE]
    assert sum(min(last, GIBIBYTE - 1) - first + 1 for first, last in share) >= 240 * MEBIBYTE


def test_both_run_at_the_same_time(bench: Bench) -> None:
    assert bench.run(bench.session.alive()) == {"above": 3, "below": 3}


def test_restart_above_4_gib(bench: Bench) -> None:
    """A start finds the processors' page tables above 4 GiB, which a 32-bit CR3 cannot hold."""
    bench.run(reboot(bench.session, "above", "below"))


def test_power_off_of_one_leaves_the_other_ticking(bench: Bench) -> None:
    bench.run(power_off(bench.session, "below", "above"))
