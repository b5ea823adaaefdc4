# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boot loaders from Debian's packages, byte for byte: `Build/guests/loaders/`."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from ci.guests import packages
from ci.guests.build import OUTPUT, digest, unpack_package
from ci.progress import SetupError, say
from ci.versions import load

FOLDER = OUTPUT / "loaders"

FILES: Mapping[str, str] = {
    "shimx64.efi": "usr/lib/shim/shimx64.efi.signed",
    "mmx64.efi": "usr/lib/shim/mmx64.efi.signed",
    "fbx64.efi": "usr/lib/shim/fbx64.efi.signed",
    "grubx64.efi": "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
    "grubnetx64.efi": "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
    "systemd-bootx64.efi": "usr/lib/systemd/boot/efi/systemd-bootx64.efi",
    "linuxx64.efi.stub": "usr/lib/systemd/boot/efi/linuxx64.efi.stub",
    "ipxe.efi": "boot/ipxe.efi",
    "syslinux.efi": "usr/lib/SYSLINUX.EFI/efi64/syslinux.efi",
    "xen.efi": "boot/xen-4.17-amd64.efi",
}
"""What is in the folder, and where the packages have it."""


def ensure(folder: Path = FOLDER) -> Path:
    """Make sure that the loaders are there and up to date; return their folder.

    Raises:
        SetupError: A package cannot be had, or lacks a file.
    """
    versions = load().guests
    debs = packages.ensure(versions)
    chosen = [debs[name] for name in versions.loaders.values()]
    stamp = digest(*(package.sha256 for package in chosen), *FILES)
    record = folder / "loaders.json"
    try:
        if json.loads(record.read_text())["inputs"] == stamp:
            return folder
    except FileNotFoundError:
        pass
    say("unpacking the boot loaders")
    partial = folder.with_name("loaders.partial")
    shutil.rmtree(partial, ignore_errors=True)
    whole = partial / "whole"
    whole.mkdir(parents=True)
    for package in chosen:
        unpack_package(package, whole)
    for name, source in FILES.items():
        if not (whole / source).is_file():
            raise SetupError(f"none of {', '.join(versions.loaders.values())} has the file {source}")
        shutil.copyfile(whole / source, partial / name)
    shutil.rmtree(whole)
    facts = {"packages": {package.name: package.version for package in chosen}, "inputs": stamp}
    (partial / record.name).write_text(json.dumps(facts, indent=2) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return folder
