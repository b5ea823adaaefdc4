# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A gateway that filters and records (docs/applications.md), attacked from outside, inside, and by its root.

What was recorded is read from outside, from the drive with the ESP, after the power has been cut.
"""

import secrets
import socket
import struct
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ci.images.gpt import MEBIBYTE, run_tool
from ci.progress import PROJECT
from ci.qemu import web
from ci.qemu.devices import Network
from ci.qemu.timing import scaled
from ci.run.media import FIRST_SSH_PORT, free_ports
from tests.boot.applications import System, knocks, may_not, refuses_memory, visit
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot(130), pytest.mark.timeout(1200)]

PORT = "PciRoot(0x0)/Pci(0x7,0x0)"
GATEWAY, DESKTOP, SERVER = "10.77.0.1", "10.77.0.2", "10.0.2.100"
CLOSED = 5900
"""A port that the gateway lets nobody through to; the desktop listens there."""
MARK = secrets.token_hex(16)
"""What the attacker from outside leaves in the desktop's log, and in the record."""
RECORD = "/dev/$(basename $(dirname $(dirname $(grep -lx 'record *' /sys/block/nvme*/device/serial))))"
READER = PROJECT / "ci/guests/live/roles/gateway/files/usr/local/sbin/record"
BEGIN = 8192
"""Bytes that have been written when the first packet has passed: two pieces."""


class Outside:
    """Who is outside: ports of this host that lead to the gateway's card, and a server that it reaches."""

    def __init__(self, folder: Path) -> None:
        self.requests = folder / "requests.log"
        (folder / "served").mkdir()
        (folder / "served" / "page").write_text("from outside\n")
        self.site, self.closed = free_ports(2, FIRST_SSH_PORT + 50)
        servers = {f"{SERVER}:80": web.command(folder / "served", self.requests)}
        self.network = Network({self.site: 80, self.closed: CLOSED}, servers=servers)

    def attack(self) -> int:
        """Ask the desktop's web server for what it must not give; return its answer."""
        return visit(f"http://127.0.0.1:{self.site}/%2e%2e/etc/shadow?{MARK}").status

    def gets_through(self) -> bool:
        """Whether somebody speaks at the closed port."""
        try:
            with socket.create_connection(("127.0.0.1", self.closed), scaled(5)) as connection:
                return connection.recv(1) != b""
        except OSError:
            return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway")


@pytest.fixture(scope="module")
def outside(folder: Path) -> Outside:
    return Outside(folder)


@pytest.fixture(scope="module")
def bench(built: Builder, folder: Path, outside: Outside) -> Iterator[Bench]:
    result = built("gateway")
    with Bench(result.plan, result.esp, folder / "run", networks={PORT: outside.network}) as bench:
        bench.run(bench.session.settle())
        yield bench


@pytest.fixture
def gateway(bench: Bench) -> System:
    return System(bench, "gateway")


@pytest.fixture
def desktop(bench: Bench) -> System:
    return System(bench, "desktop")


def beginning(gateway: System) -> str:
    """The checksum of what has been recorded first, as the gateway reads it from its disk."""
    said = gateway.run(f"dd if={RECORD} bs=4096 count={BEGIN // 4096} iflag=direct status=none | sha256sum")
    return said.split()[0]


def test_promises(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_the_desktop_gets_outside_by_the_gateway(outside: Outside, desktop: System) -> None:
    assert "from outside" in desktop.run(f"curl -fsS http://{SERVER}/page")
    assert "GET /page" in outside.requests.read_text()


def test_from_outside_only_the_site_is_reached(outside: Outside, desktop: System) -> None:
    desktop.run(f"(while echo open | nc -N -l {CLOSED}; do :; done) >/run/nc 2>&1 & true")
    assert b"<title>desktop</title>" in visit(f"http://127.0.0.1:{outside.site}/").body
    assert outside.attack() == 400
    assert MARK in desktop.run("cat /var/log/nginx/access.log")
    assert not outside.gets_through()
    assert "open" in desktop.run(f"nc -N {DESKTOP} {CLOSED} </dev/null"), "it listened"


def test_root_of_the_desktop_does_not_reach_the_record(gateway: System, desktop: System) -> None:
    for knock in knocks(gateway, GATEWAY):
        assert desktop.tries(knock).status != 0, knock
    refuses_memory(desktop)
    may_not(desktop, "stop gateway now", "restart gateway", "nmi gateway", "pc power-off")
    assert desktop.tries("ls -d /sys/block/nvme*").status != 0, "it has no disk, and sees none"


def test_root_of_the_gateway_changes_nothing_that_is_recorded(outside: Outside, gateway: System) -> None:
    first = beginning(gateway)
    for attack in (
        f"dd if=/dev/zero of={RECORD} bs=4096 count=2 oflag=direct",
        f"dd if=/dev/urandom of={RECORD} bs=512 count=1 oflag=direct",
        f"blkdiscard -f -z -l {BEGIN} {RECORD}",
    ):
        assert gateway.tries(attack).status != 0, attack
    refuses_memory(gateway)
    gateway.tries(f"blkdiscard -f {RECORD}")
    function = f"$(readlink -f /sys/block/$(basename {RECORD})/device/device)"
    gateway.run(f"systemctl stop mrm-record && echo 1 >{function}/remove && echo 1 >/sys/bus/pci/rescan")
    gateway.run("until ls -d /sys/block/nvme*; do sleep 0.2; done")
    assert beginning(gateway) == first
    assert visit(f"http://127.0.0.1:{outside.site}/", 5).status == 0, "what is not recorded does not pass"
    gateway.run(
        "systemctl start mrm-record && until grep -x 1 /proc/sys/net/ipv4/ip_forward; do sleep 0.2; done"
    )
    assert visit(f"http://127.0.0.1:{outside.site}/?again-{MARK}").status == 200
    gateway.run(f"until record read | grep -aq again-{MARK}; do sleep 0.2; done")
    (outside.requests.parent / "first").write_text(first)


def packets(capture: bytes) -> Iterator[bytes]:
    """The packets of a capture file; see the manual page pcap-savefile."""
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", capture)
    assert magic == 0xA1B2C3D4 and link == 1, "Ethernet"
    at = 24
    while at < len(capture):
        (length,) = struct.unpack_from("<I", capture, at + 8)
        yield capture[at + 16 : at + 16 + length]
        at += 16 + length


def knocked(packet: bytes) -> bool:
    """Whether it is the first packet of a TCP connection to the closed port, by IPv4."""
    if packet[12:14] != b"\x08\x00" or packet[23] != 6:
        return False
    segment = packet[14 + (packet[14] & 15) * 4 :]
    return bool(segment[2:4] == struct.pack(">H", CLOSED) and segment[13] & 0x12 == 0x02)


def test_the_record_shows_the_attack(bench: Bench, folder: Path) -> None:
    """Read without the gateway, after a power cut."""
    bench.run(bench.machine.cut_power())
    image = folder / "record.img"
    run_tool(
        "mcopy", "-i", f"{bench.machine.boot.esp}@@{MEBIBYTE}", "::/EFI/MRM/disks/record.img", str(image)
    )
    assert sha256(image.read_bytes()[:BEGIN]).hexdigest() == (folder / "first").read_text()
    capture = subprocess.run(["perl", READER, "read", image], capture_output=True, check=True).stdout
    recorded = list(packets(capture))
    assert any(f"GET /%2e%2e/etc/shadow?{MARK}".encode() in packet for packet in recorded)
    assert any(f"GET /?again-{MARK}".encode() in packet for packet in recorded)
    assert any(b"GET /page" in packet for packet in recorded), "and what the desktop did"
    assert any(knocked(packet) for packet in recorded), "and what did not get through"
