# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Recognise a Linux kernel by its x86 boot header (Documentation/arch/x86/boot.rst of the kernel)."""

from __future__ import annotations

import re
import struct

from generator.model.files import LinuxFacts

_MAGIC = b"HdrS"
_HEADER_MAGIC = 0x202
_HEADER_VERSION = 0x206
_KERNEL_VERSION = 0x20E
_XLOADFLAGS = 0x236
_COMMAND_LINE_SIZE = 0x238
_INIT_SIZE = 0x260
_LONGEST_BANNER = 512
_PROTOCOL_WITH_INIT_SIZE = 0x20A
_XLF_KERNEL_64 = 1 << 0
_XLF_CAN_BE_LOADED_ABOVE_4G = 1 << 1
_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})")


def read_linux(head: bytes) -> LinuxFacts | None:
    """Facts of a 64-bit bzImage from its first 64 KiB; None if it is none, or one older than protocol 2.10.

    A kernel built without a version banner gives an empty banner and release and version (0, 0).
    """
    if len(head) < _INIT_SIZE + 4 or head[_HEADER_MAGIC : _HEADER_MAGIC + 4] != _MAGIC:
        return None
    protocol, banner_at = (struct.unpack_from("<H", head, at)[0] for at in (_HEADER_VERSION, _KERNEL_VERSION))
    (flags,) = struct.unpack_from("<H", head, _XLOADFLAGS)
    (command_line_size,) = struct.unpack_from("<I", head, _COMMAND_LINE_SIZE)
    (init_size,) = struct.unpack_from("<I", head, _INIT_SIZE)
    if protocol < _PROTOCOL_WITH_INIT_SIZE or not flags & _XLF_KERNEL_64:
        return None
    banner = ""
    if banner_at:
        start = banner_at + 0x200
        raw = head[start : start + _LONGEST_BANNER].split(b"\0", 1)[0]
        banner = "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in raw)
    release = banner.split(" ", 1)[0]
    match = _RELEASE.match(release)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    above_4g = bool(flags & _XLF_CAN_BE_LOADED_ABOVE_4G)
    return LinuxFacts(banner, release, version, init_size, above_4g, command_line_size)
