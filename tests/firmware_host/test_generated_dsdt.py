# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The generator's DSDT through MrmAcpiLib: both mean the same by a patch, and ACPICA executes the result."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from generator.api import make_plan
from generator.dsdt.assemble import make_dsdt
from tests.firmware_host import acpi_reader
from tests.firmware_host.acpi_facts import MIB, Bus, Facts, Patch, build, patch_value
from tests.firmware_host.decide import PROJECT, Decide
from tests.generator.support import make_linux

PARTITION_FILE = """\
format: 1
machine: q35
partitions:
  - name: both
    processors: 2
    memory: 640 MiB
    pci: ["PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0x4,0x0)"]
    console: COM2
    boot: {file: linux}
"""
BUSES = (
    Bus(1, 1, 1, memory=(0xC0000000, 2 * MIB), prefetchable=(0x800000000, 512 * MIB)),
    Bus(2, 2, 4, memory=(0xC0200000, 2 * MIB), io=(0x6000, 0x1000)),
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Return facts with a DSDT made by the generator from a partition file."""
    folder = tmp_path_factory.mktemp("partition")
    (folder / "linux").write_bytes(make_linux())
    file = folder / "both.yaml"
    file.write_text(PARTITION_FILE)
    plan, _ = make_plan(file, PROJECT / "platforms/q35.yaml")
    dsdt = make_dsdt(plan.partitions[0])
    patches = tuple(Patch(p.offset, p.width, p.index, p.kind) for p in dsdt.patches)
    return Facts(processors=(1, 2), buses=BUSES, dsdt=dsdt.aml, patches=patches)


def _built(decide: Decide, known: Facts) -> acpi_reader.Tables:
    status, contents = build(decide, known)
    assert status == decide.RETURN_SUCCESS
    return acpi_reader.read(0x7F000000, contents)


def _execute(folder: Path, tables: acpi_reader.Tables, commands: str) -> str:
    files = []
    for name in ("DSDT", "FACP", "APIC"):
        files.append(folder / f"{name}.dat")
        files[-1].write_bytes(tables.raw[name])
    said = subprocess.run(
        ["acpiexec", "-b", f"{commands}; quit", *files],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert not re.search(r"error|exception|AE_", said, re.IGNORECASE), said
    return said


@pytest.mark.parametrize("index", range(len(BUSES)))
def test_resources_of_a_host_bridge(decide: Decide, tmp_path: Path, known: Facts, index: int) -> None:
    said = _execute(tmp_path, _built(decide, known), f"evaluate \\_SB.PC{index:02X}._CRS")
    rows = re.findall(r"^(?:.*= )?\s+[0-9A-F]{4}: ((?:[0-9A-F]{2} )+)", said, re.MULTILINE)
    found = bytes.fromhex("".join(rows))
    bus = BUSES[index]
    # Type and flags of each descriptor; granularity, first, last, translation and length follow.
    kinds = {
        "Bus": (2, b"\x88\x0d\x00\x02\x0c\x00"),
        "Memory": (4, b"\x87\x17\x00\x00\x0c\x01"),
        "Prefetchable": (8, b"\x8a\x2b\x00\x00\x0c\x07"),
        "Io": (2, b"\x88\x0d\x00\x01\x0c\x03"),
    }
    expected = b""
    for what, (width, head) in kinds.items():
        names = ["First", "Last", "Count" if what == "Bus" else "Length"]
        first, last, length = (patch_value(bus, f"MrmPatch{what}{name}") for name in names)
        if length:
            values = (0, first, last, 0, length)
            expected += head + b"".join(value.to_bytes(width, "little") for value in values)
    assert found == expected + b"\x79\x00"


def test_processors_of_dsdt_and_madt_are_the_same(decide: Decide, tmp_path: Path, known: Facts) -> None:
    tables = _built(decide, known)
    _, _, processors = acpi_reader.madt(tables.raw["APIC"])
    commands = "; ".join(f"evaluate \\_SB.C{index:03X}._UID" for index in range(len(known.processors)))
    uids = [int(uid, 16) for uid in re.findall(r"\[Integer\] = (\w+)", _execute(tmp_path, tables, commands))]
    enabled = [processor for processor in processors if processor.flags & 1]
    assert uids == [processor.uid for processor in enabled]
    assert [processor.apic_id for processor in enabled] == list(known.processors)


def test_temperature_is_read_from_the_mailbox(decide: Decide, tmp_path: Path, known: Facts) -> None:
    address = 0x1_2345_6780
    tables = _built(decide, replace(known, thermal=address))
    assert address.to_bytes(8, "little") in tables.raw["DSDT"]
    said = _execute(tmp_path, tables, "evaluate \\_SB.THRM._CRT; evaluate \\_SB.THRM._TMP")
    critical, _ = (int(value, 16) for value in re.findall(r"\[Integer\] = (\w+)", said))
    assert decide.MRM_THERMAL_NORMAL < critical == decide.MRM_THERMAL_CRITICAL < decide.MRM_THERMAL_FATAL


def test_dsdt_for_more_buses_than_the_machine_has_is_refused(decide: Decide, known: Facts) -> None:
    status, _ = build(decide, replace(known, buses=BUSES[:1]))
    assert status == decide.RETURN_INVALID_PARAMETER
