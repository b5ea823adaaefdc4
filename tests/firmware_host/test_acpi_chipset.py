# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmAcpiLib for the owner of the chipset: the PC's own tables, without what it does not have.

The PCs are made by hand and by hypothesis; tables of real ones come from the corpus where there is one.
"""

import os
import re
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.scan.corpus import open_corpus
from generator.scan.snapshot import TABLES
from tests.firmware_host.acpi_facts import Chipset, Facts, build, checksummed, size, table
from tests.firmware_host.acpi_reader import HEADER, Memory, u8, u16, u32, u64
from tests.firmware_host.decide import Decide

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("MRM_ACPI_CORPUS", PROJECT.parent / "shared" / "acpi-corpus"))
ADDRESS = 0x7F000000
HW_REDUCED, RESET_SUPPORTED, PHYSICAL = 1 << 20, 1 << 10, 1 << 19
LOCAL_APIC, IO_APIC, OVERRIDE, NMI, LOCAL_NMI, ADDRESS_OVERRIDE, X2APIC, X2APIC_NMI = 0, 1, 2, 3, 4, 5, 9, 10


def lapic(apic_id: int, uid: int, flags: int = 1) -> bytes:
    return struct.pack("<BBBBI", LOCAL_APIC, 8, uid, apic_id, flags)


def x2apic(apic_id: int, uid: int, flags: int = 1) -> bytes:
    return struct.pack("<BBHIII", X2APIC, 16, 0, apic_id, flags, uid)


def make_madt(*entries: bytes, flags: int = 1) -> bytes:
    return table(b"APIC", struct.pack("<II", 0xFEE00000, flags) + b"".join(entries), 3)


def make_fadt(length: int = 244, flags: int = 0x4A5, revision: int = 3) -> bytes:
    body = bytearray(range(256))[: length - HEADER]
    struct.pack_into("<I", body, 112 - HEADER, flags)
    return table(b"FACP", bytes(body), revision)


IO = struct.pack("<BBBBII", IO_APIC, 12, 0, 0, 0xFEC00000, 0)
TIMER = struct.pack("<BBBBIH", OVERRIDE, 10, 0, 0, 2, 0)
EVERY = struct.pack("<BBBHB", LOCAL_NMI, 6, 0xFF, 0, 1)
PROCESSORS = tuple(lapic(number, number + 10) for number in range(4))
AML = b"\x08_MAT\x0a\x01\x14\x0b\\_S3_\x00\xa4\x0a\x05\x08_S5_\x0a\x02\x0d_MAT\x00"
PC = Chipset(
    make_fadt(), make_madt(*PROCESSORS, IO, TIMER, EVERY), table(b"DSDT", AML, 2), (table(b"SSDT", AML, 2),)
)
OWNER = Facts(processors=(2, 3), chipset=PC)


def tables(decide: Decide, known: Facts) -> tuple[dict[str, bytes], list[bytes]]:
    """FADT, MADT, DSDT and FACS by signature, and the others of the XSDT in order; all sums are zero."""
    status, contents = build(decide, known, ADDRESS)
    assert status == decide.RETURN_SUCCESS
    memory = Memory(ADDRESS, contents)

    def one(address: int) -> bytes:
        found = memory.get(address, u32(memory.get(address, 8), 4))
        assert address % 64 == 0 and sum(found) % 256 == 0
        return found

    xsdt = one(u64(memory.get(ADDRESS, 36), 24))
    listed = [one(entry) for (entry,) in struct.iter_unpack("<Q", xsdt[HEADER:])]
    named = {bytes(found[:4]).decode(): found for found in listed}
    fadt = named["FACP"]
    named["DSDT"] = one(u64(fadt, 140))
    named["FACS"] = memory.get(u32(fadt, 36), 64)
    assert u32(fadt, 40) == u64(fadt, 140) and u64(fadt, 132) == 0
    return named, [found for found in listed if found[:4] not in (b"FACP", b"APIC")]


def entries(madt: bytes) -> list[bytes]:
    """The structures of a MADT."""
    found, offset = [], 44
    while offset < len(madt):
        found.append(madt[offset : offset + madt[offset + 1]])
        offset += madt[offset + 1]
    return found


def hidden(aml: bytes) -> bytes:
    """The same with names replaced that the owner must not find, where they are defined (ACPI 6.3, 20.2)."""
    names = {b"_MAT": b"_MRA", **{f"_S{n}_".encode(): f"_MR{n}".encode() for n in range(1, 5)}}
    prefix = rb"(?:\x08|\x14(?:[\x00-\x3f]|[\x40-\x7f].|[\x80-\xbf]..|[\xc0-\xff]...))"
    result = bytearray(aml)
    for found in re.finditer(rb"_MAT|_S[1-4]_", aml):
        before = aml[: found.start()]
        if found.start() > HEADER and re.search(prefix + rb"\\?$", before, re.DOTALL):
            result[found.start() : found.end()] = names[found[0]]
    return checksummed(bytes(result))


def test_madt_of_the_owner(decide: Decide) -> None:
    named, _ = tables(decide, OWNER)
    madt = named["APIC"]
    assert (madt[8], u32(madt, 36), u32(madt, 40)) == (5, 0xFEE00000, 1)
    assert entries(madt) == [lapic(0, 10, 2), lapic(2, 12), lapic(3, 13), IO, TIMER, EVERY]


def test_only_what_is_about_own_processors(decide: Decide) -> None:
    own, foreign = (struct.pack("<BBBHB", LOCAL_NMI, 6, uid, 0, 1) for uid in (12, 11))
    mine, other, every = (
        struct.pack("<BBHIBBBB", X2APIC_NMI, 12, 0, u, 1, 0, 0, 0) for u in (12, 11, 2**32 - 1)
    )
    unknown = bytes((0x80, 4, 0, 0))
    madt = make_madt(*PROCESSORS, foreign, own, other, mine, every, unknown)
    named, _ = tables(decide, replace(OWNER, chipset=replace(PC, madt=madt)))
    assert entries(named["APIC"])[3:] == [own, mine, every]


def test_fadt_of_the_owner(decide: Decide) -> None:
    named, _ = tables(decide, OWNER)
    fadt = named["FACP"]
    assert (len(fadt), u8(fadt, 8), u8(fadt, 131)) == (276, 6, 3)
    # Nobody is asked by SMI; the PC's other registers are where they were.
    assert (u32(fadt, 48), fadt[52:54]) == (0, bytes(2))
    assert fadt[56:64] == PC.fadt[56:64] and fadt[72:88] == PC.fadt[72:88]
    assert u32(fadt, 112) & (RESET_SUPPORTED | PHYSICAL | HW_REDUCED) == RESET_SUPPORTED | PHYSICAL
    assert fadt[116:129] == struct.pack("<BBBBQB", 0, 8, 0, 1, OWNER.sleep + 3, 0x52)
    assert (u32(fadt, 64), u32(fadt, 68), u8(fadt, 89)) == (0, 0, 2)
    assert fadt[172:184] == struct.pack("<BBBBQ", 0, 16, 0, 2, OWNER.sleep)
    assert fadt[184:196] == bytes(12) and fadt[244:268] == bytes(24)


@given(length=st.integers(116, 400))
def test_fadt_of_any_length(decide: Decide, length: int) -> None:
    fadt = table(b"FACP", bytes(length - HEADER), 1)
    named, _ = tables(decide, replace(OWNER, chipset=replace(PC, fadt=fadt)))
    assert len(named["FACP"]) == 276


def test_names_are_hidden_where_they_are_defined(decide: Decide) -> None:
    named, others = tables(decide, OWNER)
    assert named["DSDT"] == hidden(PC.dsdt) and others[1:] == [hidden(PC.copied[0])]
    # In a string it is what it was.
    assert b"\x08_MRA" in named["DSDT"] and b"\\_MR3" in named["DSDT"] and b"\x0d_MAT\x00" in named["DSDT"]
    assert b"_S5_" in named["DSDT"]


def test_own_block_is_an_ssdt(decide: Decide) -> None:
    _, others = tables(decide, OWNER)
    assert others[0][:4] == b"SSDT" and others[0][HEADER:] == OWNER.dsdt[HEADER:]


def test_what_others_decode_is_a_device(decide: Decide) -> None:
    chipset = replace(PC, withheld=((0xC0000000, 0x20000),), withheld_ports=((0xC040, 0x20),))
    _, others = tables(decide, replace(OWNER, chipset=chipset))
    device = others[0][len(OWNER.dsdt) :]
    memory = struct.pack("<BHBBBQQQQQ", 0x8A, 43, 0, 0x0D, 1, 0, 0xC0000000, 0xC001FFFF, 0, 0x20000)
    ports = struct.pack("<BHBBBHHHHH", 0x88, 13, 1, 0x0D, 3, 0, 0xC040, 0xC05F, 0, 0x20)
    assert device.endswith(memory + ports + b"\x79\0") and b"\\._SB_MRMW\x08_HID" in device
    assert others[0][:4] == b"SSDT" and u32(others[0], 4) == len(others[0])


def test_withheld_ranges_that_are_none_are_refused(decide: Decide) -> None:
    last = (1 << 64) - 0x1000
    for memory, ports, status in (
        (((last, 0x1000),), ((0xFFFF, 1),), decide.RETURN_SUCCESS),
        (((last, 0x1001),), (), decide.RETURN_INVALID_PARAMETER),
        (((0x1000, 0),), (), decide.RETURN_INVALID_PARAMETER),
        ((), ((0xFFFF, 2),), decide.RETURN_INVALID_PARAMETER),
        ((), ((0x1000, 0),), decide.RETURN_INVALID_PARAMETER),
        (((0x1000, 0x1000),) * 65, (), decide.RETURN_INVALID_PARAMETER),
        ((), ((0x1000, 1),) * 65, decide.RETURN_INVALID_PARAMETER),
    ):
        chipset = replace(PC, withheld=memory, withheld_ports=ports)
        assert build(decide, replace(OWNER, chipset=chipset))[0] == status


WITHHELD = st.tuples(
    st.integers(0, 1 << 40).map(lambda n: n << 12), st.integers(1, 1 << 24).map(lambda n: n << 12)
)
WITHHELD_PORTS = st.tuples(st.integers(0, 0x7FFF), st.integers(1, 0x7FFF))


@pytest.mark.skipif(shutil.which("acpiexec") is None, reason="no acpiexec")
@settings(max_examples=20, deadline=None)
@given(memory=st.lists(WITHHELD, max_size=64), ports=st.lists(WITHHELD_PORTS, max_size=64))
def test_acpica_reads_what_is_withheld(
    decide: Decide,
    tmp_path_factory: pytest.TempPathFactory,
    memory: list[tuple[int, int]],
    ports: list[tuple[int, int]],
) -> None:
    folder = tmp_path_factory.mktemp("withheld")
    own = table(b"DSDT", b"", 2)
    named, others = tables(
        decide,
        replace(
            OWNER,
            dsdt=own,
            chipset=replace(PC, dsdt=own, copied=(), withheld=tuple(memory), withheld_ports=tuple(ports)),
        ),
    )
    (folder / "dsdt.aml").write_bytes(named["DSDT"])
    (folder / "ssdt.aml").write_bytes(others[0])
    said = subprocess.run(
        ["acpiexec", "-b", "resources \\_SB.MRMW; quit", folder / "dsdt.aml", folder / "ssdt.aml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout
    found = re.findall(
        r"Address Minimum : (\w+)\n\s+Address Maximum : (\w+)\n.*\n\s+Address Length : (\w+)", said
    )
    # It tells them twice: _CRS as it is, and as it was made again from what was understood.
    expected = [(base, base + length - 1, length) for base, length in (*memory, *ports)]
    assert [tuple(int(word, 16) for word in row) for row in found][: len(expected)] == expected, said


def test_tables_that_are_not_sound_are_left_out(decide: Decide) -> None:
    sound = table(b"HPET", bytes(20))
    bad = (sound[:-1] + b"\x01", sound[:40], b"HPET", struct.pack("<4sI", b"HPET", 1 << 31) + bytes(28))
    _, others = tables(decide, replace(OWNER, chipset=replace(PC, copied=(*bad, sound))))
    assert others[1:] == [sound]


@pytest.mark.parametrize(
    "chipset",
    [
        replace(PC, fadt=make_fadt(flags=HW_REDUCED)),
        replace(PC, fadt=table(b"FACP", bytes(60))),
        replace(PC, fadt=PC.fadt[:-1] + b"\xee"),
        replace(PC, dsdt=table(b"SSDT", b"")),
        replace(PC, madt=make_madt(*PROCESSORS[1:])),
        replace(PC, madt=make_madt(*PROCESSORS[:3])),
        replace(PC, madt=make_madt(*PROCESSORS[:3], lapic(3, 13, 0))),
        replace(PC, madt=make_madt(*PROCESSORS, bytes((1, 1)))),
        replace(PC, madt=make_madt(*PROCESSORS, bytes((1, 12)))),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused(decide: Decide, chipset: Chipset) -> None:
    status, _ = build(decide, replace(OWNER, chipset=chipset))
    assert status == decide.RETURN_INVALID_PARAMETER


@given(data=st.data())
def test_any_madt_is_refused_or_sound(decide: Decide, data: st.DataObject) -> None:
    body = data.draw(
        st.lists(st.sampled_from((*PROCESSORS, IO, x2apic(2, 7))) | st.binary(max_size=20), max_size=9)
    )
    known = replace(OWNER, chipset=replace(PC, madt=make_madt(*body)))
    status, _ = build(decide, known)
    if status == decide.RETURN_SUCCESS:
        named, _ = tables(decide, known)
        processors = [e for e in entries(named["APIC"]) if e[0] in (LOCAL_APIC, X2APIC)]
        ids = [e[3] if e[0] == LOCAL_APIC else u32(e, 4) for e in processors]
        flags = [u32(e, 4) if e[0] == LOCAL_APIC else u32(e, 8) for e in processors]
        assert (ids, flags) == ([0, 2, 3], [2, 1, 1])
    else:
        assert status == decide.RETURN_INVALID_PARAMETER


@given(
    body=st.lists(st.sampled_from((b"_MAT", b"_S3_", b"\x08", b"\x14", b"\\", b"A")) | st.binary(max_size=4))
)
def test_any_aml(decide: Decide, body: list[bytes]) -> None:
    dsdt = table(b"DSDT", b"".join(body), 2)
    named, _ = tables(decide, replace(OWNER, chipset=replace(PC, dsdt=dsdt)))
    assert named["DSDT"] == hidden(dsdt)


def test_a_buffer_that_is_too_small(decide: Decide) -> None:
    assert build(decide, OWNER, short=1)[0] == decide.RETURN_BUFFER_TOO_SMALL
    assert size(decide, OWNER) > len(PC.dsdt) + len(PC.copied[0])


needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason=f"no corpus of ACPI tables at {CORPUS}")


def owner_of(files: dict[str, bytes]) -> Facts | None:
    """Facts of an owner with two processors of a real PC; None where there are fewer than three."""
    madt = files["APIC"]
    ids = [e[3] for e in entries(madt) if e[0] == LOCAL_APIC and u32(e, 4) & 1]
    if len(ids) < 3 or len(set(ids)) != len(ids):
        return None
    copied = tuple(data for name, data in files.items() if name in ("HPET", "MCFG"))
    chipset = Chipset(files["FACP"], madt, PC.dsdt, copied)
    return Facts(processors=tuple(ids[1:3]), bsp=ids[0], chipset=chipset)


@needs_corpus
def test_real_pcs(decide: Decide) -> None:
    made = 0
    for machine in open_corpus(CORPUS):
        files = {path.removeprefix(f"{TABLES}/"): data for path, data in machine.files.items()}
        known = owner_of(files)
        if known is None or known.chipset is None:
            continue
        fit = all(sum(files[name]) % 256 == 0 for name in ("APIC", "FACP"))
        fit = fit and not u32(files["FACP"], 112) & HW_REDUCED
        status, _ = build(decide, known)
        assert (status == decide.RETURN_SUCCESS) == fit, machine.name
        if not fit:
            continue
        named, others = tables(decide, known)
        madt, theirs = entries(named["APIC"]), entries(files["APIC"])
        assert [e[3] for e in madt if e[0] == LOCAL_APIC] == [known.bsp, *known.processors]
        for kind in (IO_APIC, OVERRIDE, NMI):
            assert [e for e in madt if e[0] == kind] == [e for e in theirs if e[0] == kind], machine.name
        assert set(others[1:]) <= set(known.chipset.copied)
        assert u16(named["FACP"], 46) == u16(files["FACP"], 46)
        made += 1
    assert made > 100


@pytest.mark.skipif(shutil.which("iasl") is None, reason="no iasl")
def test_iasl_reads_the_tables(decide: Decide, tmp_path: Path) -> None:
    source = tmp_path / "pc.asl"
    source.write_text(
        'DefinitionBlock ("", "DSDT", 2, "PC", "PC", 1) {'
        " Name (\\_S3, Package () {1, 1, 0, 0}) Name (\\_S5, Package () {0, 0, 0, 0})"
        " Scope (\\_SB) { Processor (C000, 1, 0, 0) {"
        " Method (_MAT, 0, NotSerialized) { Return (Buffer () {0, 8, 1, 1, 1, 0, 0, 0}) } } } }"
    )
    subprocess.run(["iasl", "-p", tmp_path / "dsdt", source], check=True, capture_output=True)
    dsdt = (tmp_path / "dsdt.aml").read_bytes()
    named, _ = tables(decide, replace(OWNER, chipset=replace(PC, dsdt=dsdt)))
    for name in ("DSDT", "FACP", "APIC"):
        (tmp_path / f"{name}.dat").write_bytes(named[name])
        done = subprocess.run(
            ["iasl", "-d", tmp_path / f"{name}.dat"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "DSDT.dsl").read_text()
    assert "_MAT" not in text and "_S3" not in text and "_S5" in text and "Method (_MRA" in text
