# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Unified kernel images: a stub, and kernel, initrd and command line as sections of it (UAPI.5).

Written here because Debian 12 has no ukify; the layout is that of Microsoft's PE/COFF specification.
"""

import struct
from collections.abc import Mapping

_PE_OFFSET = 0x3C
_SECTION = struct.Struct("<8sIIIIIIHHI")
_READ_INITIALISED = 0x40000040  # IMAGE_SCN_MEM_READ | IMAGE_SCN_CNT_INITIALIZED_DATA


def _aligned(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment


def unified_image(stub: bytes, sections: Mapping[str, bytes]) -> bytes:
    """Append sections to a PE32+ image, in order.

    Args:
        stub: The image; must have room in its headers for more section headers.
        sections: Contents by section name of up to eight characters.

    Raises:
        ValueError: The headers have no room.
    """
    image = bytearray(stub)
    (pe,) = struct.unpack_from("<I", image, _PE_OFFSET)
    (count,) = struct.unpack_from("<H", image, pe + 6)
    (optional_size,) = struct.unpack_from("<H", image, pe + 20)
    optional = pe + 24
    section_alignment, file_alignment = struct.unpack_from("<II", image, optional + 32)
    (headers_size,) = struct.unpack_from("<I", image, optional + 60)
    table = optional + optional_size
    if table + (count + len(sections)) * _SECTION.size > headers_size:
        raise ValueError(f"no room for {len(sections)} more section headers")
    end = max(
        address + size
        for _, size, address, *_ in (
            _SECTION.unpack_from(image, table + index * _SECTION.size) for index in range(count)
        )
    )
    # Whatever follows the last section, such as symbols, is not loaded and may go.
    image = image[: _end_of_data(image, table, count)]
    for index, (name, data) in enumerate(sections.items(), count):
        address = _aligned(end, section_alignment)
        image += bytes(_aligned(len(image), file_alignment) - len(image))
        size = _aligned(len(data), file_alignment)
        header = (name.encode(), len(data), address, size, len(image), 0, 0, 0, 0, _READ_INITIALISED)
        _SECTION.pack_into(image, table + index * _SECTION.size, *header)
        image += data + bytes(size - len(data))
        end = address + len(data)
    struct.pack_into("<H", image, pe + 6, count + len(sections))
    struct.pack_into("<I", image, optional + 56, _aligned(end, section_alignment))
    return bytes(image)


def _end_of_data(image: bytes | bytearray, table: int, count: int) -> int:
    """Return where the raw data of the last section ends in the file."""
    headers = (_SECTION.unpack_from(image, table + index * _SECTION.size) for index in range(count))
    return max(int(offset) + int(size) for _, _, _, size, offset, *_ in headers)
