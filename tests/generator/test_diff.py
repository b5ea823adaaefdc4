# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Comparing plans."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.api import make_plan
from generator.diff import compare
from generator.emit.plan_json import plan_to_json
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]
PLANS = sorted((PROJECT / "partitions").glob("*.yaml"))


def differences(write: Write, before: str, after: str) -> list[str]:
    plans = [plan_to_json(make_plan(write(text))[0]) for text in (before, after)]
    return [str(difference) for difference in compare(*plans)]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_plan_is_the_same_as_itself(path: Path) -> None:
    plan = plan_to_json(make_plan(path)[0])
    assert compare(plan, json.loads(json.dumps(plan))) == ()


def test_owners_and_values(write: Write) -> None:
    before = document(partition(pci="03.0", processors="{apic_ids: [1]}"), partition("two"))
    after = document(
        partition(pci="04.0", processors="{apic_ids: [2]}", memory="320 MiB", boot="files/app.efi"),
        partition("three"),
    )
    told = differences(write, before, after)
    for line in (
        "processor 1: one → three",
        "processor 2: two → one",
        "PciRoot(0x0)/Pci(0x3,0x0): one → nothing",
        "PciRoot(0x0)/Pci(0x4,0x0): nothing → one",
        "partition two: there → nothing",
        "partition three: nothing → there",
        "COM3: two → three",
        "one.memory.size: 256 MiB → 320 MiB",
        "one.boot.sources[1].esp_file: EFI/MRM/one/linux → EFI/MRM/one/app.efi",
        "one.boot.sources[1].options panic=10: given → nothing",
    ):
        assert line in told
    assert not any(line.startswith(("two.", "three.")) for line in told)


def test_another_isolation_level(write: Write) -> None:
    told = differences(write, document(partition()), document(partition(isolation="guarded")))
    assert told[0] == "one.isolation: cooperative → guarded"
    # The guard answers the ports that a kernel had to be kept from.
    assert "one.boot.sources[1].options reserve=0xcf8,8: given → nothing" in told
    assert all(line.startswith("one.boot.sources[1].options ") for line in told[1:])


def test_where_something_is_written_does_not_matter(write: Write) -> None:
    before = document(partition(processors="2"))
    after = document(partition(processors="{count: 2}"), head="# a comment\n\n")
    assert differences(write, before, after) == []


def test_the_command(tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(document(partition()))
    assert main(["emit", str(path), "--output", str(tmp_path / "out")]) == 0
    built = tmp_path / "out" / "MrmPlan.json"
    assert main(["diff", str(built), str(path), "--exit-code"]) == 0
    assert "the same" in capsys.readouterr().out
    write(document(partition(memory="1 GiB")))
    assert main(["diff", str(built), str(path)]) == 0
    assert main(["diff", str(built), str(path), "--exit-code", "--json"]) == 3
    told = json.loads(capsys.readouterr().out.partition("\n{")[2].join(("{", "")))
    assert told["ok"] is True
    assert {"what": "one.memory.size", "before": 256 << 20, "after": 1 << 30} in told["differences"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"partitions": 1}', "[" * 100_000, "\ud800"])
def test_files_that_are_no_plan(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert main(["diff", str(path), str(path)]) == 1
    assert "[plan-readable]" in capsys.readouterr().err


@pytest.mark.parametrize("text", ['{"partitions": [1]}', '{"partitions": [{"pci": 3, "processors": []}]}'])
def test_plans_with_strange_content(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert main(["diff", str(path), str(path)]) == 1
    assert "[plan-readable]" in capsys.readouterr().err
