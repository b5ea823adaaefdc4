# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disks that the controller serves."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from generator.blob.form import LIMITS
from generator.model.intent import DiskIntent, DiskMode
from generator.model.plan import DiskPlan
from generator.places import Located

DEFAULT_MODE: DiskMode = "read-write"
_SERIAL = next(limit.number for limit in LIMITS if limit.name == "MRM_DISK_SERIAL")


def resolve_disks(intents: Sequence[DiskIntent]) -> tuple[DiskPlan, ...]:
    """The served disks of a partition, in the order of its file: that of the devices on their PCI bus."""
    disks: list[DiskPlan] = []
    for intent in intents:
        disks.append(
            DiskPlan(
                intent.place,
                intent.kind,
                intent.name,
                intent.size,
                intent.mode or Located(DEFAULT_MODE, intent.place),
                _serial(intent, [disk.serial for disk in disks]),
            )
        )
    return tuple(disks)


def _serial(intent: DiskIntent, taken: Collection[str]) -> str:
    """What people call a medium, or the end of that; with a number if another disk is called so."""
    name = "memory" if intent.name is None else intent.name.value
    if intent.kind == "file":
        name = name.rpartition("\\")[2].rpartition(".")[0] or name
    # A rule refuses names that are not ASCII.
    name = name.encode("ascii", "replace").decode()
    serial, number = name[-_SERIAL:], 1
    while serial in taken:
        number += 1
        serial = f"{name[-_SERIAL + 3 :]}-{number}"
    return serial
