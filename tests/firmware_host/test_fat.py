# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where a file of a FAT volume lies (MrmFatLib), beside what mtools reads of the same volume."""

import itertools
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci.images.gpt import run_tool
from tests.firmware_host.decide import Decide
from tests.fuzz.seeds import SEEDS

CORRUPTED, NOT_FOUND, TOO_SMALL, UNSUPPORTED = (1 << 63 | number for number in (10, 14, 5, 3))
DEVICE_ERROR = 1 << 63 | 7
VOLUMES = {"12": ["-T", "4096"], "16": ["-T", "40960"], "32": ["-F", "-T", "81920", "-c", "1"]}
"""Options of mformat, by the bits of an entry of the table."""
FILES = (
    "EFI/MRM/disks/log.img",
    "EFI/MRM/disks/A long name, with a point. and more.img",
    "EFI/x",
    "EFI/MRM/b.c",
)


class Volume:
    """A volume that MrmFatLib reads."""

    def __init__(self, decide: Decide, contents: bytes) -> None:
        self.decide, self.contents, self.bad = decide, contents, range(0)
        self._read_bytes = decide.ffi.callback("MRM_FAT_READ", self._read)
        self.c = decide.ffi.new("MRM_FAT *", {"Read": self._read_bytes, "Size": len(contents)})

    def _read(self, _context: Any, offset: int, size: int, out: Any) -> int:
        assert offset % 512 == 0 and size % 512 == 0 and 0 < size <= 4096
        assert offset + size <= len(self.contents)
        if offset < self.bad.stop and self.bad.start < offset + size:
            return DEVICE_ERROR
        self.decide.ffi.memmove(out, self.contents[offset : offset + size], size)
        return 0

    def begin(self) -> int:
        return int(self.decide.call("MrmFatBegin", self.c))

    def find(self, path: str) -> tuple[int, int, int]:
        """Status, cluster and size of a file."""
        text = self.decide.ffi.new("CHAR16[]", [*path.encode("utf-16-le")[::2], 0])
        cluster, size = (self.decide.ffi.new("UINT32 *") for _ in range(2))
        status = self.decide.call("MrmFatFind", self.c, text, cluster, size)
        return int(status), int(cluster[0]), int(size[0])

    def locate(self, cluster: int, size: int, room: int = 4096) -> tuple[int, list[tuple[int, int]]]:
        """Status, and the extents of a file as (offset, size)."""
        extents = self.decide.ffi.new("MRM_FAT_EXTENT[]", max(room, 1))
        count = self.decide.ffi.new("UINTN *", room)
        status = int(self.decide.call("MrmFatLocate", self.c, cluster, size, extents, count))
        return status, [(extents[number].Offset, extents[number].Size) for number in range(count[0])]


@pytest.fixture(scope="module", params=VOLUMES)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A volume with files in pieces."""
    folder = tmp_path_factory.mktemp("volume")
    image, data = folder / "volume", folder / "data"
    run_tool("mformat", "-i", str(image), "-C", *VOLUMES[request.param], "::")
    chance = random.Random(int(request.param))
    for name in ("EFI", "EFI/MRM", "EFI/MRM/disks"):
        run_tool("mmd", "-i", str(image), f"::{name}")

    def put(name: str, size: int) -> None:
        data.write_bytes(chance.randbytes(size))
        run_tool("mcopy", "-o", "-i", str(image), str(data), f"::{name}")

    fillers = [f"EFI/MRM/disks/filler number {number}" for number in range(30)]
    for number, name in enumerate(fillers):
        put(name, 3000 + 700 * number)
    for name in fillers[::2]:
        run_tool("mdel", "-i", str(image), f"::{name}")
    if request.param == "32":
        with image.open("r+b") as file:
            # Where its FSInfo says that free clusters are looked for: from the beginning.
            file.seek(512 + 492)
            file.write(b"\xff" * 4)
    for number, name in enumerate(FILES):
        put(name, (100_000, 200_001, 1, 4096)[number])
    (folder / "empty").touch()
    run_tool("mcopy", "-i", str(image), str(folder / "empty"), "::EFI/empty")
    return image.read_bytes()


def contents(image: bytes, name: str, folder: Path) -> bytes:
    """What mtools reads."""
    (folder / "volume").write_bytes(image)
    return subprocess.run(
        ["mtype", "-i", folder / "volume", f"::{name}"], capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_files_lie_where_they_are_read(decide: Decide, image: bytes, tmp_path: Path, change: Any) -> None:
    volume = Volume(decide, image)
    assert volume.begin() == 0
    pieces = 0
    for name in FILES:
        status, cluster, size = volume.find("\\" + change(name.replace("/", "\\")))
        assert status == 0, name
        status, extents = volume.locate(cluster, size)
        found = b"".join(image[offset : offset + length] for offset, length in extents)
        assert status == 0 and found == contents(image, name, tmp_path), name
        assert all(a + b != c for (a, b), (c, _) in itertools.pairwise(extents))
        pieces = max(pieces, len(extents))
    assert pieces > 2, "files in pieces were looked at"


def test_an_empty_file_lies_nowhere(decide: Decide, image: bytes) -> None:
    volume = Volume(decide, image)
    assert volume.begin() == 0
    assert volume.find("\\EFI\\empty") == (0, 0, 0)
    assert volume.locate(0, 0) == (0, [])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "EFI",
        "\\",
        "\\EFI",
        "\\EFI\\",
        "\\EFI\\x\\y",
        "\\EFI\\xx",
        "\\x",
        "\\EFI\\\\x",
        "\\EFI\\" + 256 * "x",
    ],
)
def test_what_is_no_file(decide: Decide, image: bytes, path: str) -> None:
    volume = Volume(decide, image)
    assert volume.begin() == 0
    assert volume.find(path)[0] == NOT_FOUND


def test_a_file_in_too_many_pieces(decide: Decide, image: bytes) -> None:
    volume = Volume(decide, image)
    assert volume.begin() == 0
    _, cluster, size = volume.find("\\EFI\\MRM\\disks\\log.img")
    pieces = len(volume.locate(cluster, size)[1])
    assert volume.locate(cluster, size, pieces)[0] == 0
    assert volume.locate(cluster, size, pieces - 1)[0] == TOO_SMALL


def test_a_chain_that_ends_too_soon(decide: Decide, image: bytes) -> None:
    volume = Volume(decide, image)
    assert volume.begin() == 0
    _, cluster, size = volume.find("\\EFI\\MRM\\disks\\log.img")
    assert volume.locate(cluster, size + (1 << 20))[0] == CORRUPTED
    for number in (0, 1, volume.c.Clusters + 2, 0x0FFFFFFF, 0xFFFFFFFF):
        assert volume.locate(number, 1)[0] == CORRUPTED


def test_what_cannot_be_read_is_told(decide: Decide, image: bytes) -> None:
    volume = Volume(decide, image)
    volume.bad = range(512)
    assert volume.begin() == DEVICE_ERROR
    volume.bad = range(0)
    assert volume.begin() == 0
    volume.bad = range(len(image))
    volume.c.WindowOffset = (1 << 64) - 1
    assert volume.find("\\EFI\\x")[0] == DEVICE_ERROR


@pytest.mark.parametrize("sector", [bytes(512), b"\xff" * 512, random.Random(3).randbytes(512)])
def test_what_is_no_volume(decide: Decide, sector: bytes) -> None:
    assert Volume(decide, sector * 64).begin() == CORRUPTED
    assert Volume(decide, b"").begin() == CORRUPTED


def test_another_table_than_the_first_one(decide: Decide, image: bytes) -> None:
    if image[22:24] != b"\0\0":
        pytest.skip("only with 32 bits")
    changed = bytearray(image)
    changed[40] |= 0x81
    assert Volume(decide, bytes(changed)).begin() == UNSUPPORTED


@given(changes=st.lists(st.tuples(st.integers(0, 60 << 10), st.integers(0, 255)), min_size=1, max_size=40))
@settings(max_examples=100)
def test_whatever_a_volume_says(decide: Decide, image: bytes, changes: Sequence[tuple[int, int]]) -> None:
    """Each walk ends, nothing beside the volume is read, and extents are on it."""
    changed = bytearray(image)
    for place, value in changes:
        changed[place] = value
    volume = Volume(decide, bytes(changed))
    if volume.begin() != 0:
        return
    for name in FILES:
        status, cluster, size = volume.find("\\" + name.replace("/", "\\"))
        if status == 0:
            status, extents = volume.locate(cluster, size, 64)
            assert status != 0 or sum(length for _, length in extents) == size
            assert all(offset + length <= len(image) for offset, length in extents)


@given(
    extents=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 1 << 19)), max_size=4),
    grid=st.integers(0, 1 << 18),
    offset=st.integers(0, 1 << 20),
    size=st.integers(1, 1 << 20),
)
def test_pieces_share_pages_or_do_not(
    decide: Decide, extents: list[tuple[int, int]], grid: int, offset: int, size: int
) -> None:
    ffi, page = decide.ffi, decide.MRM_FAT_PAGE
    placed = [(grid + begin, length) for begin, length in extents]
    c = ffi.new("MRM_FAT_EXTENT[]", [{"Offset": begin, "Size": length} for begin, length in placed] or 1)
    place, shared = ffi.new("UINT64 *"), ffi.new("BOOLEAN *")
    found = decide.call("MrmFatPiece", c, len(placed), grid, offset, size, place, shared)
    before = offset
    while placed and before >= placed[0][1]:
        before -= placed.pop(0)[1]
    if not placed:
        assert found == 0
        return
    begin, length = placed[0]
    assert place[0] == begin + before and 0 < found <= min(size, length - before)
    first, last = (place[0] - grid) // page, (place[0] + found - 1 - grid) // page
    whole = all(
        begin <= grid + number * page and grid + (number + 1) * page <= begin + length
        for number in range(first, last + 1)
    )
    assert bool(shared[0]) != whole and (whole or first == last)


@pytest.mark.parametrize("seed", SEEDS["Fat"])
def test_what_the_fuzzer_begins_with_has_a_file(decide: Decide, seed: bytes) -> None:
    volume = Volume(decide, seed)
    assert volume.begin() == 0
    for name in ("\\EFI\\log of it.img", "\\efi\\LOGOFI~1.IMG"):
        status, cluster, size = volume.find(name)
        assert (status, size) == (0, 700)
        status, extents = volume.locate(cluster, size)
        assert (
            status == 0
            and b"".join(seed[at : at + length] for at, length in extents) == 512 * b"a" + 188 * b"b"
        )
