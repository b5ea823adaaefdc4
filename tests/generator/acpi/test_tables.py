# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The readers of ACPI tables: right on right tables, findings on odd ones, no exception on anything."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.acpi.fadt import Fadt, PmTimerBlock, parse_fadt
from generator.acpi.iommu import Iommu, Reserved, Unit, parse_dmar, parse_ivrs
from generator.acpi.madt import IoApic, LocalApic, Madt, parse_madt
from generator.acpi.mcfg import EcamRange, Mcfg, parse_mcfg
from generator.acpi.numa import MemoryNode, ProcessorNode, parse_slit, parse_srat
from generator.acpi.spcr import Spcr, parse_spcr
from generator.acpi.table import MOST_FINDINGS, GenericAddress, Parsed
from tests.generator.scan.support import (
    checksummed,
    io_apic,
    local_apic,
    make_fadt,
    make_madt,
    make_mcfg,
    make_srat,
    make_table,
    srat_memory,
    srat_processor,
    x2apic,
)

Reader = Callable[[bytes], Parsed[Any]]

SPCR = make_table("SPCR", struct.pack("<BBHBBBBQBBIB", 0, 0, 0, 1, 8, 0, 1, 0x3F8, 1, 4, 0, 7) + bytes(21), 2)
DMAR = make_table(
    "DMAR",
    bytes([38, 1])
    + bytes(10)
    + struct.pack("<HHBBHQ", 0, 16, 1, 0, 0, 0xFED90000)
    + struct.pack("<HHHHQQ", 1, 24, 0, 0, 0x7B000000, 0x7B7FFFFF),
)
IVRS = make_table(
    "IVRS",
    bytes(12) + struct.pack("<BBHHHQHHI", 0x10, 0, 24, 2, 64, 0xFEB80000, 0, 0, 0) * 2,
    2,
)
SLIT = make_table("SLIT", struct.pack("<Q", 2) + bytes([10, 21, 21, 10]))
SRAT = make_srat(
    srat_processor(1, 0x102), srat_processor(2, 0, flags=0), srat_memory(0x1000, 0x2000, 3, flags=5)
)

VALID: list[tuple[Reader, bytes, object]] = [
    (
        parse_madt,
        make_madt(local_apic(0), local_apic(2), local_apic(0xFF, 0), x2apic(300), io_apic(8, 0xFEC00000, 0)),
        Madt(
            0xFEE00000,
            True,
            (LocalApic(0, 0, 1, False), LocalApic(2, 2, 1, False), LocalApic(300, 300, 1, True)),
            (IoApic(8, 0xFEC00000),),
            (),
            1,
        ),
    ),
    (parse_mcfg, make_mcfg((0xE0000000, 0, 0, 255)), Mcfg((EcamRange(0xE0000000, 0, 0, 255),))),
    (parse_fadt, make_fadt(), Fadt(3, 0, 0, PmTimerBlock(0x608, 24))),
    (
        parse_fadt,
        make_fadt(0, (1, 0x1808), flags=1 << 8, boot=8),
        Fadt(3, 1 << 8, 8, PmTimerBlock(0x1808, 32)),
    ),
    (parse_slit, SLIT, None),
    (parse_spcr, SPCR, Spcr(0, GenericAddress(1, 8, 0, 1, 0x3F8), 4, 115200)),
    (
        parse_dmar,
        DMAR,
        Iommu("vt-d", True, (Unit(0xFED90000, 0, True),), (Reserved(0x7B000000, 0x7B7FFFFF),)),
    ),
    (parse_ivrs, IVRS, Iommu("amd-vi", True, (Unit(0xFEB80000, 0, True),), ())),
    (parse_srat, SRAT, None),
]


@pytest.mark.parametrize(("read", "table", "value"), VALID)
def test_a_right_table_is_read_without_findings(read: Reader, table: bytes, value: object) -> None:
    parsed = read(table)
    assert parsed.findings == ()
    assert parsed.value is not None
    if value is not None:
        assert parsed.value == value


def test_srat_and_slit() -> None:
    srat, slit = parse_srat(SRAT).value, parse_slit(SLIT).value
    assert srat is not None and slit is not None
    assert srat.processors == (ProcessorNode(1, 0x102),)
    assert srat.memory == (MemoryNode(0x1000, 0x2000, 3),)
    assert slit.distances == ((10, 21), (21, 10))


def test_an_old_srat_has_domains_of_one_byte() -> None:
    srat = parse_srat(make_srat(srat_processor(1, 0xABCD02), revision=1)).value
    assert srat is not None and srat.processors == (ProcessorNode(1, 2),)


@pytest.mark.parametrize(
    ("read", "table", "told"),
    [
        (parse_madt, b"", "0 bytes are too few"),
        (parse_madt, make_mcfg(), "signature 'MCFG' instead of 'APIC'"),
        (parse_madt, make_madt(local_apic(0))[:-2], "the length is 52, but there are 50 bytes"),
        (parse_madt, make_madt(local_apic(0))[:-1] + b"\x07", "the checksum is wrong"),
        (parse_madt, make_table("APIC", b""), "ends before its first entry"),
        (parse_madt, make_madt(b"\x00\x00\x00\x00"), "has a length of 0"),
        (parse_madt, make_madt(local_apic(0), b"\x00\x09\x00\x01"), "9 bytes long, the table ends after 4"),
        (parse_madt, make_madt(local_apic(0), b"\x01\x04\x00\x00"), "has 4 bytes, needs 12"),
        (parse_madt, make_madt(local_apic(0), b"\x01"), "1 bytes are left over"),
        (parse_madt, make_madt(local_apic(0), local_apic(0)), "APIC ID 0 is listed twice"),
        (parse_madt, make_madt(local_apic(0), local_apic(0xFF)), "broadcast APIC ID 0xff is enabled"),
        (parse_madt, make_madt(local_apic(0, 2)), "no processor is enabled"),
        (parse_mcfg, make_mcfg(), "no usable range"),
        (parse_mcfg, make_mcfg((0xE0000000, 0, 9, 3)), "buses 9 to 3 run backwards"),
        (parse_mcfg, make_mcfg((0xE0001000, 0, 0, 3)), "not aligned to 1 MiB"),
        (parse_mcfg, make_mcfg((0, 0, 0, 3)), "is no address of ECAM"),
        (parse_mcfg, make_mcfg((1 << 60, 0, 0, 3)), "is no address of ECAM"),
        (parse_mcfg, make_mcfg((0xE0000000, 0, 0, 3), (0xF0000000, 0, 3, 4)), "segment 0 has bus 3 twice"),
        (parse_mcfg, make_mcfg((0xE0000000, 0, 0, 3), (0xE0000000, 1, 0, 3)), "overlaps the one at"),
        (parse_fadt, make_fadt(size=100), "100 bytes, the shortest table has 116"),
        (parse_fadt, make_fadt(0x608, (1, 0x708)), "at 0x708 here, at 0x608"),
        (parse_fadt, make_fadt(0x608, (0, 0xFED00000)), "in address space 0, no I/O port"),
        (parse_fadt, make_fadt(0x12345), "port 0x12345 does not exist"),
        (parse_fadt, make_fadt(length=2), "a PM timer of 2 ports"),
        (parse_slit, make_table("SLIT", struct.pack("<Q", 1 << 40)), "1099511627776 nodes"),
        (parse_slit, make_table("SLIT", struct.pack("<Q", 9)), "too short for 9 × 9"),
        (parse_slit, make_table("SLIT", struct.pack("<QB", 1, 20)), "node 0 is 20 from itself"),
        (parse_srat, make_srat(srat_memory((1 << 64) - 1, 2, 0)), "run over the end"),
        (parse_srat, make_srat(srat_processor(1, 0), srat_processor(1, 1)), "APIC ID 1 is in two domains"),
        (parse_spcr, make_table("SPCR", bytes(10)), "46 bytes, the shortest table has 80"),
        (parse_dmar, make_table("DMAR", bytes(12)), "no remapping unit"),
        (parse_dmar, make_table("DMAR", bytes(12) + struct.pack("<HHQQ", 0, 20, 0, 0)), "without an address"),
        (parse_ivrs, make_table("IVRS", bytes(12) + b"\x10\x00\x03\x00"), "a structure of 3 bytes"),
    ],
)
def test_an_odd_table_gives_a_finding(read: Reader, table: bytes, told: str) -> None:
    assert [f for f in read(table).findings if told in f.what], read(table).findings


def test_an_enabled_processor_wins_over_a_disabled_one_with_its_id() -> None:
    madt = parse_madt(make_madt(local_apic(1, 0), local_apic(1, 1))).value
    assert madt is not None
    assert [(p.apic_id, p.enabled) for p in madt.processors] == [(1, True)] and madt.disabled == 1


def test_a_hardware_reduced_machine_has_no_pm_timer() -> None:
    fadt = parse_fadt(make_fadt(flags=1 << 20, revision=5)).value
    assert fadt is not None and fadt.hardware_reduced and fadt.pm_timer is None
    assert fadt.unused_timer == PmTimerBlock(0x608, 24)
    old = parse_fadt(make_fadt(flags=1 << 20, revision=4)).value
    assert old is not None and not old.hardware_reduced and old.pm_timer == PmTimerBlock(0x608, 24)


def test_findings_have_an_end() -> None:
    parsed = parse_madt(make_madt(*[local_apic(0)] * 500))
    assert len(parsed.findings) == MOST_FINDINGS


@pytest.mark.parametrize("read", [case[0] for case in VALID])
@given(data=st.binary(max_size=300))
def test_no_bytes_break_a_reader(read: Reader, data: bytes) -> None:
    parsed = read(data)
    assert parsed.value is None and parsed.findings


@pytest.mark.parametrize(("read", "table"), [case[:2] for case in VALID])
@given(data=st.data())
def test_no_damage_breaks_a_reader(read: Reader, table: bytes, data: st.DataObject) -> None:
    """Bytes changed, cut off or added; the checksum right or not."""
    damaged = bytearray(table)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(damaged[: data.draw(st.integers(0, len(damaged)))]) + data.draw(st.binary(max_size=40))
    parsed = read(checksummed(cut) if len(cut) > 10 and data.draw(st.booleans()) else cut)
    assert parsed.value is not None or parsed.findings
    assert all(0 <= finding.offset <= len(cut) + 256 for finding in parsed.findings)
    assert len(parsed.findings) <= MOST_FINDINGS


@given(
    st.lists(st.tuples(st.integers(0, 254), st.booleans(), st.booleans()), max_size=40),
)
def test_the_processors_of_any_madt(entries: list[tuple[int, bool, bool]]) -> None:
    """Each APIC ID once, enabled if any of its entries is, in the order of first appearance."""
    table = make_madt(*((x2apic if wide else local_apic)(apic_id, on) for apic_id, on, wide in entries))
    madt = parse_madt(table).value
    assert madt is not None
    assert [p.apic_id for p in madt.processors] == list(dict.fromkeys(apic_id for apic_id, _, _ in entries))
    assert {p.apic_id for p in madt.enabled} == {apic_id for apic_id, on, _ in entries if on}
