# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where the controller would be booted from: the PCI functions that hold the mounted ESP.

Those are several where the ESP is on an array (md), a mapped device (dm) or an NVMe drive with several
controllers: a device below /sys/devices/virtual stands for its members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.model.device_path import DevicePath
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot

ESP_FOLDERS = ("/boot/efi", "/efi", "/boot")
"""Where distributions mount the ESP."""

BLOCKS = "sys/class/block"
SUBSYSTEMS = "sys/devices/virtual/nvme-subsystem"
"""NVMe drives that Linux reaches by any of their controllers (multipath)."""

DEEPEST = 8
"""Devices on devices that are followed: a partition of an array of mapped partitions is five deep."""

_ADDRESS = re.compile(r"([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?=/|$)")
_CONTROLLER = re.compile(r"nvme[0-9]+")
_SUBSYSTEM = re.compile(r"/nvme-subsystem/([^/]+)/")
_VIRTUAL_BLOCK = re.compile(r"/virtual/block/([^/]+)/")


def scan_boot_devices(
    snapshot: Snapshot, paths: dict[str, DevicePath], notes: Notes
) -> tuple[DevicePath, ...]:
    """The functions that hold the ESP; `paths` are device paths by the kernel's addresses of functions."""
    block = _esp_block(snapshot)
    if block is None:
        return ()
    found = _Members(snapshot, paths)
    found.follow(block, 0)
    for name in sorted(found.lost):
        notes.add("firmware", f"boot_device: {name}, which the ESP is on, is on no PCI device known here")
    return tuple(dict.fromkeys(found.devices))


def _esp_block(snapshot: Snapshot) -> str | None:
    """The kernel's name of the block device that is mounted as the ESP, whatever name it is mounted by."""
    for folder in ESP_FOLDERS:
        for line in (snapshot.text("proc/self/mountinfo") or "").splitlines():
            words, _, rest = line.partition(" - ")
            fields = words.split()
            if len(fields) > 4 and fields[4] == folder and rest.split()[:1] == ["vfat"]:
                for block in snapshot.names(BLOCKS):
                    if snapshot.text(f"{BLOCKS}/{block}/dev") == fields[2]:
                        return block
        for line in (snapshot.text("proc/mounts") or "").splitlines():
            mount = line.split()
            if len(mount) > 2 and mount[1] == folder and mount[2] == "vfat":
                return _named(snapshot, mount[0].rsplit("/", 1)[-1])
    return None


def _named(snapshot: Snapshot, name: str) -> str:
    """The kernel's name of a block device that device mapper may have given another one."""
    mapped = (block for block in snapshot.names(BLOCKS) if snapshot.text(f"{BLOCKS}/{block}/dm/name") == name)
    return next(mapped, name)


class _Members:
    """The PCI functions below a block device, and the members that are on none."""

    def __init__(self, snapshot: Snapshot, paths: dict[str, DevicePath]) -> None:
        self.devices: list[DevicePath] = []
        self.lost: set[str] = set()
        self._snapshot = snapshot
        self._paths = paths

    def follow(self, name: str, depth: int) -> None:
        """Take a block device, or what it is made of."""
        link = self._snapshot.link(f"{BLOCKS}/{name}") or ""
        addresses = _ADDRESS.findall(link)
        if addresses:
            self._take(name, addresses[-1])
            return
        members = [] if depth == DEEPEST else list(dict.fromkeys(self._members(name, link)))
        controllers = list(self._controllers(link))
        if not members and not controllers:
            self.lost.add(name)
        for controller, address in controllers:
            self._take(controller, address)
        for member in members:
            self.follow(member, depth + 1)

    def _take(self, name: str, address: str) -> None:
        """Take a PCI function."""
        if address in self._paths:
            self.devices.append(self._paths[address])
        else:
            self.lost.add(name)

    def _members(self, name: str, link: str) -> Iterator[str]:
        """The block devices that one is made of; a partition of an array is made of what the array is."""
        yield from self._snapshot.names(f"{BLOCKS}/{name}/slaves")
        whole = _VIRTUAL_BLOCK.search(link)
        if whole is not None:
            yield from self._snapshot.names(f"{BLOCKS}/{whole[1]}/slaves")

    def _controllers(self, link: str) -> Iterator[tuple[str, str]]:
        """The NVMe controllers, with their addresses, that lead to a drive with several."""
        subsystem = _SUBSYSTEM.search(link)
        if subsystem is None:
            return
        for name in self._snapshot.names(f"{SUBSYSTEMS}/{subsystem[1]}"):
            if _CONTROLLER.fullmatch(name):
                yield name, self._snapshot.text(f"sys/class/nvme/{name}/address") or ""
