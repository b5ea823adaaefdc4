# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Look at the files partitions boot from: they exist, and what their headers say."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from pathlib import Path

import pefile

from generator.load.linux_image import read_linux
from generator.model.files import FileFacts, Files, LoaderFacts
from generator.model.intent import Intent
from generator.reading import UnreadableError, open_file

_HEAD = 64 * 1024
"""Bytes read of a loader: the PE headers, and the boot header of Linux with its version banner."""

_INITRD_HEAD = 4 << 20
"""Bytes read of an initrd: its first archive, which is not compressed and has the microcode."""
_MICROCODE = re.compile(rb"kernel/x86/microcode/(?:GenuineIntel|AuthenticAMD)\.bin(?=\0)")
_CPIO = b"0707"
_STRANGER = re.compile(r"(Memtest86\+) v\d")
"""Names by which systems that look like a Linux tell what they are; MrmIsMemtest() has the same."""

_SECURITY = 4
"""Data directory of signatures (IMAGE_DIRECTORY_ENTRY_SECURITY)."""

_SUBSYSTEMS = {10: "an EFI application", 11: "an EFI boot service driver", 12: "an EFI runtime driver"}


def load_boot_files(intent: Intent) -> Files:
    """Facts of all loaders and initrds a partition file names, each file looked at once."""
    sources = [source for partition in intent.partitions for source in partition.boot.files]
    loaders = [source.file.value for source in sources if source.file is not None]
    others = [source.initrd.value for source in sources if source.initrd is not None]
    return inspect_files(loaders, others)


def inspect_files(loaders: Iterable[Path], others: Iterable[Path]) -> Files:
    """Facts of loader files and of files that are only carried along."""
    wanted = set(loaders)
    found = {path: _inspect(path, loader=True) for path in sorted(wanted)}
    found.update((path, _inspect(path, loader=False)) for path in sorted(set(others) - wanted))
    return found


def _inspect(path: Path, loader: bool) -> FileFacts:
    """Facts of one file."""
    try:
        with open_file(path) as stream:
            head = stream.read(_HEAD if loader else _INITRD_HEAD)
            size = stream.seek(0, 2)
    except UnreadableError as error:
        return FileFacts(path, str(error).lower())
    except OSError as error:
        return FileFacts(path, (error.strerror or str(error)).lower())
    if loader:
        return FileFacts(path, None, size, inspect_loader(head, size))
    return FileFacts(path, None, size, microcode=_find_microcode(head))


def _find_microcode(head: bytes) -> str | None:
    """Name of the microcode in the first archive of an initrd (Documentation/arch/x86/microcode.rst)."""
    match = _MICROCODE.search(head) if head.startswith(_CPIO) else None
    return match[0].decode() if match is not None else None


def inspect_loader(head: bytes, size: int) -> LoaderFacts:
    """What the first 64 KiB of a loader of `size` bytes say."""
    try:
        image = pefile.PE(data=head, fast_load=True)
        machine = int(image.FILE_HEADER.Machine)
        magic = int(image.OPTIONAL_HEADER.Magic)
        subsystem = int(image.OPTIONAL_HEADER.Subsystem)
        image_size = int(image.OPTIONAL_HEADER.SizeOfImage)
        directories = image.OPTIONAL_HEADER.DATA_DIRECTORY
        signed = len(directories) > _SECURITY and int(directories[_SECURITY].Size) > 0
        headers_size = int(image.OPTIONAL_HEADER.SizeOfHeaders)
        raw_end = max((s.PointerToRawData + s.SizeOfRawData for s in image.sections), default=0)
    except (pefile.PEFormatError, AttributeError, ValueError, IndexError, TypeError, struct.error) as error:
        return LoaderFacts(f"is no PE image ({error})")
    if machine != pefile.MACHINE_TYPE["IMAGE_FILE_MACHINE_AMD64"]:
        name = pefile.MACHINE_TYPE.get(machine, hex(machine))
        return LoaderFacts(f"is a PE image for {name}, not for x86-64")
    if magic != pefile.OPTIONAL_HEADER_MAGIC_PE_PLUS:
        return LoaderFacts("is a PE32, not a PE32+ image")
    if subsystem != pefile.SUBSYSTEM_TYPE["IMAGE_SUBSYSTEM_EFI_APPLICATION"]:
        return LoaderFacts(f"is {_SUBSYSTEMS.get(subsystem, 'no EFI image')}, not an EFI application")
    if max(raw_end, headers_size) > size:
        return LoaderFacts(
            f"is cut off: its headers promise {max(raw_end, headers_size)} bytes, it has {size}"
        )
    if image_size == 0:
        return LoaderFacts("is a PE image of size zero")
    linux = read_linux(head)
    named = _STRANGER.match(linux.banner) if linux is not None else None
    if named is not None:
        return LoaderFacts(None, image_size, None, signed, named[1])
    return LoaderFacts(None, image_size, linux, signed)
