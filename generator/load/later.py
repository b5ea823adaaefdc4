# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Keys that do nothing yet.  They are errors, and the message has the form that the key will have."""

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

PARTITION: Mapping[str, Later] = {}

BOOT: Mapping[str, Later] = {
    "memory": Later(
        "everything boots through a UEFI of its own", "boot: {memory: FILE} (no firmware, bare metal)"
    ),
}
