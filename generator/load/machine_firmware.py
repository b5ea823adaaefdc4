# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a machine file says of the PC's firmware and of its ACPI tables."""

from __future__ import annotations

from generator.errors import Problem
from generator.load.keys import (
    BOOLEAN,
    SIZE,
    TEXT,
    TEXT_SCHEMA,
    Form,
    Key,
    Keys,
    choice,
    integer,
    list_of,
    mapping_of,
    one_or_more,
)
from generator.load.nodes import Node, Sequence
from generator.load.reader import Fields, read_mapping, read_scalar, value_or, value_or_none
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.machine import AcpiFacts, FirmwareFacts, HeldRange, PmTimer

IOMMU_KINDS = {"none": "none", "vt-d": "vt-d", "amd-vi": "amd-vi"}
INTERFACES = {"uefi": "uefi", "uefi32": "uefi32", "bios": "bios"}

_SPAN = "addresses, whole pages"
HELD_BASE = Key("base", SIZE, "First address.", _SPAN, "required", required=True)
HELD_SIZE = Key("size", SIZE, "Bytes, whole pages.", _SPAN, "required", required=True)
WHAT = Key("what", TEXT, "What is there.", "what is there, for people", "`reserved`")
HELD_KEYS = Keys((HELD_BASE, HELD_SIZE, WHAT))

_IDENTITY = "identity, as UEFI and SMBIOS tell it"
VENDOR = Key("vendor", TEXT, "Who made the firmware.", _IDENTITY, "unknown")
VERSION = Key("version", TEXT, "Version of the firmware.", _IDENTITY, "unknown")
BOOT_DEVICE = Key(
    "boot_device",
    Form("a UEFI device path", parse_device_path, one_or_more(TEXT_SCHEMA)),
    "UEFI device path of the PCI function the controller is booted from.",
    "UEFI device path of the PCI function the controller is booted from, or a list of them: members of an "
    "array",
    "none: nothing is protected",
)
RESERVED = Key(
    "memory",
    SIZE,
    "RAM below 4 GiB that firmware and controller keep.",
    "RAM below 4 GiB that firmware and controller keep, rounded up",
    "required",
    required=True,
)
HOLDS = Key(
    "holds",
    list_of(HELD_KEYS.whole),
    "Addresses that the firmware is known to hold.",
    "list of the addresses that the firmware is known to hold, below",
    "none known",
)
INTERFACE = Key(
    "interface",
    choice(INTERFACES),
    "How the firmware starts systems.",
    "how it starts systems: `uefi` (64-bit), `uefi32`, `bios`",
    "unknown",
)
FIRMWARE_KEYS = Keys((VENDOR, VERSION, BOOT_DEVICE, RESERVED, HOLDS, INTERFACE))
FIRMWARE = Key(
    "firmware",
    mapping_of(FIRMWARE_KEYS),
    "The PC's own firmware.",
    "the PC's own firmware, below",
    "required",
    required=True,
)

PORT = Key("port", integer(1, 0xFFFF), "I/O port.", "I/O port", "required", required=True)
BITS = Key("bits", integer(24, 32), "Width: 24 or 32.", "24 or 32", "24")
TIMER_KEYS = Keys((PORT, BITS))
REVISION = Key("revision", integer(1, 255), "Revision of the FADT.", "revision of the FADT", "1")
PM_TIMER = Key(
    "pm_timer",
    mapping_of(TIMER_KEYS),
    "The ACPI PM timer.",
    "`{port: 0x608, bits: 24}`, 24 or 32 bits wide",
    "none, and no partition can run",
)
IOMMU = Key(
    "iommu",
    choice(IOMMU_KINDS),
    "Kind of IOMMU.",
    "`none`, `vt-d`, `amd-vi`: of a table that has a remapping unit",
    "`none`",
)
MSI_ALLOWED = Key(
    "msi",
    BOOLEAN,
    "Whether message-signaled interrupts are allowed.",
    "`false` if the FADT forbids message-signaled interrupts",
    "unknown",
)
ACPI_KEYS = Keys((REVISION, PM_TIMER, IOMMU, MSI_ALLOWED))
ACPI = Key("acpi", mapping_of(ACPI_KEYS), "What ACPI tables say.", "below", "required", required=True)


def read_firmware(fields: Fields, problems: list[Problem]) -> FirmwareFacts | None:
    """The PC's own firmware."""
    firmware = fields.inside(FIRMWARE, FIRMWARE_KEYS)
    if firmware is None:
        return None
    vendor, version = firmware.read(VENDOR), firmware.read(VERSION)
    devices = _boot_devices(firmware, problems)
    memory, interface = firmware.read(RESERVED), firmware.read(INTERFACE)
    holds = tuple(h for n in firmware.listed(HOLDS) if (h := _held(n, problems)) is not None)
    if memory is None:
        return None
    return FirmwareFacts(
        vendor=value_or(vendor, "unknown"),
        version=value_or(version, "unknown"),
        boot_devices=devices,
        memory=memory.value,
        interface=value_or_none(interface),
        holds=holds,
    )


def _boot_devices(firmware: Fields, problems: list[Problem]) -> tuple[DevicePath, ...]:
    """One device path, or a list of them: an array of drives has several members."""
    node = firmware.node(BOOT_DEVICE.name)
    if node is None:
        return ()
    form = BOOT_DEVICE.form
    items = node.items if isinstance(node, Sequence) else (node,)
    found = (read_scalar(item, "a boot device", form.expected, form.parse, problems) for item in items)
    return tuple(device.value for device in found if device is not None)


def _held(node: Node, problems: list[Problem]) -> HeldRange | None:
    """One range of addresses that the firmware holds."""
    fields = read_mapping(node, "a range the firmware holds", HELD_KEYS.names, problems)
    if fields is None:
        return None
    base, size, what = fields.read(HELD_BASE), fields.read(HELD_SIZE), fields.read(WHAT)
    if base is None or size is None:
        return None
    return HeldRange(fields.place, base.value, size.value, value_or(what, "reserved"))


def read_acpi(fields: Fields) -> AcpiFacts | None:
    """ACPI facts."""
    acpi = fields.inside(ACPI, ACPI_KEYS)
    if acpi is None:
        return None
    revision, iommu = acpi.read(REVISION), acpi.read(IOMMU)
    timer = acpi.inside(PM_TIMER, TIMER_KEYS)
    port, bits = (timer.read(PORT), timer.read(BITS)) if timer else (None, None)
    pm_timer = None if port is None else PmTimer(port.value, value_or(bits, 24))
    msi = acpi.read(MSI_ALLOWED)
    return AcpiFacts(value_or(revision, 1), pm_timer, value_or(iommu, "none"), value_or_none(msi))
