# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where output goes: any encoding, readers that stop, streams that are closed or full, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.model.machine import Machine
from tests.generator.support import PROJECT, document, partition

GENERATOR = [sys.executable, "-m", "generator"]
SECONDS = 300


def environment(**more: str) -> dict[str, str]:
    """An environment without this machine's words on encodings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))
    }
    return {**kept, "PYTHONPATH": str(PROJECT), **more}


def run(*arguments: str, more: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the generator in a process of its own."""
    return subprocess.run(
        [*GENERATOR, *arguments],
        env=environment(**(more or {})),
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )


@pytest.fixture
def path(project: Path) -> Path:
    """A partition file with a name and a value that few encodings have."""
    path = project / "partitions" / "größe-☃.yaml"
    path.write_text(document(partition(), partition("two", memory="320 MiB", boot="files/naïve")), "utf-8")
    return path


@pytest.mark.parametrize(
    "more",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "cp437"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["latin-1", "ascii", "cp437", "utf-16", "C"],
)
def test_any_encoding(path: Path, more: dict[str, str]) -> None:
    """What a terminal lacks is written in other characters; JSON is ASCII and says the same everywhere."""
    encoding = more.get("PYTHONIOENCODING", "ascii").split(":")[0]
    for command in ("plan", "check", "diff"):
        ran = run(command, str(path), *([str(path)] if command == "diff" else []), more=more)
        text = ran.stdout.decode(encoding) + ran.stderr.decode(encoding)
        assert "Traceback" not in text and "Error" not in text and text
        assert ran.returncode in (0, 1)
    if encoding != "utf-16":
        told = json.loads(run("check", str(path), "--json", more=more).stdout.decode("ascii"))
        assert {problem["rule"] for problem in told["problems"]} >= {"boot-file-names"}


def test_a_reader_that_stops(path: Path) -> None:
    """As `| head -1` does: no word about it, and the status that a shell gives."""
    for arguments in (["schema"], ["rules"], ["--help"], ["check", str(path)]):
        reading, writing = os.pipe()
        os.close(reading)
        ran = subprocess.run(
            [*GENERATOR, *arguments],
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=SECONDS,
        )
        os.close(writing)
        assert (
            b"Broken" not in ran.stderr and b"Traceback" not in ran.stderr and b"Exception" not in ran.stderr
        )
        assert ran.returncode == (0 if arguments == ["--help"] else 141)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_streams_that_are_full_or_closed(stream: str, path: Path) -> None:
    number = {"stdout": 1, "stderr": 2}[stream]
    for redirection, status in ((f"{number}>/dev/full", 1), (f"{number}>&-", 1)):
        command = " ".join([sys.executable, "-m", "generator", "check", f"'{path}'", redirection])
        ran = subprocess.run(
            ["sh", "-c", command], env=environment(), capture_output=True, check=False, timeout=SECONDS
        )
        text = ran.stdout + ran.stderr
        assert b"Traceback" not in text and b"Exception" not in text
        assert ran.returncode == status


def test_an_interruption_at_once(tmp_path: Path) -> None:
    """Ctrl-C while modules are loaded."""
    (tmp_path / "yaml.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    ran = run("rules", more={"PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"})
    assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGINT, b"", b"")


def test_an_interruption(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C, whenever it comes."""

    def interrupted(_: Path) -> Machine:
        raise KeyboardInterrupt

    monkeypatch.setattr("generator.commands.hardware.load_machine", interrupted)
    assert main(["hardware", "--machine", "x.yaml"]) == 130
    assert capfd.readouterr() == ("", "")
