# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmAcpiLib: the tables are sound, say what docs/acpi.md says, and contradictions are refused."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware_host import acpi_reader
from tests.firmware_host.acpi_facts import (
    DSDT,
    KINDS,
    MIB,
    PAGE,
    Bus,
    Console,
    Facts,
    Patch,
    build,
    facts,
    patch_value,
    size,
    table,
)
from tests.firmware_host.acpi_reader import Processor, Tables, u8, u16, u32, u64
from tests.firmware_host.decide import Decide

OURS = (b"MRM   ", b"MRM     ", 1, b"MRM ", 1)
BUS = Bus(1, 2, 3, memory=(0xC0000000, 2 * MIB), prefetchable=(0x800000000, 4 * MIB), io=(0x6000, 0x1000))
addresses = st.sampled_from([0x1000, 0x7F000040, 0xFFFFF000, 1 << 32, 0x123456789000])


def tables(decide: Decide, known: Facts, address: int = 0x7F000000) -> Tables:
    """Build and read back; everything must be sound."""
    status, contents = build(decide, known, address)
    assert status == decide.RETURN_SUCCESS
    return acpi_reader.read(address, contents)


@given(known=facts(), address=addresses)
def test_tables_are_sound_for_any_facts(decide: Decide, known: Facts, address: int) -> None:
    found = tables(decide, known, address)
    optional = {
        "MCFG": known.buses,
        "SPCR": known.console.kind != "MrmConsoleNone",
        "WDAT": known.watchdog,
        "NFIT": known.shared,
    }
    assert found.order == ["FACP", "APIC", *(name for name, there in optional.items() if there)]
    for name in ("XSDT", *found.order):
        assert acpi_reader.identity(found.raw[name]) == OURS
    # The header's promise about space.
    assert size(decide, known) - len(known.dsdt) <= decide.MRM_ACPI_FIXED_SIZE
    # The same facts give the same bytes.
    assert build(decide, known, address) == build(decide, known, address)


@given(known=facts())
@example(known=Facts(processors=tuple(range(256)), bsp=256))
@example(known=Facts(processors=tuple(range(255, -1, -1)), bsp=0xFFFFFFFE))
def test_madt(decide: Decide, known: Facts) -> None:
    address, flags, processors = acpi_reader.madt(tables(decide, known).raw["APIC"])
    assert (address, flags) == (known.local_apic, 0)

    def expected(apic_id: int, uid: int, entry_flags: int) -> Processor:
        return Processor(0 if apic_id < 255 and uid < 256 else 9, apic_id, uid, entry_flags)

    assert processors == [
        expected(known.bsp, 0, 2),
        *(expected(apic_id, uid, 1) for uid, apic_id in enumerate(known.processors, 1)),
    ]


@given(known=facts())
def test_mcfg(decide: Decide, known: Facts) -> None:
    raw = tables(decide, known).raw
    found = acpi_reader.mcfg(raw["MCFG"]) if known.buses else []
    assert found == [(bus.ecam, bus.segment, bus.first, bus.last) for bus in known.buses]


@given(known=facts())
def test_spcr(decide: Decide, known: Facts) -> None:
    raw = tables(decide, known).raw.get("SPCR")
    console = known.console
    if raw is None:
        assert console.kind == "MrmConsoleNone"
        return
    segment, bus, device, number, vendor, identity = console.function
    codes = {9600: 3, 19200: 4, 57600: 6, 115200: 7}
    # Offsets of the specification's table 1; every byte not named here must be zero.
    fields = {
        40: (4, 0x01000801 if console.kind == "MrmConsoleUart16550Io" else 0x01000800),
        44: (8, console.base),
        58: (1, codes.get(console.baud, 0)),
        60: (1, 1),
        62: (1, 1),
        64: (2, identity if segment else 0xFFFF),
        66: (2, vendor if segment else 0xFFFF),
        68: (1, bus if segment else 0),
        69: (1, device if segment else 0),
        70: (1, number if segment else 0),
        75: (1, segment),
    }
    assert (len(raw), u8(raw, 8)) == (80, 2)
    assert acpi_reader.unexpected(raw, fields) == []


@given(known=facts())
def test_wdat(decide: Decide, known: Facts) -> None:
    raw = tables(decide, known).raw.get("WDAT")
    if raw is None:
        assert known.watchdog == 0
        return
    header, entries = acpi_reader.wdat(raw)
    assert header == (32, 0xFF, 0xFF, 0xFF, 0xFF, 100, 36000, 10, 1)
    # Action: instruction, word of MRM_WATCHDOG, value (Microsoft's specification, tables 3 and 4).
    ping, countdown, remaining, running, fired = (known.watchdog + 4 * n for n in range(5))
    assert entries == {
        0x01: (2, ping, 1),
        0x04: (1, remaining, 0),
        0x05: (1, countdown, 0),
        0x06: (3, countdown, 0),
        0x08: (0, running, 1),
        0x09: (2, running, 1),
        0x0A: (0, running, 0),
        0x0B: (2, running, 0),
        0x20: (0, fired, 1),
        0x21: (2, fired, 0),
    }


@given(known=facts())
def test_nfit(decide: Decide, known: Facts) -> None:
    raw = tables(decide, known).raw.get("NFIT")
    if raw is None:
        assert known.shared == ()
        return
    # ACPI 6.3 section 5.2.25.2: a persistent memory region, EFI_MEMORY_WB and EFI_MEMORY_NV.
    kind, attributes = UUID("66f0d379-b4f3-4074-ac43-0d3318b78cdb"), 0x8008
    assert acpi_reader.nfit(raw) == [
        (number, None, kind, *span, attributes) for number, span in enumerate(known.shared, 1)
    ]


@given(known=facts(), address=addresses)
def test_fadt(decide: Decide, known: Facts, address: int) -> None:
    found = tables(decide, known, address)
    raw = found.raw["FACP"]
    assert (len(raw), u8(raw, 8), u8(raw, 131)) == (276, 6, 3)
    timer = known.pm_timer

    flags = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 19 | 1 << 20
    flags |= (1 << 12) * known.headless
    flags |= (1 << 8) * (known.pm_timer_32_bit and timer != 0)
    # Offsets of ACPI 6.3 table 5-33; every byte not named here must be zero.
    fields = {
        36: (4, found.address["FACS"] if found.address["FACS"] < 1 << 32 else 0),
        40: (4, found.address["DSDT"] if found.address["DSDT"] < 1 << 32 else 0),
        46: (2, 9),
        76: (4, timer),
        91: (1, 4 if timer else 0),
        96: (2, 101),
        98: (2, 1001),
        109: (2, 1 << 5 | (1 << 2) * known.headless),
        112: (4, flags),
        131: (1, 3),
        132: (8, 0 if found.address["FACS"] < 1 << 32 else found.address["FACS"]),
        140: (8, found.address["DSDT"]),
        208: (4, 0x03002001 if timer else 0),
        212: (8, timer),
        244: (4, 0x01000800),
        248: (8, known.sleep + 1),
        256: (4, 0x01000800),
        260: (8, known.sleep + 2),
    }
    assert acpi_reader.unexpected(raw, fields) == []


def test_facs(decide: Decide) -> None:
    raw = tables(decide, Facts()).raw["FACS"]
    assert u8(raw, 32) == 2
    assert not any(raw[8:32]) and not any(raw[33:])


@given(known=facts())
def test_dsdt_is_patched_and_otherwise_unchanged(decide: Decide, known: Facts) -> None:
    raw = bytearray(tables(decide, known).raw["DSDT"])
    expected = bytearray(known.dsdt)
    for patch in known.patches:
        value = patch_value(known.buses[patch.index], patch.kind)
        expected[patch.offset : patch.offset + patch.width] = value.to_bytes(patch.width, "little")
    raw[9] = expected[9] = 0
    assert raw == expected


CONSOLE_KINDS = ("ConsoleIoFirst", "ConsoleIoLast", "ConsoleMemoryFirst", "ConsoleMemoryLast")
CONSOLES = {
    "I/O": (Console("MrmConsoleUart16550Io", 0x6000), (0x6000, 0x6007, 0, 0)),
    "memory": (Console("MrmConsoleUart16550Memory", 0xE0C0600000), (0, 0, 0xE0C0600000, 0xE0C0600007)),
    "none": (Console(), (0, 0, 0, 0)),
}


@pytest.mark.parametrize("name", CONSOLES)
def test_dsdt_is_told_where_the_console_is(decide: Decide, name: str) -> None:
    console, expected = CONSOLES[name]
    patches = tuple(Patch(40 + 8 * n, 8, 0, f"MrmPatch{kind}") for n, kind in enumerate(CONSOLE_KINDS))
    raw = tables(decide, Facts(console=console, patches=patches)).raw["DSDT"]
    assert tuple(u64(raw, patch.offset) for patch in patches) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_patch_value_must_fit_its_place(decide: Decide, kind: str, width: int) -> None:
    known = Facts(buses=(BUS,), patches=(Patch(40, width, 0, kind),))
    fits = patch_value(BUS, kind) < 1 << 8 * width
    status, contents = build(decide, known)
    assert status == (decide.RETURN_SUCCESS if fits else decide.RETURN_INVALID_PARAMETER)
    if not fits:
        assert set(contents) == {0xA5}


TOP = (1 << 64) - 2 * PAGE
AT_THE_EDGE = {
    "ECAM up to 2^64": Facts(buses=(Bus(1, 0, 255, ecam=(1 << 64) - 256 * MIB),)),
    "window up to 2^64": Facts(buses=(replace(BUS, memory=(TOP, 2 * PAGE)),)),
    "prefetchable window up to 2^64": Facts(buses=(replace(BUS, prefetchable=(TOP, 2 * PAGE)),)),
    "window closed at the top": Facts(buses=(replace(BUS, memory=((1 << 64) - 1, 0)),)),
    "memory up to 2^64": Facts(memory=((TOP, 2 * PAGE),)),
    "I/O window up to 2^64": Facts(buses=(replace(BUS, io=(TOP, 2 * PAGE)),)),
    "last eight ports": Facts(console=Console("MrmConsoleUart16550Io", 0xFFF8)),
    "last eight addresses": Facts(console=Console("MrmConsoleUart16550Memory", (1 << 64) - 8)),
    "console in the highest segment": Facts(
        buses=(replace(BUS, segment=255),),
        console=Console("MrmConsoleUart16550Io", 0x1000, function=(255, 3, 0, 0, 1, 1)),
    ),
    "watchdog up to 2^64": Facts(watchdog=(1 << 64) - 20),
    "shared memory up to 2^64": Facts(shared=(((1 << 64) - 2 * MIB, 2 * MIB),) * 16),
    "one bus": Facts(buses=(replace(BUS, first=255, last=255),)),
    "all buses of all segments": Facts(buses=tuple(Bus(0xFFFF - n, 0, 255) for n in range(16))),
    "patch of the last byte": Facts(buses=(BUS,), patches=(Patch(len(DSDT) - 1, 1, 0, KINDS[0]),)),
    "patch of the first byte": Facts(buses=(BUS,), patches=(Patch(36, 1, 0, KINDS[0]),)),
    "DSDT without contents": Facts(dsdt=table(b"DSDT", b"")),
}


@pytest.mark.parametrize("name", AT_THE_EDGE)
def test_what_just_fits_is_taken(decide: Decide, name: str) -> None:
    known = AT_THE_EDGE[name]
    found = tables(decide, known)
    if known.buses:
        assert len(acpi_reader.mcfg(found.raw["MCFG"])) == len(known.buses)


def test_highest_address(decide: Decide) -> None:
    room = -size(decide, Facts()) % 64
    known = replace(Facts(), dsdt=table(b"DSDT", bytes(len(DSDT) - 36 + room)))
    highest = (1 << 64) - size(decide, known)
    assert highest % 64 == 0
    # The end itself must be an address: 2^64 is none.
    assert build(decide, known, highest)[0] == decide.RETURN_INVALID_PARAMETER
    assert build(decide, known, highest - 64)[0] == decide.RETURN_SUCCESS


CONTRADICTIONS = {
    "no processor": Facts(processors=()),
    "too many processors": Facts(processors=tuple(range(1, 258))),
    "processor twice": Facts(processors=(1, 2, 1)),
    "processor of the controller": Facts(processors=(1, 2), bsp=2),
    "local APIC at zero": Facts(local_apic=0),
    "local APIC not on a page": Facts(local_apic=0xFEE00800),
    "bus in segment zero": Facts(buses=(replace(BUS, segment=0),)),
    "two bus ranges in one segment": Facts(buses=(BUS, replace(BUS, first=8, last=9))),
    "bus range backwards": Facts(buses=(replace(BUS, first=4, last=3),)),
    "ECAM not on a bus": Facts(buses=(replace(BUS, ecam=0xE0080000),)),
    "ECAM wraps": Facts(buses=(replace(BUS, ecam=(1 << 64) - 3 * MIB),)),
    "window wraps": Facts(buses=(replace(BUS, memory=((1 << 64) - PAGE, 2 * PAGE)),)),
    "prefetchable window wraps": Facts(buses=(replace(BUS, prefetchable=((1 << 64) - PAGE, 2 * PAGE)),)),
    "I/O window wraps": Facts(buses=(replace(BUS, io=((1 << 64) - PAGE, 2 * PAGE)),)),
    "console of the plan's kind": Facts(console=Console("MrmConsoleUart16550Pci", 0x1000)),
    "console across the last port": Facts(console=Console("MrmConsoleUart16550Io", 0xFFF9)),
    "console across the last address": Facts(console=Console("MrmConsoleUart16550Memory", (1 << 64) - 7)),
    "console in a foreign segment": Facts(
        buses=(BUS,), console=Console("MrmConsoleUart16550Io", 0x1000, function=(2, 2, 0, 0, 1, 1))
    ),
    "console in a segment SPCR cannot name": Facts(
        buses=(replace(BUS, segment=256),),
        console=Console("MrmConsoleUart16550Io", 0x1000, function=(256, 3, 0, 0, 1, 1)),
    ),
    "watchdog unaligned": Facts(watchdog=0x7F000002),
    "watchdog wraps": Facts(watchdog=(1 << 64) - 16),
    "empty shared memory": Facts(shared=((1 << 32, 0),)),
    "shared memory unaligned": Facts(shared=(((1 << 32) + MIB, 2 * MIB),)),
    "size of shared memory unaligned": Facts(shared=((1 << 32, 3 * MIB),)),
    "shared memory wraps": Facts(shared=(((1 << 64) - 2 * MIB, 4 * MIB),)),
    "too many shared memories": Facts(shared=((1 << 32, 2 * MIB),) * 17),
    "too many buses": Facts(buses=tuple(replace(BUS, segment=n) for n in range(1, 18))),
    "memory wraps": Facts(memory=(((1 << 64) - PAGE, 2 * PAGE),)),
    "patch of a bus that is not there": Facts(buses=(BUS,), patches=(Patch(40, 8, 1, KINDS[0]),)),
    "patch behind the DSDT": Facts(buses=(BUS,), patches=(Patch(len(DSDT), 1, 0, KINDS[0]),)),
    "patch across the end": Facts(buses=(BUS,), patches=(Patch(len(DSDT) - 7, 8, 0, KINDS[0]),)),
    "patch at an absurd offset": Facts(buses=(BUS,), patches=(Patch(0xFFFFFFFC, 8, 0, KINDS[0]),)),
    "patch in the header": Facts(buses=(BUS,), patches=(Patch(35, 1, 0, KINDS[0]),)),
    "patch of no width": Facts(buses=(BUS,), patches=(Patch(40, 0, 0, KINDS[0]),)),
    "patch of an odd width": Facts(buses=(BUS,), patches=(Patch(40, 3, 0, KINDS[0]),)),
    "patch of no kind": Facts(buses=(BUS,), patches=(Patch(40, 8, 0, len(KINDS) + 7),)),
    "DSDT shorter than its header": Facts(dsdt=DSDT[:35]),
    "DSDT longer than it says": Facts(dsdt=DSDT + b"\0"),
    "DSDT shorter than it says": Facts(dsdt=DSDT[:-1]),
    "DSDT of another kind": Facts(dsdt=table(b"SSDT", b"")),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradiction_is_refused(decide: Decide, name: str) -> None:
    status, contents = build(decide, CONTRADICTIONS[name])
    assert status == decide.RETURN_INVALID_PARAMETER
    assert set(contents) == {0xA5}


@pytest.mark.parametrize("known", [Facts(bsp=0xFFFFFFFF), Facts(processors=(1, 0xFFFFFFFF))])
def test_the_id_of_all_processors_is_unsupported(decide: Decide, known: Facts) -> None:
    assert build(decide, known)[0] == decide.RETURN_UNSUPPORTED


def test_no_plan_is_refused(decide: Decide) -> None:
    native: Any = decide.ffi.new("MRM_ACPI_FACTS *")
    ids = decide.ffi.new("UINT32[]", [1])
    native.ProcessorCount, native.ApicIds, native.LocalApicAddress = 1, ids, 0xFEE00000
    room = decide.ffi.new("char[]", 4096)
    assert decide.call("MrmAcpiBuild", native, 0, room, 4096) == decide.RETURN_INVALID_PARAMETER


@pytest.mark.parametrize("address", [1, 0x7F000020, 0xFFFFFFFFFFFFFFC0])
def test_bad_address_is_refused(decide: Decide, address: int) -> None:
    assert build(decide, Facts(), address)[0] == decide.RETURN_INVALID_PARAMETER


def test_smaller_buffer_is_refused(decide: Decide) -> None:
    status, contents = build(decide, Facts(buses=(BUS,)), short=1)
    assert status == decide.RETURN_BUFFER_TOO_SMALL
    assert set(contents) == {0xA5}


def test_the_largest_partition_fits_the_fixed_size(decide: Decide) -> None:
    known = Facts(
        processors=tuple(range(1000, 1256)),
        bsp=999,
        local_apic=0xFEC00000000,
        buses=tuple(replace(BUS, segment=n) for n in range(1, 17)),
    )
    assert size(decide, known) - len(known.dsdt) <= decide.MRM_ACPI_FIXED_SIZE
    found = tables(decide, known)
    assert u32(found.raw["APIC"], 4) == 44 + 257 * 16 + 12
    assert u16(found.raw["MCFG"], 4) == 44 + 16 * 16
    assert u64(found.raw["MCFG"], 44) == BUS.ecam
