# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Raw disks with a GUID partition table, made with sgdisk and without mounting anything.

The same contents give the same bytes: identifiers are derived from names, and time stamps are those of
SOURCE_DATE_EPOCH, default 2025-01-01.
"""

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 2**20
LINUX = "8300"
ESP = "ef00"

_EPOCH = "1735689600"
_NAME_SPACE = uuid.UUID("4d524d20-6469-736b-2069-6d6167657320")


class ImageError(Exception):
    """An image could not be made; the message names the file and the tool."""


@dataclass(frozen=True)
class Area:
    """One partition of a disk.

    Attributes:
        name: Its name in the table.
        kind: sgdisk's type code, ESP or LINUX.
        size: Bytes, a multiple of 1 MiB.
        fill: Writes its contents into the image at an offset in bytes.
    """

    name: str
    kind: str
    size: int
    fill: Callable[[Path, int], None]


def run_tool(*arguments: str, input_text: str | None = None) -> str:
    """Run a tool, return what it printed; raises ImageError with what it said when it fails or is missing."""
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _EPOCH),
        "TZ": "UTC",
        "MTOOLS_SKIP_CHECK": "1",
    }
    # Debian keeps sgdisk where only root's search path looks.
    program = shutil.which(arguments[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not program:
        raise ImageError(f"{arguments[0]} not found; run `make setup`")
    done = subprocess.run(
        [program, *arguments[1:]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        input=input_text,
        stdin=subprocess.DEVNULL if input_text is None else None,
    )
    if done.returncode != 0:
        raise ImageError(f"{' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def make_disk(image: Path, identity: str, areas: Sequence[Area]) -> None:
    """Write to `image` a sparse raw disk with these partitions, one after the other from 1 MiB on.

    `identity` is what the disk's and its partitions' GUIDs are derived from. The file is replaced as a whole.
    Raises ImageError.
    """
    image.parent.mkdir(parents=True, exist_ok=True)
    temporary = image.with_name(f"{image.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("wb") as file:
            file.truncate(sum(area.size for area in areas) + 2 * MEBIBYTE)
        arguments = ["--clear", f"--disk-guid={uuid.uuid5(_NAME_SPACE, identity)}"]
        offsets, offset = [], MEBIBYTE
        for number, area in enumerate(areas, 1):
            guid = uuid.uuid5(_NAME_SPACE, f"{identity} {number}")
            arguments += [
                f"--new={number}:{offset // 512}:{(offset + area.size) // 512 - 1}",
                f"--typecode={number}:{area.kind}",
                f"--change-name={number}:{area.name}",
                f"--partition-guid={number}:{guid}",
            ]
            offsets.append(offset)
            offset += area.size
        run_tool("sgdisk", *arguments, str(temporary))
        for area, begin in zip(areas, offsets, strict=True):
            area.fill(temporary, begin)
        temporary.replace(image)
    finally:
        temporary.unlink(missing_ok=True)


def copy_into(source: Path, image: Path, offset: int) -> None:
    """Copy a file into an image at `offset`, holes left out; the image must be empty there."""
    with source.open("rb") as reader, image.open("r+b") as writer:
        end = os.fstat(reader.fileno()).st_size
        position = 0
        while position < end:
            try:
                begin = os.lseek(reader.fileno(), position, os.SEEK_DATA)
            except OSError:  # ENXIO: nothing but a hole is left
                break
            position = os.lseek(reader.fileno(), begin, os.SEEK_HOLE)
            writer.seek(offset + begin)
            reader.seek(begin)
            for place in range(begin, position, MEBIBYTE):
                writer.write(reader.read(min(MEBIBYTE, position - place)))
