# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The readers over real machines: no traceback, no nonsense, and what iasl, an independent reader, says."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.acpi.iommu import parse_dmar, parse_ivrs
from generator.acpi.numa import parse_slit, parse_srat
from generator.acpi.spcr import parse_spcr
from generator.hardware import Facts, State, judge_hardware
from generator.scan import Scan, scan
from generator.scan.archive import SnapshotError
from generator.scan.corpus import COUNTS, open_corpus, summarise
from generator.scan.snapshot import TABLES, MemorySnapshot
from tests.generator.scan.support import PROJECT, local_apic, make_fadt, make_madt, make_mcfg

CORPUS = Path(os.environ.get("MRM_ACPI_CORPUS", PROJECT.parent / "shared" / "acpi-corpus"))

needs_corpus = pytest.mark.skipif(
    not CORPUS.exists(), reason=f"no corpus of ACPI tables at {CORPUS}: name its folder with MRM_ACPI_CORPUS"
)


@pytest.fixture(scope="module")
def machines() -> list[MemorySnapshot]:
    return list(open_corpus(CORPUS))


@pytest.fixture(scope="module")
def scans(machines: list[MemorySnapshot]) -> list[Scan]:
    return [scan(machine) for machine in machines]


@needs_corpus
def test_every_machine_makes_sense(scans: list[Scan]) -> None:
    for found in scans:
        madt, fadt = found.tables.madt, found.tables.fadt
        assert madt is not None and fadt is not None, found.machine.title
        assert 1 <= len(madt.enabled) <= 256
        assert madt.lapic_address == 0xFEE00000
        assert madt.io_apics[0].address == 0xFEC00000
        assert all(a.address % 1024 == 0 and 1 << 31 <= a.address < 0xFF000000 for a in madt.io_apics)
        assert 1 <= len(madt.io_apics) <= 40
        assert all(override.source < 16 for override in madt.overrides)
        assert 1 <= fadt.revision <= 6
        timer = found.machine.acpi.pm_timer
        assert timer is None or (timer.port % 4 == 0 and 0x400 <= timer.port <= 0xFFFC)
        assert found.machine.ecam
        for ecam in found.machine.ecam:
            assert ecam.segment == 0 and ecam.first_bus == 0 and 0 < ecam.base < 1 << 32
        assert len([p for p in found.machine.processors if p.bsp]) == 1


@needs_corpus
def test_the_other_tables_make_sense(machines: list[MemorySnapshot]) -> None:
    read = 0
    for machine in machines:
        for name in machine.names(TABLES):
            data = machine.read(f"{TABLES}/{name}") or b""
            if name == "SRAT":
                srat = parse_srat(data).value
                assert srat is not None and srat.processors and srat.memory
                assert all(p.node < 64 for p in srat.processors)
            elif name == "SLIT":
                slit = parse_slit(data).value
                assert slit is not None and {d for row in slit.distances for d in row} <= set(range(10, 256))
            elif name == "SPCR":
                assert parse_spcr(data).value is not None
            elif name in ("DMAR", "IVRS"):
                iommu = (parse_dmar if name == "DMAR" else parse_ivrs)(data).value
                assert iommu is not None and 1 <= len(iommu.units) <= 16
                assert all(unit.address % 4096 == 0 and unit.segment == 0 for unit in iommu.units)
                assert all(r.first % 4096 == 0 and (r.last + 1) % 4096 == 0 for r in iommu.reserved)
            else:
                continue
            read += 1
    assert read > len(machines) // 2


@needs_corpus
def test_hardware_check_of_every_machine(scans: list[Scan]) -> None:
    """Tables alone answer some questions; the rest is unknown, not missing."""
    for found in scans:
        states = {row.name: row.state for row in judge_hardware(Facts.of_scan(found))}
        assert states["acpi-tables"] is states["ecam"] is states["processors"] is State.FOUND
        assert {states[n] for n in ("x86-64", "uefi", "low-memory", "msi", "uarts", "x2apic")} == {
            State.UNKNOWN
        }


@needs_corpus
def test_shares(capsys: pytest.CaptureFixture[str], machines: list[MemorySnapshot]) -> None:
    """More partitions are never carried by more machines, nor all conditions by more than one of them."""
    assert main(["corpus", str(CORPUS)]) == 0
    assert f"{len(machines)} machines" in capsys.readouterr().out
    summaries = [summarise(machine) for machine in machines]
    carried = [
        {by: sum(s.carries(n)[by] for s in summaries) for by in summaries[0].carries(n)} for n in COUNTS
    ]
    for fewer, more in itertools.pairwise(carried):
        assert all(more[by] <= fewer[by] for by in more)
    for shares in carried:
        assert 0 < shares["all of it"] <= min(shares.values())


@needs_corpus
@pytest.mark.skipif(shutil.which("iasl") is None, reason="iasl is not installed: run make setup")
def test_iasl_reads_the_same(machines: list[MemorySnapshot], scans: list[Scan], tmp_path: Path) -> None:
    """Processors, IO-APICs, ECAM and PM timer of every machine, by iasl's disassembly."""
    for number, machine in enumerate(machines):
        for name in ("APIC", "MCFG", "FACP"):
            (tmp_path / f"{number}-{name}.dat").write_bytes(machine.read(f"{TABLES}/{name}") or b"")
    dumps = sorted(path.name for path in tmp_path.iterdir())
    subprocess.run(["iasl", "-d", *dumps], cwd=tmp_path, capture_output=True, check=False, timeout=300)
    assert len(list(tmp_path.glob("*.dsl"))) == len(dumps)
    for number, found in enumerate(scans):
        apic, mcfg, facp = (
            (tmp_path / f"{number}-{name}.dsl").read_text(errors="replace")
            for name in ("APIC", "MCFG", "FACP")
        )
        assert found.tables.madt is not None and found.tables.fadt is not None
        told = re.findall(
            r"Subtable Type : 0[09] \[Processor.*?(?:Local Apic ID|Processor x2Apic ID) : (\w+)\n"
            r".*?Flags \(decoded below\) : (\w+)",
            apic,
            re.DOTALL,
        )
        enabled = {int(apic_id, 16) for apic_id, flags in told if int(flags, 16) & 1}
        assert {p.apic_id for p in found.tables.madt.enabled} == enabled, machines[number].name
        io_apics = re.findall(r"Subtable Type : 01 .*?\n.*?\n.*?I/O Apic ID : (\w+)", apic)
        assert [a.identifier for a in found.tables.madt.io_apics] == [int(text, 16) for text in io_apics]
        bases = re.findall(r"Base Address : (\w+)", mcfg)
        assert [e.base for e in found.machine.ecam] == [int(text, 16) for text in bases]
        port = re.search(r"PM Timer Block Address : (\w+)", facp)
        timer = found.tables.fadt.pm_timer
        assert port is not None
        assert (0 if timer is None else timer.port) == int(port[1], 16), machines[number].name


def test_a_corpus_of_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, count in (("a", 3), ("b", 4), ("c", 9)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "APIC").write_bytes(make_madt(*(local_apic(number) for number in range(count))))
        (folder / "FACP").write_bytes(make_fadt(0 if name == "c" else 0x608))
        (folder / "MCFG").write_bytes(make_mcfg((0xE0000000, 0, 0, 255)))
    assert main(["corpus", str(tmp_path)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["processors", "3", "(100", "%)", "2", "(67", "%)", "1", "(33", "%)"] in lines
    assert ["PM", "timer", "2", "(67", "%)", "2", "(67", "%)", "2", "(67", "%)"] in lines
    assert ["all", "of", "it", "2", "(67", "%)", "1", "(33", "%)", "0", "(0", "%)"] in lines


@pytest.mark.parametrize("packed", [False, True])
def test_a_corpus_of_what_acpidump_made(
    packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever else lies in its folders."""
    folder = tmp_path / "corpus" / "a"
    folder.mkdir(parents=True)
    (folder / "apic.dat").write_bytes(make_madt(local_apic(0), local_apic(1)))
    (folder / "facp.dat").write_bytes(make_fadt())
    (folder / "readme").write_text("no table")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    source = tmp_path / "corpus"
    if packed:
        source = tmp_path / "corpus.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for name in ("apic.dat", "facp.dat", "readme"):
                archive.write(folder / name, f"corpus/a/{name}")
    assert main(["corpus", str(source), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["name"], told["processors"], told["tables"]) == ("a", 2, True)


def test_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", str(tmp_path)]) == 1
    assert "no folders of ACPI tables" in capsys.readouterr().err
    with pytest.raises(SnapshotError):
        list(open_corpus(tmp_path / "absent.tar"))
