# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The command `python -m ci.run`: mistakes are explained, interruption leaves nothing behind."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.progress import PROJECT
from tests.ci.qemu.test_machine import alive
from tests.ci.run import samples


def command(folder: Path, *options: str) -> list[str]:
    plan = folder / "MrmPlan.json"
    plan.write_text(json.dumps(samples.plan_data()))
    (folder / "ESP/EFI/BOOT").mkdir(parents=True)
    (folder / "ESP/EFI/BOOT/BOOTX64.EFI").write_bytes(b"not a program")
    paths = ("--esp", str(folder / "ESP"), "--plan", str(plan), "--folder", str(folder / "run"))
    return [sys.executable, "-m", "ci.run", *paths, *options]


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *options),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--plan", "/nowhere/MrmPlan.json"],
            "/nowhere/MrmPlan.json: No such file or directory; build it first",
        ),
        (["--esp", "/nowhere/ESP"], "/nowhere/ESP: no such folder; build it first"),
        (["--machine", "/nowhere/q35.yaml"], "/nowhere/q35.yaml"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, options: list[str], message: str) -> None:
    done = run(tmp_path, "--batch", *options)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def children(process: int) -> Iterator[int]:
    """Yield all descendants of a process."""
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            yield child
            yield from children(child)


@pytest.mark.boot
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_interruption_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        command(tmp_path, "--batch"),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        qemu: list[int] = []
        while not qemu and time.monotonic() < deadline:
            time.sleep(0.05)
            names = {child: Path(f"/proc/{child}/comm") for child in children(process.pid)}
            qemu = [child for child, name in names.items() if name.exists() and "qemu" in name.read_text()]
        assert qemu, "QEMU was not started"
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in output
    assert not any(alive(child) for child in qemu)
    assert not (tmp_path / "run" / "report.json").exists()
