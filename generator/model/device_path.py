# SPDX-License-Identifier: BSD-2-Clause-Patent
"""UEFI device path text of PCI functions: `PciRoot(0x0)/Pci(0x3,0x0)` (UEFI 2.10, section 10.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,9})"
_ROOT = re.compile(rf"PciRoot\(\s*{_NUMBER}\s*\)", re.IGNORECASE)
_NODE = re.compile(rf"/Pci\(\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class DevicePath:
    """A root bridge (by its _UID) and the devices and functions on the way down from it."""

    root: int
    nodes: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        """Canonical text, as EDK2's device path library prints it."""
        return f"PciRoot(0x{self.root:X})" + "".join(f"/Pci(0x{d:X},0x{f:X})" for d, f in self.nodes)

    @property
    def slot(self) -> str:
        """Device and function on the root bus, as lspci writes them: `1f.2`."""
        device, function = self.nodes[0]
        return f"{device:02x}.{function}"

    @property
    def trail(self) -> str:
        """Devices and functions on the way down, as lspci writes each: `06.0/00.0/01.0`."""
        return "/".join(f"{device:02x}.{function}" for device, function in self.nodes)

    @property
    def way(self) -> tuple[DevicePath, ...]:
        """The functions on the way down, this one last."""
        return tuple(DevicePath(self.root, self.nodes[: n + 1]) for n in range(len(self.nodes)))

    def child(self, device: int, function: int) -> DevicePath:
        """The path of a function on the bus below this one."""
        return DevicePath(self.root, (*self.nodes, (device, function)))

    def leads_to(self, other: DevicePath) -> bool:
        """Whether `other` is this function or lies behind it."""
        return self.root == other.root and other.nodes[: len(self.nodes)] == self.nodes


def parse_device_path(text: str) -> DevicePath | None:
    """Read device path text; None if it is no path of a PCI function (device 0–31, function 0–7)."""
    match = _ROOT.match(text)
    if match is None:
        return None
    root = int(match[1], 0) if match[1][:2].lower() == "0x" else int(match[1])
    nodes: list[tuple[int, int]] = []
    end = match.end()
    while end < len(text):
        match = _NODE.match(text, end)
        if match is None:
            return None
        device, function = (int(n, 16) if n[:2].lower() == "0x" else int(n) for n in match.groups())
        if device > 31 or function > 7:
            return None
        nodes.append((device, function))
        end = match.end()
    return DevicePath(root, tuple(nodes)) if nodes else None
