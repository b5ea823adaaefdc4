# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The policy as text: `python -m generator policy`, and which plans it is for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.api import make_plan
from generator.emit.policy_text import LONGEST, digest, render_policy, structure
from tests.generator.large import large_machine
from tests.generator.support import document, partition

Write = Callable[[str], Path]

KEYS: dict[str, str] = {
    "restart": "{policy: always, limit: 3, backoff: 2 s}",
    "scrub": "true",
    "autostart": "false",
    "after": "[three, two]",
    "delay": "1.5 s",
    "shutdown": "1 min",
    "watchdog": "{firmware: 2 min}",
    "nmi": "true",
    "permissions": "{start: all, stop: [three, one], nmi: two, pc: [power-off, reboot], reload: true}",
}
LINE = (
    "one restart=always limit=3 backoff=2000 scrub=true autostart=false after=three,two delay=1500 "
    "shutdown=60000 firmware=120000 nmi=true may_start=* may_stop=one,three may_restart=- may_nmi=two "
    "may_pc=reboot,power-off may_reload=true"
)
OTHERS = (partition("two"), partition("three"))


def changed(write: Write, head: str = "", **keys: str) -> tuple[str, str]:
    """The structure and the policy of a plan in which keys of the first partition are replaced."""
    plan, _ = make_plan(write(document(partition(**keys), *OTHERS, head=head)))
    return structure(plan), digest(render_policy(plan))


def test_the_command_prints_the_text(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(document(partition(**KEYS), *OTHERS, head="controller: {all_off: menu}\n"))
    assert main(["policy", str(path)]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    plan, _ = make_plan(path)
    assert lines[:3] == [
        f"mrm-policy 1 {structure(plan)}",
        "controller all_off=menu power_button=shutdown",
        LINE,
    ]
    assert [line.split()[0] for line in lines[3:]] == ["two", "three"]
    assert main(["policy", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == printed.out


def test_what_is_wrong_is_told_as_by_a_build(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", str(write(document(partition(after="one"))))]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and "[after-cycle]" in printed.err


def test_a_text_that_is_too_long(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """With names of 31 characters, lists of all but one are longer than everything else."""
    names = [f"p{number:02}".ljust(31, "x") for number in range(20)]
    some = f"[{', '.join(names[1:])}]"
    permissions = f"{{start: {some}, stop: {some}, restart: {some}, nmi: {some}}}"
    keys = {"memory": "{size: 64 MiB, low: 16 KiB}", "boot": "files/app.efi", "permissions": permissions}
    path = write(document(*(partition(name, **keys) for name in names)).replace("q35", "large"))
    (path.parent.parent / "platforms" / "large.yaml").write_text(large_machine(64, 1, 21), "utf-8")
    assert main(["policy", str(path)]) == 1
    assert f"{LONGEST} bytes at most" in capsys.readouterr().err


@pytest.mark.parametrize("key", KEYS)
def test_a_reload_can_change_every_key_of_the_policy(write: Write, key: str) -> None:
    before, after = changed(write), changed(write, **{key: KEYS[key]})
    assert before[0] == after[0] and before[1] != after[1]


@pytest.mark.parametrize("head", ["controller: {all_off: reboot}\n", "controller: {power_button: ignore}\n"])
def test_a_reload_can_change_the_controller_s_keys(write: Write, head: str) -> None:
    before, after = changed(write), changed(write, head)
    assert before[0] == after[0] and before[1] != after[1]


@pytest.mark.parametrize(
    "keys",
    [
        {"memory": "300 MiB"},
        {"processors": "2"},
        {"name": "first"},
        {"console": "none"},
        {"boot": "files/app.efi"},
        {"variables": "{quota: 128 KiB}"},
        {"watchdog": "{os: false}"},
        {"shutdown": "off"},
    ],
)
def test_structure_is_everything_else(write: Write, keys: dict[str, str]) -> None:
    assert changed(write)[0] != changed(write, **keys)[0]


def test_a_comment_or_another_name_of_the_file_changes_nothing(write: Write) -> None:
    before = changed(write)
    path = write(document(partition(), *OTHERS, head="# a comment\n"))
    plan, _ = make_plan(path)
    other, _ = make_plan(path.rename(path.with_name("other.yaml")))
    for one in (plan, other):
        assert before == (structure(one), digest(render_policy(one)))
