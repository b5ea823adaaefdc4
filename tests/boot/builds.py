# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the boot tests boot: names of partition files, built before anything is booted (test_builds.py)."""

from pathlib import Path

from ci.progress import PROJECT
from tests.boot import numa

BUILDS = (
    ("faults", "RELEASE"),
    ("two-debians", "RELEASE"),
    ("steered", "RELEASE"),
    ("boot-sources", "RELEASE"),
    ("devices", "RELEASE"),
    ("lives", "RELEASE"),
    ("small-store", "RELEASE"),
    ("two-kernels", "RELEASE"),
    ("two-kernels", "DEBUG"),
    ("kernels-6.1", "RELEASE"),
    ("kernels-mixed", "RELEASE"),
    ("loaders", "RELEASE"),
    ("loaders-behind-bridges", "RELEASE"),
    ("numa", "RELEASE"),
    ("lacking", "RELEASE"),
)
"""Partition file and target, in the order in which tests want them."""

OUTPUT = PROJECT / "Build" / "boot-tests"
"""What tests build, and what they share."""

_FOLDERS = (PROJECT / "partitions", PROJECT / "tests" / "boot" / "partitions")


def partition_file(name: str) -> Path:
    """Return the partition file of a name: an example for users, or one that is only tested.

    Raises:
        FileNotFoundError: There is none.
    """
    if name == "numa":
        return numa.make(OUTPUT / name)
    for folder in _FOLDERS:
        file = folder / f"{name}.yaml"
        if file.is_file():
            return file
    raise FileNotFoundError(f"{name}.yaml is in none of {', '.join(map(str, _FOLDERS))}")
