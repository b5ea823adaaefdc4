# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Two kernels with disks that the controller serves (docs/disks.md), each seen through its own console."""

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
from tests.boot.efivars import mount, read_json
from tests.boot.support import boot_of, broken, broken_after_reboot, undisturbed
from tests.boot.warnings import new_warnings

pytestmark = [pytest.mark.boot(300), pytest.mark.timeout(1800)]

SPARE = 64 * MEBIBYTE
"""Room on the ESP for the files of disks."""
DATA = "mrm-data"
"""Label of the GPT partition that is served."""
KEPT = ("work", DATA)
"""Serial numbers of the disks whose contents outlive the PC."""
SIZES = {
    "steady": {"memory": 40 << 20, "work": 40 << 20, "log": (8 << 20) - 8192, DATA: 40 << 20},
    "other": {"log": (8 << 20) - 8192, "memory": 8 << 20},
}
"""An append-only disk is smaller than its file: behind its blocks it is written how far they go."""
WRITTEN = 64
"""Blocks of 4 KiB that a test appends."""


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
    """A machine whose first disk has room on its ESP, and a partition to be served."""
    result = built("disks")
    bench = Bench(result.plan, result.esp, folder)
    assert bench.machine.boot.esp is not None
    areas = [
        esp_area(result.esp, SPARE),
        Area(DATA, LINUX, SIZES["steady"][DATA], lambda *_: None),
    ]
    make_disk(bench.machine.boot.esp, "ESP", areas)
    return bench


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
    assert broken(bench.session, bench.session.observe({})) == []


def test_kernels_warn_of_nothing_new(bench: Bench) -> None:
    for partition in bench.plan.partitions:
        assert new_warnings(bench, partition.name) == [], partition.name


@pytest.mark.parametrize("name", SIZES)
def test_disks_are_as_large_as_promised(bench: Bench, name: str) -> None:
    shell = Shell(bench, name)
    for serial, size in SIZES[name].items():
        device = shell.disk(serial)
        assert int(shell.run(f"cat /sys/block/{Path(device).name}/size").split()[0]) * 512 == size, serial


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

    disk, count = steady.disk("memory"), 5
    reads, writes = done()
    steady.run(f"dd if=/dev/zero of={disk} bs=4096 count={count} oflag=direct")
    assert done()[1] - writes >= count
    steady.run(f"dd if={disk} of=/dev/null bs=4096 count={count} iflag=direct")
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


def test_a_power_cut_takes_nothing_that_was_flushed(bench: Bench, steady: Shell, folder: Path) -> None:
    """And what was in memory is gone, and what was appended can still not be changed."""
    totals = {serial: steady.fill(serial) for serial in KEPT}
    log = steady.disk("log")
    appended = steady.total(log, WRITTEN)
    steady.run(
        f"dd if=/dev/urandom of={log} bs=4096 seek={2 * WRITTEN} count={WRITTEN} oflag=direct conv=fsync"
    )
    last = steady.total(log, WRITTEN, 2 * WRITTEN)
    bench.run(bench.machine.cut_power())
    esp = bench.machine.boot.esp
    assert esp is not None
    run_tool("mcopy", "-i", f"{esp}@@{MEBIBYTE}", "::/EFI/MRM/disks/work.img", str(folder / "work.img"))
    run_tool("mcopy", "-i", str(folder / "work.img"), "::/data", str(folder / "data"))
    assert sha256((folder / "data").read_bytes()).hexdigest() == totals["work"], "as read from outside"
    with bench.once_more(folder / "second") as again:
        again.run(again.session.settle())
        shell = Shell(again, "steady")
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
