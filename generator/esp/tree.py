# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The files of an ESP: Mrm.efi, the loaders and initrds of partitions, the shell where one is wanted."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from generator.errors import Problem, UserErrors
from generator.model.plan import Plan, ShellBoot
from generator.places import Place

MRM_NAMES = ("EFI/BOOT/BOOTX64.EFI", "EFI/MRM/Mrm.efi")
"""Where Mrm.efi lies: as the loader of a removable medium, and as what a boot entry can name."""
STARTUP = "startup.nsh"
_STARTUP_TEXT = (
    "# The UEFI shell runs this by itself: MRM starts without a boot entry.\r\n\\EFI\\MRM\\Mrm.efi\r\n"
)
PACKAGED = Path(__file__).with_name("ready")
"""In a release."""
IMAGES = "images"
"""Folder of a build that receives what is ready."""
BUILT = Path(__file__).resolve().parents[2] / "Build" / "ready" / IMAGES
"""In a checkout, by `make ready`."""


_OWN = {Path(name).parts[1] for name in MRM_NAMES}
"""Folders in `EFI` that a tree has."""


class TreeError(ValueError):
    """A folder is not one that a tree can be written into; the message says why."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What was built once, for all plans."""

    mrm: Path
    shell: Path


def ready(folder: Path | None = None) -> Ready:
    """What is in a folder, else in this release, else what `make ready` has built.

    Raises:
        UserErrors: There is none.
    """
    folders = [folder] if folder is not None else [PACKAGED, BUILT]
    for candidate in folders:
        found = Ready(candidate / "Mrm.efi", candidate / "Shell.efi")
        if found.mrm.is_file():
            return found
    raise UserErrors(
        [
            Problem(
                Place(str(folders[-1] / "Mrm.efi")),
                "ready-found",
                "there is no ready Mrm.efi",
                "one that was built without a plan",
                "build it by `make ready`, or name its folder by --ready DIR",
            )
        ]
    )


def write_tree(esp: Path, image: bytes, shell: Path, plan: Plan, startup: bool = False) -> None:
    """Write the files of an ESP into a folder. `EFI` in it is replaced when all files are there.

    Boot files may come from the tree that is replaced.

    Raises:
        TreeError: `EFI` has folders of other systems, which would be lost.
        OSError: A file cannot be read or written; `EFI` is as it was.
    """
    place = esp / "EFI"
    foreign = sorted(each.name for each in place.iterdir() if each.name not in _OWN) if place.is_dir() else []
    if foreign:
        raise TreeError(f"{place.name} has {', '.join(foreign)}, which MRM did not write and would remove")
    esp.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mrm-", dir=esp) as folder:
        made = Path(folder)
        for name in MRM_NAMES:
            _write(made / name, image)
        for source, name in plan.esp_files:
            _copy(source, made / name)
        for partition in plan.partitions:
            for boot in partition.boot.sources:
                if isinstance(boot, ShellBoot):
                    _copy(shell, made / boot.esp_file)
        if place.is_dir():
            shutil.rmtree(place)
        (made / "EFI").replace(place)
    if startup:
        _write(esp / STARTUP, _STARTUP_TEXT.encode("ascii"))


def _write(target: Path, data: bytes) -> None:
    """Write a file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _copy(source: Path, target: Path) -> None:
    """Copy a file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
