# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the tests of the applications (docs/applications.md) share: systems, visitors, measures."""

import asyncio
import re
import shlex
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass

from ci.progress import PROJECT
from ci.qemu.guest import Done
from ci.qemu.timing import scaled
from tests.boot.bench import Bench

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

VISIT_SECONDS = 30.0
"""How long a visitor waits for an answer."""

MEASURE_SECONDS = 3
"""How long a processor is measured."""

_MEASURE = (
    # Files of 1 MiB whose digest is made in that time; 8 MiB written past the cache, read back and compared.
    "d=/dev/disk/by-partlabel/test; dd if=/dev/urandom of=/run/one bs=1M count=1 status=none; "
    f"c=$(timeout {MEASURE_SECONDS} sh -c 'while :; do sha256sum /run/one; done' | wc -l); "
    "dd if=/dev/urandom of=/run/eight bs=1M count=8 status=none; b=$(date +%s%N); "
    "dd if=/run/eight of=$d bs=64K seek=16 oflag=direct status=none; "
    "dd if=$d of=/run/back bs=64K skip=16 count=128 iflag=direct status=none; "
    "e=$(date +%s%N); cmp /run/eight /run/back; echo FIGURES $c $(((e-b)/1000)) $?="
)


class System:
    """The system of one partition, by its console, where root is logged in."""

    def __init__(self, bench: Bench, name: str) -> None:
        """Take the partition called `name`."""
        self.bench, self.name = bench, name
        self.guest = bench.session.guests[name]

    def tries(self, command: str, timeout: float = 60) -> Done:
        """Run a command of one line, whatever comes of it."""
        # What is typed may be shown twice, by the terminal and by the shell; it has no such three in a row.
        done = self.bench.run(self.guest.run(f'echo "<<""<"; {command}', timeout))
        output = _CONTROL.sub("", done.output).replace("\r", "").partition("<<<\n")[2]
        return Done(done.status, output)

    def run(self, command: str, timeout: float = 60) -> str:
        """Run a command of one line that succeeds, and return what it prints."""
        done = self.tries(command, timeout)
        assert done.status == 0, f"{self.name}: {command}: status {done.status}\n{done.output}"
        return done.output


def by_ssh(bench: Bench, name: str, command: str, data: bytes = b"", timeout: float = 120) -> str:
    """Run a command that succeeds in a partition's system, over the network; return what it prints.

    `data` is its standard input.
    """

    def run() -> "subprocess.CompletedProcess[bytes]":
        words = [*shlex.split(bench.ways_in[name]), command]
        return subprocess.run(words, input=data, capture_output=True, timeout=scaled(timeout), cwd=PROJECT)

    done = bench.run(asyncio.to_thread(run))
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{name}: {command}: status {done.returncode}\n{output}{done.stderr!r}"
    return output


def open_ports(system: System) -> list[str]:
    """Return the TCP ports at which a system listens, on whatever address."""
    listening = system.run("ss -Hltn | sed -n 's/.*:\\([0-9]*\\) .*/\\1/p' | sort -un")
    return [word for word in listening.split() if word.isdigit()]


def knocks(system: System, address: str) -> list[str]:
    """Return commands for another system that try each door of `system` on the network in memory.

    By IPv4, at `address`, and by IPv6: each of its open ports, and a ping.
    """
    link = next(word for word in system.run("ip -6 -br addr show scope link").split() if "fe80" in word)
    addresses = (address, f"{link.partition('/')[0]}%memory0")
    ports = open_ports(system)
    commands = [f"nc -z -w 1 {address} {port}" for address in addresses for port in ports]
    return commands + [f"ping -q -c 1 -W 1 {address}" for address in addresses]


def refuses_memory(system: System) -> None:
    """Assert that root of a system with `lockdown=integrity` gets no memory outside of its kernel's."""
    memory = system.tries("dd if=/dev/mem of=/dev/null bs=4096 count=1 skip=$((0x1000000 / 4096))")
    assert memory.status != 0 and "not permitted" in memory.output


def may_not(system: System, *requests: str) -> None:
    """Assert that root of a system is refused each of these requests to the controller."""
    for request in requests:
        # At most five at once, and then one a second, are heard.
        done = system.tries(f"sleep 1; mrmctl {request}")
        assert done.status != 0 and "not permitted" in done.output, f"{request}: {done.output}"


@dataclass(frozen=True)
class Answer:
    """What a web server answered: 0 for none at all."""

    status: int
    body: bytes = b""


def visit(url: str, timeout: float = VISIT_SECONDS) -> Answer:
    """Fetch a page from outside, without any proxy of this host."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=scaled(timeout)) as answer:
            return Answer(int(answer.status), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read())
    except (OSError, urllib.error.URLError):
        return Answer(0)


async def flood(port: int, over: asyncio.Event, connections: int = 8) -> int:
    """Ask a web server at a port of this host for its page, on several connections, until `over` is set.

    Returns how often it answered.
    """
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    async def ask() -> int:
        answers = 0
        while not over.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while not over.is_set():
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = next(
                        line.split(b":")[1]
                        for line in head.split(b"\r\n")
                        if line.startswith(b"Content-Length")
                    )
                    await reader.readexactly(int(length))
                    answers += 1
                writer.close()
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)
        return answers

    return sum(await asyncio.gather(*(ask() for _ in range(connections))))


@dataclass(frozen=True)
class Figures:
    """What a system did: MiB of digests in a second, MiB written to its disk and read back in a second."""

    digests: float
    disk: float

    def __str__(self) -> str:
        """As text."""
        return f"{self.digests:.1f} MiB/s of SHA-256, {self.disk:.1f} MiB/s to its disk and back"


async def measure(system: System) -> Figures:
    """Measure a system with an NVMe drive that may be overwritten; its drive returns what was written."""
    done = await system.guest.run(_MEASURE, 120)
    assert done.status == 0, done.output
    words = done.output.split("FIGURES ")[-1].split()
    assert words[2] == "0=", f"{system.name}: its disk returned what was not written\n{done.output}"
    return Figures(int(words[0]) / MEASURE_SECONDS, 16e6 / int(words[1]))
