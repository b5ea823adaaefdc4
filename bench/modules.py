# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Names of the images that the counter finds in memory: modules of the partition firmware, and Mrm.efi.

An image is known by the size and the entry point that its header says, which its file says, too. An image of
the PC's firmware is not among them: its name is None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pefile

from bench.counter.record import Image
from ci.progress import PROJECT, SetupError
from generator.esp.tree import IMAGES

READY = PROJECT / "Build" / "ready"
CONTROLLER = "Mrm"
TARGET = "RELEASE"
"""Of EDK2's targets the one that is measured. A build's folder may hold another one as well."""

_FOLDER = f"{TARGET}_GCC"


def firmware_of(build: Path) -> Path:
    """Return the folder of what is measured of the partition firmware, in a build's folder."""
    return build / "PartitionFirmware" / _FOLDER


def controller_of(build: Path) -> Path:
    """Return the `Mrm.efi` without a plan that is measured, in a build's folder."""
    return build / "Mrm" / _FOLDER / "X64" / "Mrm.efi"


def check(build: Path = READY) -> None:
    """Raise SetupError unless what an ESP is made of is what is measured: `make ready` also builds others."""
    laid, built = build / IMAGES / "Mrm.efi", controller_of(build)
    if not (laid.is_file() and built.is_file() and laid.read_bytes() == built.read_bytes()):
        raise SetupError(f"{laid} is not that of the {TARGET} build; run `make ready TARGET={TARGET}`")


@dataclass(frozen=True)
class Modules:
    """Names of modules by size of the image and offset of the entry point.

    Attributes:
        firmware: Those of the partition firmware.
        controller: Mrm.efi.
    """

    firmware: Mapping[tuple[int, int], str]
    controller: tuple[int, int]

    def name(self, image: Image) -> str | None:
        """Return the name of an image, None when it is neither firmware of a partition nor the controller."""
        key = image.size, image.entry
        return CONTROLLER if key == self.controller else self.firmware.get(key)


def signature(path: Path) -> tuple[int, int]:
    """Return size in memory and offset of the entry point of a PE file; raises pefile.PEFormatError."""
    with pefile.PE(str(path), fast_load=True) as image:
        header = image.OPTIONAL_HEADER
        return header.SizeOfImage, header.AddressOfEntryPoint


def load(esp: Path, folder: Path = READY) -> Modules:
    """Read the modules of a build without a plan, those of TARGET, and Mrm.efi of an ESP made of it.

    Raises:
        SetupError: One of them is not there.
    """
    controller = esp / "EFI" / "BOOT" / "BOOTX64.EFI"
    files = sorted(firmware_of(folder).glob("X64/*.efi"))
    if not controller.is_file() or not files:
        raise SetupError(f"{esp} and {folder} hold no {TARGET} build; run `make ready TARGET={TARGET}`")
    firmware: dict[tuple[int, int], str] = {}
    for file in files:
        key = signature(file)
        # Two modules that look alike from outside share a name.
        firmware[key] = f"{firmware[key]} or {file.stem}" if key in firmware else file.stem
    return Modules(firmware, signature(controller))
