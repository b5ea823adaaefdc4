# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The scan of a running machine finds what its file in platforms/ says, in everything a scan can know."""

import dataclasses
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.description import load_description
from generator.api import load_machine
from generator.model.machine import Machine, PciFunction, PciRoot
from tests.boot import machines
from tests.boot.collecting import UUID, scan_machine

pytestmark = [pytest.mark.long, pytest.mark.boot(100), pytest.mark.timeout(1200)]


@pytest.fixture(scope="module", params=["q35", "q35-bus0", "q35-devices"])
def file(request: pytest.FixtureRequest) -> Path:
    """The machine file."""
    return PROJECT / "platforms" / f"{request.param}.yaml"


@pytest.fixture(scope="module")
def scanned(file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, str]:
    """The machine file of a scan, and the findings it was made with."""
    description = dataclasses.replace(load_description(file), uuid=UUID)
    return scan_machine(description, tmp_path_factory.mktemp(file.stem), file.stem)


@pytest.fixture(scope="module")
def written(file: Path) -> Machine:
    return load_machine(file)


def bare_function(function: PciFunction) -> PciFunction:
    """A function without what people write for people and where in the file it stands."""
    behind = tuple(bare_function(f) for f in function.behind)
    return dataclasses.replace(function, place=machines.ANYWHERE, title=None, behind=behind)


def bare_root(root: PciRoot) -> PciRoot:
    return dataclasses.replace(
        root, place=machines.ANYWHERE, functions=tuple(bare_function(f) for f in root.functions)
    )


def test_processors(scanned: tuple[Machine, str], written: Machine) -> None:
    machines.processors_are_the_same(scanned[0], written)


def test_pci_tree(scanned: tuple[Machine, str], written: Machine) -> None:
    """Bridges, windows, BARs, MSI, reset methods, serial numbers: everything but the titles."""
    machines.trees_are_the_same(scanned[0], written, bare_root)


def test_uarts_and_acpi(scanned: tuple[Machine, str], written: Machine) -> None:
    machines.consoles_are_the_same(scanned[0], written)


def test_memory(scanned: tuple[Machine, str], written: Machine) -> None:
    """The scan leaves out what the firmware keeps: below 4 GiB, and no more than the file allows for."""
    machines.memory_is_the_same(scanned[0], written, written.firmware.memory)


def test_held_by_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """All that the scan leaves out of the memory is held, and for what the file says."""
    machines.holdings_are_the_same(scanned[0], written)


def test_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """What no running system can see is told as a finding."""
    found, findings = scanned
    machines.firmware_is_the_same(found, written)
    assert found.firmware.memory == written.firmware.memory
    assert "finding: firmware: boot_device not known" in findings
    told = [line for line in findings.splitlines() if not line.startswith("finding: firmware:")]
    serial_card = "finding: uarts: ttyS4 is part of the PCI function 0000:0b:00.0: left out"
    assert told == ([serial_card] if found.name == "q35-devices" else [])


def test_identity(scanned: tuple[Machine, str]) -> None:
    identity = scanned[0].identity
    assert (str(identity.uuid), identity.system) == (UUID, "QEMU Standard PC (Q35 + ICH9, 2009)")
