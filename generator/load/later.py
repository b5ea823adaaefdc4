# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Keys that do nothing yet: accepted only once they do, until then told in the form they will have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Later:
    """A planned key: what holds today, and the form it will have."""

    today: str
    form: str


FILE: Mapping[str, Later] = {}

CONTROLLER: Mapping[str, Later] = {
    "log": Later("the log goes to the controller's console", "log: \\EFI\\MRM\\log.txt"),
    "verify": Later("the load option verify has this effect: Mrm.efi verify", "verify: true"),
    "display": Later("displays stay with the PC's firmware", "display: true"),
}

PARTITION: Mapping[str, Later] = {
    "display": Later("displays stay with the PC's firmware", "display: true (one partition at most)"),
    "restart": Later(
        "a reset restarts the partition, a power-off ends it", "restart: {on: [reset, failure], most: 3}"
    ),
    "watchdog": Later("nobody watches the partition", "watchdog: 30 s"),
    "permissions": Later("no partition can control another", "permissions: [{restart: NAME}]"),
    "nmi": Later("the controller keeps the machine's NMIs", "nmi: true (one partition at most)"),
    "after": Later("partitions start in the order of the file", "after: [NAME]"),
    "network": Later("partitions have the devices behind their root ports", "network: [NAME]"),
    "variables": Later("UEFI variables are lost at each restart", "variables: keep"),
}

ISOLATION: Mapping[str, Later] = {
    "guarded": Later("only cooperative isolation exists", "isolation: guarded (AMD SVM or VT-x)"),
    "contained": Later("only cooperative isolation exists", "isolation: contained (with an IOMMU as well)"),
}

BOOT: Mapping[str, Later] = {
    "disk": Later("loaders are files of the build host", "boot: {disk: PciRoot(0x0)/Pci(0x3,0x0)/…}"),
    "path": Later("loaders are files of the build host", "boot: {path: \\EFI\\debian\\shimx64.efi}"),
    "network": Later("loaders are files of the build host", "boot: {network: pxe}"),
    "shell": Later("loaders are files of the build host", "boot: {shell: true}"),
    "memory": Later("loaders are files of the build host", "boot: {memory: FILE} (no firmware, bare metal)"),
}
