# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reading files: places are exact, everything wrong is told at once, nothing ever ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.api import judge, load_machine
from generator.errors import Problem, UserErrors
from generator.load.nodes import MAXIMUM_DEPTH, Mapping, Scalar, Sequence, parse_yaml
from generator.load.partition_file import load_partition_file
from generator.load.text import MAXIMUM_SIZE, read_text
from generator.places import Place
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]


def problems_of(text: str) -> list[Problem]:
    """What is wrong with the syntax of a text."""
    problems: list[Problem] = []
    parse_yaml(text, "t", problems)
    return problems


def test_every_key_and_value_knows_its_place() -> None:
    problems: list[Problem] = []
    node = parse_yaml('a: 1\nb:\n  - {c: "off", d: [x]}\n', "t", problems)
    assert not problems
    assert isinstance(node, Mapping)
    assert node.entries["a"][0].place == Place("t", 1, 1)
    assert node.entries["a"][1] == Scalar("1", True, Place("t", 1, 4))
    items = node.entries["b"][1]
    assert isinstance(items, Sequence)
    inner = items.items[0]
    assert isinstance(inner, Mapping)
    assert inner.entries["c"][1] == Scalar("off", False, Place("t", 3, 9))
    assert inner.entries["d"][1].place == Place("t", 3, 19)


def test_anchors_and_merge_keys_work_and_own_keys_win() -> None:
    problems: list[Problem] = []
    text = "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nall:\n  <<: [*b, *m]\n  x: 9\n"
    node = parse_yaml(text, "t", problems)
    assert not problems
    assert isinstance(node, Mapping)
    merged = node.entries["all"][1]
    assert isinstance(merged, Mapping)
    values = {key: value.text for key, (_, value) in merged.entries.items() if isinstance(value, Scalar)}
    assert values == {"x": "9", "y": "2", "z": "4"}
    assert merged.entries["z"][0].place.line == 2


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("a: 1\na: 2\n", "yaml-duplicate-key", 2, 1),
        ("a: *b\n", "yaml-alias", 1, 4),
        ("a: &a [*a]\n", "yaml-alias", 1, 8),
        ("<<: 1\n", "yaml-alias", 1, 5),
        ("a: !!int 1\n", "yaml-syntax", 1, 4),
        ("a: 1\n---\nb: 2\n", "yaml-syntax", 2, 1),
        ("{[1]: 2}\n", "yaml-type", 1, 2),
        ("a: 1\n b: 2\n", "yaml-syntax", 2, 3),
        ("[" * (MAXIMUM_DEPTH + 1), "yaml-syntax", 1, MAXIMUM_DEPTH + 1),
    ],
)
def test_faults_of_yaml_are_placed(text: str, rule: str, line: int, column: int) -> None:
    found = [(problem.rule, problem.place.line, problem.place.column) for problem in problems_of(text)]
    assert (rule, line, column) in found


def test_nesting_without_end_is_refused() -> None:
    assert [problem.rule for problem in problems_of("[" * 100_000)] == ["yaml-syntax"]


def test_tabs_and_control_characters_are_all_told(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"a: 1\n\tb: 2\n  \tc: 3\nd: \x07\n")
    problems: list[Problem] = []
    assert read_text(path, "t.yaml", problems) is None
    places = {(problem.place.line, problem.place.column, problem.rule) for problem in problems}
    assert places == {(2, 1, "yaml-syntax"), (3, 3, "yaml-syntax"), (4, 4, "yaml-encoding")}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bad_utf8_is_placed(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(mark + "a: 1\nö: ".encode() + b"\xff\n")
    problems: list[Problem] = []
    assert read_text(path, "t.yaml", problems) is None
    assert [(problem.place.line, problem.place.column) for problem in problems] == [(2, 4)]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as stream:
        stream.truncate(MAXIMUM_SIZE + 1)
    for path in (tmp_path / "nothing.yaml", tmp_path, large):
        plan, problems = judge(path)
        assert plan is None
        assert [problem.rule for problem in problems] == ["file-readable"]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "[]\n", "word\n", "---\n"])
def test_files_without_a_mapping(write: Write, text: str) -> None:
    plan, problems = judge(write(text))
    assert plan is None
    assert [problem.rule for problem in problems] == ["yaml-type"]


def test_a_misspelt_key_gets_a_suggestion(write: Write) -> None:
    _, problems = judge(write(document(partition(memroy="1 GiB"))))
    assert [problem.change for problem in problems] == ["did you mean 'memory'?"]


def test_a_path_cut_off_at_a_comma_says_how_to_write_it(write: Write) -> None:
    _, problems = judge(write(document(partition(pci="[PciRoot(0x0)/Pci(0x3,0x0)]"))))
    assert all("in quotes" in problem.change for problem in problems)
    assert [problem.place.column for problem in problems] == [11, 32]


def test_problems_of_files_and_of_the_plan_come_together(write: Write) -> None:
    text = document(
        partition(colour="red"), partition("two", console="COM9"), partition("three", memory="1 MB")
    )
    _, problems = judge(write(text))
    assert [problem.rule for problem in problems] == ["yaml-unknown-key", "console-exists", "yaml-type"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cpus", "processors"),
        ("vCPUs", "processors"),
        ("ram", "memory"),
        ("serial", "console"),
        ("memroy", "memory"),
    ],
)
def test_words_of_others_get_a_suggestion(write: Write, word: str, meant: str) -> None:
    _, problems = judge(write(document(partition(**{word: "1"}))))
    assert f"did you mean '{meant}'?" in [problem.change for problem in problems]


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2003", "\u200b", "\u2060"])
@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a:\n{}- b\n", 2, 1),
        ("a:\n {} - b\n", 2, 2),
        ("a:\n  -{}b: 1\n", 2, 4),
        ("a:\n  - b:{}1\n", 2, 7),
        ("{}\n", 1, 1),
    ],
)
def test_spaces_that_are_none_for_yaml(tmp_path: Path, space: str, text: str, line: int, column: int) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text.format(space), "utf-8")
    problems: list[Problem] = []
    assert read_text(path, "t.yaml", problems) is None
    (problem,) = problems
    assert (problem.place.line, problem.place.column) == (line, column)
    assert f"U+{ord(space):04X}" in problem.what and "plain space" in problem.change


def test_odd_spaces_inside_of_texts_stay(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    text = "a: 'b\u00a0c'  # d\u00a0e\n"
    path.write_text(text, "utf-8")
    assert read_text(path, "t.yaml", []) == text


OWN = {
    "processors": "1",
    "memory": "256 MiB",
    "console": "none",
    "isolation": "cooperative",
    "restart": "never",
    "scrub": "false",
    "delay": "0",
    "shutdown": "off",
    "watchdog": "off",
    "variables": "{quota: 64 KiB}",
}


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("processors", "nonsense", "yaml-type"),
        ("processors", "{apic_ids: [77]}", "processor-exists"),
        ("processors", "300", "processor-limit"),
        ("memory", "[]", "yaml-type"),
        ("memory", "{low: 64 KiB}", "yaml-missing-key"),
        ("memory", "1000000 GiB", "memory-fits"),
        ("console", "COM9", "console-exists"),
        ("isolation", "none", "yaml-type"),
        ("restart", "{policy: never, limit: 999999}", "restart-limit"),
        ("scrub", "maybe", "yaml-type"),
        ("delay", "500 h", "policy-times"),
        ("shutdown", "1 ms", "policy-times"),
        ("watchdog", "{firmware: 1 ms}", "policy-times"),
        ("variables", "{quota: 1 GiB}", "variables-quota"),
    ],
)
def test_defaults_are_judged_whether_taken_or_not(write: Write, key: str, value: str, rule: str) -> None:
    """With the same words but for who hears them; and nothing else is wrong with the file."""
    own = partition(**OWN)
    without = partition(**{name: text for name, text in OWN.items() if name != key})
    without = "".join(line for line in without.splitlines(True) if f" {key}:" not in line)
    head = f"defaults: {{{key}: {value}}}\n"
    for text in (document(own, head=head), document(without, head=head)):
        _, problems = judge(write(text))
        found = {
            (problem.rule, problem.place.line) for problem in problems if problem.severity.value == "error"
        }
        assert (rule, 3) in found
    _, problems = judge(write(document(own, head=head)))
    assert {problem.place.line for problem in problems} == {3}


def test_defaults_that_all_override_may_be_right(write: Write) -> None:
    head = f"defaults: {{{', '.join(f'{key}: {value}' for key, value in OWN.items())}}}\n"
    _, problems = judge(write(document(partition(**OWN), partition("two", **OWN), head=head)))
    assert problems == ()


def test_defaults_stand_in_for_missing_keys(write: Write) -> None:
    head = "defaults: {processors: 2, memory: 512 MiB, console: none}\n"
    bodies = ("  - {name: one, boot: files/linux}\n", "  - {name: two, memory: 1 GiB, boot: files/linux}\n")
    text = document(*bodies, head=head)
    problems: list[Problem] = []
    intent = load_partition_file(write(text), problems)
    assert not problems
    assert intent is not None
    assert [wish.memory.size and wish.memory.size.value >> 20 for wish in intent.partitions] == [512, 1024]
    assert [wish.memory.size and wish.memory.size.place.line for wish in intent.partitions] == [3, 6]
    assert [wish.processors.count and wish.processors.count.value for wish in intent.partitions] == [2, 2]


def test_machine_file_problems_are_told(tmp_path: Path) -> None:
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    path = tmp_path / "q35.yaml"
    path.write_text(text.replace('at: "03.0"', 'at: "33.0"').replace("port: 0x608", "port: high"), "utf-8")
    with pytest.raises(UserErrors) as caught:
        load_machine(path)
    assert {problem.rule for problem in caught.value.problems} == {"yaml-type"}
    assert len(caught.value.problems) == 2


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    problems: list[Problem] = []
    node = parse_yaml(text, "t", problems)
    assert node is None or isinstance(node, (Scalar, Sequence, Mapping))


_WORDS = [
    "- ",
    "  ",
    "\n",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "*a",
    "&a ",
    "<<: ",
    "'",
    '"',
    "#",
    ",",
    "~",
    "0x",
    "partitions:",
    "\t",
    "!x ",
    "extends: ",
    "1-3,5",
    "{bus: 2}",
    "count: ",
    "node: ",
    "at: ",
    "-1",
    "disk",
    "{network: 03.0}",
    "order: ",
    "3 s",
    "after: [one]",
    "all",
    "display: true",
    "{pci: PciRoot(0x0)/Pci(0x3,0x0)}",
]


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(0, 2000), st.integers(0, 8), st.sampled_from(_WORDS)), min_size=1, max_size=4
    )
)
def test_no_damage_to_a_partition_file_breaks_the_generator(
    shared_project: Path, damage: list[tuple[int, int, str]]
) -> None:
    text = (shared_project / "partitions" / "valid.yaml").read_text("utf-8")
    for place, length, word in damage:
        at = place % (len(text) + 1)
        text = text[:at] + word + text[at + length :]
    path = shared_project / "partitions" / "damaged.yaml"
    path.write_text(text, "utf-8")
    plan, problems = judge(path)
    assert plan is not None or problems
    lines = text.count("\n") + 2
    assert all(p.place.line <= lines for p in problems if p.place.file.endswith("damaged.yaml"))


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 8), st.sampled_from(_WORDS)), min_size=1, max_size=3
    )
)
def test_no_damage_to_a_machine_file_breaks_the_generator(
    shared_project: Path, damage: list[tuple[int, int, str]]
) -> None:
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    for place, length, word in damage:
        at = place % (len(text) + 1)
        text = text[:at] + word + text[at + length :]
    path = shared_project / "partitions" / "machines" / "damaged.yaml"
    path.write_text(text, "utf-8")
    plan, problems = judge(shared_project / "partitions" / "valid.yaml", path)
    assert plan is not None or problems
