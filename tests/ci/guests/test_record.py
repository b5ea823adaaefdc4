# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reading a gateway's record: pieces on a disk that only takes what is new (role `gateway`)."""

import os
import struct
import subprocess
from pathlib import Path

import pytest

from ci.guests import live

READER = Path(live.__file__).parent / "roles/gateway/files/usr/local/sbin/record"
UNIT = 4096
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
"""Of a capture file (pcap-savefile(5))."""


def piece(data: bytes) -> bytes:
    """A piece, padded."""
    whole = b"MRMPIECE" + struct.pack("<I", len(data)) + data
    return whole + bytes(-len(whole) % UNIT)


def read(tmp_path: Path, disk: bytes) -> bytes:
    image = tmp_path / "record.img"
    image.write_bytes(disk)
    done = subprocess.run(["perl", READER, "read", image], capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stderr == b""
    return done.stdout


def test_pieces_are_put_together(tmp_path: Path) -> None:
    first, second = os.urandom(3), os.urandom(3 * UNIT)
    disk = piece(HEADER) + piece(first) + piece(second) + bytes(4 * UNIT) + piece(b"behind the end")
    assert read(tmp_path, disk) == HEADER + first + second


def test_several_runs_are_one_capture(tmp_path: Path) -> None:
    disk = piece(HEADER + b"one") + piece(HEADER) + piece(b"two")
    assert read(tmp_path, disk) == HEADER + b"onetwo"


@pytest.mark.parametrize("foreign", [b"x" * UNIT, (b"MRMPIECE" + b"\xff" * 4).ljust(UNIT, b"x")])
def test_what_is_no_piece_is_passed_over(tmp_path: Path, foreign: bytes) -> None:
    assert read(tmp_path, piece(HEADER) + foreign + piece(b"more")) == HEADER + b"more"


@pytest.mark.parametrize("disk", [b"", bytes(UNIT), piece(HEADER)[: UNIT // 2]])
def test_an_end_is_an_end(tmp_path: Path, disk: bytes) -> None:
    assert read(tmp_path, disk) in (b"", HEADER)
