# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPlanLib: whether a plan is for this PC, and which of two plans goes first."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.api import make_plan
from generator.blob.read import read
from generator.blob.write import write
from generator.emit import make_blob
from generator.model.identity import LONGEST_SYSTEM, parse_system, parse_uuid, system_of
from tests.firmware_host import test_log
from tests.firmware_host.decide import PROJECT, Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.test_plan import LONGEST_FAULT, Reading, Values

ONE, OTHER = UUID("4c4c4544-0035-5910-8052-b4c04f4d3233"), UUID("12345678-9abc-def0-1234-56789abcdef0")
UNSET = (UUID(int=0), UUID(int=(1 << 128) - 1))
NAME = "ACME Server 9000"

uuids = st.uuids().filter(lambda uuid: uuid not in UNSET)
systems = st.none() | st.text(
    st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=80
)
processors = st.lists(st.integers(0, 0xFFFFFFFE), min_size=1, max_size=9, unique=True)
texts = st.binary(max_size=120).map(lambda data: data.replace(b"\0", b""))


@pytest.fixture(scope="module")
def values() -> Values:
    """What the blob of a plan for any PC says."""
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml")
    return read(make_blob(plan))


def identified(
    values: Values, uuid: UUID | None = None, system: str | None = None, ids: Sequence[int] = (0,)
) -> Values:
    """The same for a PC."""
    found = copy.copy(values)
    found["Identity"] = {
        "Uuid": b"" if uuid is None else uuid.bytes_le,
        "System": system,
        "ApicIds": [] if system is None else sorted(ids),
    }
    return found


def fit(
    decide: Decide, plan: Values, uuid: UUID = UNSET[0], system: str = "", ids: Sequence[int] = (0,)
) -> tuple[str, str]:
    """How well a plan fits a PC, and what differs."""
    reading = Reading(decide, write(plan))
    assert reading.status == decide.RETURN_SUCCESS, reading.fault
    ffi = decide.ffi
    facts = ffi.new("MRM_PROCESSOR_FACTS []", len(ids))
    for fact, apic_id in zip(facts, ids, strict=True):
        fact.ApicId = apic_id
    told = Guarded(ffi, uuid.bytes_le), Guarded(ffi, system.encode("ascii") + b"\0")
    pc = ffi.new("MRM_PLAN_PC *")
    pc.Uuid, pc.System = ffi.cast("UINT8 *", told[0].pointer), ffi.cast("CHAR8 *", told[1].pointer)
    pc.ProcessorCount, pc.Processors = len(ids), facts
    text = test_log.Text(decide, LONGEST_FAULT)
    found = decide.call("MrmPlanFit", reading.plan, pc, text.c)
    names = {
        getattr(decide, name): name for name in ("MrmFitNot", "MrmFitAny", "MrmFitMachine", "MrmFitUuid")
    }
    return names[found], text.value


@pytest.mark.parametrize(
    ("plan", "pc", "expected"),
    [
        ({}, {}, ("MrmFitAny", "")),
        ({}, {"uuid": ONE, "system": NAME}, ("MrmFitAny", "")),
        ({"uuid": ONE}, {"uuid": ONE}, ("MrmFitUuid", "")),
        (
            {"uuid": ONE},
            {"uuid": OTHER},
            (
                "MrmFitNot",
                f"that has the UUID {ONE}, this one {OTHER}",
            ),
        ),
        ({"uuid": ONE}, {}, ("MrmFitNot", f"that has the UUID {ONE}, this one tells none")),
        ({"uuid": ONE}, {"uuid": UNSET[1]}, ("MrmFitNot", f"that has the UUID {ONE}, this one tells none")),
        # Processors come and go with the set-up of a PC: its UUID stays.
        ({"uuid": ONE, "system": NAME, "ids": (0, 2)}, {"uuid": ONE, "ids": (0,)}, ("MrmFitUuid", "")),
        ({"uuid": ONE, "system": NAME}, {"uuid": OTHER, "system": NAME}, ("MrmFitNot", None)),
        (
            {"system": NAME, "ids": (0, 2)},
            {"uuid": ONE, "system": NAME, "ids": (2, 0)},
            ("MrmFitMachine", ""),
        ),
        (
            {"system": NAME},
            {"system": "Other"},
            ("MrmFitNot", f'that is "{NAME}", this one "Other"'),
        ),
        ({"system": NAME}, {}, ("MrmFitNot", f'that is "{NAME}", this one a PC without a name')),
        (
            {"system": NAME, "ids": (0, 2)},
            {"system": NAME},
            ("MrmFitNot", "that has 2 processors, this one 1"),
        ),
        (
            {"system": NAME, "ids": (0, 2)},
            {"system": NAME, "ids": (0, 1)},
            ("MrmFitNot", "that has a processor with APIC ID 2, this one has none"),
        ),
    ],
)
def test_whether_a_plan_is_for_this_pc(
    decide: Decide, values: Values, plan: Any, pc: Any, expected: tuple[str, str | None]
) -> None:
    found = fit(decide, identified(values, **plan), **pc)
    assert found[0] == expected[0]
    assert expected[1] is None or found[1] == expected[1]


@given(
    uuid=st.none() | uuids, system=systems, ids=processors, live=st.uuids(), name=systems, running=processors
)
def test_of_any_pc(
    decide: Decide,
    values: Values,
    uuid: UUID | None,
    system: str | None,
    ids: list[int],
    live: UUID,
    name: str | None,
    running: list[int],
) -> None:
    """A plan fits the PC it is for; any other one only if it is as good as that one."""
    plan = identified(values, uuid, system, ids)
    best = "MrmFitUuid" if uuid is not None else "MrmFitMachine" if system is not None else "MrmFitAny"
    assert fit(decide, plan, uuid or live, system or "", ids) == (best, "")
    word, difference = fit(decide, plan, live, name or "", running)
    alike = system is None or (system, set(ids)) == (name, set(running))
    same = alike if uuid is None else uuid == live
    assert (word, bool(difference)) == (best if same else "MrmFitNot", not same)
    assert len(difference) < LONGEST_FAULT - 1, "it was cut"


@given(
    one=st.tuples(st.integers(1, 3), st.integers(0, (1 << 64) - 1)),
    other=st.tuples(st.integers(1, 3), st.integers(0, (1 << 64) - 1)),
)
def test_which_plan_goes_first(decide: Decide, one: tuple[int, int], other: tuple[int, int]) -> None:
    """The one that names the PC more closely; of those that do so alike the newer one."""
    plans = [decide.ffi.new("MRM_PLAN *", {"Made": made}) for _, made in (one, other)]
    first = decide.call("MrmPlanGoesBefore", plans[0], one[0], plans[1], other[0])
    assert bool(first) == (one > other)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Uuid": bytes(16)}, "the UUID of its PC is none"),
        ({"Uuid": b"\xff" * 16}, "the UUID of its PC is none"),
        ({"Uuid": b"short"}, "the UUID of its PC is none"),
        ({"System": NAME}, "a name without processors"),
        ({"ApicIds": [1]}, "processors without a name"),
        ({"System": NAME, "ApicIds": [1, 1]}, "the processors of its PC are not in order"),
        ({"System": NAME, "ApicIds": [2, 1]}, "the processors of its PC are not in order"),
    ],
)
def test_an_identity_that_is_none(decide: Decide, values: Values, changes: Values, words: str) -> None:
    plan = identified(values)
    plan["Identity"].update(changes)
    reading = Reading(decide, write(plan))
    assert (reading.status, words in reading.fault) == (decide.RETURN_COMPROMISED_DATA, True), reading.fault


@given(vendor=texts, product=texts)
def test_both_sides_call_a_pc_the_same(decide: Decide, vendor: bytes, product: bytes) -> None:
    ffi = decide.ffi
    told = [Guarded(ffi, text + b"\0") for text in (vendor, product)]
    name = Guarded(ffi, b"\xa5" * (decide.MRM_SYSTEM_LENGTH + 1))
    decide.call("MrmPlanSystem", *(ffi.cast("CHAR8 *", where.pointer) for where in (*told, name)))
    found = ffi.string(ffi.cast("CHAR8 *", name.pointer)).decode("ascii")
    assert found == (system_of(vendor.decode("latin-1"), product.decode("latin-1")) or "")
    assert not found or parse_system(found) == found
    assert decide.MRM_SYSTEM_LENGTH == LONGEST_SYSTEM


def test_a_uuid_is_text_in_one_form() -> None:
    assert parse_uuid(str(ONE).upper()) == ONE
    for text in (f"{{{ONE}}}", ONE.hex, str(UNSET[0]), str(UNSET[1]), "", f"{ONE}0"):
        assert parse_uuid(text) is None


def names(decide: Decide, uuid: UUID = UNSET[0], system: str = "") -> list[str | None]:
    """The names of plans that a server is asked for on a PC."""
    pc = decide.ffi.new("MRM_PLAN_PC *")
    kept = [decide.ffi.new("UINT8[]", uuid.bytes_le), decide.ffi.new("CHAR8[]", system.encode("latin-1"))]
    pc.Uuid, pc.System = kept
    found: list[str | None] = []
    for index in range(decide.MRM_PLAN_NAMES):
        text = test_log.Text(decide, decide.MRM_PLAN_NAME_SIZE)
        told = decide.call("MrmPlanFileName", index, pc, text.c)
        assert not text.c.Cut
        found.append(text.value if told else None)
    return found


def test_a_server_is_asked_for_the_closest_plan_first(decide: Decide) -> None:
    assert names(decide, ONE, "QEMU Standard PC (Q35 + ICH9, 2009)") == [
        "plans\\4c4c4544-0035-5910-8052-b4c04f4d3233.bin",
        "plans\\QEMU-Standard-PC-Q35-ICH9-2009.bin",
        "plan.bin",
    ]


def test_a_pc_that_tells_nothing_has_only_the_plan_for_any(decide: Decide) -> None:
    for uuid in UNSET:
        assert names(decide, uuid, "") == [None, None, "plan.bin"]
    assert names(decide, UNSET[0], "??") == [None, None, "plan.bin"]


@given(uuid=uuids, system=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=80))
def test_any_name_is_a_file_name(decide: Decide, uuid: UUID, system: str) -> None:
    by_uuid, by_system, _ = names(decide, uuid, system)
    assert by_uuid == f"plans\\{uuid}.bin"
    words = [word for word in re.split(r"[^0-9A-Za-z.]+", system) if word]
    assert by_system == (f"plans\\{'-'.join(words)}.bin" if words else None)
