# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The firmware's identity, and what it is known to keep."""

from __future__ import annotations

import re

from generator.model.device_path import DevicePath, parse_device_path
from generator.model.machine import FirmwareFacts, HeldRange
from generator.scan.boot_devices import scan_boot_devices
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot
from generator.scan.uefi import BOOT_DEVICE, KEPT

ASSUMED_MEMORY = 192 << 20
"""Bytes firmware and controller are taken to keep below 4 GiB: no running system can see it."""

CONTROLLER_MEMORY = 64 << 20
"""MRM_FIRMWARE_SHARE: bytes below 4 GiB for the controller and for what firmware asks for later."""

_STEP = 16 << 20
_FOUR_GIB = 4 << 30
_FUNCTION = re.compile(r"PciRoot\([^()]*\)(/Pci\([^()]*\))+")
_DMI = "sys/class/dmi/id"


def scan_firmware(
    snapshot: Snapshot, paths: dict[str, DevicePath], holds: tuple[HeldRange, ...], notes: Notes
) -> FirmwareFacts:
    """The PC's own firmware; `paths` are the device paths of PCI functions by the kernel's addresses."""
    vendor, version = snapshot.text(f"{_DMI}/bios_vendor"), snapshot.text(f"{_DMI}/bios_version")
    if vendor is None and version is None:
        notes.add("firmware", "identity not known: no SMBIOS")
    return FirmwareFacts(
        vendor=vendor or "unknown",
        version=version or "unknown",
        memory=_memory(snapshot, holds, notes),
        boot_devices=_boot_devices(snapshot, paths, notes),
        interface=_interface(snapshot, notes),
        holds=holds,
    )


def _memory(snapshot: Snapshot, holds: tuple[HeldRange, ...], notes: Notes) -> int:
    """RAM below 4 GiB that firmware and controller keep: what the firmware tells, or a guess."""
    used = snapshot.integer(KEPT, 10)
    if used is None:
        notes.add(
            "firmware",
            "how much memory it keeps is not to be seen from a running system; "
            f"{ASSUMED_MEMORY >> 20} MiB taken",
        )
        return ASSUMED_MEMORY
    held = sum(held.size for held in holds if held.end <= _FOUR_GIB)
    return -(-(used + held + CONTROLLER_MEMORY) // _STEP) * _STEP


def _boot_devices(snapshot: Snapshot, paths: dict[str, DevicePath], notes: Notes) -> tuple[DevicePath, ...]:
    """The functions the controller is booted from."""
    told = snapshot.text(BOOT_DEVICE)
    if told is None:
        devices = scan_boot_devices(snapshot, paths, notes)
        if not devices:
            notes.add(
                "firmware",
                "boot_device not known: no mounted ESP on a PCI device; write down what MRM is booted from",
            )
        return devices
    match = _FUNCTION.match(told)
    device = None if match is None else parse_device_path(match[0])
    if device is None or device not in paths.values():
        notes.add("firmware", f"boot_device not known: {told} is on no PCI device known here")
        return ()
    return (device,)


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
