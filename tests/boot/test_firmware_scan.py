# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`Mrm.efi scan`, without any OS, finds what the machine's file in platforms/ says, as a Linux on it does."""

import asyncio
import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.images.boot import prepare_boot
from ci.images.gpt import run_tool
from ci.progress import PROJECT
from ci.qemu.command import MachineDescription
from ci.qemu.description import load_description
from ci.qemu.machine import Machine as RunningMachine
from ci.qemu.timing import scaled
from generator.api import load_machine, make_plan
from generator.model.machine import Machine, PciFunction, PciRoot
from generator.places import Place
from tests.boot.builds import partition_file

pytestmark = [pytest.mark.boot(30), pytest.mark.timeout(1800)]

FOUR_GIB = 4 << 30
SECONDS = 120
ESP_OFFSET = 2048 * 512
ANYWHERE = Place("any")
UUID = "4c4c4544-0035-5910-8052-b4c04f4d3233"
SCRIPT = """@echo -off
fs0:
\\EFI\\MRM\\Mrm.efi scan
echo STATUS %lasterror%
echo END
"""
"""A script of the firmware's own shell."""


@pytest.fixture(scope="module", params=["q35", "q35-devices"])
def file(request: pytest.FixtureRequest) -> Path:
    """The machine file."""
    return PROJECT / "platforms" / f"{request.param}.yaml"


async def scan_by_firmware(description: MachineDescription, mrm: Path, folder: Path) -> str:
    """Boot the bare machine, scan it from the shell, take the archive off its ESP; returns what was said."""
    esp = folder / "ESP"
    (esp / "EFI" / "MRM").mkdir(parents=True)
    (esp / "EFI" / "MRM" / "Mrm.efi").write_bytes(mrm.read_bytes())
    (esp / "startup.nsh").write_text(SCRIPT.replace("\n", "\r\n"), encoding="ascii")
    boot = prepare_boot(description, folder / "run", esp)
    async with RunningMachine(description, boot, folder / "run") as machine:
        console = machine.console(description.serial_ports[0].name)
        await console.wait_for(r"\nEND", scaled(SECONDS), since=console.start())
        said = console.text.replace("\r", "")
    volume = f"{folder / 'run' / 'esp.img'}@@{ESP_OFFSET}"
    run_tool("mcopy", "-i", volume, "::/EFI/MRM/machine.tar", str(folder / "machine.tar"))
    return said


@pytest.fixture(scope="module")
def folder(
    file: Path, images: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A folder with the archive, and what was said."""
    folder = tmp_path_factory.mktemp(file.stem)
    description = dataclasses.replace(load_description(file), uuid=UUID)
    return folder, asyncio.run(scan_by_firmware(description, images("RELEASE") / "Mrm.efi", folder))


@pytest.fixture(scope="module")
def scanned(folder: tuple[Path, str], file: Path) -> tuple[Machine, str]:
    """The machine file that is made of the archive, and the findings told with it."""
    source, output = folder[0] / "machine.tar", folder[0] / "scanned.yaml"
    arguments = ["scan", "--from", str(source), "--output", str(output), "--name", file.stem]
    run = subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return load_machine(output), run.stderr


@pytest.fixture(scope="module")
def written(file: Path) -> Machine:
    return load_machine(file)


def bare(function: PciFunction) -> PciFunction:
    """A function without what only people or Linux know."""
    return dataclasses.replace(
        function,
        place=ANYWHERE,
        title=None,
        serial=None,
        reset=None,
        iommu_group=None,
        behind=tuple(bare(f) for f in function.behind),
    )


def bare_root(root: PciRoot) -> PciRoot:
    functions = tuple(bare(f) for f in root.functions)
    return dataclasses.replace(root, place=ANYWHERE, node=None, functions=functions)


def test_it_says_what_it_has_written_and_returns(folder: tuple[Path, str]) -> None:
    said = folder[1].replace("\n", "")
    assert "MRM: scan: what this PC is was written to \\EFI\\MRM\\machine.tar" in said
    assert "STATUS 0x0" in said
    assert "there is no plan" not in said


def test_processors(scanned: tuple[Machine, str], written: Machine) -> None:
    found, expected = (
        [dataclasses.replace(p, place=ANYWHERE) for p in machine.processors]
        for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].physical_address_bits == written.physical_address_bits
    assert scanned[0].features == written.features


def test_pci_tree(scanned: tuple[Machine, str], written: Machine) -> None:
    """Bridges, windows, BARs, MSI: all but what only Linux knows."""
    found, expected = ([bare_root(r) for r in machine.roots] for machine in (scanned[0], written))
    assert found == expected
    ecams = ([dataclasses.replace(e, place=ANYWHERE) for e in m.ecam] for m in (scanned[0], written))
    assert next(ecams) == next(ecams)


def test_uarts_and_acpi(scanned: tuple[Machine, str], written: Machine) -> None:
    found, expected = (
        [dataclasses.replace(u, place=ANYWHERE, irq=None) for u in machine.uarts]
        for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].controller_console == written.controller_console
    assert scanned[0].acpi == written.acpi


def test_memory(scanned: tuple[Machine, str], written: Machine) -> None:
    """What is held for good is left out: below 4 GiB, and no more than the firmware is said to keep."""
    kept = 0
    for memory in written.memory:
        inside = [m for m in scanned[0].memory if memory.base <= m.base and m.end <= memory.end]
        missing = memory.size - sum(m.size for m in inside)
        assert all(m.node == memory.node for m in inside)
        assert missing == 0 or memory.end <= FOUR_GIB
        kept += missing
    total = sum(m.size for m in written.memory)
    assert sum(m.size for m in scanned[0].memory) + kept == total
    assert kept <= scanned[0].firmware.memory


def test_held_by_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """All that is left out of the memory is held, and for what the file says."""
    found, expected = (
        [dataclasses.replace(held, place=ANYWHERE) for held in machine.firmware.holds]
        for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].free == written.free


def test_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """It knows what no running system does: what it uses of the memory, and where it booted from."""
    firmware, findings = scanned[0].firmware, scanned[1]
    assert (firmware.vendor, firmware.version, firmware.interface) == (
        written.firmware.vendor,
        written.firmware.version,
        written.firmware.interface,
    )
    assert firmware.boot_devices == written.firmware.boot_devices
    assert 64 << 20 < firmware.memory <= written.firmware.memory
    assert "finding:" not in findings


def test_identity(scanned: tuple[Machine, str]) -> None:
    assert str(scanned[0].identity.uuid) == UUID
    assert scanned[0].identity.system == "QEMU Standard PC (Q35 + ICH9, 2009)"


def test_a_plan_can_be_made_of_it(scanned: tuple[Machine, str], file: Path) -> None:
    """Of a partition file for this machine, without a change; it is for this PC only."""
    name = {"q35": "two-kernels", "q35-devices": "devices"}[file.stem]
    plan, _ = make_plan(partition_file(name), scanned[0].path)
    expected, _ = make_plan(partition_file(name))
    for found, wanted in zip(plan.partitions, expected.partitions, strict=True):
        assert [g.apic_id for g in found.processors.grants] == [g.apic_id for g in wanted.processors.grants]
        assert [g.root_port.value for g in found.pci] == [g.root_port.value for g in wanted.pci]
    assert str(plan.machine.identity.uuid) == UUID
