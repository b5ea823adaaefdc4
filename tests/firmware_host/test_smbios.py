# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmSmbiosLib: sound for any facts, and dmidecode reads what is meant."""

import re
import struct
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.smbios_facts import MIB, Facts, build, size

PAGE = 0x1000
TIB = 1 << 40


class Structure(NamedTuple):
    """One SMBIOS structure."""

    kind: int
    handle: int
    formatted: bytes
    strings: tuple[bytes, ...]


def read(address: int, contents: bytes) -> list[Structure]:
    """Read a table behind its 64-bit entry point as DSP0134 sections 5.2.2 and 6.1 say; check everything."""
    anchor, _, length, major, minor, doc, revision, reserved, maximum, table = struct.unpack(
        "<5sBBBBBBBIQ", contents[:24]
    )
    assert (anchor, length, major, minor, doc, revision, reserved) == (b"_SM3_", 24, 3, 3, 0, 1, 0)
    assert sum(contents[:24]) % 256 == 0
    assert contents[24:32] == bytes(8)
    assert table == address + 32 and maximum == len(contents) - 32
    data, offset, found = contents[32:], 0, []
    while True:
        kind, size_, handle = struct.unpack_from("<BBH", data, offset)
        formatted = data[offset : offset + size_]
        end = data.index(b"\0\0", offset + size_)
        strings = tuple(data[offset + size_ : end].split(b"\0")) if end > offset + size_ else ()
        found.append(Structure(kind, handle, formatted, strings))
        offset = end + 2
        if kind == 127:
            break
    assert offset == len(data)
    handles = [structure.handle for structure in found]
    assert handles == list(range(len(found)))
    return found


def _read(decide: Decide, facts: Facts, address: int = 0x7F001000) -> list[Structure]:
    status, contents = build(decide, facts, address)
    assert status == decide.RETURN_SUCCESS
    return read(address, contents)


def _of(structures: list[Structure], kind: int) -> Structure:
    (only,) = (structure for structure in structures if structure.kind == kind)
    return only


def _uuid(decide: Decide, facts: Facts) -> UUID:
    return UUID(bytes_le=_of(_read(decide, facts), 1).formatted[8:24])


_text = st.none() | st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=80)
_memory = st.lists(st.integers(0, 1 << 40), min_size=2, max_size=12, unique=True).map(
    lambda edges: tuple(
        (low * PAGE, (high - low) * PAGE)
        for low, high in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    )
)
_facts = st.builds(
    Facts,
    name=st.text(st.characters(max_codepoint=255, exclude_characters="\0"), min_size=1, max_size=80),
    version=_text,
    date=st.dates(min_value=date(2023, 1, 1)).map(lambda day: f"{day.month:02}/{day.day:02}/{day.year:04}"),
    machine=st.uuids(),
    processors=st.integers(1, 256),
    vendor=_text,
    processor=_text,
    tsc=st.integers(0, (1 << 64) - 1),
    memory=_memory,
)


def _written(text: str | None) -> list[bytes]:
    """Return a string as it is to be written; none for an empty one."""
    raw = (text or "").encode("latin-1")[:64]
    return [bytes(byte if 0x20 <= byte <= 0x7E else ord("?") for byte in raw)] if raw else []


@given(facts=_facts, address=st.sampled_from([0, 0x10, 0xFFFFFFF0, 1 << 40]))
def test_table_is_sound_for_any_facts(decide: Decide, facts: Facts, address: int) -> None:
    found = _read(decide, facts, address)
    kinds = [structure.kind for structure in found]
    assert kinds == [0, 1, 2, 3, 4, 16, 17, *([19] * len(facts.memory)), 32, 127]
    assert build(decide, facts, address) == build(decide, facts, address)
    product = b"Multiple Real Machine"
    name, version = _written(facts.name), _written(facts.version)
    assert list(found[0].strings) == [b"MRM", *version, *_written(facts.date)]
    assert list(found[1].strings) == [b"MRM", product, *version, *name, b"MRM", b"MRM partition"]
    assert list(found[2].strings) == [b"MRM", product, *version, *name]
    assert list(found[3].strings) == [b"MRM", *version, *name]
    processor = _written((facts.processor or "").lstrip(" "))
    assert list(found[4].strings) == [b"MRM partition", *_written(facts.vendor), *processor]
    assert [len(structure.formatted) for structure in found[:4]] == [26, 27, 15, 22]
    # The board lies in the enclosure.
    assert struct.unpack_from("<H", found[2].formatted, 11)[0] == found[3].handle


@given(facts=_facts)
@example(facts=Facts(tsc=1_000_500_000))
@example(facts=Facts(tsc=1_000_499_999))
def test_processors(decide: Decide, facts: Facts) -> None:
    raw = _of(_read(decide, facts), 4).formatted
    assert len(raw) == 0x30
    assert struct.unpack_from("<II", raw, 8) == (facts.signature, facts.features)
    megahertz = min((facts.tsc + 500_000) // 1_000_000, 0xFFFF)
    assert struct.unpack_from("<HH", raw, 0x14) == (megahertz, megahertz)
    short = min(facts.processors, 255)
    assert tuple(raw[0x23:0x26]) == (short, short, short)
    assert struct.unpack_from("<HHH", raw, 0x2A) == (facts.processors,) * 3
    assert struct.unpack_from("<H", raw, 0x26)[0] == (4 if facts.processors == 1 else 12)


@given(facts=_facts)
@example(facts=Facts(memory=((0, 1 << 52),)))
@example(facts=Facts(memory=((PAGE, PAGE), (0, PAGE), (2 * PAGE, PAGE))))
@example(facts=Facts(memory=tuple((n * PAGE, PAGE) for n in range(4096))))
@example(facts=Facts(memory=((0, (32 << 30) - MIB),)))
@example(facts=Facts(memory=((0, (32 << 30) - MIB - PAGE),)))
@example(facts=Facts(memory=(((4 << 40) - PAGE, PAGE),)))
@example(facts=Facts(memory=(((4 << 40) - 2 * PAGE, PAGE),)))
def test_memory(decide: Decide, facts: Facts) -> None:
    found = _read(decide, facts)
    total = sum(length for _, length in facts.memory)
    array, device = _of(found, 16), _of(found, 17)
    capacity, extended = struct.unpack_from("<I", array.formatted, 7)[0], array.formatted[15:23]
    assert len(array.formatted) == 0x17
    if total < 2 * TIB:
        assert (capacity, extended) == (total >> 10, bytes(8))
    else:
        assert (capacity, int.from_bytes(extended, "little")) == (0x80000000, total)

    raw = device.formatted
    assert len(raw) == 0x5C
    assert struct.unpack_from("<H", raw, 4)[0] == array.handle
    megabytes = struct.unpack_from("<H", raw, 12)[0]
    if megabytes == 0x7FFF:
        megabytes = struct.unpack_from("<I", raw, 0x1C)[0]
    assert megabytes == min(total // MIB, 0x7FFFFFFF)
    assert struct.unpack_from("<Q", raw, 0x3C)[0] == total

    mapped = []
    for structure in found:
        if structure.kind == 19:
            first, last, owner, width, first64, last64 = struct.unpack("<IIHBQQ", structure.formatted[4:])
            assert (owner, width) == (array.handle, 1)
            if first == 0xFFFFFFFF:
                assert last == first
                mapped.append((first64, last64 - first64 + 1))
            else:
                assert (first64, last64) == (0, 0)
                mapped.append((first << 10, (last - first + 1) << 10))
    assert mapped == list(facts.memory)


@given(one=_facts, other=_facts)
def test_uuid_is_a_function_of_machine_and_name(decide: Decide, one: Facts, other: Facts) -> None:
    assert _uuid(decide, one) == _uuid(decide, replace(other, machine=one.machine, name=one.name))
    assert _uuid(decide, one).version == 8
    assert _uuid(decide, one).variant == "specified in RFC 4122"
    if one.name != other.name:
        assert _uuid(decide, one) != _uuid(decide, replace(one, name=other.name))
    if one.machine != other.machine:
        assert _uuid(decide, one) != _uuid(decide, replace(one, machine=other.machine))


def test_uuids_of_similar_names_differ_everywhere(decide: Decide) -> None:
    uuids = [_uuid(decide, replace(Facts(), name=f"node{n}", machine=UUID(int=0))) for n in range(64)]
    assert len(set(uuids)) == 64
    for byte in range(16):
        # Each byte varies, except for what version and variant fix.
        assert len({uuid.bytes[byte] for uuid in uuids}) > 8


def _hash(seed: int, data: bytes) -> int:
    """Return FNV-1a with a seed, spread by the finalizer of SplitMix64."""
    value = 0xCBF29CE484222325
    for byte in (seed, *data):
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % (1 << 64)
    value = (value ^ value >> 27) * 0x94D049BB133111EB % (1 << 64)
    return value ^ value >> 31


@given(facts=_facts)
def test_uuid_follows_the_rule_that_no_release_may_change(decide: Decide, facts: Facts) -> None:
    data = facts.machine.bytes_le + (facts.name or "").encode("latin-1")
    raw = bytearray(b"".join(_hash(seed, data).to_bytes(8, "little") for seed in (1, 2)))
    raw[7] = raw[7] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    assert _uuid(decide, facts) == UUID(bytes_le=bytes(raw))


REFUSED = {
    "no name": Facts(name=None),
    "empty name": Facts(name=""),
    "no processor": Facts(processors=0),
    "too many processors": Facts(processors=257),
    "no memory": Facts(memory=()),
    "too much memory": Facts(memory=tuple((n * 2 * PAGE, PAGE) for n in range(4097))),
    "empty memory": Facts(memory=((PAGE, 0),)),
    "memory not of whole pages": Facts(memory=((0, PAGE + 1),)),
    "memory twice": Facts(memory=((0, 2 * PAGE), (PAGE, PAGE))),
    "memory too high": Facts(memory=(((1 << 52) - PAGE, 2 * PAGE),)),
    "memory where none can be": Facts(memory=((1 << 52, PAGE),)),
    "memory that wraps": Facts(memory=(((1 << 64) - PAGE, 2 * PAGE),)),
    "no date": Facts(date=None),
    **{
        f"date {text!r}": Facts(date=text)
        for text in (
            "",
            "1",
            "11/23/2022",
            "13/01/2026",
            "00/01/2026",
            "1/02/2026",
            "11/32/2026",
            "11/00/2026",
        )
    },
    **{
        f"date {text!r}": Facts(date=text)
        for text in ("11/23/26", "2026-11-23", "11/23/2026 ", "11-23-2026", "11/23/202", "11/23/20x6")
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_facts_are_refused(decide: Decide, name: str) -> None:
    assert size(decide, REFUSED[name]) == 0
    status, contents = build(decide, REFUSED[name], room=8192)
    assert status == decide.RETURN_INVALID_PARAMETER
    assert set(contents) == {0xA5}


@pytest.mark.parametrize("address", [8, 0xFFFFFFFFFFFFFFF0])
def test_bad_address_is_refused(decide: Decide, address: int) -> None:
    assert build(decide, Facts(), address)[0] == decide.RETURN_INVALID_PARAMETER


def test_smaller_buffer_is_refused(decide: Decide) -> None:
    needed = size(decide, Facts())
    for room in (0, 24, 32, needed - 1):
        status, contents = build(decide, Facts(), room=room)
        assert status == decide.RETURN_BUFFER_TOO_SMALL
        assert set(contents) <= {0xA5}


def _dmidecode(decide: Decide, facts: Facts, folder: Path) -> str:
    """Return what dmidecode reads in a dump: an entry point, and a table where it says in the file."""
    dump = folder / "smbios.bin"
    dump.write_bytes(build(decide, facts)[1])
    result = subprocess.run(
        ["/usr/sbin/dmidecode", "--from-dump", dump], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stderr == ""
    return result.stdout


def _block(said: str, title: str) -> dict[str, str]:
    """Return the first level of fields of one structure."""
    block = re.search(rf"^{re.escape(title)}\n((?:\t.*\n)+)", said, re.MULTILINE)
    assert block, title
    return dict(re.findall(r"^\t(\w[^:\n]*): (.*)$", block[1], re.MULTILINE))


def test_dmidecode_reads_what_is_meant(decide: Decide, tmp_path: Path) -> None:
    said = _dmidecode(decide, Facts(), tmp_path)
    assert "SMBIOS 3.3.0 present." in said
    assert not re.search(r"OUT OF SPEC|BROKEN|TRUNCATED|BAD INDEX|invalid|wrong", said, re.IGNORECASE), said
    firmware = _block(said, "BIOS Information")
    assert (firmware["Vendor"], firmware["Version"], firmware["Release Date"]) == ("MRM", "0.1", "11/23/2026")
    assert "UEFI is supported" in said
    assert "virtual machine" not in said
    system = _block(said, "System Information")
    assert system["Manufacturer"] == "MRM"
    assert system["Product Name"] == "Multiple Real Machine"
    assert system["Serial Number"] == "steady"
    assert system["UUID"] == str(_uuid(decide, Facts()))
    processor = _block(said, "Processor Information")
    assert processor["Version"] == "QEMU TCG CPU version 2.5+"
    assert processor["Manufacturer"] == "AuthenticAMD"
    assert (processor["Core Count"], processor["Core Enabled"], processor["Thread Count"]) == ("2", "2", "2")
    assert processor["Current Speed"] == "3000 MHz"
    assert processor["Status"] == "Populated, Enabled"
    assert _block(said, "Physical Memory Array")["Use"] == "System Memory"
    assert _block(said, "Memory Device")["Size"] == "640 MB"
    ranges = re.findall(r"Starting Address: (\S+)\n\tEnding Address: (\S+)\n\tRange Size: (.*)", said)
    assert [(int(first, 16), int(last, 16)) for first, last, _ in ranges] == [
        (base, base + length - 1) for base, length in Facts().memory
    ]
    assert _block(said, "System Boot Information")["Status"] == "No errors detected"


def test_dmidecode_reads_a_large_partition(decide: Decide, tmp_path: Path) -> None:
    facts = Facts(processors=256, memory=((0, 3 * TIB), (8 * TIB, 4 * TIB)))
    said = _dmidecode(decide, facts, tmp_path)
    assert not re.search(r"OUT OF SPEC|BROKEN|TRUNCATED", said, re.IGNORECASE), said
    assert _block(said, "Processor Information")["Core Count"] == "256"
    assert _block(said, "Physical Memory Array")["Maximum Capacity"] == "7 TB"
    assert _block(said, "Memory Device")["Size"] == "7 TB"
    assert re.findall(r"Range Size: (.*)", said) == ["3 TB", "4 TB"]
