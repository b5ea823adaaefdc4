# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine that has less than its plan says: who cannot be given everything is refused, the others run."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ci.progress import PROJECT, program
from ci.qemu.description import load_description
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot(25), pytest.mark.timeout(1800)]

GIBIBYTE = 2**30
FIRST_SECTOR_OF_ESP = 2048
PLANNED = load_description(PROJECT / "platforms" / "q35-devices.yaml")
LACKING = {
    "portless": "pci-exists",
    "large": "memory-fits",
    "hosting": "pci-not-boot-device",
    "last": "processor-enough",
}
"""The rule that refuses each partition but `steady`."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Boot with a processor, a root port and most of the memory missing, from a drive that was given away."""
    result = built("lacking")
    drive, kept = (port for port in PLANNED.root_ports if port.identity in ("rp4", "rp10"))
    less: dict[str, Any] = {
        "processors": 5,
        "root_ports": [replace(drive, devices=()), kept],
        "memory": GIBIBYTE,
        "esp_device": "nvme,serial=esp",
        "esp_bus": drive.identity,
    }
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), **less) as bench:
        bench.run(bench.session.settle())
        yield bench


@pytest.mark.parametrize(("name", "rule"), LACKING.items())
def test_who_lacks_something_is_refused_by_its_rule(bench: Bench, name: str, rule: str) -> None:
    assert bench.session.states[name].state == "refused"
    # The console wraps at 80 columns, so the rule may stand on the next line.
    lines = bench.session.controller.text.replace("\r", "").replace("\n", "")
    refusal = lines.partition(f"MRM: {name}: refused: promised ")[2].partition("MRM: ")[0]
    assert f"[{rule}]" in refusal


def test_the_other_has_everything_promised(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({}), "steady") == []
    assert bench.run(bench.session.alive()) == {"steady": 3}


def test_the_report_on_the_esp_says_the_same(bench: Bench) -> None:
    text = read_from_esp(bench.machine.folder / "esp.img", "/EFI/MRM/report.txt").splitlines()
    for name, rule in LACKING.items():
        assert next(line for line in text if line.startswith(f"{name}: refused: ")).endswith(f"[{rule}]")
    assert "steady: ready: every promise can be kept" in text


def read_from_esp(image: Path, name: str) -> str:
    """Return a text file of an ESP image."""
    volume = f"{image}@@{FIRST_SECTOR_OF_ESP * 512}"
    return subprocess.run(
        [program("mtype"), "-i", volume, f"::{name}"], check=True, capture_output=True, text=True
    ).stdout
