# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A disk with one EFI system partition: GPT and FAT32, filled from a folder.

Made with sgdisk and mtools, without mounting anything. The same folder gives the same bytes: identifiers are
fixed and time stamps are those of SOURCE_DATE_EPOCH, default 2025-01-01.
"""

import os
import shutil
import subprocess
from pathlib import Path

MEBIBYTE = 2**20
_PARTITION_START = 1 * MEBIBYTE
_GPT_END = 1 * MEBIBYTE
_SMALLEST_FAT = 64 * MEBIBYTE  # FAT32 needs 65525 clusters; half a kilobyte each, and room for the tables
_DISK_GUID = "4D524D20-4553-5020-6469-736B20475549"
_PARTITION_GUID = "4D524D20-4553-5020-7061-727469740000"
_VOLUME_SERIAL = "4D524D31"
_EPOCH = "1735689600"


class ImageError(Exception):
    """An image could not be made; the message names the file and the tool."""


def fat_size(tree: Path) -> int:
    """Return the size in bytes of a FAT32 file system with room for `tree`: whole MiB, at least 64."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    needed = sum(-(-path.stat().st_size // 4096) * 4096 for path in files) + 4096 * len(files)
    needed += needed // 32 + 4 * MEBIBYTE  # the allocation tables, folders
    return max(_SMALLEST_FAT, -(-needed // MEBIBYTE) * MEBIBYTE)


def _run(*arguments: str) -> None:
    """Run a tool; raises ImageError with what it said when it fails or is missing."""
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _EPOCH),
        "TZ": "UTC",
    }
    environment["MTOOLS_SKIP_CHECK"] = "1"
    # Debian keeps sgdisk where only root's search path looks.
    program = shutil.which(arguments[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not program:
        raise ImageError(f"{arguments[0]} not found; run `make setup`")
    done = subprocess.run(
        [program, *arguments[1:]], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ImageError(f"{' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")


def make_esp_image(tree: Path, image: Path) -> None:
    """Write to `image` a raw disk whose only partition is an ESP with exactly the content of folder `tree`.

    The file is sparse and replaced as a whole. Raises ImageError.
    """
    if not tree.is_dir():
        raise ImageError(f"{tree}: no such folder; build it first")
    size = fat_size(tree)
    image.parent.mkdir(parents=True, exist_ok=True)
    temporary = image.with_name(f"{image.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("wb") as file:
            file.truncate(_PARTITION_START + size + _GPT_END)
        first, last = _PARTITION_START // 512, (_PARTITION_START + size) // 512 - 1
        partition = f"--new=1:{first}:{last}", "--typecode=1:ef00", "--change-name=1:ESP"
        guids = f"--disk-guid={_DISK_GUID}", f"--partition-guid=1:{_PARTITION_GUID}"
        _run("sgdisk", "--clear", *partition, *guids, str(temporary))
        volume = f"{temporary}@@{_PARTITION_START}"
        _run("mformat", "-i", volume, "-F", "-T", f"{size // 512}", "-N", _VOLUME_SERIAL, "-v", "MRM", "::")
        for path in sorted(tree.iterdir()):
            # Folder by folder in sorted order: mcopy -s would follow the order of the host's file system.
            _copy(path, f"::{path.name}", volume)
        temporary.replace(image)
    finally:
        temporary.unlink(missing_ok=True)


def _copy(path: Path, target: str, volume: str) -> None:
    if path.is_dir():
        _run("mmd", "-i", volume, target)
        for entry in sorted(path.iterdir()):
            _copy(entry, f"{target}/{entry.name}", volume)
    else:
        _run("mcopy", "-i", volume, str(path), target)
