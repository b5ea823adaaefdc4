# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A whole Debian on a disk that the controller serves (docs/disks.md): loader, kernel and root."""

import re
from collections.abc import Iterator
from functools import partial

import pytest

from ci.guests.debian.build import ROOT_UUID, ensure
from ci.images.debian import make_debian_disk
from ci.images.esp import esp_area
from ci.images.gpt import LINUX, Area, copy_into, make_disk, run_tool
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot(120), pytest.mark.timeout(1800)]

PARTUUID = "40a94123-d1c5-5c84-b91f-304184b3f27f"
"""Of the GPT partition that is the disk."""
SERIAL = 20
"""Characters of a drive's serial number: the end of that."""
COMMAND_SECONDS = 240
SILENCE_SECONDS = 240.0
"""Its kernel warns only, nobody else is there to tick, and all that it starts comes from that disk."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("disk-boot")
    folder = tmp_path_factory.mktemp("disk-boot")
    (promise,) = result.plan.partitions
    parameters = f"{promise.parameters} console=uart8250,io,{promise.console_port:#x},115200n8 panic=10"
    disk = folder / "debian.img"
    make_debian_disk(disk, ensure(), parameters)
    bench = Bench(result.plan, result.esp, folder, stall_seconds=SILENCE_SECONDS)
    assert bench.machine.boot.esp is not None
    served = Area("booted", LINUX, disk.stat().st_size, partial(copy_into, disk))
    make_disk(bench.machine.boot.esp, "ESP", [esp_area(result.esp), served])
    assert PARTUUID in run_tool("sgdisk", "--info=2", str(bench.machine.boot.esp)).lower()
    with bench:
        bench.run(bench.session.settle())
        yield bench


def run(bench: Bench, command: str) -> str:
    """Run a command that succeeds, and return what it prints."""
    done = bench.run(bench.session.guests["booted"].run(command, COMMAND_SECONDS))
    assert done.status == 0, done.output
    return done.output


def test_shim_grub_and_a_kernel(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []
    text = bench.session.guests["booted"].console.text
    assert "Welcome to GRUB!" in text and "Loading initial ramdisk ..." in text


def test_its_root_file_system_is_there(bench: Bench) -> None:
    """The kernel was told by GRUB which one, and everything of the system comes from that disk."""
    assert f"root=UUID={ROOT_UUID}" in run(bench, "cat /proc/cmdline")
    source = re.search(r"/dev/(nvme\w+)p2", run(bench, "findmnt -no SOURCE,FSTYPE,OPTIONS /"))
    assert source is not None
    assert PARTUUID[-SERIAL:] in run(bench, f"cat /sys/block/{source[1]}/device/serial")
    found = run(bench, "systemctl is-system-running --wait; systemctl --failed --no-legend --plain")
    assert "running" in found and ".service" not in found, found


def test_it_is_written_to(bench: Bench) -> None:
    """What is written is on the disk, not only in memory; the kernel has nothing to say of the drive."""
    run(bench, "dd if=/dev/urandom of=/root/data bs=1M count=8 conv=fsync && sha256sum /root/data >/root/sum")
    run(bench, "sync && echo 3 >/proc/sys/vm/drop_caches && sha256sum -c /root/sum")
    said = run(bench, "dmesg")
    assert re.findall(r".*(?:nvme|EXT4-fs).*(?:timeout|reset|abort|error \(|remount).*", said, re.I) == []
