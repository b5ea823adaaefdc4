# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Raw images of NVMe drives the guests may write to."""

from pathlib import Path

TEST_DISK_SIZE = 64 * 2**20
"""Size of a test drive in bytes."""

TEST_DISK_MARK = b"MRM test disk image"
"""First bytes of a drive, or a partition of one, that the guests may overwrite; they leave others alone."""


def make_test_disk(image: Path, size: int = TEST_DISK_SIZE) -> None:
    """Write to `image` a sparse raw drive of `size` bytes that carries the mark and is empty otherwise."""
    image.parent.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.write(TEST_DISK_MARK)
        file.truncate(size)
