# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Plans in PE images (PE/COFF specification): as a section of a ready `Mrm.efi`, or alone, to be signed."""

from __future__ import annotations

import struct

import pefile

SECTION = b".mrmplan"
"""MRM_PLAN_SECTION."""

_READ_ONLY_DATA = 0x40000040
"""IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ."""
_PAGE, _FILE_ALIGNMENT, _LARGEST = 0x1000, 0x200, 0xFFFFFFFF
_SECTION_HEADER = struct.Struct("<8sIIIIIIHHI")
_X64, _PE32_PLUS, _EFI_APPLICATION = 0x8664, 0x20B, 10
"""IMAGE_FILE_MACHINE_AMD64, magic of the optional header, IMAGE_SUBSYSTEM_EFI_APPLICATION."""
_CERTIFICATES = 4
"""Index of the data directory that names a signature."""


class ImageError(ValueError):
    """What should be a PE image of MRM is none, or has no room; the message says why."""


def with_plan(image: bytes, blob: bytes) -> bytes:
    """A `Mrm.efi` that carries this plan instead of any that it carried.

    Raises:
        ImageError: It is no EFI application, is cut off, is signed already, or has no room for another
            section header.
    """
    pe = _parse(image)
    _check_application(pe, len(image))
    if pe.OPTIONAL_HEADER.DATA_DIRECTORY[_CERTIFICATES].Size:
        raise ImageError(
            "it is signed, which another plan would break: take the unsigned one, and sign the result"
        )
    sections = pe.sections
    if sections[-1].Name == SECTION:
        image = image[: sections[-1].PointerToRawData]
        sections = sections[:-1]
    elif any(section.Name == SECTION for section in sections):
        raise ImageError("its plan is not its last section")
    headers = pe.OPTIONAL_HEADER.get_file_offset() + pe.FILE_HEADER.SizeOfOptionalHeader
    place = headers + len(sections) * _SECTION_HEADER.size
    if place + _SECTION_HEADER.size > min(section.PointerToRawData for section in sections):
        raise ImageError("it has no room for another section header")
    alignment = pe.OPTIONAL_HEADER.SectionAlignment
    virtual = _up(
        max(s.VirtualAddress + max(s.Misc_VirtualSize, s.SizeOfRawData) for s in sections), alignment
    )
    raw = _up(len(image), pe.OPTIONAL_HEADER.FileAlignment)
    stored = _up(len(blob), pe.OPTIONAL_HEADER.FileAlignment)
    header = _SECTION_HEADER.pack(SECTION, len(blob), virtual, stored, raw, 0, 0, 0, 0, _READ_ONLY_DATA)
    pe.FILE_HEADER.NumberOfSections = len(sections) + 1
    end = virtual + _up(len(blob), alignment)
    if end > _LARGEST:
        raise ImageError("its sections are said to lie beyond 4 GiB")
    pe.OPTIONAL_HEADER.SizeOfImage = end
    pe.OPTIONAL_HEADER.CheckSum = 0
    made = bytearray(pe.write())[: len(image)]
    made[place : place + len(header)] = header
    return bytes(made).ljust(raw, b"\0") + blob.ljust(stored, b"\0")


def plan_of(image: bytes) -> bytes | None:
    """The plan that an image carries in a section; None for none.

    Raises:
        ImageError: It is no image.
    """
    for section in _parse(image).sections:
        if section.Name == SECTION:
            return image[section.PointerToRawData :][: section.Misc_VirtualSize]
    return None


def plan_image(blob: bytes) -> bytes:
    """An image that holds a plan and nothing else: what a signature can stand in. It is never started."""
    headers = _FILE_ALIGNMENT
    stored = _up(len(blob), _FILE_ALIGNMENT)
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 112 + 16 * 8, 0x2022)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        *(0x20B, 0, 0, 0, stored, 0, _PAGE, 0, 0, _PAGE, _FILE_ALIGNMENT),
        *(0, 0, 0, 0, 0, 0, 0, _PAGE + _up(len(blob), _PAGE), headers, 0, 10, 0, 0, 0, 0, 0, 0, 16),
    )
    section = _SECTION_HEADER.pack(SECTION, len(blob), _PAGE, stored, headers, 0, 0, 0, 0, _READ_ONLY_DATA)
    head = dos + coff + optional + bytes(16 * 8) + section
    return head.ljust(headers, b"\0") + blob.ljust(stored, b"\0")


def _parse(image: bytes) -> pefile.PE:
    """The headers of an image.

    Raises:
        ImageError: It is no image.
    """
    try:
        return pefile.PE(data=image, fast_load=True)
    except pefile.PEFormatError as error:
        raise ImageError(f"it is no PE image: {str(error).strip(chr(39))}") from None


def _check_application(pe: pefile.PE, size: int) -> None:
    """See that an image is one that a PC's firmware starts, and whole: a download may have been interrupted.

    Raises:
        ImageError: It is not.
    """
    header = pe.OPTIONAL_HEADER
    kind = (pe.FILE_HEADER.Machine, header.Magic, getattr(header, "Subsystem", None))
    if kind != (_X64, _PE32_PLUS, _EFI_APPLICATION):
        raise ImageError("it is no EFI application for x86-64")
    if not pe.sections or len(header.DATA_DIRECTORY) <= _CERTIFICATES:
        raise ImageError("its headers are cut off")
    end = max(section.PointerToRawData + section.SizeOfRawData for section in pe.sections)
    if end > size:
        raise ImageError(f"it is cut off: it has {size} bytes, and its sections end at {end}")
    if not header.SectionAlignment or not header.FileAlignment:
        raise ImageError("its sections have no alignment")


def _up(value: int, alignment: int) -> int:
    """The next multiple of an alignment."""
    return -(-value // alignment) * alignment
