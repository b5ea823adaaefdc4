# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disks that a loader of their own boots a small guest from; one function per loader lays out the ESP.

Beside the ESP each disk has a partition that the guest may write to.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ci.guests.loaders import FOLDER
from ci.images.esp import esp_area
from ci.images.gpt import LINUX, MEBIBYTE, Area, ImageError, make_disk
from ci.images.nvme import TEST_DISK_MARK
from ci.images.unified import make_unified_image

TEST_AREA_SIZE = 32 * MEBIBYTE


@dataclass(frozen=True)
class Payload:
    """What is to be booted.

    Attributes:
        kernel: vmlinuz.
        initrd: Its initrd.
        parameters: Kernel parameters.
        loaders: Folder of loaders (ci/guests/loaders.py).
    """

    kernel: Path
    initrd: Path
    parameters: str
    loaders: Path = FOLDER


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def lay_out_grub(esp: Path, payload: Payload) -> None:
    """Shim, which starts signed GRUB, which starts a signed kernel."""
    _copy(payload.loaders / "shimx64.efi", esp / "EFI/BOOT/BOOTX64.EFI")
    for name in ("grubx64.efi", "mmx64.efi"):
        _copy(payload.loaders / name, esp / "EFI/BOOT" / name)
    _copy(payload.kernel, esp / "vmlinuz")
    _copy(payload.initrd, esp / "initrd.img")
    # Debian's signed GRUB looks for its configuration there, wherever it was started from.
    lines = [
        "set timeout=0",
        "search --no-floppy --file --set=root /vmlinuz",
        "menuentry 'Debian GNU/Linux' {",
        f"  linux /vmlinuz {payload.parameters}",
        "  initrd /initrd.img",
        "}",
    ]
    _write(esp / "EFI/debian/grub.cfg", "\n".join(lines) + "\n")


def lay_out_systemd_boot(esp: Path, payload: Payload) -> None:
    """systemd-boot with a loader entry (Boot Loader Specification, type 1)."""
    for name in ("EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi"):
        _copy(payload.loaders / "systemd-bootx64.efi", esp / name)
    _copy(payload.kernel, esp / "debian/linux")
    _copy(payload.initrd, esp / "debian/initrd.img")
    _write(esp / "loader/loader.conf", "timeout 0\ndefault debian.conf\n")
    entry = ["title Debian GNU/Linux", "linux /debian/linux", "initrd /debian/initrd.img"]
    _write(esp / "loader/entries/debian.conf", "\n".join([*entry, f"options {payload.parameters}"]) + "\n")


def lay_out_unified(esp: Path, payload: Payload) -> None:
    """systemd-boot with a unified kernel image (Boot Loader Specification, type 2)."""
    for name in ("EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi"):
        _copy(payload.loaders / "systemd-bootx64.efi", esp / name)
    _write(esp / "loader/loader.conf", "timeout 0\n")
    _write_unified(esp / "EFI/Linux/debian.efi", payload)


def lay_out_alone(esp: Path, payload: Payload) -> None:
    """A unified kernel image where firmware looks for a loader: its EFI stub is the loader."""
    _write_unified(esp / "EFI/BOOT/BOOTX64.EFI", payload)


def _write_unified(image: Path, payload: Payload) -> None:
    image.parent.mkdir(parents=True, exist_ok=True)
    make_unified_image(
        image,
        payload.loaders / "linuxx64.efi.stub",
        {
            ".osrel": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n',
            ".cmdline": payload.parameters.encode(),
            ".linux": payload.kernel.read_bytes(),
            ".initrd": payload.initrd.read_bytes(),
        },
    )


def lay_out_stub(esp: Path, payload: Payload) -> None:
    r"""The kernel itself, \vmlinuz.efi: its EFI stub is the loader. A boot entry must give it `stub_options`.

    A UEFI Shell finds startup.nsh, which does the same.
    """
    _copy(payload.kernel, esp / "vmlinuz.efi")
    _copy(payload.initrd, esp / "initrd.img")
    _write(esp / "startup.nsh", f"fs0:\r\n\\vmlinuz.efi {stub_options(payload.parameters)}\r\n")


def stub_options(parameters: str) -> str:
    """Return the load options for the kernel of a disk that `lay_out_stub` made."""
    return rf"{parameters} initrd=\initrd.img"


LOADERS: Mapping[str, Callable[[Path, Payload], None]] = {
    "grub": lay_out_grub,
    "systemd-boot": lay_out_systemd_boot,
    "unified": lay_out_unified,
    "alone": lay_out_alone,
    "stub": lay_out_stub,
}
"""What lays out an ESP, by the loader's name."""


def make_loader_disk(image: Path, loader: str, payload: Payload) -> None:
    """Write to `image` a raw disk from which `loader`, a key of LOADERS, boots a guest.

    The file is sparse and replaced as a whole. Raises ImageError.
    """
    if re.search(r"[\n\r'\"]", payload.parameters):
        raise ImageError(
            f"kernel parameters {payload.parameters!r} hold characters a loader would need quoted"
        )
    with tempfile.TemporaryDirectory(prefix="mrm-") as scratch:
        tree = Path(scratch)
        try:
            LOADERS[loader](tree, payload)
        except OSError as error:
            raise ImageError(f"{image}: {error}; run `make setup`") from error
        make_disk_of(image, tree)


def make_disk_of(image: Path, tree: Path) -> None:
    """Write to `image` a raw disk whose ESP has the content of folder `tree`; raises ImageError."""
    test = Area("test", LINUX, TEST_AREA_SIZE, partial(_mark))
    make_disk(image, image.stem, [esp_area(tree), test])


def _mark(image: Path, offset: int) -> None:
    with image.open("r+b") as file:
        file.seek(offset)
        file.write(TEST_DISK_MARK)
