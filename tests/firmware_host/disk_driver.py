# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A disk of MrmDiskLib with a driver that does as an NVMe driver does, or as nobody should."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_medium import Medium
from tests.firmware_host.memory import Guarded

PAGE = 4096
BASE = 0xC0000000
CAP, VS, CC, CSTS, AQA, ASQ, ACQ = 0x00, 0x08, 0x14, 0x1C, 0x24, 0x28, 0x30
ENABLE, SIZES, SHUTDOWN = 1, 0x460000, 1 << 14
READY, FATAL, SHUT_DOWN = 1, 2, 8
ALL = 0xFFFFFFFF

DELETE_SQ, CREATE_SQ, LOG_PAGE, DELETE_CQ, CREATE_CQ, IDENTIFY = 0, 1, 2, 4, 5, 6
ABORT, SET_FEATURES, GET_FEATURES, EVENT_REQUEST, KEEP_ALIVE = 8, 9, 10, 12, 0x18
FLUSH, WRITE, READ, UNCORRECTABLE, COMPARE, ZEROES, MANAGEMENT, VERIFY = 0, 1, 2, 4, 5, 8, 9, 12
FUA = 1 << 30

SUCCESS, OPCODE, FIELD, TRANSFER, QUEUE_DELETED, NAMESPACE, SEQUENCE = 0, 1, 2, 4, 8, 0xB, 0xC
PRP_OFFSET, PROTECTED, BLOCK_RANGE, CAPACITY, NOT_READY = 0x13, 0x20, 0x80, 0x81, 0x82
NO_COMPLETION, QUEUE_NUMBER, QUEUE_SIZE, TOO_MANY_EVENTS = 0x100, 0x101, 0x102, 0x105
VECTOR, LOG, IN_USE, NOT_SAVEABLE, KEPT = 0x108, 0x109, 0x10C, 0x10D, 0x182
WRITE_FAULT, READ_ERROR, DIFFERENT = 0x280, 0x281, 0x285
DO_NOT_RETRY = 1 << 14

# Where a driver keeps what, in pages of its memory.
ADMIN_SQ, ADMIN_CQ, QUEUES, LIST, BUFFER, PAGES = 0, 1, 2, 42, 44, 80
UUID = bytes.fromhex("00112233445566778899aabbccddeeff")


class Completion(NamedTuple):
    """A completion."""

    command: int
    status: int
    """Type and code."""
    result: int
    queue: int
    head: int
    retry: bool


class Disk:
    """A disk, and its partition's memory with a driver in it."""

    def __init__(
        self,
        decide: Decide,
        medium: Medium,
        *,
        read_only: bool = False,
        apic_ids: Sequence[int] = (3,),
        cards: int = 0,
    ) -> None:
        self._decide, ffi = decide, decide.ffi
        self.medium, self.cards = medium, cards
        self.memory = Guarded(ffi, bytes(PAGES * PAGE))
        self.base = self.memory.address
        self._bytes = ffi.buffer(self.memory.pointer, self.memory.size)
        self._range = ffi.new("MRM_RANGE[1]", [{"Base": self.base, "Size": self.memory.size}])
        self._set = ffi.new("MRM_RANGE_SET *", {"Ranges": self._range, "Count": 1, "Capacity": 1})
        self._apic_ids = ffi.new("UINT32[]", list(apic_ids))
        self._buffer = Guarded(ffi, bytes(decide.MRM_DISK_TRANSFER))
        self.area = Guarded(ffi, bytes(decide.MRM_FUNCTION_AREA_SIZE))
        self._window = ffi.buffer(self.area.pointer, self.area.size)
        self.c = ffi.new("MRM_DISK *")
        self.c.Function.Memory, self.c.Function.ApicIds = self._set, self._apic_ids
        self.c.Function.ApicIdCount = len(apic_ids)
        self.c.Medium, self.c.ReadOnly, self.c.Serial = medium.c, read_only, b"serial"
        self.c.Buffer = ffi.cast("UINT8 *", self._buffer.pointer)
        ffi.memmove(ffi.addressof(self.c, "Uuid"), UUID, 16)
        self._slots: dict[int, int] = {}
        self._entries: dict[int, int] = {}
        self._tail: dict[int, int] = {}
        self._head: dict[int, int] = {}
        self._phase: dict[int, int] = {}
        self._next_command = 0
        self.start()

    def start(self) -> None:
        """Its partition starts: a new area."""
        self._decide.call("MrmChannelBuildArea", self.area.pointer, BASE, self.cards, 1)
        self._decide.call("MrmDiskBuildArea", self.area.pointer, BASE, self.cards, 1)
        self._decide.call("MrmDiskOpen", self.c, self.area.pointer, self.cards)

    # The area.
    def config(self, offset: int, device: int = 0) -> int:
        """A dword of configuration space."""
        return int(struct.unpack_from("<I", self._window, (device << 15) + offset)[0])

    def set_config(self, offset: int, value: int) -> None:
        struct.pack_into("<I", self._window, (self.cards << 15) + offset, value)

    def _place(self, offset: int) -> int:
        return (1 << 20) + 0x4000 * self.cards + offset

    def register(self, offset: int) -> int:
        """A register of BAR 0."""
        return int(struct.unpack_from("<I", self._window, self._place(offset))[0])

    def set_register(self, offset: int, value: int) -> None:
        struct.pack_into("<I", self._window, self._place(offset), value & ALL)

    def ring(self, queue: int, value: int, *, completion: bool = False) -> None:
        """Write a doorbell."""
        self.set_register(0x1000 + (2 * queue + completion) * 64, value)

    def set_entry(
        self, number: int, address: int = 0xFEE03000, data: int = 0x41, upper: int = 0, mask: int = 0
    ) -> None:
        """An entry of the MSI-X table."""
        struct.pack_into("<4I", self._window, self._place(0x2000) + 16 * number, address, upper, data, mask)

    # Its own memory.
    def at(self, page: int, offset: int = 0) -> int:
        """The address of a page."""
        return self.base + page * PAGE + offset

    def load(self, page: int, size: int, offset: int = 0) -> bytes:
        start = page * PAGE + offset
        return bytes(self._bytes[start : start + size])

    def store(self, page: int, contents: bytes, offset: int = 0) -> None:
        start = page * PAGE + offset
        self._bytes[start : start + len(contents)] = contents

    # Rounds.
    def serve(self) -> bool:
        """One round."""
        return bool(self._decide.call("MrmDiskServe", self.c))

    def asked(self) -> bool:
        return bool(self._decide.call("MrmDiskIsAsked", self.c))

    def used(self) -> bool:
        return bool(self._decide.call("MrmDiskIsUsed", self.c))

    def settle(self) -> None:
        """Rounds until nothing is to be done."""
        for _ in range(3000):
            if not self.serve() and not self.asked():
                return
        raise AssertionError("it is busy for ever")

    def interrupts(self) -> list[tuple[int, int]]:
        """(APIC ID, vector) of what is sent now."""
        found = self._decide.ffi.new("MRM_FUNCTION_INTERRUPT[9]")
        count = self._decide.call("MrmDiskInterrupts", self.c, found)
        return [(found[number].ApicId, found[number].Vector) for number in range(count)]

    # The driver.
    def queue_pages(self, queue: int) -> tuple[int, int]:
        """Where the driver has the rings of a queue pair."""
        return (ADMIN_SQ, ADMIN_CQ) if queue == 0 else (QUEUES + 5 * (queue - 1), QUEUES + 5 * queue - 1)

    def _begin_sq(self, queue: int, entries: int) -> None:
        self._slots[queue], self._tail[queue] = entries, 0

    def _begin_cq(self, queue: int, entries: int) -> None:
        self._entries[queue], self._head[queue], self._phase[queue] = entries, 0, 1
        self.store(self.queue_pages(queue)[1], bytes(entries * 16))

    def set_admin(self, entries: int = 32, sq: int | None = None, cq: int | None = None) -> None:
        """Name the administrative queues."""
        self._begin_sq(0, entries)
        self._begin_cq(0, entries)
        self.set_register(AQA, (entries - 1) << 16 | (entries - 1))
        for place, address in (
            (ASQ, self.at(ADMIN_SQ) if sq is None else sq),
            (ACQ, self.at(ADMIN_CQ) if cq is None else cq),
        ):
            self.set_register(place, address)
            self.set_register(place + 4, address >> 32)

    def enable(self, entries: int = 32) -> None:
        """Do what a driver does until the controller is ready."""
        self.set_register(CC, 0)
        self.serve()
        assert self.register(CSTS) & READY == 0
        self.set_admin(entries)
        self.set_register(CC, ENABLE | SIZES)
        self.serve()
        assert self.register(CSTS) == READY
        for number in range(9):
            self.set_entry(number, data=0x41 + number)
        self.set_config(0x50, self.config(0x50, self.cards) | 1 << 31)

    def submit(
        self,
        queue: int,
        opcode: int,
        *dwords: int,
        namespace: int = 1,
        prp: tuple[int, int] = (0, 0),
        flags: int = 0,
    ) -> int:
        """Post a command; its number. `dwords`: from command dword 10 on."""
        self._next_command = (self._next_command + 1) & 0xFFFF
        command = struct.pack("<BBHI16x", opcode, flags, self._next_command, namespace)
        command += struct.pack("<QQ", *prp)
        command += struct.pack("<6I", *(number & ALL for number in dwords), *([0] * (6 - len(dwords))))
        self.post(queue, command)
        return self._next_command

    def post(self, queue: int, command: bytes) -> None:
        """Post a command of 64 bytes."""
        self.store(self.queue_pages(queue)[0], command, self._tail[queue] * 64)
        self._tail[queue] = (self._tail[queue] + 1) % self._slots[queue]
        self.ring(queue, self._tail[queue])

    def take(self, queue: int) -> list[Completion]:
        """Completions that have come."""
        found = []
        while True:
            entry = self.load(self.queue_pages(queue)[1], 16, self._head[queue] * 16)
            result, _, head, number, command, status = struct.unpack("<IIHHHH", entry)
            if status & 1 != self._phase[queue]:
                break
            self._head[queue] += 1
            if self._head[queue] == self._entries[queue]:
                self._head[queue] = 0
                self._phase[queue] ^= 1
            retry = not status >> 1 & DO_NOT_RETRY
            found.append(Completion(command, status >> 1 & 0x7FF, result, number, head, retry))
        if found:
            self.ring(queue, self._head[queue], completion=True)
        return found

    def command(self, queue: int, opcode: int, *dwords: int, **options: Any) -> Completion:
        """Have a command carried out."""
        number = self.submit(queue, opcode, *dwords, **options)
        self.settle()
        (done,) = self.take(queue)
        assert done.command == number and done.queue == queue
        return done

    def admin(self, opcode: int, *dwords: int, **options: Any) -> Completion:
        return self.command(0, opcode, *dwords, **{"namespace": 0, **options})

    def create_cq(self, queue: int, entries: int = 256, vector: int = 1, flags: int = 3) -> int:
        self._begin_cq(queue, entries)
        address = self.at(self.queue_pages(queue)[1])
        words = ((entries - 1) << 16 | queue, vector << 16 | flags)
        return self.admin(CREATE_CQ, *words, prp=(address, 0)).status

    def create_sq(self, queue: int, entries: int = 256, cq: int | None = None, flags: int = 1) -> int:
        self._begin_sq(queue, entries)
        address = self.at(self.queue_pages(queue)[0])
        words = ((entries - 1) << 16 | queue, (queue if cq is None else cq) << 16 | flags)
        return self.admin(CREATE_SQ, *words, prp=(address, 0)).status

    def bring_up(self, queues: int = 1) -> None:
        """Do all that a driver does until it can read and write."""
        self.enable()
        for number in range(1, queues + 1):
            assert self.create_cq(number, vector=number) == SUCCESS
            assert self.create_sq(number) == SUCCESS

    def prps(self, length: int, offset: int = 0, list_offset: int = 0) -> tuple[int, int]:
        """Describe the driver's buffer, which begins so many bytes into its first page."""
        first = self.at(BUFFER, offset)
        pages = [self.at(BUFFER + number) for number in range(1, -(-(offset + length) // PAGE))]
        if len(pages) < 2:
            return first, pages[0] if pages else 0
        place, chained = LIST * PAGE + list_offset, False
        for index, page in enumerate(pages):
            if place % PAGE == PAGE - 8 and index + 1 < len(pages):
                assert not chained
                struct.pack_into("<Q", self._bytes, place, self.at(LIST + 1))
                place, chained = (LIST + 1) * PAGE, True
            struct.pack_into("<Q", self._bytes, place, page)
            place += 8
        return first, self.at(LIST, list_offset)

    def data(
        self, opcode: int, block: int, count: int, *, queue: int = 1, offset: int = 0, word12: int = 0
    ) -> Completion:
        """Have blocks moved between the medium and the buffer."""
        prp = self.prps(count * self.medium.block_size, offset)
        return self.command(queue, opcode, block, block >> 32, word12 | (count - 1), prp=prp)

    def write(self, block: int, contents: bytes, **options: Any) -> int:
        """Write blocks; the status."""
        self.store(BUFFER, contents, options.get("offset", 0))
        return self.data(WRITE, block, len(contents) // self.medium.block_size, **options).status

    def read(self, block: int, count: int = 1, **options: Any) -> bytes:
        """Read blocks."""
        size = count * self.medium.block_size
        self.store(BUFFER, b"\xee" * size, options.get("offset", 0))
        assert self.data(READ, block, count, **options).status == SUCCESS
        return self.load(BUFFER, size, options.get("offset", 0))

    def flush(self, namespace: int = 1) -> int:
        return self.command(1, FLUSH, namespace=namespace).status

    def zeroes(self, block: int, count: int, word12: int = 0) -> int:
        """Write zeros; the status."""
        return self.command(1, ZEROES, block, block >> 32, word12 | (count - 1)).status

    def manage(self, *ranges: tuple[int, int], word11: int = 4) -> int:
        """Deallocate (block, count); the status."""
        self.store(BUFFER, b"".join(struct.pack("<IIQ", 0, count, block) for block, count in ranges))
        return self.command(1, MANAGEMENT, len(ranges) - 1, word11, prp=(self.at(BUFFER), 0)).status

    def identify(self, kind: int, namespace: int = 0) -> bytes:
        """Data of Identify."""
        done = self.admin(IDENTIFY, kind, namespace=namespace, prp=(self.at(BUFFER), 0))
        assert done.status == SUCCESS
        return self.load(BUFFER, PAGE)


def pattern(number: int, size: int = 512) -> bytes:
    """A block that tells which it is."""
    return struct.pack("<Q", number * 0x9E3779B97F4A7C15 % 2**64) * (size // 8)


def ready(decide: Decide, **options: Any) -> Disk:
    """A disk that can read and write."""
    read_only = options.pop("read_only", False)
    disk = Disk(decide, Medium(decide, **options), read_only=read_only)
    disk.bring_up()
    return disk
