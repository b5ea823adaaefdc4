# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Shared memory: keys, what is resolved, and what people and tools are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.api import judge, make_plan
from generator.blob.read import read
from generator.diff import compare
from generator.dsdt.assemble import make_dsdt
from generator.emit import make_blob
from generator.emit.plan_json import plan_to_json
from generator.emit.policy_text import structure
from generator.errors import UserErrors
from generator.model.intent import MAXIMUM_SHARED
from generator.picture.sheet import render_svg
from generator.resolve.allocation import allocate_memory
from generator.resolve.memory import BELOW_4G_LIMIT, MIB
from generator.show import render_plan_text
from tests.generator.support import document, partition

Write = Callable[[str], Path]

TWO = "shared: [{name: board, size: 16 MiB}, {name: log, size: 2 MiB}]\n"


def two(first: str, second: str = "board", head: str = TWO, **keys: str) -> str:
    """A file with two partitions that have these shared memories."""
    return document(partition(shared=first, **keys), partition("two", shared=second), head=head)


def plan_of(write: Write, text: str) -> dict[str, Any]:
    return plan_to_json(make_plan(write(text))[0])


def test_who_has_what(write: Write) -> None:
    told = plan_of(write, two("[log, board]", "[board, log]"))
    assert told["shared"] == [{"name": "board", "size": 16 * MIB}, {"name": "log", "size": 2 * MIB}]
    one, other = (entry["shared"] for entry in told["partitions"])
    assert one == [{"shared": "log", "size": 2 * MIB}, {"shared": "board", "size": 16 * MIB}]
    assert other == one[::-1]


def test_without_shared_memory_nothing_changes(write: Write) -> None:
    plan, _ = make_plan(write(document(partition())))
    told = plan_to_json(plan)
    assert "shared" not in told and "shared" not in told["partitions"][0]
    assert read(make_blob(plan))["Partitions"][0]["Shared"] == []
    assert b"ACPI0012" not in make_dsdt(plan.partitions[0]).aml
    assert "\n  shared " not in render_plan_text(plan)


def test_the_controller_is_told(write: Write) -> None:
    plan, _ = make_plan(write(two("[log, board]", "[board, log]")))
    one, other = read(make_blob(plan))["Partitions"]
    assert one["Shared"] == [{"Name": "log", "Size": 2 * MIB}, {"Name": "board", "Size": 16 * MIB}]
    assert other["Shared"] == one["Shared"][::-1]
    assert b"ACPI0012" in one["Dsdt"]


def test_only_who_names_it_has_it(write: Write) -> None:
    text = document(
        *(partition(name, shared="board") for name in ("one", "two")), partition("three"), head=TWO
    )
    plan, problems = judge(write(text))
    assert plan is not None
    assert [problem.rule for problem in problems] == ["shared-alone"]
    assert [len(found["Shared"]) for found in read(make_blob(plan))["Partitions"]] == [1, 1, 0]
    assert b"ACPI0012" not in make_dsdt(plan.partitions[2]).aml
    # What nobody has takes no memory.
    board, log = allocate_memory(plan.machine, plan.partitions, plan.shared).shared
    assert log is None
    assert board is not None and board.complete
    ((start, end),) = board.ranges
    assert end - start == 16 * MIB and start % (2 * MIB) == 0


def test_memory_below_4_gib_is_left_to_partitions(write: Write) -> None:
    """A shared memory that fits above 4 GiB takes nothing from what partitions get below."""
    bare, _ = make_plan(write(document(partition(), partition("two"))))
    plan, _ = make_plan(write(two("board", head="shared: [{name: board, size: 1 GiB}]\n")))
    one, other = (
        [(r.size, r.minimum, r.limit) for p in some.partitions for r in p.memory.requests]
        for some in (plan, bare)
    )
    assert one == other
    (board,) = allocate_memory(plan.machine, plan.partitions, plan.shared).shared
    assert board is not None and board.ranges[0][0] >= BELOW_4G_LIMIT


def test_people_are_told(write: Write) -> None:
    plan, _ = make_plan(write(two("[log, board]", "[board, log]")))
    text = render_plan_text(plan)
    assert "shared      board, 16 MiB" in text
    assert "shared      log, as /dev/pmem0" in text
    assert "shared      log, as /dev/pmem1" in text
    picture = render_svg(plan)
    assert "shares log, board" in picture
    assert "several partitions: 16 MiB at " in picture


def test_differences_are_told(write: Write) -> None:
    before = plan_of(write, two("board", "board", "shared: [{name: board, size: 16 MiB}]\n"))
    after = plan_of(write, two("[board, log]", "[board, log]", TWO.replace("16 MiB", "18 MiB")))
    assert [str(difference) for difference in compare(before, after)] == [
        "shared board.size: 16 MiB → 18 MiB",
        "shared log.size: nothing → 2 MiB",
        "one.shared[board].size: 16 MiB → 18 MiB",
        "one.shared[log].shared: nothing → log",
        "one.shared[log].size: nothing → 2 MiB",
        "two.shared[board].size: 16 MiB → 18 MiB",
        "two.shared[log].shared: nothing → log",
        "two.shared[log].size: nothing → 2 MiB",
    ]


def test_it_is_structure(write: Write) -> None:
    """Another size or another order is no policy: a running partition cannot change to it."""
    texts = [
        two("[log, board]", "[board, log]"),
        two("[board, log]"),
        two("board", head=TWO.replace("16", "18")),
    ]
    assert len({structure(make_plan(write(text))[0]) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("first", "head", "words"),
    [
        ("board", "shared: [board]\n", "an entry of 'shared' is "),
        ("board", "shared: [{name: board}]\n", "an entry of 'shared' has no 'size'"),
        ("board", "shared: [{size: 2 MiB}]\n", "an entry of 'shared' has no 'name'"),
        ("board", "shared: [{name: board, size: much}]\n", "'size' is "),
        ("board", "shared: [{name: board, size: 2 MiB, mode: read-only}]\n", "unknown key 'mode'"),
        ("{name: board}", TWO, "an entry of 'shared' is "),
        ("[[board]]", TWO, "an entry of 'shared' is a list"),
    ],
)
def test_what_is_not_right_is_said_at_its_place(write: Write, first: str, head: str, words: str) -> None:
    with pytest.raises(UserErrors) as caught:
        make_plan(write(two(first, head=head)))
    assert any(words in str(problem) for problem in caught.value.problems), str(caught.value)


def test_as_many_as_there_can_be(write: Write) -> None:
    names = [f"s{number}" for number in range(MAXIMUM_SHARED + 1)]
    entries = [f"{{name: {name}, size: 2 MiB}}" for name in names]
    some = f"[{', '.join(names[:-1])}]"
    plan, problems = judge(write(two(some, some, head=f"shared: [{', '.join(entries[:-1])}]\n")))
    assert plan is not None and not problems
    assert [len(found["Shared"]) for found in read(make_blob(plan))["Partitions"]] == [MAXIMUM_SHARED] * 2
    with pytest.raises(UserErrors, match="17 entries; those from here on were not read"):
        make_plan(write(two("s0", "s0", head=f"shared: [{', '.join(entries)}]\n")))
