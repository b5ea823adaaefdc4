# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPolicyLib: a policy as text, refused with the place or taken as a whole, and kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.api import make_plan
from generator.emit.plan_json import plan_to_json
from generator.emit.policy_text import render_policy
from tests.firmware_host.decide import PROJECT, Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.test_log import Text

STRUCTURE, BUILT_IN = "0123456789abcdef", "fedcba9876543210"
VERBS = ("start", "stop", "restart", "nmi")
NAMES = ("steady", "realtime", "controller")
DEFAULT: dict[str, str] = {
    "restart": "on-failure",
    "limit": "5",
    "backoff": "1000",
    "scrub": "false",
    "autostart": "true",
    "after": "-",
    "delay": "0",
    "shutdown": "120000",
    "firmware": "60000",
    "nmi": "false",
    "may_start": "-",
    "may_stop": "-",
    "may_restart": "-",
    "may_nmi": "-",
    "may_pc": "-",
    "may_reload": "false",
}


def line(name: str, **changed: str) -> str:
    """The line of a partition."""
    return " ".join([name, *(f"{key}={value}" for key, value in {**DEFAULT, **changed}.items())])


def text(*lines: str, controller: str = "all_off=stay power_button=shutdown") -> str:
    """A text with the lines of all partitions, or default ones."""
    theirs = lines or tuple(line(name) for name in NAMES)
    return "\n".join([f"mrm-policy 1 {STRUCTURE}", f"controller {controller}", *theirs]) + "\n"


class Plan:
    """A plan of partitions, each with its policy as in MrmPlan.json."""

    def __init__(
        self, decide: Decide, policies: dict[str, dict[str, Any]], structure: str, all_off: int
    ) -> None:
        names = list(policies)
        self._kept: list[Any] = []
        self.c = decide.ffi.new("MRM_PLAN *", {"PartitionCount": len(names), "AllOff": all_off})
        partitions = [
            {"Name": self._keep(decide, name), "Policy": self._policy(decide, policy, names)}
            for name, policy in policies.items()
        ]
        self._partitions = decide.ffi.new("MRM_PLAN_PARTITION[]", partitions)
        self.c.Partitions = self._partitions
        self.c.PowerButton = True
        self.c.Structure = self._keep(decide, structure)
        self.c.BuiltInPolicy = self._keep(decide, BUILT_IN)

    def _keep(self, decide: Decide, string: str) -> Any:
        self._kept.append(decide.ffi.new("CHAR8[]", string.encode()))
        return self._kept[-1]

    def _policy(self, decide: Decide, told: dict[str, Any], names: list[str]) -> dict[str, Any]:
        may = told["permissions"]
        bits = [sum(1 << bit for bit, verb in enumerate(VERBS) if name in may[verb]) for name in names]
        after = decide.ffi.new("UINT16[]", [names.index(name) for name in told["after"]])
        permits = decide.ffi.new("UINT8[]", bits) if any(bits) else decide.ffi.NULL
        self._kept += [after, permits]
        return {
            "Restart": ["never", "on-failure", "always"].index(told["restart"]),
            "RestartLimit": told["limit"],
            "BackOffMilliseconds": told["backoff_ms"],
            "Scrub": told["scrub"],
            "AutoStart": told["autostart"],
            "Watchdog": told["watchdog"]["os"],
            "Nmi": told["nmi"],
            "DelayMilliseconds": told["delay_ms"],
            "ShutdownMilliseconds": told["shutdown_ms"],
            "FirmwareMilliseconds": told["watchdog"]["firmware_ms"],
            "AfterCount": len(told["after"]),
            "After": after,
            "Permits": permits,
            "PcPermits": ("reboot" in may["pc"]) | ("power-off" in may["pc"]) << 1 | may["reload"] << 2,
            "VariableQuota": told["variables"]["quota"],
        }


BUILT = {
    "restart": "always",
    "limit": 7,
    "backoff_ms": 250,
    "scrub": True,
    "autostart": False,
    "after": [],
    "delay_ms": 3,
    "shutdown_ms": 4000,
    "watchdog": {"os": True, "firmware_ms": 0},
    "nmi": False,
    "permissions": {**{verb: [] for verb in VERBS}, "pc": ["reboot"], "reload": False},
    "variables": {"quota": 65536},
}


class Policy:
    """A plan and what the library makes of texts for it."""

    def __init__(self, decide: Decide, plan: Plan | None = None) -> None:
        self.decide = decide
        self.plan = plan or Plan(decide, dict.fromkeys(NAMES, BUILT), STRUCTURE, 0)
        self.c = decide.ffi.new("MRM_POLICY *")

    def parse(self, data: bytes) -> tuple[int, str]:
        """Return the status, and what is wrong."""
        memory, fault = Guarded(self.decide.ffi, data), Text(self.decide, 200)
        pointer = self.decide.ffi.cast("UINT8 *", memory.pointer)
        status = self.decide.call("MrmPolicyParse", self.plan.c, pointer, len(data), self.c, fault.c)
        return status, fault.value

    def built_in(self) -> None:
        self.decide.call("MrmPolicyBuiltIn", self.plan.c, self.c)

    def render(self) -> str:
        rendered = Text(self.decide, self.decide.MRM_POLICY_TEXT_SIZE + 1)
        self.decide.call("MrmPolicyRender", self.plan.c, self.c, rendered.c)
        assert not rendered.c.Cut
        return rendered.value


@pytest.fixture
def policy(decide: Decide) -> Policy:
    return Policy(decide)


@pytest.mark.parametrize("file", sorted((PROJECT / "partitions").glob("*.yaml")), ids=lambda file: file.stem)
def test_generator_and_library_write_the_same(decide: Decide, file: Path) -> None:
    plan, _ = make_plan(file)
    told, wanted = plan_to_json(plan), render_policy(plan)
    policies = {partition["name"]: partition["policy"] for partition in told["partitions"]}
    all_off = ["stay", "power-off", "reboot", "menu"].index(told["controller"]["all_off"])
    policy = Policy(decide, Plan(decide, policies, wanted.split()[2], all_off))
    policy.built_in()
    assert policy.render() == wanted
    assert policy.parse(wanted.encode()) == (decide.RETURN_SUCCESS, "")
    assert policy.render() == wanted


NUMBER = st.integers(0, 3_600_000).map(str)
TRUTH = st.sampled_from(["true", "false"])
LISTS = st.lists(st.sampled_from(NAMES), unique=True).map(
    lambda names: ",".join(sorted(names, key=NAMES.index)) or "-" if len(names) < len(NAMES) else "*"
)
LINES = st.fixed_dictionaries(
    {
        "restart": st.sampled_from(["never", "on-failure", "always"]),
        "limit": st.integers(0, 1000).map(str),
        "backoff": NUMBER,
        "scrub": TRUTH,
        "autostart": TRUTH,
        "delay": NUMBER,
        **{
            key: st.one_of(st.just("0"), st.integers(1000, 3_600_000).map(str))
            for key in ("shutdown", "firmware")
        },
        **{f"may_{verb}": LISTS for verb in VERBS},
        "may_pc": st.sampled_from(["-", "reboot", "power-off", "reboot,power-off"]),
        "may_reload": TRUTH,
    }
)


@given(
    keys=st.lists(LINES, min_size=3, max_size=3),
    after=st.sampled_from([("-", "-", "-"), ("-", "steady", "realtime,steady"), ("controller", "-", "-")]),
    nmi=st.integers(0, 3),
    all_off=st.sampled_from(["stay", "power-off", "reboot", "menu"]),
    button=st.sampled_from(["ignore", "shutdown"]),
)
def test_what_is_right_is_taken_as_it_stands(
    decide: Decide, keys: list[dict[str, str]], after: tuple[str, ...], nmi: int, all_off: str, button: str
) -> None:
    policy = Policy(decide)
    lines = [
        line(name, **values, after=after[number], nmi="true" if nmi == number else "false")
        for number, (name, values) in enumerate(zip(NAMES, keys, strict=True))
    ]
    wanted = text(*lines, controller=f"all_off={all_off} power_button={button}")
    assert policy.parse(wanted.encode()) == (decide.RETURN_SUCCESS, "")
    assert policy.render() == wanted
    # What no text can change is the plan's.
    assert all(one.Watchdog and one.VariableQuota == 65536 for one in policy.c.Partitions[0:3])


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", " \n", "\0\0", "\r\n"])
def test_endings_and_blanks_do_not_count(policy: Policy, ending: str) -> None:
    wanted = text()
    spaced = wanted.replace("realtime ", "  realtime   ").replace("\n", "\r\n").strip() + ending
    assert policy.parse(spaced.encode()) == (policy.decide.RETURN_SUCCESS, "")
    assert policy.render() == wanted


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("mrm-policy", "policy", "line 1: expected mrm-policy, found policy"),
        (STRUCTURE, f"{STRUCTURE} x", "line 1: expected the end of the line, found x"),
        ("controller all_off", "all_off", "line 2: expected controller, found all_off=stay"),
        ("=stay", "=explode", "line 2: all_off: expected stay or power-off or reboot or menu, found explode"),
        ("power_button", "button", "line 2: expected power_button=, found button=shutdown"),
        ("power_button=shutdown", "", "line 2: expected power_button=, found nothing"),
        ("steady ", "unsteady ", "line 3: expected partition steady, found unsteady"),
        ("realtime restart", "steady restart", "line 4: expected partition realtime, found steady"),
        ("restart=", "restart", "line 3: expected restart=, found restarton-failure"),
        ("limit=5", "limit=1001", "line 3: limit: expected 0 to 1000, found 1001"),
        ("limit=5", "limit=-1", "line 3: limit: expected 0 to 1000, found -1"),
        ("limit=5", "limit=", "line 3: limit: expected 0 to 1000, found nothing"),
        ("limit=5", f"limit={'0' * 10}", f"line 3: limit: expected 0 to 1000, found {'0' * 10}"),
        ("firmware=60000", "firmware=999", "line 3: firmware: expected 0, or 1000 to 3600000, found 999"),
        ("backoff=1000", "backoff=3600001", "line 3: backoff: expected 0 to 3600000, found 3600001"),
        ("scrub=false", "scrub=no", "line 3: scrub: expected false or true, found no"),
        (
            "after=-",
            "after=nobody",
            "line 3: after: expected different names of partitions with commas, or -, found nobody",
        ),
        (
            "may_nmi=-",
            "may_nmi=realtime,realtime",
            "line 3: may_nmi: expected different names of partitions with commas, -, or *, "
            "found realtime,realtime",
        ),
        (
            "may_pc=-",
            "may_pc=reboot,",
            "line 3: may_pc: expected reboot or power-off or both with a comma, or -, found reboot,",
        ),
        ("may_pc=-", "may_pc=,", None),
        ("may_start=-", "may_start=*,steady", None),
        ("may_reload=false\n", "may_reload=false y=1\n", "line 3: expected the end of the line, found y=1"),
        ("after=-", "after=steady", "line 3: after: steady would wait for itself, at once or through others"),
    ],
)
def test_what_is_wrong_is_named(policy: Policy, old: str, new: str, fault: str | None) -> None:
    status, told = policy.parse(text().replace(old, new, 1).encode())
    assert status == policy.decide.RETURN_INVALID_PARAMETER
    assert told == fault or (fault is None and told.startswith("line 3: may_"))


def test_lines_that_are_missing_or_too_many(policy: Policy) -> None:
    lines = [line(name) for name in NAMES]
    assert policy.parse(b"")[1] == "line 1: expected mrm-policy, found nothing"
    assert (
        policy.parse(text(*lines[:2]).encode())[1] == "line 5: expected partition controller, found nothing"
    )
    assert policy.parse(text(*lines, line("more")).encode())[1].startswith("line 6: expected the end: ")
    assert policy.parse(text(*lines, "", "x").encode())[1].startswith("line 6: expected the end: ")


def test_another_plan_and_another_version(policy: Policy) -> None:
    for old, new in ((STRUCTURE, STRUCTURE[::-1]), ("mrm-policy 1", "mrm-policy 2"), (STRUCTURE, "")):
        status, fault = policy.parse(text().replace(old, new).encode())
        assert status == policy.decide.RETURN_INCOMPATIBLE_VERSION and fault.startswith("line 1: ")


def test_nmis_go_to_one(policy: Policy) -> None:
    lines = (line("steady", nmi="true"), line("realtime"), line("controller", nmi="true"))
    assert policy.parse(text(*lines).encode())[1] == "line 5: nmi: the machine's NMIs go to steady already"


@given(st.lists(st.sets(st.integers(0, 2)), min_size=3, max_size=3))
def test_circles_are_found_if_there_are_any(decide: Decide, waits: list[set[int]]) -> None:
    lines = [
        line(name, after=",".join(NAMES[other] for other in sorted(waits[number])) or "-")
        for number, name in enumerate(NAMES)
    ]

    def reaches(start: int) -> bool:
        seen: set[int] = set()
        todo = set(waits[start])
        while todo:
            seen |= todo
            todo = {other for one in todo for other in waits[one]} - seen
        return start in seen

    circular = [name for number, name in enumerate(NAMES) if reaches(number)]
    status, fault = Policy(decide).parse(text(*lines).encode())
    assert (status != decide.RETURN_SUCCESS) == bool(circular)
    if circular:
        named = fault.split()[3]
        assert named in circular and fault.startswith(f"line {NAMES.index(named) + 3}: after: ")


@given(st.binary(max_size=300), st.integers(0, 600))
def test_any_bytes_are_survived(decide: Decide, junk: bytes, at: int) -> None:
    whole = text().encode()
    for data in (junk, whole[:at] + junk, whole[:at] + junk + whole[at + len(junk) :]):
        policy = Policy(decide)
        status, fault = policy.parse(data)
        if status == decide.RETURN_SUCCESS:
            assert fault == ""
            taken = policy.render()
            assert policy.parse(taken.encode()) == (status, "") and policy.render() == taken
        else:
            assert status in (decide.RETURN_INVALID_PARAMETER, decide.RETURN_INCOMPATIBLE_VERSION)
            assert re.match(r"line [1-9]\d*: ", fault)


def test_changes_are_told_one_by_one(decide: Decide) -> None:
    old, new = Policy(decide), Policy(decide)
    changed = text(
        line("steady", restart="never", may_start="*"),
        line("realtime", after="steady,controller", may_pc="power-off", may_reload="true"),
        line("controller", delay="7", nmi="true"),
        controller="all_off=menu power_button=shutdown",
    )
    assert old.parse(text().encode())[0] == new.parse(changed.encode())[0] == decide.RETURN_SUCCESS
    place, told = decide.ffi.new("UINT32 *"), []
    while True:
        change = Text(decide, 100)
        if not decide.call("MrmPolicyChange", old.plan.c, old.c, new.c, place, change.c):
            break
        told.append(change.value)
    assert told == [
        "controller: all_off=menu, was stay",
        "steady: restart=never, was on-failure",
        "steady: may_start=*, was -",
        "realtime: after=steady,controller, was -",
        "realtime: may_pc=power-off, was -",
        "realtime: may_reload=true, was false",
        "controller: delay=7, was 0",
        "controller: nmi=true, was false",
    ]
    place[0] = 0
    assert not decide.call("MrmPolicyChange", old.plan.c, old.c, old.c, place, Text(decide, 100).c)


class Kept:
    """What is kept on a disk."""

    def __init__(self, policy: Policy, data: bytes, who: str = "steady") -> None:
        self.policy = policy
        self.memory = Guarded(policy.decide.ffi, b"\xa5" * policy.decide.MRM_POLICY_IMAGE_SIZE)
        policy.decide.call("MrmPolicyPack", policy.plan.c, who.encode(), data, len(data), self.pointer)

    @property
    def pointer(self) -> Any:
        return self.policy.decide.ffi.cast("UINT8 *", self.memory.pointer)

    def unpack(self) -> tuple[int, str, str]:
        """Return the status, who asked, and what is wrong."""
        decide = self.policy.decide
        who, fault = decide.ffi.new("CHAR8[32]"), Text(decide, 200)
        status = decide.call("MrmPolicyUnpack", self.policy.plan.c, self.pointer, self.policy.c, who, fault.c)
        return status, decide.ffi.string(who).decode(), fault.value


def test_what_is_kept_comes_back(policy: Policy) -> None:
    wanted = text(line("steady", restart="never"), line("realtime"), line("controller"))
    kept = Kept(policy, wanted.encode())
    assert kept.unpack() == (policy.decide.RETURN_SUCCESS, "steady", "")
    assert policy.render() == wanted


def test_as_built_is_kept_too(policy: Policy) -> None:
    assert Kept(policy, b"").unpack()[0] == policy.decide.RETURN_NOT_FOUND


def test_what_another_build_kept_is_left_alone(policy: Policy) -> None:
    kept = Kept(policy, text().encode())
    other = policy.decide.ffi.new("CHAR8[]", BUILT_IN[::-1].encode())
    policy.plan.c.BuiltInPolicy = other
    assert kept.unpack()[::2] == (policy.decide.RETURN_INCOMPATIBLE_VERSION, "it was made for another build")


def test_a_new_store_holds_nothing(policy: Policy) -> None:
    kept = Kept(policy, b"")
    policy.decide.ffi.memmove(kept.pointer, b"\xff" * kept.memory.size, kept.memory.size)
    assert kept.unpack()[0] == policy.decide.RETURN_NOT_FOUND


@given(st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), min_size=1, max_size=4))
def test_damage_is_survived(decide: Decide, damages: list[tuple[int, int]]) -> None:
    policy = Policy(decide)
    kept = Kept(policy, text().encode())
    for at, byte in damages:
        kept.pointer[at] = byte
    status, who, _ = kept.unpack()
    assert len(who) < 32
    if status == decide.RETURN_SUCCESS:
        policy.render()
