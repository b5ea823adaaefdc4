# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Two kernels on networks in memory, and with a memory in common (docs/channels.md), each on its own console.

One of the networks leads out by a network card of the PC, to a network of QEMU's with DHCP and a web server.
"""

import hashlib
import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu import web
from ci.qemu.devices import Network
from generator.blob.read import read as read_plan
from generator.blob.write import write as write_plan
from generator.esp.image import plan_of, with_plan
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import mount, read_json
from tests.boot.kexec import COMMAND, make_kexec_disk, mount_kexec_disk
from tests.boot.support import boot_of, broken, broken_after_reboot, undisturbed
from tests.boot.warnings import new_warnings

ROUNDS = int(os.environ.get("MRM_ROUNDS", "1"))
"""How often each end is restarted: in turn by itself and by a panic, the other one the other way."""
pytestmark = [pytest.mark.boot(830), pytest.mark.timeout(1800 + 120 * ROUNDS)]

ADDRESS = {"steady": "10.77.0.1", "other": "10.77.0.2", "guarded": "10.77.0.3", "older": "10.77.0.4"}
INTERFACE = "$(basename /sys/bus/pci/drivers/gv*/*:00.0/net/*)"
"""The driver is called gve, in older kernels gvnic."""
OUT = INTERFACE.replace("00.0", "01.0")
"""The card on the network that leads out."""
PORT, CARD = "PciRoot(0x0)/Pci(0x7,0x0)", "rp7-device"
"""Where the PC's card is, and QEMU's name of it (ci/qemu/devices.py)."""
DRIVE = "PciRoot(0x0)/Pci(0x3,0x0)"
"""Behind which the drive of `steady` is."""
SERVER = "10.0.2.100"
BOARD = "/dev/pmem0"
"""The memory that both have."""
MEBIBYTES = 8
OUTSIDE_BYTES = 1 << 20
"""Of the file that is outside: the way there is through the firmware's driver, which is slow."""
REFRESH_SECONDS = 2
"""After which `State` shows what has been counted."""
AGAIN = 4
"""How often a driver goes and comes."""
PATTERN = 8
"""MiB of its memory that a partition fills with random data, and looks at later."""
CONNECTIONS = 16
"""One after the other: in one run of 30,000 all of them have the same queue of two."""
RELOAD = 1 << 2
"""MRM_PERMIT_RELOAD."""
PAGES = 16
"""KiB: the PC's firmware takes and gives a page by itself now and then."""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the web server serves, with a file `data`; and `plan`, see `free_memory`."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "data").write_bytes(random.Random(1).randbytes(OUTSIDE_BYTES))
    return folder


@pytest.fixture(scope="module")
def bench(built: Builder, outside: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("network")
    folder = tmp_path_factory.mktemp("run")
    esp = folder / "ESP"
    shutil.copytree(result.esp, esp)
    image = (esp / "EFI" / "MRM" / "Mrm.efi").read_bytes()
    plan = read_plan(plan_of(image) or b"")
    # The first one may put a plan in force; else it is the example's.
    plan["Partitions"][0]["Policy"]["PcPermits"] |= RELOAD
    (outside / "plan").write_bytes(write_plan(plan))
    for file in ("MRM/Mrm.efi", "BOOT/BOOTX64.EFI"):
        (esp / "EFI" / file).write_bytes(with_plan(image, write_plan(plan)))
    served = Network({}, servers={f"{SERVER}:80": web.command(outside, folder / "requests.log")})
    drive = folder / "kernel.img"
    make_kexec_disk(drive, PROJECT / "Build" / "guests" / "linux-6.12")
    with Bench(result.plan, esp, folder, disks={DRIVE: drive}, networks={PORT: served}) as bench:
        bench.run(bench.session.settle())
        yield bench


class Shell:
    """The shell of one partition's system."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench, self.name = bench, name
        self.guest = bench.session.guests[name]
        self.address = ADDRESS[name]

    def run(self, command: str, timeout: float = 120) -> str:
        """Run a command that succeeds, and return what it prints."""
        done = self.bench.run(self.guest.run(command, timeout))
        assert done.status == 0, f"{self.name}: {command}: status {done.status}\n{done.output}"
        return done.output

    def bring_up(self) -> None:
        """Give its card an address."""
        self.run(f"ip addr replace {self.address}/24 dev {INTERFACE} && ip link set {INTERFACE} up")

    def ping(self, to: "Shell | str", count: int = 10) -> None:
        """Each question is answered."""
        said = self.run(f"ping -c {count} -W 5 {to if isinstance(to, str) else to.address}")
        assert f"{count} packets received, 0% packet loss" in said, said

    def carrier(self, wanted: str, interface: str = INTERFACE) -> None:
        """Its link comes to be up (1) or down (0)."""
        self.run(
            f"for i in $(seq 100); do [ $(cat /sys/class/net/{interface}/carrier) = {wanted} ] && break; "
            f"sleep 0.2; done; [ $i -lt 100 ]"
        )

    def go_out(self) -> str:
        """Get an address from outside, and return it."""
        self.run(f"ip link set {OUT} up")
        self.carrier("1", OUT)
        self.run(f"udhcpc -i {OUT} -n -q -t 8 -T 2 -s /lib/mrm/lease")
        said = self.run(f"ip -4 addr show dev {OUT}")
        found = re.search(r"inet (10\.0\.2\.\d+)", said)
        assert found is not None, said
        return found[1]

    def offer(self) -> str:
        """Offer random data to whoever fetches it by HTTP, and return its checksum."""
        self.run(f"mkdir -p /tmp/www && dd if=/dev/urandom of=/tmp/www/data bs=1M count={MEBIBYTES}")
        self.run("pidof httpd || httpd -h /tmp/www")
        return self.sum_in(self.run("sha256sum /tmp/www/data"))

    def fetch(self, other: "Shell | str") -> None:
        """Fetch what the other one offers, in the background."""
        address = other if isinstance(other, str) else other.address
        self.run(f"rm -f /tmp/over; (wget -q -O /tmp/got http://{address}/data; echo $? >/tmp/over) & true")

    def fetched(self) -> str:
        """Wait until it is there, and return its checksum."""
        self.run("for i in $(seq 300); do [ -e /tmp/over ] && break; sleep 0.2; done; grep -qx 0 /tmp/over")
        return self.sum_in(self.run("sha256sum /tmp/got"))

    def load(self, other: "Shell") -> None:
        """Fetch what the other one offers again and again, in the background, until `rest`."""
        fetch = f"wget -q -T 5 -O /dev/null http://{other.address}/data || sleep 0.2"
        self.run(f"rm -f /tmp/enough; (while [ ! -e /tmp/enough ]; do {fetch}; done) 2>/dev/null & true")

    def rest(self) -> None:
        """Fetch no more."""
        self.run("touch /tmp/enough; wait")

    def fill(self) -> None:
        """Fill some of its memory with a pattern."""
        self.run(f"dd if=/dev/urandom of=/tmp/pattern bs=1M count={PATTERN}")
        self.run("sha256sum /tmp/pattern >/tmp/sum")

    def check(self) -> None:
        """Nobody has touched the pattern."""
        self.run("sha256sum /tmp/pattern | cmp - /tmp/sum")

    def drops(self) -> int:
        """How often its link has gone down, as its kernel counts."""
        return int(self.run(f"echo; cat /sys/class/net/{INTERFACE}/carrier_down_count").split()[-1])

    def interrupts(self) -> list[int]:
        """How often each vector of its card was seen."""
        count = "awk -v n=$n: '$1 == n { while ($(++i + 1) ~ /^[0-9]+$/) sum += $(i + 1); print n + 0, sum }'"
        said = self.run(
            f"for n in $(ls /sys/class/net/{INTERFACE}/device/msi_irqs | sort -n); do "
            f"{count} /proc/interrupts; done"
        )
        return [int(seen) for seen in re.findall(r"^\d+ (\d+)\r?$", said, re.MULTILINE)]

    def write_board(self, place: int) -> str:
        """Write a random MiB to this MiB of the memory that both have, and return its checksum."""
        self.run("dd if=/dev/urandom of=/tmp/board bs=1M count=1")
        self.run(f"dd if=/tmp/board of={BOARD} bs=1M seek={place} oflag=direct conv=notrunc")
        return self.sum_in(self.run("sha256sum /tmp/board"))

    def read_board(self, place: int) -> str:
        """Return the checksum of this MiB of the memory that both have; past the page cache."""
        return self.sum_in(self.run(f"dd if={BOARD} bs=1M skip={place} count=1 iflag=direct | sha256sum"))

    @staticmethod
    def sum_in(text: str) -> str:
        found = re.search(r"[0-9a-f]{64}", text)
        assert found is not None, text
        return found[0]


@pytest.fixture
def both(bench: Bench) -> tuple[Shell, Shell]:
    shells = Shell(bench, "steady"), Shell(bench, "other")
    for shell in shells:
        shell.bring_up()
    for shell in shells:
        shell.carrier("1")
    return shells


def exchange(one: Shell, two: Shell) -> None:
    """Both fetch data from each other at the same time; it comes unharmed."""
    sums = [shell.offer() for shell in (one, two)]
    one.fetch(two)
    two.fetch(one)
    assert [two.fetched(), one.fetched()] == sums


def test_promises(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_kernels_warn_of_nothing_new(bench: Bench) -> None:
    for partition in bench.plan.partitions:
        assert new_warnings(bench, partition.name) == [], partition.name


def test_both_have_a_memory_in_common(bench: Bench) -> None:
    """It was zero, and what one writes the other reads at once, in all its length."""
    one, two = Shell(bench, "steady"), Shell(bench, "other")
    size = 16
    assert int(two.run(f"tr -d '\\0' <{BOARD} | wc -c").split()[-1]) == 0
    assert int(one.run("cat /sys/block/pmem0/size").split()[-1]) * 512 == size << 20
    for writer, reader, place in ((one, two, 0), (two, one, 0), (one, two, size - 1), (two, one, size // 2)):
        assert writer.write_board(place) == reader.read_board(place)


def test_every_ping_is_answered(both: tuple[Shell, Shell]) -> None:
    one, two = both
    one.ping(two)
    two.ping(one)


def test_state_counts_what_moved(bench: Bench, both: tuple[Shell, Shell]) -> None:
    """A question and its answer are a packet of at least 98 bytes for each."""
    bench.run(mount(both[0].guest))

    def moved() -> list[tuple[int, int]]:
        time.sleep(REFRESH_SECONDS)
        state = bench.run(read_json(both[0].guest, "State"))
        return [(told["cards"]["packets"], told["cards"]["bytes"]) for told in state["partitions"]]

    before, count = moved(), 10
    both[0].ping(both[1], count)
    for (old_packets, old_bytes), (packets, length) in zip(before, moved(), strict=True):
        assert packets - old_packets >= count and length - old_bytes >= 98 * count


def test_tcp_both_ways_at_once(both: tuple[Shell, Shell]) -> None:
    exchange(*both)


def test_each_processor_has_queues_of_its_own(bench: Bench, both: tuple[Shell, Shell]) -> None:
    """A queue in each direction, with an interrupt of its own; connections are spread over them."""
    one, two = both
    processors = {promise.name: promise.processors for promise in bench.plan.partitions}
    for shell in both:
        shell.offer()
        shell.run("echo small >/tmp/www/small")
        for kind in ("rx", "tx"):
            listed = shell.run(f"ls -d /sys/class/net/{INTERFACE}/queues/{kind}-*")
            assert len(re.findall(rf"{kind}-\d", listed)) == processors[shell.name], listed
    before = [shell.interrupts() for shell in both]
    for reader, server in ((one, two), (two, one)):
        reader.run(
            f"for i in $(seq {CONNECTIONS}); do wget -q -O - http://{server.address}/small || exit; done"
        )
    for shell, old in zip(both, before, strict=True):
        queues = 2 * processors[shell.name]
        new = shell.interrupts()
        assert len(new) == queues + 1, "the last one is for news of the link"
        assert all(new[queue] > old[queue] for queue in range(queues)), (shell.name, old, new)


def test_frames_as_long_as_the_mtu(both: tuple[Shell, Shell]) -> None:
    one, two = both
    one.run(f"ping -c 3 -W 5 -s 1472 {two.address}")


def fetch_from_outside(shell: Shell, outside: Path) -> None:
    """A partition without a network card fetches a file that is outside; it comes unharmed."""
    shell.fetch(SERVER)
    assert shell.fetched() == hashlib.sha256((outside / "data").read_bytes()).hexdigest()


def test_the_way_out(bench: Bench, both: tuple[Shell, Shell], outside: Path) -> None:
    """Meanwhile another partition on that network pings the first, and notices nothing else."""
    one, two = both
    addresses = [shell.go_out() for shell in both]
    assert len(set(addresses)) == 2

    async def meanwhile() -> None:
        async with undisturbed(two.guest):
            fetched = await one.guest.run(
                f"wget -q -O /tmp/got http://{SERVER}/data && sha256sum /tmp/got", 120
            )
        wanted = hashlib.sha256((outside / "data").read_bytes()).hexdigest()
        assert Shell.sum_in(fetched.output) == wanted

    two.run(f"(ping -c 10 -W 5 {addresses[0]} >/tmp/pings; echo $? >/tmp/pinged) & true")
    bench.run(meanwhile())
    two.run("for i in $(seq 100); do [ -e /tmp/pinged ] && break; sleep 0.2; done")
    assert "10 packets received, 0% packet loss" in two.run("cat /tmp/pings")
    fetch_from_outside(two, outside)


def test_the_link_outside_is_the_link_inside(bench: Bench, both: tuple[Shell, Shell]) -> None:
    """The cable of the PC's card is pulled, and comes back."""
    one, two = both
    two.run(f"ip link set {OUT} down")
    begin = bench.session.controller.mark()
    for up, carrier, words in ((False, "0", "no link"), (True, "1", "a link")):
        bench.run(bench.machine.execute("set_link", name=CARD, up=up))
        one.carrier(carrier, OUT)
        bench.run(bench.session.controller.wait_for(f"network out: the PC's card has {words}", 30, begin))
    one.ping("10.0.2.2", 3)


@pytest.mark.parametrize("name", ["steady", "other"])
def test_a_driver_goes_and_comes(both: tuple[Shell, Shell], name: str) -> None:
    one, two = both if name == "steady" else both[::-1]
    for _ in range(AGAIN):
        one.run("modprobe -r gve")
        two.carrier("0")
        one.run("modprobe gve && sleep 0.5")
        one.bring_up()
        two.carrier("1")
        one.carrier("1")
    one.ping(two)
    exchange(one, two)


@pytest.mark.parametrize("name", ["steady", "other"])
def test_a_card_is_removed_and_found_again(both: tuple[Shell, Shell], name: str) -> None:
    one, two = both if name == "steady" else both[::-1]
    one.run(f"echo 1 >$(readlink -f /sys/class/net/{INTERFACE}/device)/remove")
    two.carrier("0")
    # The driver of 6.1 does not wait until the controller has seen it go.
    one.run("sleep 0.5; echo 1 >/sys/bus/pci/rescan; sleep 0.5")
    one.bring_up()
    two.carrier("1")
    one.carrier("1")
    exchange(one, two)


def test_another_kernel_has_the_card_after_a_kexec(bench: Bench, both: tuple[Shell, Shell]) -> None:
    """Nobody has reset the card: the driver that comes finds what the other one has left."""
    one, two = both

    async def start() -> None:
        await mount_kexec_disk(one.guest)
        async with undisturbed(two.guest):
            report = await bench.session.reboot(one.name, boot_of(bench.session, one.name), COMMAND)
        assert broken_after_reboot(bench.session, one.name, report.data) == []

    drops = two.drops()
    bench.run(start())
    one.bring_up()
    two.carrier("1")
    one.carrier("1")
    assert two.drops() == drops + 1
    exchange(one, two)


def ends(bench: Bench, one: Shell, two: Shell, command: str) -> None:
    """One partition ends amid transfers both ways; the other one sees its link go down once, that is all.

    Both offer something already.
    """

    async def end() -> None:
        async with undisturbed(two.guest):
            report = await bench.session.reboot(one.name, boot_of(bench.session, one.name), command)
        assert broken_after_reboot(bench.session, one.name, report.data) == []

    two.fill()
    board, drops = one.write_board(MEBIBYTES), two.drops()
    one.load(two)
    two.load(one)
    bench.run(end())
    two.rest()
    two.carrier("0")
    one.bring_up()
    two.carrier("1")
    assert two.drops() == drops + 1
    exchange(one, two)
    two.check()
    assert one.read_board(MEBIBYTES) == two.read_board(MEBIBYTES) == board


def free_memory(bench: Bench, one: Shell) -> int:
    """KiB that the controller has left: it tells them when a plan is put in force, here the same again."""
    controller = bench.session.controller
    one.go_out()
    bench.run(mount(one.guest))
    one.run(f"wget -q -O /run/plan http://{SERVER}/plan")
    begin = controller.mark()
    one.run("mrmctl reload /run/plan")
    told = bench.run(controller.wait_for(r"machine: (\d+) KiB of memory are free", 120, begin))
    return int(told.match[1])


def test_either_end_restarts_again_and_again(bench: Bench, both: tuple[Shell, Shell]) -> None:
    """Nothing is left behind: the controller has as much memory as before."""
    one, two = both
    free = [free_memory(bench, one)]
    exchange(one, two)
    for number in range(ROUNDS):
        for first, second in (both, both[::-1]):
            ends(bench, first, second, "panic" if (number + (first is two)) % 2 else "reboot -f")
        free.append(free_memory(bench, one))
        print(f"{number + 1} of {ROUNDS} rounds: {free[-1]} KiB are free, {free[0]} were")
    one.ping(two)
    assert max(free) - min(free) <= PAGES, free


def test_the_way_out_after_so_many_lives(both: tuple[Shell, Shell], outside: Path) -> None:
    for shell in both:
        shell.go_out()
    fetch_from_outside(both[0], outside)


def test_nothing_went_wrong(both: tuple[Shell, Shell]) -> None:
    """No kernel complains of its card, and the controller has refused nothing."""
    for shell in both:
        said = shell.run("dmesg")
        assert re.findall(r".*(?:gve|gvnic) .*(?:fail|error|timed out|reset).*", said, re.IGNORECASE) == []
    controller = both[0].bench.session.controller
    assert controller.find("is refused", controller.start()) is None
