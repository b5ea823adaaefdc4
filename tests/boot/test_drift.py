# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine that has less than its plan says: who cannot be given everything is refused, the others run."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ci.progress import PROJECT, program
from ci.qemu.description import load_description
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]

GIBIBYTE = 2**30
FIRST_SECTOR_OF_ESP = 2048
PLANNED = load_description(PROJECT / "platforms" / "q35.yaml")


@dataclass(frozen=True)
class Drift:
    """How the machine differs, and the rule that refuses `realtime` for it."""

    rule: str
    machine: dict[str, Any]


DRIFTS = [
    Drift("processor-enough", {"processors": 4}),
    Drift("pci-exists", {"root_ports": PLANNED.root_ports[:1]}),
    Drift("memory-fits", {"memory": GIBIBYTE}),
]


@pytest.fixture(scope="module", params=DRIFTS, ids=lambda drift: drift.rule)
def drift(request: pytest.FixtureRequest) -> Drift:
    found = request.param
    assert isinstance(found, Drift)
    return found


@pytest.fixture(scope="module")
def bench(drift: Drift, built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("two-kernels")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), **drift.machine) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_who_lacks_something_is_refused_by_its_rule(bench: Bench, drift: Drift) -> None:
    assert bench.session.states["realtime"].state == "refused"
    # The console wraps at 80 columns, so the rule may stand on the next line.
    lines = bench.session.controller.text.replace("\r", "").replace("\n", "")
    assert "MRM: realtime: refused: promised " in lines and f"[{drift.rule}]" in lines


def test_the_other_has_everything_promised(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({}), "steady") == []
    assert bench.run(bench.session.alive()) == {"steady": 3}


def test_the_report_on_the_esp_says_the_same(bench: Bench, drift: Drift) -> None:
    text = read_from_esp(bench.machine.folder / "esp.img", "/EFI/MRM/report.txt").splitlines()
    assert next(line for line in text if line.startswith("realtime: refused: ")).endswith(f"[{drift.rule}]")
    assert "steady: ready: every promise can be kept" in text


def read_from_esp(image: Path, name: str) -> str:
    """Return a text file of an ESP image."""
    volume = f"{image}@@{FIRST_SECTOR_OF_ESP * 512}"
    return subprocess.run(
        [program("mtype"), "-i", volume, f"::{name}"], check=True, capture_output=True, text=True
    ).stdout
