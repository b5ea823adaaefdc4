# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmScreenLib: what is shown of the ring into which a partition's firmware wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

U32 = (1 << 32) - 1


def _decode(decide: Decide, data: bytes, written: int | None = None, size: int = 1024) -> str:
    """Write bytes into a ring and decode it."""
    ring = bytearray(size)
    written = len(data) if written is None else written
    for number, byte in enumerate(data, written - len(data)):
        ring[number % size] = byte
    memory, text = Guarded(decide.ffi, bytes(ring)), Guarded(decide.ffi, b"\xa5" * (size + 1))
    pointers = decide.ffi.cast("UINT8 *", memory.pointer), decide.ffi.cast("CHAR8 *", text.pointer)
    decide.call("MrmScreenDecode", pointers[0], size, written & U32, pointers[1])
    return text.contents().split(b"\0")[0].decode("latin-1")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"one\r\ntwo\r\n\r\nthree", "one\ntwo\nthree"),
        (b"50 %\r100 %", "100 %"),
        (b"abcd\b\bX", "abXd"),
        (b"\x1b[2J\x1b[01;01H\x1b[0m\x1b[37m\x1b[40mShell> \x1b[1mls", "Shell> ls"),
        (b"\x1b[03;10Hone\x1b[04;10Htwo", "one\ntwo"),
        (b"a\x1b]0;title\x07b\x1bPstring\x1b\\c\x1b(Bd\x1b7e", "abcde"),
        (b"a\x1b]no end\nb", "a\nb"),
        (b"a\x1b[1\x1b[2mb\x1b[\nc", "ab\nc"),
        ("\u2500\u00e9x\x00\x07\x7f".encode() + b"\x9b31m", "??x31m"),
        (b"tab\there   \n", "tab here\n"),
    ],
)
def test_what_firmware_wrote(decide: Decide, data: bytes, text: str) -> None:
    assert _decode(decide, data) == text


def test_a_ring_that_has_gone_round(decide: Decide) -> None:
    assert _decode(decide, b"0123456789abcdef", written=21, size=16) == "0123456789abcdef"
    assert _decode(decide, b"23456789abcdefgh", written=(1 << 32) - 3, size=16) == "23456789abcdefgh"


@given(data=st.binary(min_size=64, max_size=64), written=st.integers(0, U32))
def test_hostile_bytes_become_printable(decide: Decide, data: bytes, written: int) -> None:
    memory, text = Guarded(decide.ffi, data), Guarded(decide.ffi, bytes(65))
    pointers = decide.ffi.cast("UINT8 *", memory.pointer), decide.ffi.cast("CHAR8 *", text.pointer)
    decide.call("MrmScreenDecode", pointers[0], 64, written, pointers[1])
    found = text.contents().split(b"\0")[0].decode("latin-1")
    assert re.fullmatch("[ -~\n]*", found) and len(found) <= min(written, 64)
