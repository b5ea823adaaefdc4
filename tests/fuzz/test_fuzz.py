# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A short run of each fuzz target, the same one each time; `make fuzz` runs longer."""

import re
from pathlib import Path

import pytest

from tests.examples import fewer
from tests.fuzz.build import TARGETS, Builder, run
from tests.fuzz.seeds import SEEDS, write

RUNS = fewer(20000)
SLOW_RUNS = {"Journal": fewer(4000), "Channel": fewer(4000), "Disk": fewer(4000)}
"""Files of half a mebibyte take their time, and so do rings of that size."""


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("fuzz"))


def test_every_target_has_seeds() -> None:
    assert set(SEEDS) == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_short_run(builder: Builder, target: str, tmp_path: Path) -> None:
    seeds = write(target, tmp_path / "seeds")
    new = tmp_path / "new"
    new.mkdir()
    runs = SLOW_RUNS.get(target, RUNS)
    outcome = run(builder.target(target), [new, seeds], tmp_path, "-seed=1", f"-runs={runs}")
    assert outcome.passed, outcome.text
    assert outcome.runs >= runs and outcome.coverage > 0
    assert any(new.iterdir()), "nothing new was reached: the seeds lead nowhere"


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_finds_a_planted_defect(builder: Builder, target: str, tmp_path: Path) -> None:
    """Libraries that are told of twice the bytes that are there read behind them, and are caught."""
    seeds = write(target, tmp_path / "seeds")
    program = builder.target(target, planted=True)
    outcome = run(program, [seeds], tmp_path / "crashes", "-seed=1", f"-runs={RUNS}")
    assert not outcome.passed
    assert re.search("AddressSanitizer: (use-after-poison|heap-buffer-overflow)", outcome.text)
    assert outcome.crash is not None and outcome.crash.is_file()
    # The input that was kept does it again.
    assert not run(program, [outcome.crash], tmp_path / "again").passed
