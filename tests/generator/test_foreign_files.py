# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Files that are none, wherever a command takes or finds the name of one: said where it is named, at once."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.blob.read import read
from tests.generator.cli import run
from tests.generator.support import document, partition

Make = Callable[[Path], str]


def _loop(folder: Path) -> str:
    (folder / "odd").symlink_to("odd")
    return "odd"


def _pipe(folder: Path) -> str:
    os.mkfifo(folder / "odd")
    return "odd"


def _socket(folder: Path) -> str:
    # The name of a socket is short: bound from within its folder.
    before = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("odd")
    finally:
        os.chdir(before)
    return "odd"


def _folder(folder: Path) -> str:
    (folder / "odd").mkdir()
    return "odd"


ODD: dict[str, Make] = {
    "loop": _loop,
    "pipe": _pipe,
    "socket": _socket,
    "folder": _folder,
    "device": lambda _: "/dev/zero",
    "absent": lambda _: "odd",
    "too long": lambda _: "x" * 5000,
    "far too long": lambda _: "x/" * 40_000,
    "below a file": lambda folder: f"{folder}/partitions/valid.yaml/odd",
    "control characters": lambda _: "odd\x1b[31m\n\u202e",
}


def in_quotes(text: str) -> str:
    """A text as YAML takes any."""
    return '"' + "".join(c if c.isalnum() or c in "/-_." else f"\\U{ord(c):08x}" for c in text) + '"'


@pytest.fixture(params=list(ODD.values()), ids=list(ODD))
def odd(request: pytest.FixtureRequest, project: Path) -> str:
    """The name of something that is no file to read, relative to the partition files."""
    make: Make = request.param
    return make(project / "partitions")


@pytest.mark.parametrize("command", ["check", "plan", "parameters", "policy", "emit", "show", "diff"])
def test_as_partition_file(command: str, odd: str, project: Path) -> None:
    path = odd if odd.startswith("/") else str(project / "partitions" / odd)
    more = {"diff": [path], "emit": ["--output", "unused"], "show": ["--output", "unused"]}.get(command, [])
    ran = run(command, path, *more)
    assert ran.status == 1 and "[file-readable]" in ran.err
    assert run(command, path, *more, "--json").status == 1


@pytest.mark.parametrize(
    ("text", "line", "rules"),
    [
        ("format: 1\nextends: {odd}\n", 2, {"yaml-extends"}),
        ("format: 1\n\nmachine: {odd}\npartitions: []\n", 3, {"machine-file-found", "file-readable"}),
        (document(partition(boot="{odd}")), 7, {"boot-file-readable"}),
        (document(partition(boot="{{file: files/linux, initrd: {odd}}}")), 7, {"boot-initrd-readable"}),
    ],
    ids=["extends", "machine", "loader", "initrd"],
)
def test_named_in_a_partition_file(
    text: str, line: int, rules: set[str], odd: str, write: Callable[[str], Path]
) -> None:
    path = write(text.format(odd=in_quotes(odd)))
    told = [one for one in run("check", str(path)).err.splitlines() if any(f"[{r}]" in one for r in rules)]
    assert len(told) == 1
    assert told[0].startswith(f"{path}:{line}:") and not told[0].startswith(f"{path}:{line}:1:")


def test_as_machine_file(odd: str, project: Path, write: Callable[[str], Path]) -> None:
    path = odd if odd.startswith("/") else str(project / "partitions" / odd)
    ran = run("check", str(write(document(partition()))), "--machine", path)
    assert ran.status == 1 and "[file-readable]" in ran.err
    assert run("hardware", "--machine", path).status == 1


@pytest.mark.parametrize("command", [["scan", "--from"], ["hardware", "--from"], ["corpus"]])
def test_as_a_collection(command: list[str], odd: str, project: Path) -> None:
    path = odd if odd.startswith("/") else str(project / "partitions" / odd)
    ran = run(*command, path)
    assert ran.status == 1 and len(ran.err.splitlines()) == 1


def test_as_a_plan(odd: str, project: Path, write: Callable[[str], Path]) -> None:
    path = project / "partitions" / odd
    if odd == "odd" and (path.is_symlink() or path.exists()):
        path = path.rename(path.with_suffix(".json"))
    ran = run("diff", f"{path}" if path.suffix else f"{path}.json", str(write(document(partition()))))
    assert ran.status == 1 and "[plan-readable]" in ran.err


@pytest.mark.parametrize("command", ["check", "plan", "emit", "show"])
@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize(
    "name", [b"ok\xff.yaml", b"two\nlines.yaml", "na\u00efve*/.yaml".encode(), b"\x1b[2J.yaml"]
)
def test_names_that_are_no_text(command: str, name: bytes, project: Path, tmp_path: Path) -> None:
    """They work, and what is generated stays what it is."""
    path = project / "partitions" / os.fsdecode(name.replace(b"/", "\u2044".encode()))
    path.write_text(document(partition()), "utf-8")
    output = ["--output", str(tmp_path / "out")] if command in ("emit", "show") else []
    assert run(command, str(path), *output).status == 0
    for made in (tmp_path / "out").rglob("*.*"):
        if made.suffix not in (".aml", ".bin"):
            text = made.read_text("utf-8")
            assert all(line.isprintable() for line in text.split("\n"))


def test_names_of_uarts_are_any_text(project: Path, write: Callable[[str], Path], tmp_path: Path) -> None:
    machine = project / "platforms" / "q35.yaml"
    text = machine.read_text("utf-8")
    machine.write_text(text.replace("name: COM2", r'name: "é\"\\ */"').replace("COM2", "none"), "utf-8")
    path = write(document(partition(console=r'"é\"\\ */"')))
    assert run("emit", str(path), "--output", str(tmp_path / "out")).status == 0
    (told,) = read((tmp_path / "out" / "MrmPlan.bin").read_bytes())["Partitions"]
    assert told["Console"]["IoBase"] == 0x2F8


def test_a_current_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run("check", "x.yaml").status == 1
    assert run("check", str(project / "partitions" / "valid.yaml")).status == 0
