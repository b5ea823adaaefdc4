# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The firmware's identity, and where the controller would be booted from."""

from __future__ import annotations

import re

from generator.model.device_path import DevicePath
from generator.model.machine import FirmwareFacts
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot

ASSUMED_MEMORY = 192 << 20
"""Bytes firmware and controller are taken to keep below 4 GiB: no running system can see it."""

ESP_FOLDERS = ("/boot/efi", "/efi", "/boot")
"""Where distributions mount the ESP."""

_DMI = "sys/class/dmi/id"
_ADDRESS = re.compile(r"([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?=/)")


def scan_firmware(snapshot: Snapshot, paths: dict[str, DevicePath], notes: Notes) -> FirmwareFacts:
    """The PC's own firmware; `paths` are the device paths of PCI functions by the kernel's addresses."""
    vendor, version = snapshot.text(f"{_DMI}/bios_vendor"), snapshot.text(f"{_DMI}/bios_version")
    if vendor is None and version is None:
        notes.add("firmware", "identity not known: no SMBIOS")
    notes.add(
        "firmware",
        f"how much memory it keeps is not to be seen from a running system; {ASSUMED_MEMORY >> 20} MiB taken",
    )
    device = _boot_device(snapshot, paths)
    if device is None:
        notes.add(
            "firmware",
            "boot_device not known: no mounted ESP on a PCI device; write down what MRM is booted from",
        )
    return FirmwareFacts(
        vendor or "unknown", version or "unknown", device, ASSUMED_MEMORY, _interface(snapshot, notes)
    )


def _interface(snapshot: Snapshot, notes: Notes) -> str | None:
    """How the firmware started the running system."""
    size = snapshot.integer("sys/firmware/efi/fw_platform_size", 10)
    if size is not None:
        return "uefi" if size == 64 else "uefi32"
    if "efi" in snapshot.names("sys/firmware"):
        return "uefi"
    if not snapshot.names("sys/firmware") or not snapshot.names("proc"):
        return None
    notes.add("firmware", "this system was not started by UEFI; the machine may still have it")
    return "bios"


def _boot_device(snapshot: Snapshot, paths: dict[str, DevicePath]) -> DevicePath | None:
    """The PCI function with the drive that holds the mounted ESP."""
    mounts = [line.split() for line in (snapshot.text("proc/mounts") or "").splitlines()]
    for folder in ESP_FOLDERS:
        for mount in mounts:
            if len(mount) < 3 or mount[1] != folder or mount[2] != "vfat":
                continue
            link = snapshot.link(f"sys/class/block/{mount[0].rsplit('/', 1)[-1]}") or ""
            addresses = _ADDRESS.findall(link)
            if addresses and addresses[-1] in paths:
                return paths[addresses[-1]]
    return None
