# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Files made to take for ever or to print without end: little is read, little is told, and that it is so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.api import judge, load_machine
from generator.errors import MOST_FOUND, MOST_TOLD, Problem, UserErrors
from generator.load.nodes import MOST_ITEMS, MOST_KEYS, MOST_NODES, Budget, parse_yaml
from generator.load.reader import MOST_WISHES
from generator.model.intent import MAXIMUM_PARTITIONS
from generator.suggest import closest
from tests.generator.cli import run
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]
HEAD = "format: 1\nmachine: q35\n"


def test_partitions_beyond_the_limit_are_not_read(write: Write) -> None:
    """Whatever is wrong with them: the first one too many is named, and how many there are."""
    text = document(*(partition(f"p{n}", boot="shell", console="none") for n in range(MAXIMUM_PARTITIONS)))
    text += partition("p0", colour="red", boot="shell") * 1936
    plan, problems = judge(write(text))
    assert plan is not None and len(plan.partitions) == MAXIMUM_PARTITIONS
    told = [problem for problem in problems if problem.rule == "partition-count"]
    assert len(told) == 1 and told[0].what.startswith("2000 partitions")
    assert told[0].place.line == 4 + 5 * MAXIMUM_PARTITIONS
    assert not {"yaml-unknown-key", "name-unique"} & {problem.rule for problem in problems}


def test_problems_end_the_reading(write: Write) -> None:
    """Unknown keys without end: a thousand are looked at, a hundred told, and that the rest was not read."""
    keys = ", ".join(f"k{n}: 1" for n in range(20))
    path = write(HEAD + "partitions:\n" + f"  - {{{keys}}}\n" * 2000)
    plan, problems = judge(path)
    assert plan is None
    assert len(problems) == MOST_FOUND + 1
    ran = run("check", str(path))
    assert ran.status == 1
    assert len(ran.err.splitlines()) == MOST_TOLD + 1 and "[problem-count]" in ran.err
    assert ran.err.splitlines()[-1] == f"and at least {MOST_FOUND + 1 - MOST_TOLD} more problems"
    assert '"left_out": 901' in run("check", str(path), "--json").out


def test_problems_end_the_reading_of_a_machine_file(tmp_path: Path) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text("format: 1\nprocessors:\n" + "  - {apic_id: x}\n" * 5000, "utf-8")
    with pytest.raises(UserErrors) as caught:
        load_machine(path)
    assert len(caught.value.problems) == MOST_FOUND + 1


def doubling(rounds: int) -> str:
    """Aliases of aliases: each line stands for twice as much as the one before."""
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, rounds)]
    return "\n".join(lines) + "\n"


def nested(levels: int) -> str:
    """Aliases of aliases, each one level deeper."""
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (doubling(60), f"more than {MOST_NODES} keys"),
        (nested(60), "nesting deeper than"),
        (
            "m: &m {" + ", ".join(f"k{n}: 1" for n in range(900)) + "}\nx:\n" + "- {<<: *m}\n" * 2000,
            "more than",
        ),
        ("".join(f"k{n}: 1\n" for n in range(200_000)), f"more than {MOST_KEYS} keys"),
        ("- 1\n" * 100_000, f"more than {MOST_ITEMS} entries"),
        ("[" * 100_000, "nesting deeper than"),
        ("- " * 100_000, "nesting deeper than"),
    ],
    ids=["doubling", "nested", "merged", "keys", "entries", "brackets", "dashes"],
)
def test_what_aliases_stand_for_counts(text: str, told: str) -> None:
    problems: list[Problem] = []
    assert parse_yaml(text, "t", problems) is None
    assert told in problems[-1].what and problems[-1].rule == "yaml-syntax"


def test_files_of_one_plan_share_what_may_be_read(project: Path) -> None:
    """A file that is named often counts as often."""
    folder = project / "partitions"
    (folder / "base.yaml").write_text("x:\n" + ("- [" + "1, " * 8000 + "1]\n") * 12, "utf-8")
    (folder / "top.yaml").write_text("extends: [" + ", ".join(["base.yaml"] * 60) + "]\n", "utf-8")
    _, problems = judge(folder / "top.yaml")
    assert any(f"more than {MOST_NODES}" in problem.what for problem in problems)


def test_a_budget_is_what_it_says() -> None:
    problems: list[Problem] = []
    assert parse_yaml("[1, 2, 3]", "t", problems, Budget(4)) is not None
    assert parse_yaml("[1, 2, 3]", "t", problems, Budget(3)) is None


@pytest.mark.parametrize(
    "keys",
    [
        {"pci": "[" + ", ".join(["03.0"] * 5000) + "]"},
        {"boot": "[" + ", ".join(["disk"] * 5000) + "]"},
        {"after": "[" + ", ".join(["x"] * 5000) + "]"},
        {"permissions": "{start: [" + ", ".join(["x"] * 5000) + "]}"},
        {"processors": "{apic_ids: [" + ", ".join(["0-4095"] * 5000) + "]}"},
        {"processors": "{cores: [" + ", ".join(["0-4095"] * 200) + "]}"},
    ],
    ids=["pci", "boot", "after", "permissions", "apic_ids", "cores"],
)
def test_lists_end(keys: dict[str, str], write: Write) -> None:
    """Of a list without end the first entries are read, and it is told where that ends."""
    plan, problems = judge(write(document(partition(**{"boot": "shell", **keys}))))
    assert plan is not None
    assert any("not read" in problem.what or "numbers up to here" in problem.what for problem in problems)
    only = plan.partitions[0]
    assert len(only.pci) <= MOST_WISHES and len(only.boot.sources) <= MOST_WISHES
    assert len(only.processors.grants) <= 4096


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "partitions: [" + "{}, " * 100_000 + "]\n",
        HEAD + "defaults: {" + ", ".join(f"k{n}: 1" for n in range(50_000)) + "}\npartitions: [{name: a}]\n",
        HEAD + 'partitions: [{name: "' + "\\e" * 100_000 + '"}]\n',
        HEAD + "x" * 1_000_000 + ": 1\n",
        'machine: "' + "\\e[2J" * 100_000 + '"\nformat: 1\npartitions: []\n',
        "\u00a0" * 500_000,
        "\t\n" * 500_000,
        "\x07" * 500_000,
        "--- \n" * 100_000,
        "#" * 5_000_000,
    ],
    ids=["empty", "defaults", "name", "key", "machine", "spaces", "tabs", "bells", "documents", "comment"],
)
def test_output_is_bounded(text: str, write: Write) -> None:
    path = write(text)
    assert run("check", str(path)).status == 1
    assert run("check", str(path), "--json").status == 1


def test_one_rule_does_not_drown_the_others(write: Write) -> None:
    ids = ", ".join(str(number) for number in range(1000, 3000))
    _, problems = judge(write(document(partition(processors=f"{{apic_ids: [{ids}]}}", console="COM9"))))
    rules = [problem.rule for problem in problems]
    assert rules.count("processor-exists") == MOST_TOLD and "console-exists" in rules


def test_long_words_are_not_compared() -> None:
    assert closest("memroy", ["memory", "pci"], 1) == ["memory"]
    assert closest("m" * 100_000, ["memory", "pci"], 1) == []


def test_the_projects_machine_is_far_from_the_limits() -> None:
    budget = Budget()
    problems: list[Problem] = []
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    assert parse_yaml(text, "q35", problems, budget) is not None
    assert MOST_NODES - budget.left < MOST_NODES // 100
