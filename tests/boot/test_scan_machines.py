# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The scan of a running machine finds what its file in platforms/ says, in everything a scan can know."""

import dataclasses
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.description import load_description
from generator.api import load_machine
from generator.model.machine import Machine, PciFunction, PciRoot
from generator.places import Place
from tests.boot.collecting import UUID, scan_machine

pytestmark = [pytest.mark.boot(100), pytest.mark.timeout(1200)]

FOUR_GIB = 4 << 30
ANYWHERE = Place("any")


@pytest.fixture(scope="module", params=["q35", "q35-devices"])
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
    return dataclasses.replace(function, place=ANYWHERE, title=None, behind=behind)


def bare_root(root: PciRoot) -> PciRoot:
    return dataclasses.replace(
        root, place=ANYWHERE, functions=tuple(bare_function(f) for f in root.functions)
    )


def test_processors(scanned: tuple[Machine, str], written: Machine) -> None:
    found, expected = (
        [dataclasses.replace(p, place=ANYWHERE) for p in machine.processors]
        for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].physical_address_bits == written.physical_address_bits
    assert scanned[0].features == written.features


def test_pci_tree(scanned: tuple[Machine, str], written: Machine) -> None:
    """Bridges, windows, BARs, MSI, reset methods, serial numbers: everything but the titles."""
    found, expected = ([bare_root(r) for r in machine.roots] for machine in (scanned[0], written))
    assert found == expected
    ecams = ([dataclasses.replace(e, place=ANYWHERE) for e in m.ecam] for m in (scanned[0], written))
    assert next(ecams) == next(ecams)


def test_uarts_and_acpi(scanned: tuple[Machine, str], written: Machine) -> None:
    found, expected = (
        [dataclasses.replace(u, place=ANYWHERE) for u in machine.uarts] for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].controller_console == written.controller_console
    assert scanned[0].acpi == written.acpi


def test_memory(scanned: tuple[Machine, str], written: Machine) -> None:
    """The scan leaves out what the firmware keeps: below 4 GiB, and no more than the file allows for."""
    kept = 0
    for memory in written.memory:
        inside = [m for m in scanned[0].memory if memory.base <= m.base and m.end <= memory.end]
        missing = memory.size - sum(m.size for m in inside)
        assert all(m.node == memory.node for m in inside)
        assert missing == 0 or memory.end <= FOUR_GIB
        kept += missing
    total = sum(m.size for m in written.memory)
    assert sum(m.size for m in scanned[0].memory) + kept == total
    assert kept <= written.firmware.memory


def test_held_by_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """All that the scan leaves out of the memory is held, and for what the file says."""
    found, expected = (
        [dataclasses.replace(held, place=ANYWHERE) for held in machine.firmware.holds]
        for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].free == written.free


def test_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """What no running system can see is told as a finding."""
    found, findings = scanned
    assert (found.firmware.vendor, found.firmware.version, found.firmware.interface) == (
        written.firmware.vendor,
        written.firmware.version,
        written.firmware.interface,
    )
    assert found.firmware.memory == written.firmware.memory
    assert "finding: firmware: boot_device not known" in findings
    told = [line for line in findings.splitlines() if not line.startswith("finding: firmware:")]
    serial_card = "finding: uarts: ttyS4 is part of the PCI function 0000:0b:00.0: left out"
    assert told == ([serial_card] if found.name == "q35-devices" else [])


def test_identity(scanned: tuple[Machine, str]) -> None:
    identity = scanned[0].identity
    assert (str(identity.uuid), identity.system) == (UUID, "QEMU Standard PC (Q35 + ICH9, 2009)")
