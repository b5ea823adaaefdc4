# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`make run ARGS=--batch`, all of it: lines, table, report, figures beside the bare machine, exit status."""

import pytest

from tests.boot.command import Outcome, run_batch_command
from tests.boot.conftest import Builder

pytestmark = [pytest.mark.boot(100), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def outcome(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    result = built("two-kernels", by_stuart=True)
    return run_batch_command(result.esp, result.plan_file, tmp_path_factory.mktemp("batch"))


def test_everything_promised_was_seen(outcome: Outcome) -> None:
    assert [p for p in outcome.report["partitions"] if not p["ok"]] == []
    assert outcome.report["ok"] is True
    assert outcome.status == 0
    assert outcome.lines[-1] == "everything promised was seen"


def test_each_console_has_its_lines(outcome: Outcome) -> None:
    assert any(line.startswith("MRM: version") for line in outcome.said("controller"))
    kernels = {
        name: [line for line in outcome.said(name) if "] Linux version " in line]
        for name in ("controller", "steady", "realtime")
    }
    assert {name: len(lines) for name, lines in kernels.items()} == {
        "controller": 0,
        "steady": 1,
        "realtime": 1,
    }
    assert "-rt-amd64" in kernels["realtime"][0] and "-rt-amd64" not in kernels["steady"][0]


def test_figures_of_partitions_and_of_the_bare_machine(outcome: Outcome) -> None:
    seconds = outcome.report["seconds"]
    assert list(seconds) == ["steady", "realtime", "bare"]
    common = {"power_on_to_loader", "loader_to_kernel", "kernel_to_init", "power_on_to_init"}
    assert all(common <= figures.keys() for figures in seconds.values())
    assert {"start_to_loader", "start_to_first_line", "loader_to_os"} <= seconds["steady"].keys()
    assert 0 < seconds["bare"]["manager_to_first_line"] < seconds["bare"]["power_on_to_loader"]
    assert any(line.startswith("size of Mrm.efi: ") for line in outcome.lines)
    assert 0 < outcome.report["idle"] < 1
    assert any(line.startswith("boot processor, all partitions off: ") for line in outcome.lines)
