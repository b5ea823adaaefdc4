# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`Mrm.efi scan`, without any OS, finds what the machine's file in platforms/ says, as a Linux on it does."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.run.plan import load_plan
from generator.api import load_machine, make_plan
from generator.command_line import run as generator
from generator.model.machine import Machine, PciFunction, PciRoot
from tests.boot import machines
from tests.boot.bench import Bench
from tests.boot.builds import partition_file
from tests.boot.collecting import UUID, scan_by_firmware
from tests.boot.script import script_ends

pytestmark = [pytest.mark.boot(30), pytest.mark.timeout(1800)]

SECONDS = 240


@pytest.fixture(scope="module", params=["q35", "q35-devices"])
def file(request: pytest.FixtureRequest) -> Path:
    """The machine file."""
    return PROJECT / "platforms" / f"{request.param}.yaml"


@pytest.fixture(scope="module")
def result(
    file: Path, images: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Machine, str, str]:
    """The machine that was scanned, the findings told, and what was said."""
    description = dataclasses.replace(load_description(file), uuid=UUID)
    mrm = images("RELEASE") / "Mrm.efi"
    return scan_by_firmware(description, mrm, tmp_path_factory.mktemp(file.stem), file.stem)


@pytest.fixture(scope="module")
def scanned(result: tuple[Machine, str, str]) -> tuple[Machine, str]:
    return result[:2]


@pytest.fixture(scope="module")
def written(file: Path) -> Machine:
    return load_machine(file)


def bare(function: PciFunction) -> PciFunction:
    """A function without what only people or Linux know."""
    return dataclasses.replace(
        function,
        place=machines.ANYWHERE,
        title=None,
        serial=None,
        reset=None,
        iommu_group=None,
        behind=tuple(bare(f) for f in function.behind),
    )


def bare_root(root: PciRoot) -> PciRoot:
    functions = tuple(bare(f) for f in root.functions)
    return dataclasses.replace(root, place=machines.ANYWHERE, node=None, functions=functions)


def test_it_says_what_it_has_written_and_returns(result: tuple[Machine, str, str]) -> None:
    said = result[2].replace("\n", "")
    assert "MRM: scan: what this PC is was written to \\EFI\\MRM\\machine.tar" in said
    assert "STATUS 0x0" in said
    assert "there is no plan" not in said


def test_processors(scanned: tuple[Machine, str], written: Machine) -> None:
    machines.processors_are_the_same(scanned[0], written)


def test_pci_tree(scanned: tuple[Machine, str], written: Machine) -> None:
    """Bridges, windows, BARs, MSI: all but what only Linux knows."""
    machines.trees_are_the_same(scanned[0], written, bare_root)


def test_uarts_and_acpi(scanned: tuple[Machine, str], written: Machine) -> None:
    machines.consoles_are_the_same(scanned[0], written, irq=None)


def test_memory(scanned: tuple[Machine, str], written: Machine) -> None:
    """What is held for good is left out: below 4 GiB, and no more than the firmware is said to keep."""
    machines.memory_is_the_same(scanned[0], written, scanned[0].firmware.memory)


def test_held_by_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """All that is left out of the memory is held, and for what the file says."""
    machines.holdings_are_the_same(scanned[0], written)


def test_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """It knows what no running system does: what it uses of the memory, and where it booted from."""
    firmware, findings = scanned[0].firmware, scanned[1]
    machines.firmware_is_the_same(scanned[0], written)
    assert firmware.boot_devices == written.firmware.boot_devices
    assert 64 << 20 < firmware.memory <= written.firmware.memory
    assert "finding:" not in findings


def test_identity(scanned: tuple[Machine, str]) -> None:
    assert str(scanned[0].identity.uuid) == UUID
    assert scanned[0].identity.system == "QEMU Standard PC (Q35 + ICH9, 2009)"


def test_a_plan_of_it_is_carried_out_on_this_pc(
    scanned: tuple[Machine, str], file: Path, images: Callable[[str], Path], tmp_path: Path
) -> None:
    """Of a partition file for this machine, without a change: every promise can be kept."""
    partitions = partition_file({"q35": "two-kernels", "q35-devices": "devices"}[file.stem])
    arguments = ["--machine", str(scanned[0].path), "--ready", str(images("RELEASE"))]
    assert generator(["esp", str(partitions), *arguments, "--output", str(tmp_path / "out")]) == 0
    esp = tmp_path / "out" / "ESP"
    shutil.rmtree(esp / "EFI" / "BOOT")
    (esp / "startup.nsh").write_text("fs0:\r\n\\EFI\\MRM\\Mrm.efi verify\r\necho END\r\n", encoding="ascii")
    plan = load_plan(tmp_path / "out" / "MrmPlan.json", PROJECT)
    with Bench(plan, esp, tmp_path / "run", uuid=UUID) as bench:
        console = bench.session.controller
        bench.run(script_ends(console, SECONDS))
        said = console.text.replace("\r", "").replace("\n", "")
    count = len(plan.partitions)
    assert f"MRM: verify: {count} of {count} partitions could be started" in said
    assert str(make_plan(partitions, scanned[0].path)[0].machine.identity.uuid) == UUID
