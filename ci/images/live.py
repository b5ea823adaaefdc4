# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disks of a live Debian: a partition for what it keeps, and one that may be overwritten by tests."""

from pathlib import Path

from ci.images.gpt import LINUX, MEBIBYTE, Area, make_disk
from ci.images.nvme import TEST_DISK_MARK

KEEP_SIZE = 256 * MEBIBYTE
"""Bytes of the partition called `keep`; the system makes a file system there when it first needs one."""

TEST_SIZE = 32 * MEBIBYTE
"""Bytes of the partition called `test`."""


def make_live_disk(image: Path) -> None:
    """Write to `image` a sparse raw disk for a live Debian; raises ImageError."""
    areas = [Area("keep", LINUX, KEEP_SIZE, _nothing), Area("test", LINUX, TEST_SIZE, _mark)]
    make_disk(image, f"live {image.stem}", areas)


def _nothing(_image: Path, _offset: int) -> None:
    """Leave a partition empty."""


def _mark(image: Path, offset: int) -> None:
    with image.open("r+b") as file:
        file.seek(offset)
        file.write(TEST_DISK_MARK)
