# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A real QEMU under the harness: failures are noticed and explained, and no process survives."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.command import MachineDescription
from ci.qemu.description import load_description
from ci.qemu.errors import LaunchError, MachineEndedError, StalledError, WaitTimeoutError
from ci.qemu.machine import Machine

pytestmark = pytest.mark.boot

Q35 = load_description(PROJECT / "platforms/q35.yaml")


def small() -> MachineDescription:
    """Return a machine that is up at once: one processor, little memory."""
    return replace(Q35, processors=1, memory=256 * 2**20)


def machine(folder: Path, description: MachineDescription | None = None, stall: float = 90.0) -> Machine:
    description = description or small()
    return Machine(description, prepare_boot(description, folder, None, []), folder, stall)


def alive(process: int) -> bool:
    """Whether a process runs (one that has ended and waits for its parent does not)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def pid(running: Machine) -> int:
    assert running._process
    return running._process.pid


def test_nothing_is_left(tmp_path: Path) -> None:
    async def run() -> int:
        async with machine(tmp_path) as running:
            process = await pid(running)
            assert alive(process)
            assert (await running.execute("query-status"))["running"]
            return process

    assert not alive(asyncio.run(run()))


def test_nothing_is_left_after_an_exception(tmp_path: Path) -> None:
    process = 0

    async def run() -> None:
        nonlocal process
        async with machine(tmp_path) as running:
            process = await pid(running)
            raise KeyError("a test's own mistake")

    with pytest.raises(KeyError):
        asyncio.run(run())
    assert process and not alive(process)


def test_nothing_is_left_when_the_harness_is_killed(tmp_path: Path) -> None:
    """Even SIGKILL, which nothing can handle, takes QEMU along."""
    script = f"""
import asyncio, sys
from pathlib import Path
from tests.ci.qemu.test_machine import machine, pid
async def run():
    async with machine(Path({str(tmp_path)!r})) as running:
        print(await pid(running), flush=True)
        await asyncio.sleep(600)
asyncio.run(run())
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=PROJECT, start_new_session=True
    ) as harness:
        assert harness.stdout
        process = int(harness.stdout.readline())
        assert alive(process)
        os.kill(harness.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(process)


def test_refused_command_line_is_explained(tmp_path: Path) -> None:
    async def run() -> None:
        async with machine(tmp_path, replace(small(), cpu="nonsense")):
            pass

    with pytest.raises(LaunchError, match="unable to find CPU model 'nonsense'"):
        asyncio.run(run())


def test_missing_program_is_explained(tmp_path: Path) -> None:
    async def run() -> None:
        async with machine(tmp_path, replace(small(), binary="qemu-system-nonsense")):
            pass

    with pytest.raises(LaunchError, match="qemu-system-nonsense not found; run `make setup`"):
        asyncio.run(run())


def test_silence_is_noticed(tmp_path: Path) -> None:
    """A stopped machine says nothing; the failure shows registers and the ends of the consoles."""

    async def run() -> None:
        async with machine(tmp_path, stall=2.0) as running:
            await running.execute("stop")
            await running.console("COM2").wait_for("never", 60)

    with pytest.raises(StalledError, match=r"silent for \d+ s during the wait for /never/ on COM2"):
        asyncio.run(run())
    assert "CR3=" in (tmp_path / "failure.txt").read_text()


def test_time_limit(tmp_path: Path) -> None:
    async def run() -> None:
        async with machine(tmp_path) as running:
            await running.console("COM2").wait_for("never", 0.5)

    with pytest.raises(WaitTimeoutError, match=r"/never/ on COM2: not seen within \d+ s"):
        asyncio.run(run())


def test_reset_of_the_whole_machine_is_a_failure(tmp_path: Path) -> None:
    async def run() -> None:
        async with machine(tmp_path) as running:
            wait = asyncio.create_task(running.console("COM2").wait_for("never", 60))
            await asyncio.sleep(0.1)
            await running.execute("system_reset")
            await wait

    with pytest.raises(MachineEndedError, match="reset"):
        asyncio.run(run())


def test_the_reset_button_starts_it_anew_and_any_other_reset_is_its_end(tmp_path: Path) -> None:
    async def run() -> str:
        async with machine(tmp_path) as running:
            for _ in range(2):
                await running.press_reset()
                assert running.end is None
            wait = asyncio.create_task(running.wait_end(60))
            await asyncio.sleep(0.1)
            await running.execute("system_reset")
            return await wait

    assert "reset" in asyncio.run(run())


def test_end_of_qemu_is_a_failure(tmp_path: Path) -> None:
    async def run() -> None:
        async with machine(tmp_path) as running:
            os.kill(await pid(running), signal.SIGKILL)
            await running.console("COM2").wait_for("never", 60)

    with pytest.raises(MachineEndedError, match="QEMU ended with status -9"):
        asyncio.run(run())


def test_expected_end_is_none(tmp_path: Path) -> None:
    async def run() -> str:
        async with machine(tmp_path) as running:
            wait = asyncio.create_task(running.wait_end(60))
            await asyncio.sleep(0.1)
            await running.execute("system_reset")
            return await wait

    assert "reset" in asyncio.run(run())


def test_an_old_log_is_gone(tmp_path: Path) -> None:
    (tmp_path / "COM1.log").write_text("MRM: steady: running\n")

    async def run() -> None:
        async with machine(tmp_path) as running:
            assert running.console("COM1").find("MRM", running.console("COM1").start()) is None

    asyncio.run(run())
    assert "MRM" not in (tmp_path / "COM1.log").read_text()
