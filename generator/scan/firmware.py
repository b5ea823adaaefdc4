# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The firmware's identity, and what it is known to keep."""

from __future__ import annotations

from generator.model.device_path import DevicePath
from generator.model.machine import FirmwareFacts
from generator.scan.boot_devices import scan_boot_devices
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot

ASSUMED_MEMORY = 192 << 20
"""Bytes firmware and controller are taken to keep below 4 GiB: no running system can see it."""

_DMI = "sys/class/dmi/id"


def scan_firmware(snapshot: Snapshot, paths: dict[str, DevicePath], notes: Notes) -> FirmwareFacts:
    """The PC's own firmware; `paths` are the device paths of PCI functions by the kernel's addresses."""
    vendor, version = snapshot.text(f"{_DMI}/bios_vendor"), snapshot.text(f"{_DMI}/bios_version")
    if vendor is None and version is None:
        notes.add("firmware", "identity not known: no SMBIOS")
    notes.add(
        "firmware",
        f"how much memory it keeps is not to be seen from a running system; {ASSUMED_MEMORY >> 20} MiB taken",
    )
    devices = scan_boot_devices(snapshot, paths, notes)
    if not devices:
        notes.add(
            "firmware",
            "boot_device not known: no mounted ESP on a PCI device; write down what MRM is booted from",
        )
    return FirmwareFacts(
        vendor or "unknown", version or "unknown", devices, ASSUMED_MEMORY, _interface(snapshot, notes)
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
