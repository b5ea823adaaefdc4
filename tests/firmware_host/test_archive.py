# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmArchiveLib: headers that any tar reads."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

names = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=100).filter(
    lambda name: not name.startswith("/") and not name.endswith("/")
)


def header(decide: Decide, name: str, size: int) -> bytes | None:
    """The header of a file; None if it is refused."""
    ffi = decide.ffi
    text = Guarded(ffi, name.encode("ascii") + b"\0")
    room = Guarded(ffi, b"\xa5" * decide.MRM_ARCHIVE_BLOCK)
    pointers = ffi.cast("CHAR8 *", text.pointer), ffi.cast("UINT8 *", room.pointer)
    status = decide.call("MrmArchiveHeader", pointers[0], size, pointers[1])
    assert status in (decide.RETURN_SUCCESS, decide.RETURN_INVALID_PARAMETER)
    return bytes(ffi.buffer(pointers[1], room.size)) if status == decide.RETURN_SUCCESS else None


@given(files=st.dictionaries(names, st.binary(max_size=1500), max_size=4))
def test_python_reads_the_archive(decide: Decide, files: dict[str, bytes]) -> None:
    archive = b""
    for name, data in files.items():
        found = header(decide, name, len(data))
        assert found is not None
        archive += found + data + bytes(decide.call("MrmArchivePadding", len(data)))
    with tarfile.open(fileobj=io.BytesIO(archive + bytes(1024)), mode="r:") as tar:
        members = tar.getmembers()
        assert all(member.isreg() and member.mode == 0o644 for member in members)
        read = {member.name: tar.extractfile(member) for member in members}
    assert list(read) == list(files)
    assert [stream.read() for stream in read.values() if stream is not None] == list(files.values())


@given(name=names, size=st.integers(0, (1 << 33) - 1))
def test_any_size_is_told(decide: Decide, name: str, size: int) -> None:
    found = header(decide, name, size)
    assert found is not None and tarfile.TarInfo.frombuf(found, "ascii", "strict").size == size


@pytest.mark.parametrize(("name", "size"), [("", 1), ("x" * 101, 1), ("x", 1 << 33), ("x", (1 << 64) - 1)])
def test_what_a_header_cannot_say_is_refused(decide: Decide, name: str, size: int) -> None:
    assert header(decide, name, size) is None
