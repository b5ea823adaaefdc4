# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The DEBUG build boots the demonstration, and none of its assertions fires."""

from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, reboot

pytestmark = [pytest.mark.long, pytest.mark.boot(60), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("two-kernels", "DEBUG")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_it_restarts_a_partition(bench: Bench) -> None:
    bench.run(reboot(bench.session, "steady", "realtime"))


def test_no_assertion_fired(bench: Bench) -> None:
    for console in bench.machine.consoles.values():
        assert console.find(r"ASSERT(_EFI_ERROR)? ?[\[(]", console.start()) is None


def test_it_is_a_debug_build(bench: Bench) -> None:
    """Otherwise the tests above would say nothing: EDK2's DXE core announces drivers in DEBUG builds only."""
    console = bench.session.guests["steady"].console
    assert console.find("Loading driver", console.start())
