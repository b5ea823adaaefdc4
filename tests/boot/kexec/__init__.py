# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Kernels that start another one in their place (kexec): a disk that has it, and the program that does it."""

import shutil
from pathlib import Path

from ci.guests.program import compile_program
from ci.images.loaders import make_disk_of
from ci.qemu.guest import Guest

_FOLDER = "/run/kexec"
COMMAND = rf'{_FOLDER}/kexec {_FOLDER}/vmlinuz {_FOLDER}/initrd.img "$(cat /proc/cmdline)"'
"""What starts the other kernel, once its disk is mounted."""


def make_kexec_disk(image: Path, guest: Path) -> None:
    """Write a disk with the kernel and the initrd in a folder, and a partition that may be written to."""
    tree = image.with_suffix("")
    tree.mkdir()
    for name in ("vmlinuz", "initrd.img"):
        shutil.copyfile(guest / name, tree / name)
    compile_program([Path(__file__).with_name("kexec.c")], tree / "kexec")
    make_disk_of(image, tree)


async def mount_kexec_disk(guest: Guest) -> None:
    """Make the kernel on its drive readable, once for each boot; served disks are no drives."""
    find = "grep -l ^mrm-rp /sys/block/nvme*/device/serial | cut -d/ -f4"
    mount = f"mount -t vfat -o ro /dev/$({find})p1 {_FOLDER}"
    done = await guest.run(f"mkdir -p {_FOLDER}; modprobe -a vfat nls_cp437 nls_ascii; {mount}")
    assert done.status == 0, done.output
