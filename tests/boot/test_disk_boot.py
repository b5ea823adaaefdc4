# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A partition whose loader and kernel are on a disk that the controller serves (docs/disks.md)."""

from collections.abc import Iterator
from functools import partial

import pytest

from ci.images.esp import esp_area
from ci.images.gpt import LINUX, Area, copy_into, make_disk
from ci.images.loaders import Payload, make_loader_disk
from ci.progress import PROJECT
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot(35), pytest.mark.timeout(900)]

GUEST = PROJECT / "Build" / "guests" / "linux-6.12"
LABEL = "mrm-boot"
"""Label of the GPT partition that is the disk."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("disk-boot")
    folder = tmp_path_factory.mktemp("disk-boot")
    (promise,) = result.plan.partitions
    parameters = f"{promise.parameters} console=uart8250,io,{promise.console_port:#x},115200n8 panic=10"
    disk = folder / "grub.img"
    make_loader_disk(disk, "grub", Payload(GUEST / "vmlinuz", GUEST / "initrd.img", parameters))
    bench = Bench(result.plan, result.esp, folder)
    assert bench.machine.boot.esp is not None
    served = Area(LABEL, LINUX, disk.stat().st_size, partial(copy_into, disk))
    make_disk(bench.machine.boot.esp, "ESP", [esp_area(result.esp), served])
    with bench:
        bench.run(bench.session.settle())
        yield bench


def test_shim_grub_and_a_kernel(bench: Bench) -> None:
    """The system finds the disk it was started from."""
    assert broken(bench.session, bench.session.observe({})) == []
    command = (
        f"disk=$(grep -lx '{LABEL} *' /sys/block/nvme*/device/serial | cut -d/ -f4) && "
        "mount -t vfat -o ro /dev/${disk}p1 /mnt && ls -R /mnt; umount /mnt"
    )
    found = bench.run(bench.session.guests["booted"].run(command)).output
    assert all(name in found for name in ("grubx64.efi", "vmlinuz", "initrd.img")), found
