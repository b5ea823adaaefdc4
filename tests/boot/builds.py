# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the boot tests boot: names of partition files, and targets, built before anything is booted."""

from pathlib import Path

from ci.progress import PROJECT
from tests.boot import confined, hostile, numa

TARGETS = ("RELEASE", "DEBUG")
"""EDK2's targets that tests boot, in the order in which they want them."""

OUTPUT = PROJECT / "Build" / "boot-tests"
"""What tests build, and what they share."""

_MADE = {"numa": numa.make, "hostile": hostile.make, "confined": confined.make}
"""Partition files that are written before they are used."""

_FOLDERS = (PROJECT / "partitions", PROJECT / "tests" / "boot" / "partitions")


def partition_file(name: str) -> Path:
    """Return the partition file of a name: an example for users, or one that is only tested.

    Raises:
        FileNotFoundError: There is none.
    """
    if name in _MADE:
        return _MADE[name](OUTPUT / name)
    for folder in _FOLDERS:
        file = folder / f"{name}.yaml"
        if file.is_file():
            return file
    raise FileNotFoundError(f"{name}.yaml is in none of {', '.join(map(str, _FOLDERS))}")
