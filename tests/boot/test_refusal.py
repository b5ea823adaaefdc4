# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A partition whose needs cannot be met is refused with its reason; the other one runs."""

import shutil
from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Boot the demonstration from an ESP that lacks the loader of `steady`."""
    result = built("two-debians")
    esp = tmp_path_factory.mktemp("missing") / "ESP"
    shutil.copytree(result.esp, esp)
    (esp / "EFI/MRM/steady/vmlinuz").unlink()
    with Bench(result.plan, esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_the_reason_is_on_the_controller_s_console(bench: Bench) -> None:
    state = bench.session.states["steady"]
    assert state.state == "refused"
    assert r"\EFI\MRM\steady\vmlinuz" in state.detail


def test_the_other_has_everything_promised(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({}), "realtime") == []
    assert bench.run(bench.session.alive()) == {"realtime": 3}


def test_the_refused_one_was_never_started(bench: Bench) -> None:
    named = [state.state for state in bench.session.history if state.partition == "steady"]
    assert set(named) <= {"absent", "refused"}
    console = bench.session.guests["steady"].console
    assert console.find("Linux version|EFI stub", console.start()) is None
