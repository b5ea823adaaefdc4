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

READY = PROJECT / "Build" / "ready"
CONTROLLER = "Mrm"


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
    """Read the modules of a build without a plan, and Mrm.efi of an ESP made of it.

    Raises:
        SetupError: One of them is not there.
    """
    controller = esp / "EFI" / "BOOT" / "BOOTX64.EFI"
    files = sorted(folder.glob("PartitionFirmware/*/X64/*.efi"))
    if not controller.is_file() or not files:
        raise SetupError(f"{esp} and {folder} hold no build; run `make ready`")
    firmware: dict[tuple[int, int], str] = {}
    for file in files:
        key = signature(file)
        # Two modules that look alike from outside share a name.
        firmware[key] = f"{firmware[key]} or {file.stem}" if key in firmware else file.stem
    return Modules(firmware, signature(controller))
