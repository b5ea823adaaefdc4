# SPDX-License-Identifier: BSD-2-Clause-Patent
"""SRAT and SLIT: cut down to the partition, and never trusted."""

import struct
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.firmware_host import acpi_reader
from tests.firmware_host.acpi_facts import MIB, PAGE, Facts, Range, build, checksummed, size, table
from tests.firmware_host.acpi_reader import Affinity, MemoryAffinity
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.numa import NODES, SLIT, affinity, slit, srat

END = 1 << 64
OURS = (b"MRM   ", b"MRM     ", 1, b"MRM ", 1)
PARTITION = Facts(processors=(2, 1, 300), memory=((0x10000, 0x10000), (0x7FE00000, 2 * MIB), (1 << 32, MIB)))


def _tables(decide: Decide, known: Facts) -> acpi_reader.Tables:
    status, contents = build(decide, known)
    assert status == decide.RETURN_SUCCESS
    return acpi_reader.read(0x7F000000, contents)


def test_srat_is_cut_to_the_partition(decide: Decide) -> None:
    found = _tables(decide, replace(PARTITION, srat=NODES, slit=SLIT))
    assert found.order == ["FACP", "APIC", "SRAT", "SLIT"]
    assert acpi_reader.identity(found.raw["SRAT"]) == acpi_reader.identity(found.raw["SLIT"]) == OURS
    assert acpi_reader.srat(found.raw["SRAT"]) == [
        Affinity(0, 0, 1, 1),
        Affinity(0, 0x01020304, 2, 1),
        Affinity(2, 0x01020304, 300, 1),
        MemoryAffinity(0, 0x10000, 0x10000, 1),
        MemoryAffinity(0, 0x7FE00000, 2 * MIB, 1),
        MemoryAffinity(0x01020304, 1 << 32, MIB, 1),
    ]
    assert found.raw["SLIT"][36:] == SLIT[36:]


def test_clock_domain_is_kept(decide: Decide) -> None:
    raw = _tables(decide, replace(PARTITION, srat=NODES)).raw["SRAT"]
    assert affinity(Affinity(0, 0x01020304, 2, 1)) in raw


def test_one_range_in_two_domains_becomes_two(decide: Decide) -> None:
    source = srat(
        [
            Affinity(0, 0, 1, 1),
            MemoryAffinity(0, 0, 1 << 32, 1),
            MemoryAffinity(1, 1 << 32, END - (1 << 32), 1),
        ]
    )
    known = Facts(processors=(1,), memory=(((1 << 32) - MIB, 3 * MIB),), srat=source)
    assert acpi_reader.srat(_tables(decide, known).raw["SRAT"])[1:] == [
        MemoryAffinity(0, (1 << 32) - MIB, MIB, 1),
        MemoryAffinity(1, 1 << 32, 2 * MIB, 1),
    ]


def test_unused_entries_and_hot_plug_are_dropped(decide: Decide) -> None:
    source = srat(
        [
            Affinity(0, 0, 1, 1),
            Affinity(0, 0, 2, 0),
            Affinity(0, 0, 0, 1),
            MemoryAffinity(0, 0, MIB, 0),
            MemoryAffinity(1, MIB, 0, 1),
            MemoryAffinity(2, MIB, MIB, 0b111),
        ],
        extra=bytes([5, 32]) + bytes(30) + bytes([0x77, 2]),
    )
    known = Facts(processors=(1, 2), memory=((0, 4 * MIB),), srat=source)
    assert acpi_reader.srat(_tables(decide, known).raw["SRAT"]) == [
        Affinity(0, 0, 1, 1),
        MemoryAffinity(2, MIB, MIB, 0b101),
    ]


def test_touching_memory_in_any_order_is_kept(decide: Decide) -> None:
    spans = [(2 * PAGE, PAGE), (PAGE, PAGE), (3 * PAGE, PAGE), (END - PAGE, PAGE), (END - 2 * PAGE, PAGE)]
    entries = [MemoryAffinity(domain, *span, 1) for domain, span in enumerate(spans)]
    known = Facts(
        processors=(1,),
        memory=((0, 8 * PAGE), (END - 4 * PAGE, 4 * PAGE)),
        srat=srat([Affinity(0, 0, 1, 1), *entries]),
    )
    assert acpi_reader.srat(_tables(decide, known).raw["SRAT"])[1:] == entries


_page_ranges = st.lists(st.integers(0, 200), min_size=2, max_size=16, unique=True).map(
    lambda edges: [
        (low * PAGE, (high - low) * PAGE)
        for low, high in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
    ]
)


def _pages(spans: Iterable[Range]) -> set[int]:
    return {page for base, length in spans for page in range(base // PAGE, (base + length) // PAGE)}


@given(nodes=_page_ranges, memory=_page_ranges)
def test_memory_of_the_srat_is_the_intersection(
    decide: Decide, nodes: list[Range], memory: list[Range]
) -> None:
    entries = [MemoryAffinity(domain, *span, 1) for domain, span in enumerate(nodes)]
    known = Facts(
        processors=(1,), memory=tuple(memory), srat=srat([Affinity(0, 0, 1, 1), *entries]), slit=SLIT
    )
    found = _tables(decide, known)
    if not _pages(nodes) & _pages(memory):
        assert found.order == ["FACP", "APIC"]
        return
    parts = [e for e in acpi_reader.srat(found.raw["SRAT"]) if isinstance(e, MemoryAffinity)]
    for domain, span in enumerate(nodes):
        mine = _pages((part.base, part.size) for part in parts if part.domain == domain)
        assert mine == _pages([span]) & _pages(memory)
    assert sum(part.size for part in parts) == PAGE * len(_pages(nodes) & _pages(memory))


FINE: list[Affinity | MemoryAffinity] = [Affinity(0, 0, 1, 1), MemoryAffinity(0, 0, 4 * MIB, 1)]
SMALL = Facts(processors=(1,), memory=((MIB, MIB),))

BAD_SRATS = {
    "empty": b"",
    "shorter than its header": srat(FINE)[:47],
    "of another kind": table(b"SLIT", srat(FINE)[36:], 3),
    "longer than what can be read": srat(FINE)[:-1],
    "length below the header": checksummed(srat(FINE)[:4] + b"\x24\0\0\0" + srat(FINE)[8:]),
    "wrong checksum": srat(FINE)[:-1] + b"\1",
    "structure of length zero": srat(FINE, bytes([0, 0])),
    "structure of length one": srat(FINE, bytes([9, 1])),
    "structure cut off in its header": srat(FINE, bytes([9])),
    "structure beyond the end": srat(FINE, bytes([9, 3])),
    "short processor": srat(FINE, bytes([0, 15]) + bytes(13)),
    "long processor": srat(FINE, bytes([0, 17]) + bytes(15)),
    "short x2APIC processor": srat(FINE, bytes([2, 16]) + bytes(14)),
    "short memory": srat(FINE, bytes([1, 32]) + bytes(30)),
    "memory that wraps": srat([*FINE, MemoryAffinity(0, END - PAGE, 2 * PAGE, 1)]),
    "memory in two domains": srat([*FINE, MemoryAffinity(1, MIB, MIB, 1), MemoryAffinity(2, 0, END - 1, 1)]),
    "memory that shares its last byte": srat(
        [*FINE, MemoryAffinity(1, 4 * MIB, MIB, 1), MemoryAffinity(2, 5 * MIB - 1, 1, 1)]
    ),
    "memory that shares its first byte": srat(
        [*FINE, MemoryAffinity(1, 5 * MIB, MIB, 1), MemoryAffinity(2, 4 * MIB, MIB + 1, 1)]
    ),
    "no processor of the partition": srat([Affinity(0, 0, 2, 1), FINE[1]]),
    "no memory of the partition": srat([FINE[0], MemoryAffinity(0, 0, MIB, 1)]),
}


def test_the_good_srat_is_taken(decide: Decide) -> None:
    assert _tables(decide, replace(SMALL, srat=srat(FINE), slit=SLIT)).order == [
        "FACP",
        "APIC",
        "SRAT",
        "SLIT",
    ]


@pytest.mark.parametrize("name", BAD_SRATS)
def test_bad_srat_is_left_out(decide: Decide, name: str) -> None:
    without = build(decide, SMALL)
    assert build(decide, replace(SMALL, srat=BAD_SRATS[name], slit=SLIT)) == without


BAD_SLITS = {
    "empty": b"",
    "shorter than its header": SLIT[:43],
    "of another kind": table(b"SRAT", SLIT[36:]),
    "longer than what can be read": SLIT[:-1],
    "wrong checksum": SLIT[:-1] + b"\x0b",
    "no localities": slit([]),
    "fewer distances than localities": table(b"SLIT", struct.pack("<Q", 3) + bytes([10, 20, 20, 10])),
    "more distances than localities": table(b"SLIT", SLIT[36:] + b"\0"),
    "localities whose square overflows": table(b"SLIT", struct.pack("<Q", 1 << 32) + bytes([10])),
    "a domain far from itself": slit([[11, 20], [20, 10]]),
    "a domain nearer than itself": slit([[10, 9], [20, 10]]),
}


@pytest.mark.parametrize("name", BAD_SLITS)
def test_bad_slit_is_left_out(decide: Decide, name: str) -> None:
    with_srat = replace(SMALL, srat=srat(FINE))
    assert build(decide, replace(with_srat, slit=BAD_SLITS[name])) == build(decide, with_srat)


def test_domains_may_be_as_near_as_one(decide: Decide) -> None:
    near = slit([[10, 10], [10, 10]])
    assert _tables(decide, replace(SMALL, srat=srat(FINE), slit=near)).raw["SLIT"][36:] == near[36:]


def test_no_slit_without_srat(decide: Decide) -> None:
    assert build(decide, replace(SMALL, slit=SLIT)) == build(decide, SMALL)


@st.composite
def _hostile(draw: st.DrawFn, good: bytes) -> bytes:
    """Return a table with bytes changed, added or cut off; mostly with a right length and checksum."""
    data = bytearray(good)
    for _ in range(draw(st.integers(0, 6))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(data)))
    data = data[:cut] + draw(st.binary(max_size=64)) if draw(st.booleans()) else data
    if draw(st.booleans()) and len(data) >= 10:
        data[4:8] = len(data).to_bytes(4, "little")
    if draw(st.integers(0, 3)) and len(data) >= 10:
        return checksummed(bytes(data))
    return bytes(data)


@settings(max_examples=1500)
@given(srat_bytes=_hostile(NODES), slit_bytes=_hostile(SLIT))
@example(srat_bytes=NODES[:4], slit_bytes=SLIT[:7])
def test_hostile_tables(decide: Decide, srat_bytes: bytes, slit_bytes: bytes) -> None:
    """Whatever the PC's firmware left there: nothing is read outside it, and our tables are sound.

    The tables lie at the end of a page that nothing may be read behind.
    """
    found = _tables(decide, replace(PARTITION, srat=srat_bytes, slit=slit_bytes))
    for entry in acpi_reader.srat(found.raw["SRAT"]) if "SRAT" in found.raw else []:
        if isinstance(entry, Affinity):
            assert entry.apic_id in PARTITION.processors
        else:
            assert any(
                base <= entry.base and entry.base + entry.size <= base + length
                for base, length in PARTITION.memory
            )
    assert "SLIT" not in found.raw or "SRAT" in found.raw


@settings(max_examples=300)
@given(noise=st.binary(max_size=300))
def test_noise_for_tables(decide: Decide, noise: bytes) -> None:
    assert build(decide, replace(SMALL, srat=noise, slit=noise)) == build(decide, SMALL)


def test_overlapping_memory_cannot_blow_up_the_table(decide: Decide) -> None:
    everywhere = [MemoryAffinity(domain, 0, 1 << 40, 1) for domain in range(200)]
    memory = tuple((n * MIB, 64 << 10) for n in range(1, 100))
    known = Facts(processors=(1,), memory=memory, srat=srat([Affinity(0, 0, 1, 1), *everywhere]))
    assert size(decide, known) == size(decide, replace(known, srat=None))


def _domains(decide: Decide, table: bytes, apic_ids: Iterable[int]) -> list[int]:
    """The nodes of processors, as MrmDomainsOfProcessors tells them."""
    facts = decide.ffi.new("MRM_PROCESSOR_FACTS[]", [{"ApicId": n, "Domain": 77} for n in apic_ids])
    with Guarded(decide.ffi, table) as pointer:
        decide.call("MrmDomainsOfProcessors", pointer, len(table), facts, len(facts))
    return [fact.Domain for fact in facts]


def test_nodes_of_processors(decide: Decide) -> None:
    assert _domains(decide, NODES, [300, 0, 7, 2]) == [0x01020304, 0, 0, 0x01020304]
    entries = [Affinity(0, 5, 1, 0), Affinity(2, 6, 2, 0), Affinity(2, 7, 3, 1)]
    assert _domains(decide, srat(entries), [1, 2, 3]) == [0, 0, 7], "those not in use are not told"


def test_an_old_srat_has_nodes_of_8_bits(decide: Decide) -> None:
    body = affinity(Affinity(0, 0x0305, 1, 1)) + affinity(MemoryAffinity(0x0405, 0, MIB, 1))
    old = table(b"SRAT", struct.pack("<IQ", 1, 0) + body, 1)
    assert _domains(decide, old, [1]) == [5]
    assert _memory_domain(decide, old, (0, MIB)) == 5


@pytest.mark.parametrize("name", [name for name in BAD_SRATS if not name.startswith(("memory", "no "))])
def test_an_srat_that_cannot_be_read_tells_no_nodes(decide: Decide, name: str) -> None:
    assert _memory_domain(decide, srat(FINE), (0, MIB)) == 0
    assert _memory_domain(decide, BAD_SRATS[name], (0, MIB)) is None


def _memory_domain(decide: Decide, table: bytes, *windows: Range) -> int | None:
    """The node of a partition's memory, as MrmDomainOfMemory tells it."""
    new = decide.ffi.new
    memory = new("MRM_PLAN_MEMORY[]", [{"Minimum": first, "Limit": limit} for first, limit in windows])
    plan = new("MRM_PLAN_PARTITION *", {"MemoryCount": len(windows), "Memory": memory})
    domain = new("UINT32 *")
    with Guarded(decide.ffi, table) as pointer:
        known = decide.call("MrmDomainOfMemory", pointer, len(table), plan, domain)
    return domain[0] if known else None


def test_the_node_of_a_partitions_memory(decide: Decide) -> None:
    """The last request counts: shares below 1 GiB and below 4 GiB lie where such memory is."""
    low, second = (0x10000, 0x90000), (1 << 32, 1 << 40)
    assert _memory_domain(decide, NODES, low, (MIB, 2048 * MIB)) == 0
    assert _memory_domain(decide, NODES, low, (MIB, 1 << 32), second) == 0x01020304
    assert _memory_domain(decide, NODES, low, (MIB, 1 << 40)) is None, "on either node"
    assert _memory_domain(decide, NODES, low, (3 << 30, 1 << 32)) is None, "no memory there"
    assert _memory_domain(decide, NODES, (1024 * MIB, (1 << 32) + 1)) is None, "one byte of the second"
    assert _memory_domain(decide, NODES, ((2 << 30) - 1, 1 << 32)) == 0, "one byte of the first"
    assert _memory_domain(decide, NODES) is None
    assert _memory_domain(decide, b"", second) is None
