# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Who serves channels: keys, which processor that takes, and what people and tools are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.api import make_plan
from generator.blob.read import read
from generator.diff import compare
from generator.emit import make_blob
from generator.emit.plan_json import plan_to_json
from generator.errors import UserErrors
from generator.picture.sheet import render_svg
from generator.show import render_plan_text
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]


def text(processor: str, **keys: str) -> str:
    """A file with two partitions on a network, and who serves it."""
    head = f"networks: [lan]\ncontroller: {{channels: {{processor: {processor}}}}}\n"
    return document(
        partition(processors=keys.get("processors", "1"), network="lan"),
        partition("two", network="lan"),
        head=head,
    )


def faults(write: Write, file: str) -> list[str]:
    """The rules that a file breaks."""
    with pytest.raises(UserErrors) as caught:
        make_plan(write(file))
    return [problem.rule for problem in caught.value.problems]


def test_the_boot_processor_serves_unless_another_is_wanted(write: Write) -> None:
    plain, _ = make_plan(write(document(partition(network="lan"), head="networks: [lan]\n")))
    told, _ = make_plan(write(text("boot")))
    for plan in (plain, told):
        assert plan.channels is None
        assert "channels" not in plan_to_json(plan)["controller"]
        assert "served by" not in render_plan_text(plan)
        values = read(make_blob(plan))
        assert [values[f"Channel{name}"] for name in ("Processor", "ApicId", "ByCount")] == [False, 0, False]


def test_one_processor_more_is_taken_after_those_of_partitions(write: Write) -> None:
    before, _ = make_plan(write(text("boot", processors="2")))
    after, _ = make_plan(write(text("own", processors="2")))
    assert plan_to_json(after)["controller"]["channels"] == {"apic_ids": [4], "by_count": True}
    assert plan_to_json(after)["partitions"] == plan_to_json(before)["partitions"]
    assert "served by APIC ID 4, or another that is free" in render_plan_text(after)
    assert "APIC ID 4: PC firmware and controller" in render_svg(after)
    assert [str(each) for each in compare(plan_to_json(before), plan_to_json(after))] == [
        "controller.channels.apic_ids: nothing → [4]"
    ]
    values = read(make_blob(after))
    assert [values[f"Channel{name}"] for name in ("Processor", "ApicId", "ByCount")] == [True, 4, True]


def test_a_named_one_goes_before_a_count(write: Write) -> None:
    plan, _ = make_plan(write(text("{apic_id: 1}")))
    assert plan_to_json(plan)["controller"]["channels"] == {"apic_ids": [1], "by_count": False}
    assert [entry["processors"]["apic_ids"] for entry in plan_to_json(plan)["partitions"]] == [[2], [3]]


@pytest.mark.parametrize(
    ("processor", "rule"),
    [
        ("{apic_id: 77}", "processor-exists"),
        ("{apic_id: 0}", "processor-not-bsp"),
        ("none", "yaml-type"),
        ("2", "yaml-type"),
        ("{apic_id: one}", "yaml-type"),
        ("{}", "yaml-missing-key"),
        ("{apic_ids: [1]}", "yaml-unknown-key"),
    ],
)
def test_what_cannot_serve(write: Write, processor: str, rule: str) -> None:
    assert rule in faults(write, text(processor))


def test_nobody_has_it_besides(write: Write) -> None:
    assert faults(write, text("{apic_id: 2}", processors="{apic_ids: [2]}")) == ["processor-owned-once"]


def test_there_must_be_one_left(write: Write) -> None:
    most = len(make_plan(write(text("boot")))[0].machine.processors) - 2
    make_plan(write(text("boot", processors=str(most))))
    assert faults(write, text("own", processors=str(most))) == ["processor-enough"]


def test_the_example_is_as_planned() -> None:
    plan, problems = make_plan(PROJECT / "tests" / "boot" / "partitions" / "network-own.yaml")
    assert not problems
    assert plan.channels is not None
