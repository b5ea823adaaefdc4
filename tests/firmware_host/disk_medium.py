# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A medium for disks of MrmDiskLib, whose power can be cut."""

from typing import Any

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded


class Medium:
    """What holds the blocks: those that are durable, and those that a power cut may lose."""

    def __init__(
        self,
        decide: Decide,
        blocks: int = 2048,
        *,
        block_size: int = 512,
        cached: bool = True,
        append_only: bool = False,
    ) -> None:
        self._decide, ffi = decide, decide.ffi
        self.block_size = block_size
        self.durable = bytearray(blocks * block_size)
        self.places = [bytearray(decide.MRM_DISK_MARK_SIZE) for _ in range(2)]
        self.cache: dict[int, bytes] = {}
        self.calls: list[tuple[str, int, int]] = []
        """(function, first block, count) of all calls."""
        self.fail: dict[str, int] = {}
        """What a function returns instead of doing anything."""
        self.mark = ffi.new("MRM_DISK_MARK *")
        self._keep = [
            ffi.callback("MRM_DISK_READ", self._read),
            ffi.callback("MRM_DISK_WRITE", self._write),
            ffi.callback("MRM_DISK_FLUSH", self._flush),
        ]
        self.c = ffi.new("MRM_DISK_MEDIUM *")
        self.c.Read, self.c.Write, self.c.Flush = self._keep
        self.c.Blocks, self.c.BlockSize = blocks, block_size
        self.c.Cached, self.c.AppendOnly = cached, append_only
        self.begin()

    def begin(self) -> None:
        """The PC starts."""
        first, second = (Guarded(self._decide.ffi, bytes(place)) for place in self.places)
        status = self._decide.call("MrmDiskMarkRead", first.pointer, second.pointer, self.c.Blocks, self.mark)
        assert status == 0
        self._decide.call("MrmDiskBeginMedium", self.c, self.mark.Next)

    def read(self, block: int, count: int = 1) -> bytes:
        """What a read gives."""
        size = self.block_size
        found = (
            self.cache.get(number, bytes(self.durable[number * size : (number + 1) * size]))
            for number in range(block, block + count)
        )
        return b"".join(found)

    def sync(self) -> None:
        """Make durable what was written."""
        for number, contents in self.cache.items():
            self.durable[number * self.block_size : (number + 1) * self.block_size] = contents
        self.cache.clear()

    def flush(self) -> int:
        """As the controller does when a partition ends."""
        return int(self._decide.call("MrmDiskFlush", self.c))

    def _call(self, name: str, block: int, count: int) -> int:
        self.calls.append((name, block, count))
        assert count * self.block_size <= self._decide.MRM_DISK_TRANSFER
        assert name == "flush" or (count > 0 and block + count <= self.c.Blocks)
        return self.fail.get(name, 0)

    def _read(self, _context: Any, block: int, count: int, out: Any) -> int:
        status = self._call("read", block, count)
        if status == 0:
            self._decide.ffi.memmove(out, self.read(block, count), count * self.block_size)
        return status

    def _write(self, _context: Any, block: int, count: int, contents: Any) -> int:
        status = self._call("write", block, count)
        if status == 0:
            taken = bytes(self._decide.ffi.buffer(contents, count * self.block_size))
            for number in range(count):
                size = self.block_size
                self.cache[block + number] = taken[number * size : (number + 1) * size]
            if not self.c.Cached:
                self.sync()
        return status

    def _flush(self, _context: Any, following: int) -> int:
        status = self._call("flush", following, 0)
        if status == 0:
            self.sync()
            if self.c.AppendOnly:
                mark = self._decide.ffi.new("MRM_DISK_MARK *", [self.mark.Next, self.mark.Sequence])
                status = self.put_mark(mark, following)
                if status == 0:
                    self.mark[0] = mark[0]
        return status

    def put_mark(self, mark: Any, following: int) -> int:
        """Write a mark."""
        room = Guarded(self._decide.ffi, bytes(self._decide.MRM_DISK_MARK_SIZE))
        place = self._decide.call("MrmDiskMarkWrite", mark, following, room.pointer)
        self.places[place][:] = room.contents()
        return 0
