# SPDX-License-Identifier: BSD-2-Clause-Patent
"""EFI system partitions: FAT32, filled from a folder with mtools."""

import os
from functools import partial
from pathlib import Path

from ci.images.gpt import ESP, MEBIBYTE, Area, ImageError, make_disk, run_tool

_SMALLEST_FAT = 64 * MEBIBYTE  # FAT32 needs 65525 clusters; half a kilobyte each, and room for the tables
_BACKUP_BOOT_SECTOR = 6  # of FAT32
VOLUME_SERIAL = "4D524D31"


def fat_size(tree: Path) -> int:
    """Return the size in bytes of a FAT32 file system with room for `tree`: whole MiB, at least 64."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    needed = sum(-(-path.stat().st_size // 4096) * 4096 for path in files) + 4096 * len(files)
    needed += needed // 32 + 4 * MEBIBYTE  # the allocation tables, folders
    return max(_SMALLEST_FAT, -(-needed // MEBIBYTE) * MEBIBYTE)


def esp_area(tree: Path, spare: int = 0) -> Area:
    """Return an ESP with the content of folder `tree` and `spare` bytes of room; raises ImageError."""
    if not tree.is_dir():
        raise ImageError(f"{tree}: no such folder; build it first")
    size = fat_size(tree) + spare
    return Area("ESP", ESP, size, partial(_fill, tree, size))


def make_esp_image(tree: Path, image: Path, spare: int = 0) -> None:
    """Write to `image` a raw disk whose only partition is an ESP with exactly the content of folder `tree`.

    It has `spare` bytes of room. The file is sparse and replaced as a whole. Raises ImageError.
    """
    make_disk(image, "ESP", [esp_area(tree, spare)])


def make_volume_image(tree: Path, image: Path, size: int) -> None:
    """Write to `image` a FAT file system of `size` bytes, under 64 MiB, with the content of folder `tree`.

    It is a disk without partitions. The file is sparse and replaced as a whole. Raises ImageError.
    """
    image.write_bytes(b"")
    os.truncate(image, size)
    _format(str(image), size)
    _clear_partition_tables(image, 0)
    _copy_all(tree, str(image))


def _fill(tree: Path, size: int, image: Path, offset: int) -> None:
    volume = f"{image}@@{offset}"
    _format(volume, size, "-F")
    _clear_partition_tables(image, offset, _BACKUP_BOOT_SECTOR)
    _copy_all(tree, volume)


def _format(volume: str, size: int, *options: str) -> None:
    sectors = f"{size // 512}"
    run_tool("mformat", "-i", volume, *options, "-T", sectors, "-N", VOLUME_SERIAL, "-v", "MRM", "::")


def _copy_all(tree: Path, volume: str) -> None:
    for path in sorted(tree.iterdir()):
        # Folder by folder in sorted order: mcopy -s would follow the order of the host's file system.
        _copy(path, f"::{path.name}", volume)


def _clear_partition_tables(image: Path, offset: int, *others: int) -> None:
    """Clear what mformat writes like a partition table into boot sectors: GRUB would believe it."""
    with image.open("r+b") as file:
        for sector in (0, *others):
            file.seek(offset + sector * 512 + 446)
            file.write(bytes(64))


def _copy(path: Path, target: str, volume: str) -> None:
    if path.is_dir():
        run_tool("mmd", "-i", volume, target)
        for entry in sorted(path.iterdir()):
            _copy(entry, f"{target}/{entry.name}", volume)
    else:
        run_tool("mcopy", "-i", volume, str(path), target)
