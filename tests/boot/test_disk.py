# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Two kernels with disks that the controller serves (docs/disks.md), each seen through its own console."""

import os
import random
import re
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ci.images.esp import esp_area
from ci.images.gpt import LINUX, MEBIBYTE, Area, make_disk, run_tool
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import FOLDER, FREE, mount, read_json
from tests.boot.large_blocks import BLOCK, FIRST, make_large_block_disk
from tests.boot.support import boot_of, broken, broken_after_reboot, undisturbed
from tests.boot.warnings import new_warnings

pytestmark = [pytest.mark.boot(580), pytest.mark.timeout(1800)]

GROWN = 120 * MEBIBYTE
"""Bytes that `grown` wants of the ESP."""
MARGIN = 64 << 10
"""Bytes more than that are free at first: but the variables of all partitions come before any disk."""
SPARE = GROWN + 8 * MEBIBYTE
"""Room that the ESP is made with."""
DATA = "mrm-data"
"""Label of the GPT partition that is served."""
LARGE = "mrm-large"
"""And of one on a drive with blocks of 4096 bytes, which is at PORT."""
PORT = "PciRoot(0x0)/Pci(0x3,0x0)"
KEPT = ("work", DATA)
"""Serial numbers of the disks whose contents outlive the PC."""
SIZES = {
    "steady": {
        "memory": 40 << 20,
        "work": 40 << 20,
        "log": (8 << 20) - 8192,
        DATA: 40 << 20,
        LARGE: 8 << 20,
        "last": 1 << 20,
    },
    "other": {"log": (8 << 20) - 8192, "memory": 8 << 20},
}
"""An append-only disk is smaller than its file: behind its blocks it is written how far they go."""
WRITTEN = 64
"""Blocks of 4 KiB that a test appends."""
BAD = 20 * MEBIBYTE // 4096
"""Which block of 4 KiB of `work` has a sector that cannot be read, in the PC's second life."""


class Esp:
    """The ESP on a disk's image, as seen from outside while the PC is off."""

    def __init__(self, bench: Bench) -> None:
        assert bench.machine.boot.esp is not None
        self.image = bench.machine.boot.esp
        self.volume = f"{self.image}@@{MEBIBYTE}"

    def claim(self, clusters: int) -> None:
        """Write into its FSInfo sector that so many clusters are free; all ones: it is not known."""
        with self.image.open("r+b") as file:
            file.seek(MEBIBYTE + 512 + 488)
            file.write(clusters.to_bytes(4, "little"))

    def free(self) -> int:
        """How many bytes are free, as its table says."""
        self.claim(0xFFFFFFFF)
        found = re.search(r"([\d ]+) bytes free", run_tool("mdir", "-i", self.volume, "::/"))
        assert found is not None
        return int(found[1].replace(" ", ""))

    def cluster(self) -> int:
        """Bytes of a cluster."""
        with self.image.open("rb") as file:
            file.seek(MEBIBYTE + 13)
            return 512 * file.read(1)[0]

    def fill(self, room: int, folder: Path) -> None:
        """Fill it, so that so many bytes are free."""
        filler = folder / "filler"
        filler.touch()
        os.truncate(filler, self.free() - room)
        name = f"::/filler-{room}"
        run_tool("mcopy", "-i", self.volume, str(filler), name)
        filler.unlink()
        assert self.free() == room

    def read(self, path: str, folder: Path) -> bytes:
        """What a file holds."""
        copy = folder / "copy"
        copy.unlink(missing_ok=True)
        run_tool("mcopy", "-i", self.volume, f"::/{path}", str(copy))
        return copy.read_bytes()


class Shell:
    """The shell of one partition's system."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench, self.name = bench, name
        self.guest = bench.session.guests[name]

    def status(self, command: str, timeout: float = 120) -> tuple[int, str]:
        """Run a command; return its status and what it prints."""
        done = self.bench.run(self.guest.run(command, timeout))
        return done.status, done.output

    def run(self, command: str, timeout: float = 120) -> str:
        """Run a command that succeeds, and return what it prints."""
        status, output = self.status(command, timeout)
        assert status == 0, f"{self.name}: {command}: status {status}\n{output}"
        return output

    def refuses(self, command: str) -> None:
        """Run a command that fails for the disk's sake."""
        status, output = self.status(command)
        assert status != 0, f"{self.name}: {command}\n{output}"
        assert re.search(r"I/O error|not permitted|Read-only|No data available", output), output

    def disk(self, serial: str) -> str:
        """The device of a disk."""
        found = self.run(f"grep -lx '{serial} *' /sys/block/nvme*/device/serial")
        name = re.search(r"/sys/block/(nvme\w+)/", found)
        assert name is not None, found
        return f"/dev/{name[1]}"

    def total(self, path: str, blocks: int | None = None, skip: int = 0) -> str:
        """The checksum of a file or of blocks of 4 KiB of a disk, past the page cache."""
        what = (
            f"dd if={path} bs=4096 skip={skip} count={blocks} iflag=direct 2>/dev/null"
            if blocks
            else f"cat {path}"
        )
        found = re.search(r"[0-9a-f]{64}", self.run(f"{what} | sha256sum"))
        assert found is not None
        return found[0]

    def exercise(self, serial: str) -> None:
        """Write random blocks to a disk, durably, and read the same from it."""
        device = self.disk(serial)
        self.run("dd if=/dev/urandom of=/tmp/blocks bs=1M count=1")
        self.run(f"dd if=/tmp/blocks of={device} bs=64k oflag=direct conv=fsync")
        assert self.total(device, 256) == self.total("/tmp/blocks")

    def make_file_system(self, serial: str) -> None:
        """Make a file system on a disk, and mount it at /mnt/SERIAL."""
        device = self.disk(serial)
        self.run(f"mkdosfs {device} && mkdir -p /mnt/{serial} && mount -t vfat {device} /mnt/{serial}")

    def fill(self, serial: str) -> str:
        """Write random data into a file of a disk's file system, durably, and return its checksum."""
        path = f"/mnt/{serial}/data"
        self.run(f"dd if=/dev/urandom of={path} bs=1M count=1 conv=fsync && sync")
        return self.total(path)

    def remount(self, serial: str) -> None:
        """Mount the file system of a disk anew, so that what is read comes from the disk."""
        self.run(
            f"umount /mnt/{serial} 2>/dev/null; mkdir -p /mnt/{serial} && "
            f"mount -t vfat {self.disk(serial)} /mnt/{serial}"
        )


def prepared(built: Builder, folder: Path) -> Bench:
    """A machine whose first disk has some room on its ESP, and a partition to be served."""
    result = built("disks")
    large = folder.with_name("large.img")
    make_large_block_disk(large, LARGE, SIZES["steady"][LARGE])
    bench = Bench(result.plan, result.esp, folder, {PORT: large}, large_blocks=[PORT])
    assert bench.machine.boot.esp is not None
    areas = [
        esp_area(result.esp, SPARE),
        Area(DATA, LINUX, SIZES["steady"][DATA], lambda *_: None),
    ]
    make_disk(bench.machine.boot.esp, "ESP", areas)
    Esp(bench).fill(GROWN + MARGIN, folder)
    return bench


AGAIN = 4
"""How often a driver goes and comes."""
REFRESH_SECONDS = 2
"""After which `State` shows what has been counted."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("disks")


@pytest.fixture(scope="module")
def bench(built: Builder, folder: Path) -> Iterator[Bench]:
    with prepared(built, folder / "first") as bench:
        bench.run(bench.session.settle())
        yield bench


@pytest.fixture
def steady(bench: Bench) -> Shell:
    return Shell(bench, "steady")


@pytest.fixture
def other(bench: Bench) -> Shell:
    return Shell(bench, "other")


def test_promises(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({}), *SIZES) == []


def test_a_disk_takes_no_room_that_variables_need(bench: Bench) -> None:
    """The first partition's would have fit on the ESP, but for the variables of the others."""
    controller = bench.session.controller
    said = controller.find(
        r"grown: refused: .*needs \d+ KiB of the ESP, which has \d+ KiB free", controller.start()
    )
    assert said is not None
    assert controller.find("variables cannot be", controller.start()) is None


def test_kernels_warn_of_nothing_new(bench: Bench) -> None:
    for name in SIZES:
        assert new_warnings(bench, name) == [], name


@pytest.mark.parametrize("name", SIZES)
def test_disks_are_as_large_as_promised(bench: Bench, name: str) -> None:
    shell = Shell(bench, name)
    for serial, size in SIZES[name].items():
        device = shell.disk(serial)
        assert int(shell.run(f"cat /sys/block/{Path(device).name}/size").split()[0]) * 512 == size, serial


def test_blocks_are_those_of_the_medium(steady: Shell) -> None:
    """A drive with large ones is written and read by them."""
    for serial in SIZES["steady"]:
        size = steady.run(f"cat /sys/block/{Path(steady.disk(serial)).name}/queue/logical_block_size")
        assert int(size.split()[-1]) == (BLOCK if serial == LARGE else 512), serial
    large = steady.disk(LARGE)
    steady.run(f"dd if=/dev/urandom of=/tmp/large bs={BLOCK} count={WRITTEN}")
    steady.run(f"dd if=/tmp/large of={large} bs={BLOCK} seek=3 oflag=direct")
    assert steady.total(large, WRITTEN, 3) == steady.total("/tmp/large")


def test_file_systems_on_all_kinds(steady: Shell) -> None:
    for serial in ("memory", *KEPT):
        steady.make_file_system(serial)
        total = steady.fill(serial)
        steady.remount(serial)
        assert steady.total(f"/mnt/{serial}/data") == total, serial


def test_state_counts_what_was_done(bench: Bench, steady: Shell) -> None:
    bench.run(mount(steady.guest))

    def done() -> tuple[int, int]:
        time.sleep(REFRESH_SECONDS)
        state = bench.run(read_json(steady.guest, "State"))
        (told,) = (each for each in state["partitions"] if each["name"] == steady.guest.name)
        assert told["disks"]["errors"] == 0
        return told["disks"]["reads"], told["disks"]["writes"]

    # Behind what a file system of this size has in use.
    disk, count, place = steady.disk("memory"), 5, SIZES["steady"]["memory"] // 4096 - 8
    reads, writes = done()
    steady.run(f"dd if=/dev/zero of={disk} bs=4096 seek={place} count={count} oflag=direct")
    assert done()[1] - writes >= count
    steady.run(f"dd if={disk} of=/dev/null bs=4096 skip={place} count={count} iflag=direct")
    assert done()[0] - reads >= count


def test_what_is_appended_stays_and_others_read_it(steady: Shell, other: Shell) -> None:
    log = steady.disk("log")
    steady.run(f"dd if=/dev/urandom of={log} bs=4096 count={WRITTEN} oflag=direct conv=fsync")
    total = steady.total(log, WRITTEN)
    assert other.total(other.disk("log"), WRITTEN) == total
    steady.refuses(f"dd if=/dev/zero of={log} bs=4096 count=1 oflag=direct")
    steady.refuses(f"dd if=/dev/zero of={log} bs=4096 seek={WRITTEN - 1} count=1 oflag=direct")
    other.refuses(f"dd if=/dev/zero of={other.disk('log')} bs=4096 count=1 oflag=direct")
    other.refuses(f"dd if=/dev/zero of={other.disk('log')} bs=4096 seek={WRITTEN} count=1 oflag=direct")
    steady.run(f"dd if=/dev/urandom of={log} bs=4096 seek={WRITTEN} count={WRITTEN} oflag=direct conv=fsync")
    assert steady.total(log, WRITTEN) == total
    assert other.total(other.disk("log"), WRITTEN) == total
    assert other.total(other.disk("log"), WRITTEN, WRITTEN) == steady.total(log, WRITTEN, WRITTEN)


def test_a_driver_goes_and_comes(other: Shell) -> None:
    """It finds the same disks, which hold what they held."""
    other.exercise("memory")
    total = other.total(other.disk("memory"), WRITTEN)
    for _ in range(AGAIN):
        other.run("modprobe -r nvme && ! ls /sys/block/nvme* && modprobe nvme")
        other.run(
            "for i in $(seq 100); do [ $(ls -d /sys/block/nvme* | wc -l) = 2 ] && break; sleep 0.1; done"
        )
    assert other.total(other.disk("memory"), WRITTEN) == total
    other.exercise("memory")


def test_a_partition_ends_amid_writing(bench: Bench, steady: Shell, other: Shell) -> None:
    """Its neighbour does not notice, what was on its disks before is there, and they work."""
    totals = {serial: steady.fill(serial) for serial in ("memory", *KEPT)}
    appended = steady.total(steady.disk("log"), WRITTEN)
    for serial in totals:
        steady.run(
            f"(while dd if=/dev/urandom of=/mnt/{serial}/more bs=64k count=16 conv=fsync; do :; done)"
            " >/dev/null 2>&1 & true"
        )

    async def end() -> None:
        async with undisturbed(other.guest):
            report = await bench.session.reboot("steady", boot_of(bench.session, "steady"), "reboot -f")
        assert broken_after_reboot(bench.session, "steady", report.data) == []

    bench.run(end())
    for serial, total in totals.items():
        steady.remount(serial)
        assert steady.total(f"/mnt/{serial}/data") == total, serial
        again = steady.fill(serial)
        steady.remount(serial)
        assert steady.total(f"/mnt/{serial}/data") == again, serial
    assert steady.total(steady.disk("log"), WRITTEN) == appended


def test_a_flood_delays_nobody(bench: Bench, steady: Shell) -> None:
    """While a partition keeps its disks as busy as it can, another one is restarted and ticks."""
    for serial in KEPT:
        steady.run(
            f"(while [ ! -e /tmp/enough ]; do dd if=/dev/zero of=/mnt/{serial}/f bs=1M count=2; sync; done)"
            " >/dev/null 2>&1 & true"
        )

    async def restart() -> None:
        async with undisturbed(steady.guest):
            report = await bench.session.reboot("other", boot_of(bench.session, "other"), "reboot -f")
        assert broken_after_reboot(bench.session, "other", report.data) == []

    bench.run(restart())
    steady.run("touch /tmp/enough; wait; rm -f /mnt/*/f; sync")
    assert re.findall(r".*nvme.*(?:timeout|reset|abort).*", steady.run("dmesg"), re.IGNORECASE) == []


def test_nothing_went_wrong(bench: Bench) -> None:
    """The controller has seen no bad medium."""
    controller = bench.session.controller
    assert controller.find("its medium has errors", controller.start()) is None


def prepare_full(esp: Esp, folder: Path) -> bytes:
    """Leave so little room on the ESP that the last disk takes it; what the first one had.

    The ESP says that it has more room, as it does when a system has not left it in order. So the controller
    finds out amid growing the first disk.
    """
    had = random.Random(1).randbytes(MEBIBYTE)
    (folder / "grown").write_bytes(had)
    run_tool("mdel", "-i", esp.volume, "::/EFI/MRM/disks/last.img")
    run_tool("mcopy", "-i", esp.volume, str(folder / "grown"), "::/EFI/MRM/disks/grown.img")
    esp.fill(SIZES["steady"]["last"], folder)
    esp.claim(GROWN // esp.cluster() + 1)
    return had


def with_bad_sector(esp: Esp, folder: Path) -> dict[str, Path]:
    """Of a sector of `work` that cannot be read: what is different about the drive with the ESP."""
    block = (folder / "work.img").read_bytes()[BAD * 4096 : (BAD + 1) * 4096]
    place = esp.image.read_bytes().index(block)
    configuration = folder / "bad.conf"
    rules = (
        'event = "read_aio"',
        'errno = "5"',
        'iotype = "read"',
        'once = "off"',
        f'sector = "{place // 512 + 3}"',
    )
    configuration.write_text("\n".join(["[inject-error]", *rules, ""]))
    return {"esp": Path(f"blkdebug:{configuration}:{esp.image}")}


def look_at_bad_sector(shell: Shell, serial: str) -> str:
    """A block that cannot be read is an error of its own, and all others work; return the last one's sum."""
    disk = shell.disk(serial)
    shell.refuses(f"dd if={disk} of=/dev/null bs=4096 skip={BAD} count=1 iflag=direct")
    for begin, count in ((BAD - 1000, 1000), (BAD + 1, 1000)):
        shell.run(f"dd if={disk} of=/dev/null bs=4096 skip={begin} count={count} iflag=direct")
    shell.refuses(f"dd if={disk} of=/dev/null bs=4096 skip={BAD - 8} count=16 iflag=direct")
    # Beside it, and in the last page of the file, which holds something else, too.
    last = SIZES["steady"][serial] // 4096 - 1
    for place in (BAD - 1, BAD + 1, last):
        shell.run("dd if=/dev/urandom of=/tmp/beside bs=4096 count=1")
        shell.run(f"dd if=/tmp/beside of={disk} bs=4096 seek={place} oflag=direct conv=fsync,notrunc")
        assert shell.total(disk, 1, place) == shell.total("/tmp/beside")
    return shell.total(disk, 1, last)


def test_a_power_cut_takes_nothing_that_was_flushed(bench: Bench, steady: Shell, folder: Path) -> None:
    """And what was in memory is gone, and what was appended can still not be changed.

    Nor does an ESP that has become full: who runs writes to disks and variables. Nor does a sector of a file
    that cannot be read.
    """
    work = steady.disk("work")
    steady.run(f"dd if=/dev/urandom of={work} bs=4096 seek={BAD} count=1 oflag=direct conv=fsync,notrunc")
    totals = {serial: steady.fill(serial) for serial in KEPT}
    log = steady.disk("log")
    appended = steady.total(log, WRITTEN)
    steady.run(
        f"dd if=/dev/urandom of={log} bs=4096 seek={2 * WRITTEN} count={WRITTEN} oflag=direct conv=fsync"
    )
    last = steady.total(log, WRITTEN, 2 * WRITTEN)
    steady.run(
        f"dd if=/dev/urandom of={steady.disk(LARGE)} bs={BLOCK} seek=7 count=1 oflag=direct conv=fsync"
    )
    large = steady.total(steady.disk(LARGE), 1, 7)
    bench.run(bench.machine.cut_power())
    esp = Esp(bench)
    (folder / "work.img").write_bytes(esp.read("EFI/MRM/disks/work.img", folder))
    run_tool("mcopy", "-i", str(folder / "work.img"), "::/data", str(folder / "data"))
    assert sha256((folder / "data").read_bytes()).hexdigest() == totals["work"], "as read from outside"
    with (folder / "large.img").open("rb") as drive:
        drive.seek((FIRST + 7) * BLOCK)
        assert sha256(drive.read(BLOCK)).hexdigest() == large, "as read from outside"
    had = prepare_full(esp, folder)
    # The firmware's driver of the chipset's drives takes a read that failed for one that did not.
    virtio = {"esp_device": "virtio-blk-pci", "esp_bus": "pcie.0"}
    with bench.once_more(folder / "second", with_bad_sector(esp, folder), **virtio) as again:
        again.run(again.session.settle())
        controller = again.session.controller
        full = r"grown: refused: .*cannot be opened: Volume Full"
        assert controller.find(full, controller.start()) is not None
        assert broken(again.session, again.session.observe({}), *SIZES) == []
        shell, other = Shell(again, "steady"), Shell(again, "other")
        again.run(mount(other.guest))
        other.run(rf"printf '\007\000\000\000on a full ESP' >{FOLDER}/Full-{FREE}")
        for serial, total in totals.items():
            shell.remount(serial)
            assert shell.total(f"/mnt/{serial}/data") == total, serial
        log = shell.disk("log")
        assert shell.total(log, WRITTEN) == appended
        assert shell.total(log, WRITTEN, 2 * WRITTEN) == last
        shell.refuses(f"dd if=/dev/zero of={log} bs=4096 count=1 oflag=direct")
        shell.refuses(f"dd if=/dev/zero of={log} bs=4096 seek={3 * WRITTEN - 1} count=1 oflag=direct")
        shell.run(f"dd if=/dev/urandom of={log} bs=4096 seek={3 * WRITTEN} count=1 oflag=direct conv=fsync")
        shell.run(f"dd if={shell.disk('memory')} bs=1M count=4 iflag=direct | cmp -n {4 << 20} - /dev/zero")
        shell.run(f"dd if=/dev/urandom of={shell.disk('last')} bs=64k count=16 oflag=direct conv=fsync")
        written = shell.total(shell.disk("last"), SIZES["steady"]["last"] // 4096)
        beside = look_at_bad_sector(shell, "work")
        shell.remount("work")
        assert shell.total("/mnt/work/data") == totals["work"]
        shell.fill("work")
        assert controller.find(
            "work.img: the file system refuses it; its blocks are used", controller.start()
        )
        assert controller.find("its medium has errors", controller.start()) is not None
        assert re.search(r"nvme.*(?:timeout|reset|abort)", shell.run("dmesg"), re.IGNORECASE) is None
        again.run(again.machine.cut_power())
    assert sha256(esp.read("EFI/MRM/disks/work.img", folder)[-4096:]).hexdigest() == beside
    assert sha256(esp.read("EFI/MRM/disks/last.img", folder)).hexdigest() == written
    assert esp.read("EFI/MRM/disks/grown.img", folder) == had
    journals = [esp.read(f"EFI/MRM/other/variables.{number}", folder) for number in "ab"]
    assert any(b"on a full ESP" in journal for journal in journals)
