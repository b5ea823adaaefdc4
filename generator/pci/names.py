# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a function is, in words, by its class code (PCI Code and ID Assignment Specification 1.15)."""

from __future__ import annotations

_CLASSES = {
    0x00: "old device",
    0x01: "storage controller",
    0x02: "network controller",
    0x03: "display controller",
    0x04: "multimedia device",
    0x05: "memory controller",
    0x06: "bridge",
    0x07: "communication controller",
    0x08: "system peripheral",
    0x09: "input controller",
    0x0B: "processor",
    0x0C: "serial bus controller",
    0x0D: "wireless controller",
    0x10: "encryption controller",
    0x11: "signal processing controller",
    0x12: "accelerator",
}
_SUBCLASSES = {
    0x0101: "IDE controller",
    0x0104: "RAID controller",
    0x0106: "SATA controller",
    0x0107: "SAS controller",
    0x0108: "NVM controller",
    0x0200: "Ethernet controller",
    0x0280: "network controller",
    0x0300: "VGA controller",
    0x0302: "3D controller",
    0x0403: "audio device",
    0x0600: "host bridge",
    0x0601: "LPC bridge",
    0x0604: "PCI bridge",
    0x0607: "CardBus bridge",
    0x0700: "serial port",
    0x0780: "communication controller",
    0x0805: "SD host controller",
    0x0806: "IOMMU",
    0x0C03: "USB controller",
    0x0C05: "SMBus controller",
    0x1180: "signal processing controller",
}
_INTERFACES = {0x010601: "AHCI controller", 0x010802: "NVMe drive", 0x0C0330: "USB controller (xHCI)"}
_BRIDGES = {
    "root-port": "root port",
    "upstream-port": "switch upstream port",
    "downstream-port": "switch downstream port",
}


def title_of(class_code: int, bridge_kind: str | None = None) -> str:
    """A few words for a class code of six digits; every code has some."""
    if bridge_kind in _BRIDGES:
        return _BRIDGES[bridge_kind]
    return (
        _INTERFACES.get(class_code)
        or _SUBCLASSES.get(class_code >> 8)
        or _CLASSES.get(class_code >> 16)
        or f"class {class_code >> 16:#04x}"
    )
