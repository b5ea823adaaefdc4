# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Everything wrong is told in one run: what cannot be read hides no other error, and causes none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.api import judge
from tests.generator.support import document, partition

Write = Callable[[str], Path]
Found = set[tuple[int, str]]
"""Lines with the rules broken there."""

KEYS = ("name", "processors", "memory", "pci", "console", "boot", "restart", "variables")
FAULTS: dict[str, tuple[str, ...]] = {
    "name": ("Bad{n}", "-bad{n}"),
    "processors": ("{apic_ids: [9{n}]}", "{cores: 9}", "{node: 7}", "{count: 300, node: 7}"),
    "memory": (
        "32 MiB",
        "{size: 256 MiB, low: 8 KiB}",
        "{size: 256 MiB, alignment: 3 MiB}",
        "{size: 256 MiB, node: 7}",
        "{size: 128 MiB, below_1g: 128 MiB}",
        "{size: 256 MiB, at: 9{n}0 GiB}",
    ),
    "pci": ("9.{n}", "'{n}.7'", '"PciRoot(0x7)/Pci(0x3,0x{n})"', "{class: 0x0C03}", "{bus: 77}"),
    "console": ("COM9{n}",),
    "boot": (
        "files/nothing",
        "files/text",
        "files/app32.efi",
        "{file: files/linux, initrd: files/nothing}",
        "{file: files/linux-5.4, initrd: files/initrd}",
        "{file: files/linux, options: naïve}",
        "{file: files/linux, options: noapic}",
        "{timeout: 2 h, order: [files/linux, shell]}",
        "{timeout: 500 ms, file: files/linux}",
        "[files/linux, files/nothing]",
        "[]",
    ),
    "restart": ("{limit: 5000}", "{backoff: 2 h}"),
    "variables": ("{quota: 3}", "{quota: 1 GiB}"),
}
"""Values that break rules of their own, whatever else is wrong."""


@dataclass(frozen=True)
class Wish:
    """A partition: a line for each key."""

    values: tuple[tuple[str, str], ...]

    def lines(self, spoiled: str | None, how: str) -> list[str]:
        """Its lines, with one key missing, misspelt or without a value that can be read."""
        told = ["  - isolation: cooperative"]
        for key, value in self.values:
            if key != spoiled:
                told.append(f"    {key}: {value}")
            elif how == "missing":
                told.append("    #")
            elif how == "misspelt":
                told.append(f"    {key}s: {value}")
            else:
                told.append(f"    {key}: {how}")
        return told


@st.composite
def wishes(draw: st.DrawFn, number: int) -> Wish:
    """A partition with any number of faults."""
    good = {
        "name": f"p{number}",
        "processors": draw(st.sampled_from(["1", f"{{apic_ids: [{number + 1}]}}"])),
        "memory": draw(st.sampled_from(["256 MiB", "{size: 256 MiB, below_1g: 64 MiB}"])),
        "pci": draw(st.sampled_from([f"0{number + 3}.0", f"{{serial: mrm-rp{number + 3}}}"])),
        "console": f"COM{number + 2}",
        "boot": draw(st.sampled_from(["files/linux", "{file: files/linux, initrd: files/initrd}"])),
        "restart": "always",
        "variables": "{quota: 32 KiB}",
    }
    faulty = draw(st.sets(st.sampled_from(KEYS)))
    return Wish(
        tuple(
            (key, draw(st.sampled_from(FAULTS[key])).replace("{n}", str(number)) if key in faulty else value)
            for key, value in good.items()
        )
    )


def found_in(path: Path, text: str) -> Found:
    """What is wrong with a partition file."""
    path.write_text(text, "utf-8")
    plan, problems = judge(path)
    assert plan is not None
    assert list(problems) == sorted(problems, key=lambda p: (p.place, p.rule, p.what))
    return {(problem.place.line, problem.rule) for problem in problems}


@settings(max_examples=250)
@given(st.data())
def test_damage_to_one_key_hides_and_causes_no_other_error(shared_project: Path, data: st.DataObject) -> None:
    partitions = [data.draw(wishes(number)) for number in range(data.draw(st.integers(1, 3)))]
    victim = data.draw(st.integers(0, len(partitions) - 1))
    key = data.draw(st.sampled_from(KEYS))
    kinds = ["", "{colour: red}"]
    if key in ("name", "processors", "memory", "boot"):
        kinds += ["missing", "misspelt"]
    how = data.draw(st.sampled_from(kinds))
    path = shared_project / "partitions" / "together.yaml"

    def text(spoiled: str | None) -> str:
        parts = [
            "\n".join(wish.lines(spoiled if number == victim else None, how)) + "\n"
            for number, wish in enumerate(partitions)
        ]
        return document(*parts)

    first = 4 + victim * (len(KEYS) + 1)
    spoiled_line = first + 1 + KEYS.index(key)
    before, after = found_in(path, text(None)), found_in(path, text(key))
    kept = {found for found in before if found[0] != spoiled_line}
    told = {found for found in after if found[1].startswith("yaml-")}
    assert after - told == kept
    assert told
    assert {line for line, _ in told} <= {first, spoiled_line}


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ({"memory": "{size: 256 MiB, low: 8 KiB, at: high}"}, {"memory-low-size", "yaml-type"}),
        ({"memory": "{size: 32 MiB, low: little}"}, {"memory-minimum", "yaml-type"}),
        ({"memory": "{low: 3, colour: red}"}, {"memory-aligned", "memory-low-size", "yaml-missing-key"}),
        ({"memory": "{size: 1 GiB, above: 4 GiB, below_4g: some}"}, {"yaml-type"}),
        ({"memory": "{size: 1 GiB, at: 4 GiB, node: 9}"}, {"memory-node-exists", "yaml-type"}),
        ({"processors": "{apic_ids: [99, all]}"}, {"processor-exists", "yaml-type"}),
        ({"processors": "{cores: 9, package: no}"}, {"yaml-type"}),
        ({"processors": "{count: no, package: 0}"}, {"yaml-type"}),
        ({"processors": "{count: 2000, node: 7, zzz: 1}"}, {"processor-exists", "processor-limit"}),
        ({"processors": "{cuont: 2}"}, set()),
        ({"pci": "[09.0, {class: 7}]"}, {"pci-exists", "yaml-type"}),
        ({"boot": "{initrd: files/nothing}"}, {"boot-initrd-readable", "yaml-missing-key"}),
        (
            {"boot": "{file: files/text, kernel_parameters: no}"},
            {"boot-file-is-efi-application", "yaml-type"},
        ),
        ({"boot": "{file: files/linux, initrd: [], options: ä}"}, {"boot-options-ascii", "yaml-type"}),
    ],
)
def test_what_can_be_read_of_a_key_is_judged(write: Write, keys: dict[str, str], rules: set[str]) -> None:
    plan, problems = judge(write(document(partition(**keys))))
    assert plan is not None
    assert {problem.rule for problem in problems} - {"yaml-unknown-key"} == rules


def test_a_partition_with_an_unknown_key_still_owns_what_it_names(write: Write) -> None:
    one = partition(colour="red", processors="{apic_ids: 1-2, fast: true}", pci="09.0", boot="files/nothing")
    _, problems = judge(write(document(one, partition("two", processors="{apic_ids: 2-3}"))))
    assert sorted(problem.rule for problem in problems) == [
        "boot-file-readable",
        "pci-exists",
        "processor-owned-once",
        "yaml-unknown-key",
        "yaml-unknown-key",
    ]
    assert list(problems) == sorted(problems, key=lambda problem: problem.place)


@pytest.mark.parametrize("defaults", ["7", "{memroy: 256 MiB}", "{memory: 256 MB}", "{memory: }"])
def test_defaults_that_cannot_be_read_are_told_once(write: Write, defaults: str) -> None:
    parts = [f"  - {{name: p{n}, processors: 1, boot: files/linux, console: COM9}}\n" for n in range(2)]
    _, problems = judge(write(document(*parts, head=f"defaults: {defaults}\n")))
    assert [problem.rule[:5] for problem in problems] == ["yaml-", "conso", "conso"]


def test_a_controller_that_cannot_be_read_takes_no_console(write: Write) -> None:
    for controller in ("7", "{console: [COM1]}", "{consle: COM2}"):
        text = document(partition(console="COM1"), head=f"controller: {controller}\n")
        _, problems = judge(write(text))
        assert [problem.rule[:5] for problem in problems] == ["yaml-"]


def test_nothing_is_missed_where_the_base_cannot_be_read(write: Write) -> None:
    over = "extends: nothing.yaml\nmachine: q35\npartitions:\n  - {name: one, console: COM9}\n"
    _, problems = judge(write(over))
    assert [problem.rule for problem in problems] == ["yaml-extends", "console-exists"]


def test_partitions_that_are_none_are_not_counted(write: Write) -> None:
    for partitions in ("7", "[7]", "{}"):
        _, problems = judge(write(f"format: 1\nmachine: q35\npartitions: {partitions}\n"))
        assert [problem.rule for problem in problems] == ["yaml-type"]
