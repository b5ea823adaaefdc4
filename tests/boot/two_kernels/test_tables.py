# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The ACPI tables as the OS of a partition has them: judged by ACPICA and by the generator's own reader."""

import base64
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci.run.plan import PartitionPromise
from generator.acpi.fadt import parse_fadt
from generator.acpi.madt import parse_madt
from generator.acpi.mcfg import parse_mcfg
from generator.acpi.spcr import parse_spcr
from tests.boot.bench import Bench

pytestmark = [pytest.mark.boot(530), pytest.mark.timeout(1800)]

DUMP = "cd /sys/firmware/acpi/tables; for t in [A-Z]*; do echo TABLE=$t; base64 $t; echo TABLE=END; done; cd"
DUMP_SECONDS = 120
_TABLE = re.compile(r"^TABLE=([A-Z0-9]{4})\s+([A-Za-z0-9+/=\s]+?)\s+TABLE=END", re.MULTILINE)
_COMPLAINT = re.compile(r"error|warning|remark|invalid|unknown|incorrect", re.IGNORECASE)
_NO_COMPLAINT = re.compile(r"0 Errors?, 0 Warnings?, 0 Remarks?[^\n]*")

HARDWARE_REDUCED, HEADLESS = 1 << 20, 1 << 12
ENABLED = 1


@pytest.fixture(scope="module", params=["steady", "realtime"])
def dumped(
    request: pytest.FixtureRequest, bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> tuple[PartitionPromise, Mapping[str, Path]]:
    """Return a partition and its tables as files."""
    promise = next(p for p in bench.plan.partitions if p.name == request.param)
    guest = bench.session.guests[promise.name]
    bench.run(guest.run("ticks off"))
    done = bench.run(guest.run(DUMP, DUMP_SECONDS))
    bench.run(guest.run("ticks on"))
    assert done.status == 0, done.output
    folder = tmp_path_factory.mktemp(promise.name)
    files = {}
    for match in _TABLE.finditer(done.output):
        files[match[1]] = folder / f"{match[1].lower()}.dat"
        files[match[1]].write_bytes(base64.b64decode(match[2]))
    return promise, files


def said(*command: str | Path) -> str:
    """Run a program of acpica-tools; it must succeed and complain of nothing."""
    run = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stdout
    assert not _COMPLAINT.search(_NO_COMPLAINT.sub("", run.stdout)), run.stdout
    return run.stdout


def test_all_tables_are_there(dumped: tuple[PartitionPromise, Mapping[str, Path]]) -> None:
    _, files = dumped
    assert {"APIC", "DSDT", "FACP", "MCFG", "SPCR"} <= set(files)
    for name, file in files.items():
        data = file.read_bytes()
        assert (data[:4], int.from_bytes(data[4:8], "little")) == (name.encode(), len(data))
        # The FACS has none (ACPI 6.5, section 5.2.10); newer kernels show it.
        assert name == "FACS" or sum(data) % 256 == 0


def test_iasl_has_nothing_to_say(dumped: tuple[PartitionPromise, Mapping[str, Path]]) -> None:
    _, files = dumped
    for file in files.values():
        said("iasl", "-d", file)
        text = file.with_suffix(".dsl").read_text()
        assert not _COMPLAINT.search(text), text
        said("iasl", "-we", file.with_suffix(".dsl"))


def test_acpica_executes_the_dsdt(dumped: tuple[PartitionPromise, Mapping[str, Path]]) -> None:
    promise, files = dumped
    output = said("acpiexec", "-b", "evaluate \\_SB.PC00._CRS; evaluate \\_SB.PC00._PRT; quit", files["DSDT"])
    assert output.count("returned object") == 2 * bool(promise.root_ports), output


@pytest.mark.parametrize("name", ["steady", "realtime"])
def test_the_kernel_found_what_the_firmware_says_of_its_runtime(bench: Bench, name: str) -> None:
    """Memory attributes and RT properties tables (UEFI 2.10 section 4.6): it prints the tables it knows."""
    done = bench.run(bench.session.guests[name].run("dmesg | sed -n 's/^.*efi: \\(.*=0x.*\\)/EFI: \\1/p'"))
    tables = dict(re.findall(r"(\w[\w. ]*)=(0x[0-9a-f]+)", done.output))
    assert {"MEMATTR", "RTPROP", "ACPI 2.0", "SMBIOS 3.0"} <= tables.keys(), done.output


def test_the_generator_reads_what_was_promised(
    bench: Bench, dumped: tuple[PartitionPromise, Mapping[str, Path]]
) -> None:
    promise, files = dumped
    report = bench.session.reports()[promise.name].data
    madt = parse_madt(files["APIC"].read_bytes())
    mcfg = parse_mcfg(files["MCFG"].read_bytes())
    fadt = parse_fadt(files["FACP"].read_bytes())
    spcr = parse_spcr(files["SPCR"].read_bytes())
    assert madt.findings + mcfg.findings + fadt.findings + spcr.findings == ()
    assert madt.value and mcfg.value and fadt.value and spcr.value
    assert [cpu.apic_id for cpu in madt.value.processors if cpu.flags & ENABLED] == report["apic_ids"]
    assert (madt.value.io_apics, madt.value.legacy_pics) == ((), False)
    assert sorted({f.segment for f in promise.pci}) == [r.segment for r in mcfg.value.ranges]
    buses = {int(f["address"].split(":")[1], 16) for f in report["pci"]}
    assert buses <= {bus for r in mcfg.value.ranges for bus in range(r.first_bus, r.last_bus + 1)}
    assert fadt.value.flags & (HARDWARE_REDUCED | HEADLESS) == HARDWARE_REDUCED | HEADLESS
    assert spcr.value.address and spcr.value.address.address == promise.console_port
