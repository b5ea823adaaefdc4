# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boot options in the variable store of the PC's firmware, as its setup menu would make them."""

import struct
from pathlib import Path
from uuid import UUID

GLOBAL = UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
"""Vendor of the variables of the UEFI specification."""
STORE = UUID("aaf32c78-947b-439a-a180-2e144ec37792")
"""What a store of EDK2 with authenticated variables begins with."""
STORE_HEADER = 28
NUMBER = 0x99


def _variable(name: str, data: bytes) -> bytes:
    """AUTHENTICATED_VARIABLE_HEADER, name and data; non-volatile, for boot and runtime services."""
    text = f"{name}\0".encode("utf-16-le")
    header = struct.pack("<HBBIQ16sIII", 0x55AA, 0x3F, 0, 7, 0, b"", 0, len(text), len(data))
    whole = header + GLOBAL.bytes_le + text + data
    return whole + b"\xff" * (-len(whole) % 4)


def boot_next(pristine: Path, uri: str, made: Path) -> Path:
    """Write a store that has the PC boot from a URI first, once (UEFI 2.10 sections 3.1.2, 10.3.4.23)."""
    path = struct.pack("<BBH", 3, 24, 4 + len(uri)) + uri.encode() + b"\x7f\xff\4\0"
    option = struct.pack("<IH", 1, len(path)) + "a URI\0".encode("utf-16-le") + path
    variables = _variable(f"Boot{NUMBER:04X}", option) + _variable("BootNext", struct.pack("<H", NUMBER))
    store = bytearray(pristine.read_bytes())
    begin = store.index(STORE.bytes_le) + STORE_HEADER
    assert set(store[begin : begin + len(variables)]) == {0xFF}, f"{pristine} has variables"
    store[begin : begin + len(variables)] = variables
    made.write_bytes(store)
    return made
