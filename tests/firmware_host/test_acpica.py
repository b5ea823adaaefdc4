# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmAcpiLib judged by ACPICA: iasl understands every table, acpiexec executes the patched DSDT."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.firmware_host import acpi_reader
from tests.firmware_host.acpi_facts import MIB, Bus, Console, Facts, Patch, build, patch_value
from tests.firmware_host.decide import Decide
from tests.firmware_host.numa import NODES, SLIT

ADDRESS = 0x7F000000
DATA_TABLES = ("FACP", "FACS", "APIC", "MCFG", "SRAT", "SLIT", "SPCR", "WDAT", "NFIT", "XSDT")
# Creator ID and revision, which iasl replaces by its own, and the checksum over them.
COMPILER_WRITES = (9, *range(28, 36))
CLOSED = (0, 0)

ASL = """
DefinitionBlock ("", "DSDT", 2, "MRM", "TEST", 1)
{
  Scope (\\_SB)
  {
    Device (C001) { Name (_HID, "ACPI0007") Name (_UID, 1) }
    Device (PC00)
    {
      Name (_HID, EisaId ("PNP0A08"))
      Name (_BBN, 0x1122334455667701)
      Name (_CRS, ResourceTemplate ()
      {
        WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0x7702, 0x7704, 0, 0x0003)
        DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
          0, 0x55440011, 0x55667705, 0, 0x002276F5)
        QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Prefetchable, ReadWrite,
          0, 0x1122334400112233, 0x1122334455667708, 0, 0x00000000555554D6)
      })
    }
    Device (RES0)
    {
      Name (_HID, EisaId ("PNP0C02"))
      Name (_CRS, ResourceTemplate ()
      {
        QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
          0, 0x2233445500112234, 0x223344556677880A, 0, 0x00000000666665D7)
      })
    }
  }
}
"""
# Which patch replaces which placeholder (value, bytes).
PLACEHOLDERS = {
    "MrmPatchBusFirst": [(0x1122334455667701, 8), (0x7702, 2)],
    "MrmPatchBusLast": [(0x7704, 2)],
    "MrmPatchMemoryFirst": [(0x55440011, 4)],
    "MrmPatchMemoryLast": [(0x55667705, 4)],
    "MrmPatchMemoryLength": [(0x002276F5, 4)],
    "MrmPatchPrefetchableFirst": [(0x1122334400112233, 8)],
    "MrmPatchPrefetchableLast": [(0x1122334455667708, 8)],
    "MrmPatchPrefetchableLength": [(0x555554D6, 8)],
    "MrmPatchEcamBase": [(0x2233445500112234, 8)],
    "MrmPatchEcamLast": [(0x223344556677880A, 8)],
    "MrmPatchEcamLength": [(0x666665D7, 8)],
}


def _run(*command: str | Path) -> str:
    """Run a program of acpica-tools and return all it says."""
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, tuple[Patch, ...]]:
    """Compile the ASL above; find where its placeholders lie."""
    source = tmp_path_factory.mktemp("asl") / "dsdt.asl"
    source.write_text(ASL)
    _run("iasl", "-we", "-p", source.with_suffix(""), source)
    aml = source.with_suffix(".aml").read_bytes()
    patches = []
    for kind, places in PLACEHOLDERS.items():
        for value, width in places:
            raw = value.to_bytes(width, "little")
            # The length of the bus range is 3 = 0x0003: patched with the descriptor of the range below.
            assert aml.count(raw) == 1, f"{value:#x}"
            patches.append(Patch(aml.index(raw), width, 0, kind))
    bus_range = aml.index((0x7704).to_bytes(2, "little"))
    patches.append(Patch(bus_range + 4, 2, 0, "MrmPatchBusCount"))
    return aml, tuple(patches)


BUSES = {
    "all windows": Bus(1, 2, 9, memory=(0xC0000000, 2 * MIB), prefetchable=(0x800000000, 4 * MIB)),
    "no prefetchable window": Bus(2, 7, 7, memory=(0xFE000000, MIB)),
    "last bus, window at the top": Bus(
        3, 255, 255, ecam=0x3F0000000, prefetchable=((1 << 52) - 16 * MIB, 16 * MIB)
    ),
}


def _facts(bus: Bus, compiled: tuple[bytes, tuple[Patch, ...]]) -> Facts:
    return Facts(
        processors=(2, 1, 300),
        buses=(bus,),
        pm_timer_32_bit=True,
        console=Console("MrmConsoleUart16550Io", 0x6000, function=(bus.segment, bus.first, 0, 0, 0x1B36, 2)),
        watchdog=0x7E000440,
        shared=((1 << 33, 16 * MIB), (0x60000000, 2 * MIB)),
        memory=((0x100000, 64 * MIB), (1 << 32, 64 * MIB)),
        srat=NODES,
        slit=SLIT,
        dsdt=compiled[0],
        patches=compiled[1],
    )


def _write(decide: Decide, folder: Path, known: Facts) -> dict[str, Path]:
    status, contents = build(decide, known, ADDRESS)
    assert status == decide.RETURN_SUCCESS
    files = {}
    for name, raw in acpi_reader.read(ADDRESS, contents).raw.items():
        files[name] = folder / f"{name.lower()}.dat"
        files[name].write_bytes(raw)
    return files


@pytest.mark.parametrize("name", BUSES)
def test_data_tables_survive_disassembly_and_compilation(
    decide: Decide, tmp_path: Path, name: str, compiled: tuple[bytes, tuple[Patch, ...]]
) -> None:
    files = _write(decide, tmp_path, _facts(BUSES[name], compiled))
    assert set(DATA_TABLES) <= set(files)
    for table in DATA_TABLES:
        said = _run("iasl", "-d", files[table])
        assert not re.search(r"error|warning|invalid|unknown", said, re.IGNORECASE), said
        text = files[table].with_suffix(".dsl").read_text()
        assert not re.search(r"error|warning|invalid|unknown|incorrect", text, re.IGNORECASE), text
        if table == "XSDT":
            continue  # the data table compiler does not make root tables
        _run("iasl", "-we", files[table].with_suffix(".dsl"))
        before = bytearray(files[table].read_bytes())
        after = bytearray(files[table].with_suffix(".aml").read_bytes())
        if table != "FACS":
            for offset in COMPILER_WRITES:
                before[offset] = after[offset] = 0
        assert after == before, table


def _decoded(text: str) -> dict[str, str]:
    """Return the fields of a disassembled data table by name; the last of equal names."""
    return {
        match[1].strip(): match[2].strip()
        for match in re.finditer(r"^\[[^\]]*\]\s+([^:\n]+?)\s+:\s+(.*)$", text, re.MULTILINE)
    } | {match[1].strip(): match[2] for match in re.finditer(r"^ +([^:\n]+?) : (\d)$", text, re.MULTILINE)}


def test_acpica_reads_the_fadt_as_we_mean_it(
    decide: Decide, tmp_path: Path, compiled: tuple[bytes, tuple[Patch, ...]]
) -> None:
    files = _write(decide, tmp_path, _facts(BUSES["all windows"], compiled))
    _run("iasl", "-d", files["FACP"])
    fields = _decoded(files["FACP"].with_suffix(".dsl").read_text())
    assert fields["Hardware Reduced (V5)"] == "1"
    assert fields["Use APIC Physical Destination Mode (V4)"] == "1"
    assert fields["WBINVD instruction is operational (V1)"] == "1"
    assert fields["Headless - No Video (V3)"] == "1"
    assert fields["32-bit PM Timer (V1)"] == "1"
    assert fields["Reset Register Supported (V2)"] == "0"
    assert fields["CMOS RTC Not Present (V5)"] == "1"
    assert fields["VGA Not Present (V4)"] == "1"
    assert fields["8042 Present on ports 60/64 (V2)"] == "0"
    assert fields["SCI Interrupt"] == "0009"
    assert fields["FADT Minor Revision"] == "03"


@pytest.mark.parametrize("name", BUSES)
def test_dsdt_executes_with_the_patched_values(
    decide: Decide, tmp_path: Path, name: str, compiled: tuple[bytes, tuple[Patch, ...]]
) -> None:
    bus = BUSES[name]
    files = _write(decide, tmp_path, _facts(bus, compiled))
    commands = "evaluate \\_SB.PC00._BBN; resources \\_SB.PC00; resources \\_SB.RES0; quit"
    said = _run("acpiexec", "-b", commands, files["DSDT"], files["FACP"], files["APIC"], files["SRAT"])
    assert not re.search(r"error|exception|AE_(?!NOT_FOUND)|checksum", said, re.IGNORECASE), said

    bus_number = re.search(r"_BBN returned object.*?\n\s+\[Integer\] = ([0-9A-F]+)", said)
    assert bus_number
    assert int(bus_number[1], 16) == bus.first

    found = re.findall(
        r"Address Minimum : (\w+)\n\s+Address Maximum : (\w+)\n.*\n\s+Address Length : (\w+)",
        said,
    )
    kinds = (
        ("MrmPatchBusFirst", "MrmPatchBusLast", "MrmPatchBusCount"),
        ("MrmPatchMemoryFirst", "MrmPatchMemoryLast", "MrmPatchMemoryLength"),
        ("MrmPatchPrefetchableFirst", "MrmPatchPrefetchableLast", "MrmPatchPrefetchableLength"),
        ("MrmPatchEcamBase", "MrmPatchEcamLast", "MrmPatchEcamLength"),
    )
    assert [tuple(int(number, 16) for number in row) for row in found] == [
        tuple(patch_value(bus, kind) for kind in row) for row in kinds
    ]
