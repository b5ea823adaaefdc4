# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the controller is booted from: all members of arrays, mapped devices and drives with several ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.api import load_machine
from generator.model.device_path import DevicePath
from generator.scan import open_snapshot, scan
from generator.scan.render import render_machine_file
from tests.generator.scan.support import DEVICES, NVME, port, server, snapshot
from tests.generator.scan.test_snapshot import collect, lay_out

BLOCKS = "sys/class/block"
SUBSYSTEM = "sys/devices/virtual/nvme-subsystem/nvme-subsys0"
FIRST, SECOND = DevicePath(0, ((1, 0), (0, 0))), DevicePath(0, ((3, 0), (0, 0)))
DRIVES = {
    f"{BLOCKS}/nvme0n1.link": b"../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/nvme/nvme0/nvme0n1",
    f"{BLOCKS}/nvme0n1p1.link": b"../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/nvme/nvme0/x/nvme0n1p1",
    f"{BLOCKS}/nvme1n1.link": b"../../devices/pci0000:00/0000:00:03.0/0000:05:00.0/nvme/nvme1/nvme1n1",
    f"{BLOCKS}/nvme1n1p1.link": b"../../devices/pci0000:00/0000:00:03.0/0000:05:00.0/nvme/nvme1/x/nvme1n1p1",
}
ARRAY = DRIVES | {
    f"{BLOCKS}/md127.link": b"../../devices/virtual/block/md127",
    f"{BLOCKS}/md127/dev": b"9:127",
    f"{BLOCKS}/md127/slaves/nvme0n1p1.link": b"../../../../pci0000:00/x",
    f"{BLOCKS}/md127/slaves/nvme1n1p1.link": b"../../../../pci0000:00/x",
}
MAPPED = ARRAY | {
    f"{BLOCKS}/dm-0.link": b"../../devices/virtual/block/dm-0",
    f"{BLOCKS}/dm-0/dm/name": b"vg-esp",
    f"{BLOCKS}/dm-0/dev": b"253:0",
    f"{BLOCKS}/dm-0/slaves/md127.link": b"../../md127",
}
MULTIPATH = {
    f"{BLOCKS}/nvme0n1.link": b"../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1",
    f"{BLOCKS}/nvme0n1p1.link": b"../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1",
    f"{SUBSYSTEM}/nvme0.link": b"../../../pci0000:00/0000:00:01.0/0000:01:00.0/nvme/nvme0",
    f"{SUBSYSTEM}/nvme1.link": b"../../../pci0000:00/0000:00:03.0/0000:05:00.0/nvme/nvme1",
    f"{SUBSYSTEM}/nvme0n1/size": b"1",
    "sys/class/nvme/nvme1/serial": b"S123",
    "sys/class/nvme/nvme1/address": b"0000:05:00.0",
}


def machine_with(blocks: dict[str, bytes], mounted: str, **more: bytes) -> dict[str, bytes]:
    """The server with a second drive, these block devices, and one of them as its ESP."""
    files = {path: data for path, data in server().items() if not path.startswith(BLOCKS)}
    files[f"{DEVICES}/0000:00:03.0/config"] = port(0, 5)
    files[f"{DEVICES}/0000:05:00.0/config"] = NVME
    files["proc/mounts"] = f"{mounted} /boot/efi vfat rw 0 0\n".encode()
    return files | blocks | more


def boot_devices(files: dict[str, bytes]) -> tuple[tuple[DevicePath, ...], list[str]]:
    """What a scan takes for boot devices, and what it says of them."""
    found = scan(snapshot(files))
    return found.machine.firmware.boot_devices, [str(n) for n in found.notes if "boot_device" in str(n)]


@pytest.mark.parametrize(
    ("blocks", "mounted", "expected"),
    [
        (DRIVES, "/dev/nvme1n1p1", (SECOND,)),
        (ARRAY, "/dev/md127", (FIRST, SECOND)),
        (
            ARRAY | {f"{BLOCKS}/md127p1.link": b"../../devices/virtual/block/md127/md127p1"},
            "/dev/md127p1",
            (FIRST, SECOND),
        ),
        (MAPPED, "/dev/mapper/vg-esp", (FIRST, SECOND)),
        (MAPPED, "/dev/dm-0", (FIRST, SECOND)),
        (MULTIPATH, "/dev/nvme0n1p1", (FIRST, SECOND)),
    ],
    ids=["drive", "array", "partition of an array", "mapped", "mapped by number", "several controllers"],
)
def test_members(blocks: dict[str, bytes], mounted: str, expected: tuple[DevicePath, ...]) -> None:
    assert boot_devices(machine_with(blocks, mounted)) == (expected, [])


def test_a_name_that_only_udev_knows() -> None:
    """/dev/md/esp is known to nobody but udev: the numbers of the mounted device tell."""
    files = machine_with(ARRAY, "/dev/md/esp")
    assert boot_devices(files)[0] == ()
    files["proc/self/mountinfo"] = b"36 35 9:127 / /boot/efi rw,relatime shared:1 - vfat /dev/md/esp rw\n"
    assert boot_devices(files) == ((FIRST, SECOND), [])


def test_members_that_are_on_no_pci_device_are_told_of() -> None:
    blocks = dict(ARRAY)
    blocks[f"{BLOCKS}/nvme1n1p1.link"] = b"../../devices/platform/vmd/nvme1n1p1"
    found, notes = boot_devices(machine_with(blocks, "/dev/md127"))
    assert found == (FIRST,)
    assert any("nvme1n1p1, which the ESP is on, is on no PCI device" in note for note in notes), notes


def test_a_drive_over_the_network_is_told_of() -> None:
    blocks = MULTIPATH | {"sys/class/nvme/nvme1/address": b"traddr=10.0.0.1"}
    found, notes = boot_devices(machine_with(blocks, "/dev/nvme0n1p1"))
    assert found == (FIRST,)
    assert any("nvme1" in note for note in notes), notes


def test_devices_that_are_made_of_each_other_end() -> None:
    blocks = {
        f"{BLOCKS}/dm-0.link": b"../../devices/virtual/block/dm-0",
        f"{BLOCKS}/dm-1.link": b"../../devices/virtual/block/dm-1",
        f"{BLOCKS}/dm-0/slaves/dm-1.link": b"x",
        f"{BLOCKS}/dm-1/slaves/dm-0.link": b"x",
    }
    assert boot_devices(machine_with(blocks, "/dev/dm-0"))[0] == ()


def in_sysfs(path: str) -> str:
    """Where a file of a virtual block device really lies: its folder in /sys/class/block is a link."""
    name, _, rest = path.removeprefix(f"{BLOCKS}/").partition("/")
    return f"sys/devices/virtual/block/{name}/{rest}" if path.startswith(BLOCKS) and rest else path


@pytest.mark.parametrize(
    ("blocks", "mounted"),
    [(MAPPED, "/dev/mapper/vg-esp"), (MULTIPATH, "/dev/nvme0n1p1"), (ARRAY, "/dev/md/esp")],
)
def test_the_collector_brings_what_tells_the_members(
    blocks: dict[str, bytes], mounted: str, tmp_path: Path
) -> None:
    numbers = {"proc/self/mountinfo": b"36 35 9:127 / /boot/efi rw shared:1 - vfat /dev/md/esp rw\n"}
    files = machine_with(blocks, mounted) | (numbers if mounted == "/dev/md/esp" else {})
    root = lay_out(tmp_path / "root", {in_sysfs(path): data for path, data in files.items()})
    found = scan(open_snapshot(collect(["sh"], root, tmp_path / "work")))
    assert found.machine.firmware.boot_devices == (FIRST, SECOND)


def test_several_boot_devices_through_the_machine_file(tmp_path: Path) -> None:
    machine = scan(snapshot(machine_with(ARRAY, "/dev/md127"))).machine
    path = tmp_path / "m.yaml"
    path.write_text(render_machine_file(machine), "utf-8")
    assert load_machine(path).firmware.boot_devices == (FIRST, SECOND)
