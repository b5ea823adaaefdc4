# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Whatever stands in a file, every command ends in order and prints only what a terminal can take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.generator.cli import run
from tests.generator.support import PROJECT, document, partition
from tests.generator.test_foreign_files import in_quotes

NASTY = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(
        [
            "\x1b[31mX",
            "a\nb",
            "\u202e",
            "\u2028",
            "\x85",
            "\0",
            "x" * 6000,
            "\x1b" * 2000,
            "../" * 2000,
            "99999999999999999999",
            "0xffffffffffffffff",
            "0xfffffffffffff000",
            "16 TiB",
            "0",
            "0x" + "f" * 5000,
            "PciRoot(0x0)/Pci(0x3,0x0)" + "/Pci(0x0,0x0)" * 400,
            "1-" * 3000,
            "{{ plan }}",
            "%s%n",
            "</script>",
            "*/",
            '"',
            "\\",
        ]
    ),
)
_SCALAR = re.compile(r"(?<=[:\-\[,] )[^\s,\[\]{}#:][^,\[\]{}#\n:]*")


def spoilt(text: str, changes: list[tuple[int, str]]) -> str:
    """A file with some of its values replaced."""
    for number, word in changes:
        places = list(_SCALAR.finditer(text))
        place = places[number % len(places)]
        text = text[: place.start()] + in_quotes(word) + text[place.end() :]
    return text


COMMANDS = ["check", "plan", "show", "emit", "hardware", "machine", "diff"]
CHANGES = st.lists(st.tuples(st.integers(0, 1000), NASTY), min_size=1, max_size=3)


@settings(max_examples=120)
@given(CHANGES, st.sampled_from(["check", "plan", "parameters", "policy"]), st.booleans())
def test_any_value_in_a_partition_file(
    shared_project: Path, changes: list[tuple[int, str]], command: str, as_json: bool
) -> None:
    path = shared_project / "partitions" / "foreign.yaml"
    path.write_text(
        spoilt((shared_project / "partitions" / "valid.yaml").read_text("utf-8"), changes), "utf-8"
    )
    ran = run(command, str(path), *(["--json"] if as_json else []))
    assert not ran.out or not as_json or json.loads(ran.out)


@settings(max_examples=120)
@given(changes=CHANGES, missing=st.sets(st.integers(6, 300), max_size=3), command=st.sampled_from(COMMANDS))
def test_any_value_in_a_machine_file(
    shared_project: Path,
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[int, str]],
    missing: set[int],
    command: str,
) -> None:
    machine = shared_project / "partitions" / "machines" / "foreign.yaml"
    lines = spoilt((PROJECT / "platforms" / "q35.yaml").read_text("utf-8"), changes).splitlines()
    left = [line for number, line in enumerate(lines) if number not in missing]
    machine.write_text("\n".join(left) + "\n", "utf-8")
    if command == "hardware":
        run(command, "--machine", str(machine))
        return
    output = str(tmp_path_factory.getbasetemp() / "foreign")
    if command == "machine":
        drawn = run("show", str(machine), "--output", output)
        assert run("show", str(machine)).status == drawn.status
        if drawn.status == 0:
            ElementTree.parse(Path(output) / "machine.svg")
        return
    path = str(shared_project / "partitions" / "valid.yaml")
    more = {"show": ["--output", output], "emit": ["--output", output, "--no-compile"], "diff": [path]}
    run(command, path, *more.get(command, []), "--machine", str(machine))


@settings(max_examples=100)
@given(NASTY, st.sampled_from(["--partition", "--machine", "--name", "--colour", "command"]))
def test_any_word_on_the_command_line(shared_project: Path, word: str, option: str) -> None:
    path = str(shared_project / "partitions" / "valid.yaml")
    word = word.replace("\0", "")
    if option == "command":
        run(word)
    elif option == "--name":
        run("scan", option, word, "--from", "absent")
    else:
        run("parameters", path, option, word)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | NASTY
LISTS = st.lists(LEAVES, max_size=4)
JSON = LEAVES | LISTS | st.dictionaries(NASTY, LEAVES | LISTS, max_size=4)
PLANS = st.fixed_dictionaries(
    {
        "partitions": st.lists(
            st.fixed_dictionaries(
                {
                    "name": JSON,
                    "processors": st.fixed_dictionaries({"apic_ids": st.lists(JSON, max_size=3)}),
                    "pci": st.lists(
                        st.dictionaries(st.sampled_from(["root_port", "asked"]), JSON), max_size=3
                    ),
                    "console": st.none() | st.dictionaries(st.sampled_from(["name", "baud"]), JSON),
                    "memory": JSON,
                    "boot": JSON,
                    "policy": JSON,
                }
            ),
            max_size=3,
        )
    },
    optional={"machine": JSON, "controller": st.dictionaries(st.sampled_from(["console", "all_off"]), JSON)},
)


@settings(max_examples=150)
@given(PLANS | JSON, PLANS | JSON)
def test_any_two_plans(tmp_path_factory: pytest.TempPathFactory, first: object, second: object) -> None:
    paths = [tmp_path_factory.getbasetemp() / f"foreign-{number}.json" for number in range(2)]
    for path, plan in zip(paths, (first, second), strict=True):
        path.write_text(json.dumps(plan), "utf-8")
    run("diff", *map(str, paths))
    run("diff", *map(str, paths), "--json", data=True)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 10_000, "\ufeff{}", "{}" * 2, ""])
def test_what_is_no_plan(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, "utf-8")
    assert run("diff", str(path), str(path)).status == 1


def test_a_plan_too_deep_to_compare(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    outline = '"processors": {"apic_ids": []}, "pci": []'
    for depth in (20, 100, 900, 990, 2000):
        deep = f"{'[' * depth}{']' * depth}"
        path.write_text(f'{{"partitions": [{{"name": "a", {outline}, "x": {deep}}}]}}', "utf-8")
        assert run("diff", str(path), str(path)).status == (0 if depth == 20 else 1)


def test_values_are_told_so_that_they_can_be_found(shared_project: Path) -> None:
    path = shared_project / "partitions" / "told.yaml"
    long = "x" * 70_000
    text = document(
        partition(console='"\\e[31mX"'), partition("two", console='"a\\nb"'), partition(f'"{long}"')
    )
    path.write_text(text, "utf-8")
    told = run("check", str(path)).err.splitlines()
    assert any("no UART '\\x1b[31mX'" in line for line in told)
    assert any("no UART 'a\\nb'" in line for line in told)
    assert any("xx…xx" in line and "[name-valid]" in line for line in told)
    assert all(len(line) < 1000 for line in told)
