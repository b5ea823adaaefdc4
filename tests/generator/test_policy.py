# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How partitions live: defaults, every form, names and cycles."""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.api import judge, make_plan
from generator.emit.plan_json import plan_to_json
from generator.load.values import format_duration, parse_duration
from tests.generator.support import document, partition

Write = Callable[[str], Path]
NOTHING: dict[str, Any] = {"start": [], "stop": [], "restart": [], "nmi": [], "pc": [], "reload": False}
DEFAULT: dict[str, Any] = {
    "restart": "on-failure",
    "limit": 5,
    "backoff_ms": 1000,
    "scrub": False,
    "autostart": True,
    "after": [],
    "delay_ms": 0,
    "shutdown_ms": 120000,
    "watchdog": {"os": True, "firmware_ms": 60000},
    "nmi": False,
    "permissions": NOTHING,
    "variables": {"quota": 65536},
}


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("3 s", 3000),
        ("1.5 s", 1500),
        ("500ms", 500),
        ("2 min", 120_000),
        ("1 h", 3_600_000),
        ("3", None),
        ("0.5 ms", None),
        ("-1 s", None),
        ("1 second", None),
        ("9999999 h", None),
    ],
)
def test_durations(text: str, milliseconds: int | None) -> None:
    assert parse_duration(text) == milliseconds
    if milliseconds is not None:
        assert parse_duration(format_duration(milliseconds)) == milliseconds


@given(st.integers(0, (1 << 32) - 1))
def test_durations_are_told_as_they_are_read(milliseconds: int) -> None:
    assert parse_duration(format_duration(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("keys", "changed"),
    [
        ({}, {}),
        ({"restart": "never"}, {"restart": "never"}),
        ({"restart": "{policy: always, limit: 0}"}, {"restart": "always", "limit": 0}),
        ({"restart": "{backoff: 250 ms}"}, {"backoff_ms": 250}),
        ({"scrub": "true", "autostart": "false"}, {"scrub": True, "autostart": False}),
        ({"after": "two"}, {"after": ["two"]}),
        ({"delay": "1.5 s"}, {"delay_ms": 1500}),
        ({"shutdown": "30 s"}, {"shutdown_ms": 30000}),
        ({"shutdown": "off"}, {"shutdown_ms": 0}),
        ({"shutdown": "0"}, {"shutdown_ms": 0}),
        ({"watchdog": "off"}, {"watchdog": {"os": False, "firmware_ms": 0}}),
        ({"watchdog": "{firmware: off}"}, {"watchdog": {"os": True, "firmware_ms": 0}}),
        ({"watchdog": "{os: false}"}, {"watchdog": {"os": False, "firmware_ms": 60000}}),
        ({"nmi": "true"}, {"nmi": True}),
        (
            {"permissions": "{restart: all, stop: two, pc: [reboot, reboot]}"},
            {"permissions": {**NOTHING, "restart": ["one", "two"], "stop": ["two"], "pc": ["reboot"]}},
        ),
        ({"permissions": "{reload: true}"}, {"permissions": {**NOTHING, "reload": True}}),
        ({"variables": "{quota: 256 KiB}"}, {"variables": {"quota": 262144}}),
    ],
)
def test_forms(write: Write, keys: dict[str, str], changed: dict[str, Any]) -> None:
    plan, problems = make_plan(write(document(partition(**keys), partition("two"))))
    assert problems == ()
    one, two = plan_to_json(plan)["partitions"]
    assert one["policy"] == {**DEFAULT, **changed}
    assert two["policy"] == DEFAULT


@pytest.mark.parametrize(
    "keys",
    [
        {"restart": "sometimes"},
        {"restart": "{limit: -1}"},
        {"scrub": "maybe"},
        {"after": "[[two]]"},
        {"delay": "5"},
        {"shutdown": "now"},
        {"watchdog": "10 s"},
        {"permissions": "all"},
        {"permissions": "{pc: halt}"},
        {"permissions": "{start: }"},
        {"permissions": "{reload: all}"},
        {"variables": "64 KiB"},
        {"nmi": "3"},
    ],
)
def test_what_cannot_be_read(write: Write, keys: dict[str, str]) -> None:
    _, problems = judge(write(document(partition(**keys), partition("two"))))
    assert [problem.rule for problem in problems] == ["yaml-type"]


def test_defaults_of_all_partitions(write: Write) -> None:
    head = "defaults: {restart: always, scrub: true, watchdog: off, variables: {quota: 16 KiB}, delay: 1 s}\n"
    plan, _ = make_plan(write(document(partition(), partition("two", restart="never"), head=head)))
    one, two = (p["policy"] for p in plan_to_json(plan)["partitions"])
    assert (one["restart"], two["restart"]) == ("always", "never")
    assert one["scrub"] and two["variables"] == {"quota": 16384} and two["delay_ms"] == 1000


def test_the_whole_cycle_is_named(write: Write) -> None:
    text = document(
        partition("one", after="[two]"), partition("two", after="three"), partition("three", after="[one]")
    )
    _, problems = judge(write(text))
    assert [problem.rule for problem in problems] == ["after-cycle"]
    assert "one → two → three → one" in problems[0].what


@settings(max_examples=150)
@given(st.lists(st.sets(st.integers(0, 3)), min_size=1, max_size=4))
def test_cycles_are_found_if_there_are_any(shared_project: Path, waits: list[set[int]]) -> None:
    graph = {n: {other for other in after if other < len(waits)} for n, after in enumerate(waits)}
    parts = [
        partition(f"p{n}", after=f"[{', '.join(f'p{other}' for other in sorted(after))}]", console="none")
        for n, after in graph.items()
    ]
    path = shared_project / "partitions" / "cycles.yaml"
    path.write_text(document(*parts), "utf-8")
    _, problems = judge(path)
    try:
        list(TopologicalSorter(graph).static_order())
        cyclic = False
    except CycleError:
        cyclic = True
    assert ("after-cycle" in [problem.rule for problem in problems]) == cyclic


def test_names_are_not_judged_where_one_cannot_be_read(write: Write) -> None:
    keys = {"after": "three", "permissions": "{stop: three}"}
    _, problems = judge(write(document(partition(**keys), partition(name="{}"))))
    assert [problem.rule for problem in problems] == ["yaml-type"]
