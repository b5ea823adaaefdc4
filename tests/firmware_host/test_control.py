# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmControlLib: requests of an OS, who may give which, what it is told."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.test_log import Text

NAMES = ("steady", "realtime", "r")
VERBS = ("Start", "Stop", "Restart", "Nmi")


class Plan:
    """A plan of three partitions."""

    def __init__(self, decide: Decide) -> None:
        self._names = [decide.ffi.new("CHAR8[]", name.encode()) for name in NAMES]
        self.partitions = decide.ffi.new(
            "MRM_PLAN_PARTITION[]", [{"Name": name, "ProcessorCount": 2} for name in self._names]
        )
        self.c = decide.ffi.new("MRM_PLAN *", {"PartitionCount": 3, "Partitions": self.partitions})


def _parse(decide: Decide, request: bytes) -> tuple[int, Any]:
    order = decide.ffi.new("MRM_ORDER *")
    memory = Guarded(decide.ffi, request)
    plan = Plan(decide)
    pointer = decide.ffi.cast("UINT8 *", memory.pointer)
    return decide.call("MrmOrderParse", pointer, len(request), plan.c, order), order


def joined(words: list[str]) -> bytes:
    """A request of these words."""
    return " ".join(words).encode()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\0", " ", "\n\0\0"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", NAMES)
def test_every_verb_for_every_partition(decide: Decide, verb: str, name: str, ending: str) -> None:
    status, order = _parse(decide, f"  {verb.lower()} \t {name}{ending}".encode())
    assert (status, order.Kind) == (decide.RETURN_SUCCESS, decide.MrmOrderPartition)
    assert (order.Verb, order.Target) == (getattr(decide, f"MrmVerb{verb}"), NAMES.index(name))
    assert not order.AtOnce


@pytest.mark.parametrize("request_text", ["stop r", "restart r", "pc reboot", "pc power-off"])
def test_what_can_be_done_at_once(decide: Decide, request_text: str) -> None:
    status, order = _parse(decide, f"{request_text}  now\n".encode())
    assert (status, order.AtOnce) == (decide.RETURN_SUCCESS, 1)
    _, politely = _parse(decide, request_text.encode())
    assert (politely.Kind, politely.Verb, politely.Target) == (order.Kind, order.Verb, order.Target)
    assert not politely.AtOnce


@pytest.mark.parametrize(("what", "kind"), [("reboot", "PcReboot"), ("power-off", "PcPowerOff")])
def test_orders_for_the_pc(decide: Decide, what: str, kind: str) -> None:
    status, order = _parse(decide, f"pc {what}\n".encode())
    assert (status, order.Kind) == (decide.RETURN_SUCCESS, getattr(decide, f"MrmOrder{kind}"))


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("", "INVALID_PARAMETER"),
        ("start", "INVALID_PARAMETER"),
        ("start ", "INVALID_PARAMETER"),
        ("start steady now", "INVALID_PARAMETER"),
        ("nmi steady now", "INVALID_PARAMETER"),
        ("stop steady soon", "INVALID_PARAMETER"),
        ("stop steady now now", "INVALID_PARAMETER"),
        ("stop now", "NOT_FOUND"),
        ("pc now", "INVALID_PARAMETER"),
        ("now", "INVALID_PARAMETER"),
        ("Start steady", "INVALID_PARAMETER"),
        ("star steady", "INVALID_PARAMETER"),
        ("started steady", "INVALID_PARAMETER"),
        ("steady start", "INVALID_PARAMETER"),
        ("pc", "INVALID_PARAMETER"),
        ("pc off", "INVALID_PARAMETER"),
        ("start nobody", "NOT_FOUND"),
        ("start stead", "NOT_FOUND"),
        ("start steady1", "NOT_FOUND"),
        ("start steady\nx", "NOT_FOUND"),
        ("start steady\0x", "NOT_FOUND"),
    ],
)
def test_what_is_not_a_request(decide: Decide, request_text: str, status: str) -> None:
    assert _parse(decide, request_text.encode())[0] == getattr(decide, f"RETURN_{status}")


WORDS = (*(verb.lower() for verb in VERBS), *NAMES, "pc", "reboot", "power-off", "now")


@given(st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(WORDS), max_size=4).map(joined)))
def test_any_bytes_are_survived(decide: Decide, request: bytes) -> None:
    status, order = _parse(decide, request)
    words = re.findall(rb"[^ \t]+", request.rstrip(b" \t\r\n\0"))
    at_once = words[2:] == [b"now"]
    asked = {
        **{
            (verb.lower(), name): (decide.MrmOrderPartition, getattr(decide, f"MrmVerb{verb}"), target)
            for verb in VERBS
            for target, name in enumerate(NAMES)
            if not at_once or verb in ("Stop", "Restart")
        },
        ("pc", "reboot"): (decide.MrmOrderPcReboot, decide.MrmVerbMax, 0),
        ("pc", "power-off"): (decide.MrmOrderPcPowerOff, decide.MrmVerbMax, 0),
    }
    told = tuple(word.decode("latin-1") for word in words[:2])
    expected = asked.get(told) if len(told) == 2 and (at_once or len(words) == 2) else None
    if expected is not None:
        assert status == decide.RETURN_SUCCESS
        assert (order.Kind, order.Verb, order.Target, bool(order.AtOnce)) == (*expected, at_once)
    else:
        assert status in (decide.RETURN_NOT_FOUND, decide.RETURN_INVALID_PARAMETER)


@given(permits=st.lists(st.integers(0, 15), min_size=3, max_size=3), pc=st.integers(0, 7))
def test_permissions(decide: Decide, permits: list[int], pc: int) -> None:
    array = decide.ffi.new("UINT8[]", permits)
    policy = decide.ffi.new("MRM_PLAN_POLICY *", {"Permits": array, "PcPermits": pc})
    none = decide.ffi.new("MRM_PLAN_POLICY *")
    for bit, verb in enumerate(VERBS):
        for target in range(3):
            order = decide.ffi.new(
                "MRM_ORDER *", {"Verb": getattr(decide, f"MrmVerb{verb}"), "Target": target}
            )
            for asker in {0, 1, 2} - {target}:
                assert decide.call("MrmOrderIsPermitted", policy, asker, order) == (
                    permits[target] >> bit & 1
                )
                assert not decide.call("MrmOrderIsPermitted", none, asker, order)
    for bit, kind in enumerate(("PcReboot", "PcPowerOff")):
        order = decide.ffi.new("MRM_ORDER *", {"Kind": getattr(decide, f"MrmOrder{kind}")})
        assert decide.call("MrmOrderIsPermitted", policy, 0, order) == (pc >> bit & 1)
        assert not decide.call("MrmOrderIsPermitted", none, 0, order)


@pytest.mark.parametrize("restart", ["Never", "OnFailure", "Always"])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("permitted", [False, True])
def test_what_a_partition_may_ask_for_itself(
    decide: Decide, restart: str, verb: str, permitted: bool
) -> None:
    """What it could do by itself, permitted or not; a policy may make something else of a reset."""
    policy = decide.ffi.new("MRM_PLAN_POLICY *", {"Restart": getattr(decide, f"MrmRestart{restart}")})
    array = decide.ffi.new("UINT8[]", [0, 15 if permitted else 0, 0])
    policy.Permits = array
    order = decide.ffi.new("MRM_ORDER *", {"Verb": getattr(decide, f"MrmVerb{verb}"), "Target": 1})
    beyond = (verb, restart) in (("Restart", "Never"), ("Stop", "Always"))
    assert decide.call("MrmOrderIsPermitted", policy, 1, order) == (permitted or not beyond)
    assert decide.call("MrmOrderIsPermitted", policy, 0, order) == permitted


def test_state_is_json(decide: Decide) -> None:
    plan = Plan(decide)
    life = decide.ffi.new("MRM_LIFECYCLE *", {"State": decide.MrmStateRestarting, "Since": 4000})
    life.Starts, life.Failures = 3, 2
    words = decide.ffi.new("CHAR8[]", b'its "loader"')
    facts = decide.ffi.new(
        "MRM_STATE_FACTS[]",
        [
            {"Plan": plan.partitions + i, "Life": life, "Words": words, "Memory": 5 << 30, "Lasting": i != 1}
            for i in range(3)
        ],
    )
    text = Text(decide, 2000)
    decide.call("MrmStateRender", facts, 3, 65999, text.c)
    assert not text.c.Cut and text.value.endswith("\n")
    assert json.loads(text.value) == {
        "uptime": 65,
        "partitions": [
            {
                "name": name,
                "state": "restarting",
                "seconds": 61,
                "cause": 'its "loader"',
                "starts": 3,
                "failures": 2,
                "processors": 2,
                "memory": 5 << 30,
                "variables": "until power-off" if number == 1 else "committed",
            }
            for number, name in enumerate(NAMES)
        ],
    }


def test_state_of_a_guarded_partition_counts_its_exits(decide: Decide) -> None:
    plan = Plan(decide)
    life = decide.ffi.new("MRM_LIFECYCLE *")
    words = decide.ffi.new("CHAR8[]", b"")
    exits = decide.ffi.new(
        "MRM_GUARD_COUNTS *", {"Kinds": list(range(decide.MrmExitKinds)), "Caches": 70, "Denied": 2**32}
    )
    fact = {"Plan": plan.partitions, "Life": life, "Words": words, "Exits": exits}
    text = Text(decide, 2000)
    decide.call("MrmStateRender", decide.ffi.new("MRM_STATE_FACTS[]", [fact]), 1, 0, text.c)
    told = json.loads(text.value)["partitions"][0]
    assert told["exits"] == {
        "unknown": decide.MrmExitUnknown,
        "kick": decide.MrmExitKick,
        "shutdown": decide.MrmExitShutdown,
        "io": decide.MrmExitIo,
        "msr": decide.MrmExitMsr,
        "memory": decide.MrmExitNestedFault,
        "virtualization": decide.MrmExitVirtualization,
        "entry": decide.MrmExitEntryFailed,
        "exception": decide.MrmExitException,
        "caches": 70,
    }
    assert told["denied"] == 2**32 - 1


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0x1234, 0x20), {"denied": 0}),
        (
            (2**40, 0x123456789ABC, 0xC1 << 8 | 0x1F << 3 | 7),
            {"denied": 2**32 - 1, "function": "c1:1f.7", "address": "0x123456789abc"},
        ),
    ],
)
def test_state_tells_what_devices_were_denied(
    decide: Decide, counts: tuple[int, int, int], expected: dict[str, int | str]
) -> None:
    plan, life, ffi = Plan(decide), decide.ffi.new("MRM_LIFECYCLE *"), decide.ffi
    denied = ffi.new("MRM_IOMMU_COUNTS *", counts)
    words = ffi.new("CHAR8[]", b"")
    fact = {"Plan": plan.partitions, "Life": life, "Words": words, "Denied": denied}
    text = Text(decide, 2000)
    decide.call("MrmStateRender", ffi.new("MRM_STATE_FACTS[]", [fact]), 1, 0, text.c)
    assert json.loads(text.value)["partitions"][0]["dma"] == expected


def test_state_tells_what_moved_through_channels(decide: Decide) -> None:
    """Of those there are; a count may take all 64 bits."""
    plan = Plan(decide)
    life = decide.ffi.new("MRM_LIFECYCLE *")
    words = decide.ffi.new("CHAR8[]", b"")
    moved = {"Packets": 1, "Bytes": 2**64 - 1, "Dropped": 3, "Reads": 4, "Writes": 5, "Errors": 6}
    facts = [
        {
            "Plan": plan.partitions,
            "Life": life,
            "Words": words,
            "Cards": cards,
            "Disks": disks,
            "Moved": moved,
        }
        for cards, disks in ((2, 0), (0, 1), (8, 8))
    ]
    text = Text(decide, 2000)
    decide.call("MrmStateRender", decide.ffi.new("MRM_STATE_FACTS[]", facts), 3, 0, text.c)
    frames, commands = (
        {"packets": 1, "bytes": 2**64 - 1, "dropped": 3},
        {"reads": 4, "writes": 5, "errors": 6},
    )
    told = [(one.get("cards"), one.get("disks")) for one in json.loads(text.value)["partitions"]]
    assert told == [(frames, None), (None, commands), (frames, commands)]


def test_state_of_the_largest_plan_fits_its_variable(decide: Decide) -> None:
    """80 KiB: STATE_SIZE of the controller. Cut, it would be no JSON any more."""
    name = decide.ffi.new("CHAR8[]", b"n" * 31)
    plan = decide.ffi.new("MRM_PLAN_PARTITION *", {"Name": name, "ProcessorCount": 256})
    life = decide.ffi.new("MRM_LIFECYCLE *", {"State": decide.MrmStateRestarting})
    life.Starts = life.Failures = 2**32 - 1
    words = decide.ffi.new("CHAR8[]", b'"' * 255)
    kinds = [2**64 - 1] * decide.MrmExitKinds
    exits = decide.ffi.new("MRM_GUARD_COUNTS *", {"Kinds": kinds, "Caches": 2**64 - 1, "Denied": 2**64 - 1})
    fact = {"Plan": plan, "Life": life, "Words": words, "Memory": 2**64 - 1, "Exits": exits}
    denied = decide.ffi.new("MRM_IOMMU_COUNTS *", (2**64 - 1, 2**64 - 1, 2**16 - 1))
    fact |= {"Denied": denied}
    names = ("Packets", "Bytes", "Dropped", "Reads", "Writes", "Errors")
    fact |= {"Cards": 8, "Disks": 8, "Moved": dict.fromkeys(names, 2**64 - 1)}
    facts = decide.ffi.new("MRM_STATE_FACTS[]", [fact] * 64)
    text = Text(decide, 80 << 10)
    decide.call("MrmStateRender", facts, 64, 2**64 - 1, text.c)
    assert not text.c.Cut
    assert len(json.loads(text.value)["partitions"]) == 64


def _form(decide: Decide, size: int, attributes: int = 6, longest: int = 256) -> str:
    """What MRM says of the form of a request; empty when it is right."""
    result = decide.ffi.new("CHAR8[]", 256)
    request = decide.ffi.new("MRM_AREA_REQUEST *", {"Size": size, "Attributes": attributes})
    right = decide.call("MrmRequestIsWellFormed", request, longest, result, 256)
    text: str = decide.ffi.string(result).decode()
    assert bool(right) is not bool(text)
    return text


def test_form_of_a_request(decide: Decide) -> None:
    assert _form(decide, 1) == _form(decide, 256) == _form(decide, 16384, longest=16384) == ""
    assert _form(decide, 0) == _form(decide, 0, attributes=0) == "refused: it is empty"
    assert _form(decide, 257) == "refused: 257 bytes are too long, the longest is 256"
    expected = "refused: expected attributes 6 (boot service and runtime access), found "
    assert _form(decide, 16, attributes=7) == expected + "7"
    assert _form(decide, 16, attributes=0xFFFFFFFF) == expected + "4294967295"
