# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The files of an ESP: Mrm.efi, the loaders and initrds of partitions, the shell where one is wanted."""

from __future__ import annotations

import shutil
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
_PACKAGED = Path(__file__).with_name("ready")
"""In a release."""
IMAGES = "images"
"""Folder of a build that receives what is ready."""
BUILT = Path(__file__).resolve().parents[2] / "Build" / "ready" / IMAGES
"""In a checkout, by `make ready`."""


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
    folders = [folder] if folder is not None else [_PACKAGED, BUILT]
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
    """Write the files of an ESP into a folder, which is emptied first of what a tree has.

    Raises:
        OSError: A file cannot be read or written.
    """
    if (esp / "EFI").exists():
        shutil.rmtree(esp / "EFI")
    for name in MRM_NAMES:
        _write(esp / name, image)
    for source, name in plan.esp_files:
        _copy(source, esp / name)
    for partition in plan.partitions:
        for boot in partition.boot.sources:
            if isinstance(boot, ShellBoot):
                _copy(shell, esp / boot.esp_file)
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
