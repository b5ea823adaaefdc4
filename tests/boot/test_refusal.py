# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A partition whose loader is missing is refused with its reason; the other one runs; the report says so."""

import shutil

import pytest

from tests.boot.command import Outcome, run_batch_command
from tests.boot.conftest import Builder

pytestmark = [pytest.mark.boot(30), pytest.mark.timeout(1800)]

LOADER = r"\EFI\MRM\steady\vmlinuz"


@pytest.fixture(scope="module")
def outcome(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Boot the demonstration from an ESP that lacks the loader of `steady`."""
    result = built("two-kernels")
    folder = tmp_path_factory.mktemp("refusal")
    esp = folder / "ESP"
    shutil.copytree(result.esp, esp)
    (esp / LOADER[1:].replace("\\", "/")).unlink()
    return run_batch_command(esp, result.plan_file, folder / "run", "--no-bare")


def test_the_reason_is_on_the_controller_s_console(outcome: Outcome) -> None:
    refusals = [line for line in outcome.said("controller") if line.startswith("MRM: steady: refused: ")]
    assert len(refusals) == 1 and LOADER in refusals[0]


def test_the_other_has_everything_promised(outcome: Outcome) -> None:
    realtime = outcome.partition("realtime")
    assert realtime["ok"], realtime["seen"]
    assert realtime["seen"]["ticks"] >= 3


def test_the_refused_one_was_never_started(outcome: Outcome) -> None:
    assert outcome.partition("steady")["seen"]["state"] == "refused"
    assert not [line for line in outcome.said("steady") if "Linux version" in line or "EFI stub" in line]


def test_the_run_has_failed(outcome: Outcome) -> None:
    assert outcome.status == 1
    assert outcome.report["ok"] is False
    assert outcome.partition("steady")["ok"] is False
