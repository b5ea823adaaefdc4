# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A worker of a grid that runs while nobody is at the desktop beside it (docs/applications.md).

The head of the grid is outside: a job server of this host, which the worker reaches by its own card.
"""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.grid import ADMIN, CLIENT, SERVER, tool
from ci.qemu import relay
from ci.qemu.devices import Network
from ci.qemu.guest import BOOT_SECONDS
from ci.run.media import FIRST_SSH_PORT, free_ports
from tests.boot.applications import System, may_not, refuses_memory
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, undisturbed

pytestmark = [pytest.mark.boot(130), pytest.mark.timeout(1200)]

PORT = "PciRoot(0x0)/Pci(0x7,0x0)"
HEAD = "10.0.2.100:4730"
"""Where the worker finds the head, as the partition file has it."""
FIRST_JOB = """
uname -n; id -un; echo drives $(cat /sys/block/nvme*/device/serial)
echo cards $(ls -d /sys/class/net/*/device | wc -l)
head -c 4096 /dev/mem >/dev/null || echo no memory
"""
ENDLESS_JOB = "while :; do :; done"


class Head:
    """The head of the grid, on a port of this host."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1, FIRST_SSH_PORT + 60)
        self._log = (folder / "head.log").open("wb")
        listen = ["--listen=127.0.0.1", f"--port={self.port}", "-l", "stderr"]
        self.server = subprocess.Popen([tool(SERVER), *listen], stdout=self._log, stderr=self._log)
        self._clients: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        """End the head and those who still wait for it."""
        for process in (*self._clients, self.server):
            process.kill()
            process.wait()
        self._log.close()

    async def submit(self, job: str) -> bytes:
        """Have a job done, and return what it printed."""
        words = [tool(CLIENT), "-h", "127.0.0.1", "-p", f"{self.port}", "-f", "run"]
        client = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            output, _ = await client.communicate(job.encode())
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
        assert client.returncode == 0
        return output

    def status(self) -> tuple[int, int, int]:
        """How many jobs are there, how many of them are being done, and how many workers there are."""
        words = [tool(ADMIN), "-h", "127.0.0.1", "-p", f"{self.port}", "--status"]
        said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=10).stdout
        found = re.search(r"^run\t(\d+)\t(\d+)\t(\d+)$", said, re.MULTILINE)
        return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)

    async def reaches(self, wanted: tuple[int, int, int], timeout: float = 120) -> None:
        """Wait for a status."""
        async with asyncio.timeout(timeout):
            while self.status() != wanted:
                await asyncio.sleep(0.5)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Head]:
    head = Head(tmp_path_factory.mktemp("head"))
    yield head
    head.close()


@pytest.fixture(scope="module")
def bench(built: Builder, head: Head, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("grid")
    network = Network({}, servers={HEAD: relay.command(head.port)})
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), networks={PORT: network}) as bench:
        # Not all partitions: the worker is not there yet.
        desktop = bench.session.guests["desktop"]
        bench.run(desktop.report(desktop.console.start()))
        yield bench


def test_while_nobody_is_at_the_desktop_a_job_is_done(bench: Bench, head: Head) -> None:
    """Nobody types there, so the worker is started; the job reaches nothing of the desktop."""
    session = bench.session

    async def work() -> bytes:
        job = asyncio.create_task(head.submit(FIRST_JOB))
        try:
            await session.wait_state("worker", "running", BOOT_SECONDS, 0)
            async with undisturbed(session.guests["desktop"]):
                await session.guests["worker"].report(session.guests["worker"].console.start())
            async with asyncio.timeout(BOOT_SECONDS):
                return await job
        finally:
            job.cancel()

    said = bench.run(work()).decode().splitlines()
    log = session.controller.text
    assert 0 < log.index("worker: start ordered by desktop") < log.index("worker: starting")
    assert said == ["worker", "nobody", "drives mrm-rp4", "cards 1", "no memory"], said
    worker = System(bench, "worker")
    refuses_memory(worker)
    may_not(worker, "stop desktop now", "restart desktop", "nmi desktop", "pc reboot")
    assert broken(session, session.observe({})) == []


def test_when_somebody_comes_back_the_job_is_given_back(bench: Bench, head: Head) -> None:
    """The worker ends in order, and the head has its job again; the desktop ticks on meanwhile."""
    session = bench.session

    async def come_back() -> None:
        job = asyncio.create_task(head.submit(ENDLESS_JOB))
        try:
            await head.reaches((1, 1, 1))
            since = session.count()
            async with undisturbed(session.guests["desktop"]):
                session.guests["desktop"].type("true")
                await session.wait_state("worker", "off", 120, since)
            await head.reaches((1, 0, 0))
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    bench.run(come_back())
    assert session.states["desktop"].state == "running"
    assert "stop worker: done" in System(bench, "desktop").run("journalctl -u mrm-idle -o cat --no-pager")
