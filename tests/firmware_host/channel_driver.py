# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A network of MrmChannelLib with drivers that do as a gVNIC's driver does, or as nobody should."""

import struct
from collections.abc import Sequence
from typing import Any

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

PAGE = 4096
PASSED, EXISTS, PRECONDITION, INVALID = 1, 0xFFFFFFF1, 0xFFFFFFF5, 0xFFFFFFF7
NOT_FOUND, EXHAUSTED, UNIMPLEMENTED = 0xFFFFFFF8, 0xFFFFFFFC, 0xFFFFFFFE
DESCRIBE, CONFIGURE, REGISTER, UNREGISTER, CREATE_TX, CREATE_RX, DESTROY_TX, DESTROY_RX = range(1, 9)
DECONFIGURE, SET_PARAMETER, REPORT_STATS, LINK_SPEED, PTYPES, COMPATIBILITY = 9, 11, 12, 13, 14, 15
LINK, IS_RESET = 1 << 2, 1 << 4
MASKED = 1 << 30
TX_ID, RX_ID = 7, 9
BROADCAST = b"\xff" * 6

# Where a driver keeps what, in pages of its memory; from TX_RING on, for each queue pair.
ADMIN, BUFFER, ADDRESSES, COUNTERS, BELLS, RESOURCES, TX_RING, RX_RING, RX_SLOTS, TX_PAGES = (
    *(0, 1, 2, 3, 4, 5),
    *(6, 8, 16, 17),
)
DEVICE_STATUS, DRIVER_STATUS, ADMIN_PAGE, ADMIN_BELL, ADMIN_COUNT, ADMIN_HIGH, ADMIN_LOW = (
    *(0x00, 0x04, 0x10, 0x14, 0x18),
    *(0x20, 0x24),
)


class Card:
    """A network card, and its partition's memory with a driver in it."""

    def __init__(self, decide: Decide, mac: bytes, mtu: int = 1500, apic_ids: Sequence[int] = (3,)) -> None:
        self._decide, ffi = decide, decide.ffi
        self.mac = mac
        self.pairs = min(len(apic_ids), decide.MRM_CHANNEL_PAIRS)
        self.rx_pages = TX_PAGES + decide.MRM_CHANNEL_TX_PAGES
        self.step = self.rx_pages + decide.MRM_CHANNEL_RX_ENTRIES - TX_RING
        # A page number has 32 bits.
        size = PAGE * (TX_RING + self.step * self.pairs)
        self.memory = Guarded(ffi, bytes(size), low=True)
        self.base = self.memory.address
        self._bytes = ffi.buffer(self.memory.pointer, self.memory.size)
        self._range = ffi.new("MRM_RANGE[1]", [{"Base": self.base, "Size": self.memory.size}])
        self._set = ffi.new("MRM_RANGE_SET *", {"Ranges": self._range, "Count": 1, "Capacity": 1})
        self._apic_ids = ffi.new("UINT32[]", list(apic_ids))
        self.area = Guarded(ffi, bytes(decide.MRM_FUNCTION_AREA_SIZE))
        self._window = ffi.buffer(self.area.pointer, self.area.size)
        self.c = ffi.new("MRM_CHANNEL_CARD *")
        self.c.Mac, self.c.Mtu, self.c.Function.Memory = mac, mtu, self._set
        self.c.Function.ApicIds, self.c.Function.ApicIdCount = self._apic_ids, len(apic_ids)
        self.posted = 0
        self.forget()
        self.start()

    def start(self) -> None:
        """Its partition starts: a new area, and nothing attached."""
        self._decide.call(
            "MrmChannelBuildArea", self.area.pointer, 0xC0000000, 1, self.c.Function.ApicIdCount
        )
        self._decide.call("MrmChannelOpen", self.c, self.area.pointer, 0)

    def forget(self) -> None:
        """Begin all rings anew."""
        self.sent, self.filled, self.taken = ([0] * self.pairs for _ in range(3))

    def state(self) -> tuple[bytes, bytes, bytes]:
        """What the controller knows of it, its registers, and all of its memory but its buffers."""
        known = bytes(self._decide.ffi.buffer(self.c))
        return known, bytes(self._window[1 << 20 : (1 << 20) + 3 * PAGE]), self.read(0, TX_PAGES * PAGE)

    # The area.
    def config(self, offset: int) -> int:
        """A dword of configuration space."""
        return int(struct.unpack_from("<I", self._window, offset)[0])

    def set_config(self, offset: int, value: int) -> None:
        struct.pack_into("<I", self._window, offset, value)

    def register(self, offset: int, bar: int = 0) -> int:
        """A register of BAR 0, or a doorbell of BAR 2."""
        return int(struct.unpack_from(">I", self._window, (1 << 20) + 0x1000 * bar + offset)[0])

    def set_register(self, offset: int, value: int, bar: int = 0) -> None:
        struct.pack_into(">I", self._window, (1 << 20) + 0x1000 * bar + offset, value & 0xFFFFFFFF)

    def set_entry(
        self, number: int, address: int = 0xFEE03000, data: int = 0x41, upper: int = 0, mask: int = 0
    ) -> None:
        """An entry of the MSI-X table."""
        struct.pack_into("<4I", self._window, (1 << 20) + 0x1000 + 16 * number, address, upper, data, mask)

    @property
    def pending(self) -> int:
        return int(struct.unpack_from("<I", self._window, (1 << 20) + 0x1800)[0])

    # Its own memory.
    def read(self, page: int, size: int, offset: int = 0) -> bytes:
        start = page * PAGE + offset
        return bytes(self._bytes[start : start + size])

    def write(self, page: int, contents: bytes, offset: int = 0) -> None:
        start = page * PAGE + offset
        self._bytes[start : start + len(contents)] = contents

    def at(self, page: int, offset: int = 0) -> int:
        """The address of a page."""
        return self.base + page * PAGE + offset

    # The driver.
    def attach(self, revision: int = 1) -> None:
        """Give the admin queue."""
        self.posted = 0
        if revision == 0:
            self.set_register(ADMIN_PAGE, self.at(ADMIN) // PAGE)
        else:
            self.set_register(ADMIN_HIGH, self.at(ADMIN) >> 32)
            self.set_register(ADMIN_LOW, self.at(ADMIN))
            self.set_register(DRIVER_STATUS, 1)

    def post(self, opcode: int, body: bytes = b"") -> int:
        """Post a command; its slot."""
        slot = self.posted % 64
        self.write(ADMIN, struct.pack(">II", opcode, 0) + body.ljust(56, b"\0"), slot * 64)
        self.posted += 1
        self.set_register(ADMIN_BELL, self.posted)
        return slot

    def status(self, slot: int) -> int:
        return int(struct.unpack(">I", self.read(ADMIN, 4, slot * 64 + 4))[0])

    def configure_body(self, **other: int) -> bytes:
        values = {
            "counters": self.at(COUNTERS),
            "bells": self.at(BELLS),
            "counter_count": 16,
            "bell_count": 2 * self.pairs,
            "stride": 64,
            "first": 0,
            "format": 2,
            **other,
        }
        return struct.pack(">QQIIIIB", *values.values())

    def list_body(self, identity: int, first_page: int, count: int, page_size: int = PAGE) -> bytes:
        """The body of REGISTER; the addresses are written, too."""
        addresses = [self.at(first_page + number) for number in range(count)]
        self.write(ADDRESSES, struct.pack(f">{count}Q", *addresses))
        return struct.pack(">IIQQ", identity, count, self.at(ADDRESSES), page_size)

    def tx_body(self, pair: int = 0, **other: int) -> bytes:
        values = {
            "queue": pair,
            "reserved": 0,
            "resources": self.at(RESOURCES, 128 * pair),
            "ring": self.at(TX_RING + self.step * pair),
            "list": TX_ID + 16 * pair,
            "notifier": pair,
            "completion": 0,
            "entries": 0,
            **other,
        }
        return struct.pack(">IIQQIIQH", *values.values())

    def rx_body(self, pair: int = 0, **other: int) -> bytes:
        values = {
            "queue": pair,
            "index": pair,
            "reserved": 0,
            "notifier": self.pairs + pair,
            "resources": self.at(RESOURCES, 128 * pair + 64),
            "ring": self.at(RX_RING + self.step * pair),
            "slots": self.at(RX_SLOTS + self.step * pair),
            "list": RX_ID + 16 * pair,
            "entries": 512,
            "size": 2048,
            **other,
        }
        return struct.pack(">IIIIQQQIHH", *values.values())

    def resources(self, pair: int) -> tuple[int, int, int, int]:
        """What the device has told of a pair: doorbell (bytes) and event counter of either queue."""
        words = struct.unpack(">II56xII", self.read(RESOURCES, 72, 128 * pair))
        return words[0] * 4, words[1], words[2] * 4, words[3]

    def fill(self, count: int, pair: int = 0) -> None:
        """Give so many buffers more."""
        self.filled[pair] += count
        self.set_register(self.resources(pair)[2], self.filled[pair], bar=2)

    def send(self, frame: bytes, *, checksum: tuple[int, int] | None = None, pair: int = 0) -> None:
        """Post a packet that is one frame; `checksum`: where summing begins, and where the field is."""
        offset = (self.sent[pair] % 256) * PAGE
        self.write(TX_PAGES + self.step * pair, frame, offset)
        start, place = checksum or (0, 0)
        kind = 1 if checksum else 0
        self.post_descriptors(
            struct.pack(
                ">BBBBHHQ", kind, (place - start) // 2, start // 2, 1, len(frame), len(frame), offset
            ),
            pair=pair,
        )

    def send_large(
        self, packet: bytes, header: int, l3: int, l4: int, size: int, *, ipv6: bool = False
    ) -> None:
        """Post a packet that is to be cut."""
        self.write(TX_PAGES, packet)
        first = struct.pack(">BBBBHHQ", 0x11, 8, l4 // 2, 3, len(packet), header, 0)
        metadata = struct.pack(">B15x", 0x30)
        kind = 0x22 if ipv6 else 0x20
        segment = struct.pack(">BBHHHQ", kind, l3 // 2, 0, size, len(packet) - header, header)
        self.post_descriptors(first, metadata, segment)

    def post_descriptors(self, *descriptors: bytes, pair: int = 0) -> None:
        for descriptor in descriptors:
            self.write(TX_RING + self.step * pair, descriptor, (self.sent[pair] % 512) * 16)
            self.sent[pair] += 1
        self.set_register(self.resources(pair)[0], self.sent[pair], bar=2)

    @property
    def done(self) -> int:
        """Transmit descriptors of the first pair the device is done with."""
        return self.done_by(0)

    def done_by(self, pair: int) -> int:
        """Transmit descriptors of a pair the device is done with."""
        return int(struct.unpack(">I", self.read(COUNTERS, 4, 4 * self.resources(pair)[1]))[0])

    def receive(self, pair: int = 0) -> list[bytes]:
        """Frames that have come; their buffers are given back."""
        frames, first = [], self.step * pair
        while True:
            slot = self.taken[pair] % 512
            *_, length, flags = struct.unpack(">48xIHHBBHHH", self.read(RX_RING + first, 64, slot * 64))
            if flags & 7 != self.taken[pair] % 7 + 1:
                break
            (offset,) = struct.unpack(">Q", self.read(RX_SLOTS + first, 8, slot * 8))
            frames.append(self.read(self.rx_pages + first, length, offset)[2:])
            self.taken[pair] += 1
        self.fill(len(frames), pair)
        return frames


class Uplink:
    """The way out of a network, as whoever drives the PC's card sees it."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        # Memory of its own size, with nothing behind it.
        self._memory = Guarded(decide.ffi, bytes(decide.ffi.sizeof("MRM_CHANNEL_UPLINK")))
        self.c = decide.ffi.cast("MRM_CHANNEL_UPLINK *", self._memory.pointer)
        self.c.Up = 1

    def bring(self, frame: bytes) -> bool:
        """A frame comes from outside."""
        return bool(self._decide.call("MrmChannelUplinkBring", self.c, frame, len(frame)))

    def sent(self) -> list[bytes]:
        """The frames that leave now."""
        frames: list[bytes] = []
        while True:
            found = self._decide.call("MrmChannelUplinkNext", self.c)
            if found == self._decide.ffi.NULL:
                return frames
            frames.append(bytes(self._decide.ffi.buffer(found.Bytes, found.Length)))
            self._decide.call("MrmChannelUplinkSent", self.c)


class Network:
    """A switch with cards."""

    def __init__(self, decide: Decide, *cards: Card, uplink: Uplink | None = None) -> None:
        self._decide = decide
        self.cards = cards
        self.uplink = uplink
        self._cards = decide.ffi.new("MRM_CHANNEL_CARD *[]", [card.c for card in cards])
        self.c = decide.ffi.new("MRM_CHANNEL_NETWORK *", {"CardCount": len(cards), "Cards": self._cards})
        if uplink is not None:
            self.c.Uplink = uplink.c
        self.now = 0

    def asked(self) -> bool:
        """Whether there may be something to do."""
        return bool(self._decide.call("MrmChannelIsAsked", self.c))

    def serve(self) -> bool:
        """One round; one that nobody has asked for does nothing, changes nothing and gives no interrupt."""
        asked = self.asked()
        before = [] if asked else [card.state() for card in self.cards]
        busy = bool(self._decide.call("MrmChannelServe", self.c, self.now))
        if not asked:
            assert not busy and not any(self.interrupts(card) for card in self.cards)
            assert before == [card.state() for card in self.cards]
        return busy

    def parting(self) -> bool:
        """Whether a driver is about to go."""
        return bool(self._decide.call("MrmChannelIsParting", self.c, self.now))

    def settle(self) -> None:
        """Rounds until nothing is to be done."""
        for _ in range(1000):
            if not self.serve():
                return
        raise AssertionError("it is busy for ever")

    def interrupts(self, card: Card) -> list[tuple[int, int]]:
        """(APIC ID, vector) of what is sent to a card's partition now."""
        found = self._decide.ffi.new("MRM_FUNCTION_INTERRUPT[]", self._decide.MRM_CHANNEL_VECTORS)
        count = self._decide.call("MrmChannelInterrupts", card.c, found)
        return [(found[number].ApicId, found[number].Vector) for number in range(count)]

    def command(self, card: Card, opcode: int, body: bytes = b"") -> int:
        """Have a command carried out; its status."""
        slot = card.post(opcode, body)
        self.settle()
        assert card.register(ADMIN_COUNT) == card.posted
        return card.status(slot)

    def bring_up(self, card: Card, revision: int = 1, buffers: int = 512) -> None:
        """Do all that a driver does until its link can be used."""
        card.forget()
        card.attach(revision)
        assert self.command(card, CONFIGURE, card.configure_body()) == PASSED
        for pair in range(card.pairs):
            self.make_pair(card, pair, buffers)
        for number in range(2 * card.pairs + 1):
            card.set_entry(number, data=0x41 + number)
        card.set_config(0x50, card.config(0x50) | 1 << 31)

    def make_pair(self, card: Card, pair: int, buffers: int) -> None:
        """Make two queues of a driver that has configured its card."""
        first = card.step * pair
        card.write(RX_RING + first, bytes(8 * PAGE))
        for identity, page, count in (
            (TX_ID + 16 * pair, TX_PAGES + first, card.rx_pages - TX_PAGES),
            (RX_ID + 16 * pair, card.rx_pages + first, 512),
        ):
            assert self.command(card, REGISTER, card.list_body(identity, page, count)) == PASSED
        assert self.command(card, CREATE_TX, card.tx_body(pair)) == PASSED
        assert self.command(card, CREATE_RX, card.rx_body(pair)) == PASSED
        card.write(RX_SLOTS + first, struct.pack(">512Q", *(number * PAGE for number in range(512))))
        card.fill(buffers, pair)


def frame(to: bytes, source: bytes, payload: bytes = b"payload", kind: int = 0x0800) -> bytes:
    """An Ethernet frame."""
    return to + source + struct.pack(">H", kind) + payload


def pair(decide: Decide, **options: Any) -> tuple[Network, Card, Card]:
    """Two cards that are up on one network."""
    one = Card(decide, b"\x02MRM\0\1", **options)
    two = Card(decide, b"\x02MRM\0\2", **options)
    network = Network(decide, one, two)
    network.bring_up(one)
    network.bring_up(two)
    network.settle()
    return network, one, two
