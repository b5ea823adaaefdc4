# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about disks that the controller serves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.blob.form import DISK_GRANULE
from generator.check.registry import Finding, error
from generator.load.values import format_size
from generator.model.intent import MAXIMUM_DISKS
from generator.model.plan import DiskPlan, PartitionPlan, Plan
from generator.printable import quoted

MIB, GIB = 1 << 20, 1 << 30
SIZE_LEAST = MIB
FILE_LARGEST = 4 * GIB - DISK_GRANULE
"""FAT has no larger files; a multiple of what a disk's size is one of."""
LONGEST_PATH = 120
_PATH = re.compile(r"\\EFI\\MRM(\\[A-Za-z0-9_-]{1,32})*\\[A-Za-z0-9_-]{1,32}\.img", re.IGNORECASE)


def _disks(plan: Plan) -> Iterator[tuple[PartitionPlan, DiskPlan]]:
    """All served disks of anyone."""
    for partition in plan.partitions:
        for disk in partition.disks:
            yield partition, disk


@error
def disk_limit(plan: Plan) -> Iterator[Finding]:
    """The controller serves a partition 8 disks at most."""
    for partition in plan.partitions:
        for disk in partition.disks[MAXIMUM_DISKS : MAXIMUM_DISKS + 1]:
            yield Finding(
                disk.place,
                f"'{partition.name.value}' has {len(partition.disks)} served disks",
                f"{MAXIMUM_DISKS} at most",
                "remove some",
            )


@error
def disk_size(plan: Plan) -> Iterator[Finding]:
    """A served disk has 1 MiB or more, in whole 4 KiB; in a file less than 4 GiB: FAT has no larger ones."""
    for _, disk in _disks(plan):
        if disk.size is None:
            continue
        size = disk.size.value
        if size < SIZE_LEAST or size % DISK_GRANULE or (disk.kind == "file" and size > FILE_LARGEST):
            most = f", {format_size(FILE_LARGEST)} at most" if disk.kind == "file" else ""
            yield Finding(
                disk.size.place,
                f"a served disk of {format_size(size)}",
                f"a multiple of {format_size(DISK_GRANULE)}, {format_size(SIZE_LEAST)} at least{most}",
                "give it another size",
            )


@error
def disk_file_size(plan: Plan) -> Iterator[Finding]:
    """A file that a partition can write on has a size in the partition file."""
    for _, disk in _disks(plan):
        if disk.kind == "file" and disk.size is None and disk.writes:
            yield Finding(
                disk.place,
                f"the disk in {quoted(disk.title)} has no size",
                "'size: 1 GiB', say",
                "add 'size', or 'mode: read-only' for a file that is there",
            )


@error
def disk_mode(plan: Plan) -> Iterator[Finding]:
    """A disk in memory is read-write: it is empty at first, and nothing on it lasts."""
    for _, disk in _disks(plan):
        if disk.kind == "memory" and disk.mode.value != "read-write":
            yield Finding(
                disk.mode.place,
                f"a disk in memory that is {disk.mode.value}",
                "read-write",
                "remove 'mode', or have the disk in a file",
            )


@error
def disk_path(plan: Plan) -> Iterator[Finding]:
    r"""The file of a served disk is \EFI\MRM\….img: ASCII letters, digits, - and _, and no boot file."""
    taken = {f"\\{esp_file}".replace("/", "\\").lower() for _, esp_file in plan.esp_files}
    for _, disk in _disks(plan):
        if disk.kind != "file" or disk.name is None:
            continue
        path = disk.name.value
        folders = [path[:end].lower() for end, letter in enumerate(path) if letter == "\\" and end]
        if _PATH.fullmatch(path) is None or len(path) > LONGEST_PATH:
            what, change = f"the path {quoted(path)}", "correct it"
        elif taken.intersection([path.lower(), *folders]):
            what, change = f"{quoted(path)}, where a boot file lies", "name another folder"
        else:
            continue
        yield Finding(
            disk.name.place,
            what,
            rf"one such as \EFI\MRM\disks\log.img: letters, digits, - and _, at most {LONGEST_PATH} of them",
            change,
        )


@error
def disk_shared(plan: Plan) -> Iterator[Finding]:
    """Of disks on the same file or GPT partition all are read-only, but for one that may be append-only."""
    first: dict[str, tuple[PartitionPlan, DiskPlan]] = {}
    for partition, disk in _disks(plan):
        if disk.medium is None:
            continue
        owner, other = first.setdefault(disk.medium, (partition, disk))
        if other is disk:
            continue
        # A disk that somebody reads may grow, but not change.
        writers = [one for one in (disk, other) if one.writes]
        if len(writers) == 2 or any(one.mode.value == "read-write" for one in writers):
            yield Finding(
                disk.place,
                f"'{partition.name.value}' has {quoted(disk.title)} {disk.mode.value}, and "
                f"'{owner.name.value}' {other.mode.value}",
                "both read-only, or one of them append-only",
                "change 'mode', or name another one",
            )
        elif disk.writes:
            first[disk.medium] = (partition, disk)


@error
def disk_same_size(plan: Plan) -> Iterator[Finding]:
    """A file of several served disks has one size."""
    first: dict[str, DiskPlan] = {}
    for _, disk in _disks(plan):
        if disk.medium is None or disk.size is None:
            continue
        other = first.setdefault(disk.medium, disk)
        if other.size is not None and other.size.value != disk.size.value:
            yield Finding(
                disk.size.place,
                f"{quoted(disk.title)} has {format_size(disk.size.value)} here and "
                f"{format_size(other.size.value)} in line {other.size.place.line}",
                "one size",
                "correct one of them, or leave it out where it is read-only",
            )
