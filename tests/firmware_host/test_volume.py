# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Files and sections in a firmware volume (MrmVolumeLib)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

RAW, SEC, DXE_CORE, PAD = 0x01, 0x03, 0x05, 0xF0
PE32, USER_INTERFACE = 0x10, 0x15
HEADER, EXTENDED_HEADER = 72, 20


def section(kind: int, data: bytes, *, large: bool = False) -> bytes:
    """Return a section, padded to where the next one begins."""
    size = len(data) + (8 if large else 4)
    header = struct.pack("<I", (0xFFFFFF if large else size) | kind << 24) + struct.pack("<I", size) * large
    return header + data + bytes(-size % 4)


def file(kind: int, data: bytes, *, large: bool = False) -> bytes:
    """Return a file, padded to where the next one begins."""
    size = len(data) + (32 if large else 24)
    sized = b"\xff\xff\xff" if large else struct.pack("<I", size)[:3]
    header = bytes([kind]) * 16 + struct.pack("<HBB", 0, kind, large) + sized + b"\xf8"
    return header + struct.pack("<Q", size) * large + data + b"\xff" * (-size % 8)


def volume(files: bytes, *, extended: bool = False, length: int | None = None) -> bytes:
    """Return a volume; `length`: what its header says it has."""
    offset = HEADER if extended else 0
    body = (bytes(16) + struct.pack("<I", EXTENDED_HEADER) + bytes(4) if extended else b"") + files
    size = HEADER + len(body) if length is None else length
    header = bytes(32) + struct.pack("<Q4sIHHHBB", size, b"_FVH", 0, HEADER, 0, offset, 0, 2)
    return header + bytes(HEADER - len(header)) + body


class Volume:
    """A volume in memory: aligned, as its bytes come by eights."""

    def __init__(self, decide: Decide, contents: bytes) -> None:
        self._decide = decide
        self._memory = Guarded(decide.ffi, contents)
        self.whole = bool(decide.call("MrmVolumeIsWhole", self._memory.pointer, len(contents)))

    def data(self, file_kind: int, section_kind: int) -> bytes | None:
        """Return what a section of a file holds; None if there is none."""
        ffi, decide = self._decide.ffi, self._decide
        sections, data = ffi.new("MRM_SECTIONS *"), ffi.new("MRM_SECTIONS *")
        start = ffi.cast("EFI_FIRMWARE_VOLUME_HEADER *", self._memory.pointer)
        if decide.call("MrmVolumeFindFile", start, file_kind, sections) == ffi.NULL:
            return None
        if decide.call("MrmVolumeFindSection", sections, section_kind, data) == ffi.NULL:
            return None
        return bytes(ffi.buffer(ffi.cast("char *", data.Start), data.Size))


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("extended", [False, True])
def test_a_module_is_found(decide: Decide, large: bool, extended: bool) -> None:
    module = section(USER_INTERFACE, b"name") + section(PE32, b"image", large=large)
    files = file(PAD, bytes(3)) + file(SEC, module, large=large) + file(DXE_CORE, section(PE32, b"core"))
    made = Volume(decide, volume(files, extended=extended))
    assert made.whole
    assert made.data(SEC, PE32) == b"image"
    assert made.data(DXE_CORE, PE32) == b"core"
    assert made.data(DXE_CORE, USER_INTERFACE) is None
    assert made.data(RAW, PE32) is None


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        volume(b"")[:-8],
        volume(b"", length=HEADER + 1),
        volume(b"").replace(b"_FVH", b"_FVI"),
        volume(b"", length=HEADER - 1),
        volume(b"", extended=True)[:-8],
        volume(b"", extended=True, length=HEADER + EXTENDED_HEADER - 1),
    ],
)
def test_what_is_not_whole_is_none(decide: Decide, contents: bytes) -> None:
    assert not Volume(decide, contents).whole


def test_a_file_or_section_that_is_longer_than_its_place_is_none(decide: Decide) -> None:
    good = file(SEC, section(PE32, b"image"))
    assert Volume(decide, volume(good[:20] + b"\x80\x00\x00" + good[23:])).data(SEC, PE32) is None
    assert Volume(decide, volume(good[:20] + b"\x17\x00\x00" + good[23:])).data(SEC, PE32) is None
    assert Volume(decide, volume(good[:24] + b"\x80\x00\x00" + good[27:])).data(SEC, PE32) is None
    assert Volume(decide, volume(good[:24] + b"\x03\x00\x00" + good[27:])).data(SEC, PE32) is None


@given(
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    end=st.integers(0, 200),
    large=st.booleans(),
    extended=st.booleans(),
)
def test_any_bytes_lead_nowhere_else(
    decide: Decide, changes: list[tuple[int, int]], end: int, large: bool, extended: bool
) -> None:
    files = file(PAD, bytes(5)) + file(SEC, section(PE32, b"image", large=large), large=large)
    contents = bytearray(volume(files, extended=extended))
    for place, value in changes:
        contents[place % len(contents)] = value
    cut = bytes(contents[: max(end, len(contents) - end) & ~7])
    made = Volume(decide, cut)
    if made.whole:
        found = made.data(SEC, PE32)
        assert found is None or found in cut
