# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disks with the whole Debian of ci/guests/debian: ESP and root file system, as installing leaves them."""

import shutil
import tempfile
from functools import partial
from pathlib import Path

from ci.guests.debian.build import ROOT_SIZE, ROOT_UUID, WholeDebian
from ci.images.esp import esp_area
from ci.images.gpt import LINUX, Area, ImageError, copy_into, make_disk, run_tool

_PLACEHOLDER = "@parameters@"
_WITH_PARAMETERS = ("/boot/grub/grub.cfg", "/etc/default/grub.d/mrm.cfg")

_ESP_FILES = {
    "EFI/debian/shimx64.efi": "shimx64.efi",
    "EFI/debian/grubx64.efi": "grubx64.efi",
    "EFI/debian/mmx64.efi": "mmx64.efi",
    "EFI/debian/fbx64.efi": "fbx64.efi",
    "EFI/BOOT/BOOTX64.EFI": "shimx64.efi",
    "EFI/BOOT/fbx64.efi": "fbx64.efi",
    "EFI/BOOT/grubx64.efi": "grubx64.efi",
}
_FALLBACK_LIST = "shimx64.efi,debian,,This is the boot entry for debian\n"


def grub_start(root_uuid: str) -> str:
    """Return the grub.cfg that grub-install puts onto the ESP; it goes on to the root file system's."""
    return f"search.fs_uuid {root_uuid} root \nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n"


def lay_out_esp(tree: Path, loaders: Path) -> None:
    """Fill a folder with what `grub-install --force-extra-removable` of Debian leaves on an ESP."""
    for name, source in _ESP_FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(loaders / source, tree / name)
    (tree / "EFI/debian/grub.cfg").write_text(grub_start(ROOT_UUID))
    (tree / "EFI/debian/BOOTX64.CSV").write_bytes(_FALLBACK_LIST.encode("utf-16"))


def make_debian_disk(image: Path, debian: WholeDebian, parameters: str) -> None:
    """Write to `image` a raw disk with the whole Debian.

    Args:
        image: Replaced as a whole; sparse.
        debian: The system.
        parameters: Kernel parameters beside Debian's own, put where an owner would put them.

    Raises:
        ImageError: A tool failed.
    """
    if any(character in parameters for character in "\"'`$\\\n"):
        raise ImageError(f"kernel parameters {parameters!r} hold characters that need quoting in a shell")
    with tempfile.TemporaryDirectory(prefix="mrm-") as scratch:
        esp = Path(scratch) / "esp"
        lay_out_esp(esp, debian.loaders)
        root = Area("debian", LINUX, ROOT_SIZE, partial(_fill_root, debian.root, parameters, Path(scratch)))
        make_disk(image, f"debian {parameters}", [esp_area(esp), root])


def _fill_root(root: Path, parameters: str, scratch: Path, image: Path, offset: int) -> None:
    copy_into(root, image, offset)
    device = f"{image}?offset={offset}"
    for path in _WITH_PARAMETERS:
        copy = scratch / Path(path).name
        run_tool("debugfs", "-R", f"dump {path} {copy}", device)
        text = copy.read_text()
        if _PLACEHOLDER not in text:
            raise ImageError(f"{root}: no {_PLACEHOLDER} in {path}")
        copy.write_text(text.replace(_PLACEHOLDER, parameters))
        # debugfs tells errors only in words.
        said = run_tool("debugfs", "-w", "-R", f"rm {path}", device)
        said += run_tool("debugfs", "-w", "-R", f"write {copy} {path}", device)
        if path not in run_tool("debugfs", "-R", f"stat {path}", device) and not said:
            raise ImageError(f"debugfs could not write {path}")
