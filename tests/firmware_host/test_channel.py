# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Network cards in memory: what gve's side finds, the switch, and what is refused (MrmChannelLib)."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host import channel_driver as gve
from tests.firmware_host.channel_driver import BROADCAST, PAGE, PASSED, Card, Network, frame, pair
from tests.firmware_host.decide import Decide

MAC = b"\x02MRM\0\1"


def checksum(data: bytes) -> int:
    """The Internet checksum, after RFC 1071."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(total) ^ 0xFFFF


# What a system finds.


def test_a_function_that_is_memory(decide: Decide) -> None:
    card = Card(decide, MAC)
    assert card.config(0) == 0x00421AE0
    assert card.config(8) == 0x02000001
    assert [card.config(0x10 + 4 * number) for number in range(6)] == [0] * 6
    assert card.config(0x30) == 0x7FF, "no ROM"
    assert card.config(0x3C) == 0, "no interrupt line"
    capabilities = {}
    place = card.config(0x34)
    while place:
        capabilities[card.config(place) & 0xFF] = place
        place = card.config(place) >> 8 & 0xFF
    assert set(capabilities) == {0x10, 0x11, 0x14}
    assert card.config(capabilities[0x11]) >> 16 == 2, "three vectors, off"
    entries = capabilities[0x14]
    assert card.config(entries) >> 16 == 3
    bars = {}
    for number in range(3):
        word, base, last = (card.config(entries + 4 + 12 * number + 4 * index) for index in range(3))
        assert word >> 31 == 1 and word & 7 == 2 and word >> 8 & 0xFF == 0
        bars[word >> 4 & 0xF] = (base, last | 3)
    assert bars == {0: (0xC0100000, 0xFFF), 1: (0xC0101000, 0xFFF), 2: (0xC0102000, 0xFFF)}


def test_nothing_else_is_on_its_bus(decide: Decide) -> None:
    card = Card(decide, MAC)
    for device in range(32):
        for function in range(8):
            expected = 0x00421AE0 if (device, function) == (0, 0) else 0xFFFFFFFF
            assert card.config(device << 15 | function << 12) == expected


def test_a_function_for_each_network(decide: Decide) -> None:
    card = Card(decide, MAC)
    decide.call("MrmChannelBuildArea", card.area.pointer, 0x80000000, 8)
    for device in range(8):
        assert card.config(device << 15) == 0x00421AE0
        assert card.config((device << 15) + 0x68) == 0x80100000 + 0x4000 * device
    assert card.config(8 << 15) == 0xFFFFFFFF


def test_the_device_is_described(decide: Decide) -> None:
    card = Card(decide, MAC, mtu=2000)
    network = Network(decide, card)
    card.attach()
    body = struct.pack(">QII", card.at(gve.BUFFER), 1, PAGE)
    assert network.command(card, gve.DESCRIBE, body) == PASSED
    told = struct.unpack(">QxxHHHHHHH6sHH6xHHII", card.read(gve.BUFFER, 52))
    assert told[1:9] == (512, 512, 1, 2000, 16, 256, 512, MAC)
    assert told[0] >= 256 + 512
    assert told[9:] == (1, 52, 3, 4, 0, 0), "one option: GQI-QPL"


@pytest.mark.parametrize("revision", [0, 1])
def test_a_driver_comes_and_goes(decide: Decide, revision: int) -> None:
    card = Card(decide, MAC)
    network = Network(decide, card)
    assert card.register(gve.DEVICE_STATUS) & gve.IS_RESET
    for _ in range(3):
        network.bring_up(card, revision)
        assert not card.register(gve.DEVICE_STATUS) & gve.IS_RESET
        assert decide.call("MrmChannelIsUsed", network.c)
        card.set_register(gve.ADMIN_PAGE if revision == 0 else gve.DRIVER_STATUS, 0 if revision == 0 else 2)
        network.serve()
        assert card.register(gve.DEVICE_STATUS) & gve.IS_RESET
        assert card.register(gve.ADMIN_COUNT) == 0
        assert card.register(gve.ADMIN_BELL) == 0
        assert not decide.call("MrmChannelIsUsed", network.c)


def test_a_driver_that_goes_unseen_waits_for_its_answer_only(decide: Decide) -> None:
    """It came and went between two looks: what it waits for comes."""
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.set_register(gve.DEVICE_STATUS, 0)
    card.set_register(gve.DRIVER_STATUS, 2)
    network.serve()
    assert card.register(gve.DEVICE_STATUS) & gve.IS_RESET


def test_a_driver_that_begins_anew_unseen(decide: Decide) -> None:
    """The page number is the same again: its first command shows that the old driver is gone."""
    card = Card(decide, MAC)
    network = Network(decide, card)
    network.bring_up(card, revision=0)
    card.attach(revision=0)
    slot = card.post(gve.LINK_SPEED, struct.pack(">Q", card.at(gve.BUFFER)))
    network.settle()
    network.settle()
    assert card.status(slot) == PASSED
    assert card.register(gve.ADMIN_COUNT) == 1


def test_an_admin_queue_that_is_not_its_own(decide: Decide) -> None:
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.attach()
    for address in (card.base - PAGE, card.base + card.memory.size, card.base + 8, 2**64 - PAGE, 0x1000):
        card.set_register(gve.ADMIN_HIGH, address >> 32)
        card.set_register(gve.ADMIN_LOW, address)
        card.post(gve.DESCRIBE, struct.pack(">QII", card.at(gve.BUFFER), 1, PAGE))
        assert not network.serve(), "what is refused is no work"
        assert not decide.call("MrmChannelIsUsed", network.c)
        assert card.register(gve.ADMIN_COUNT) == 0


# Commands.


def test_commands_are_bounded(decide: Decide) -> None:
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.attach()
    for _ in range(60):
        card.post(gve.REPORT_STATS)
    network.serve()
    assert card.register(gve.ADMIN_COUNT) == decide.MRM_CHANNEL_COMMANDS
    network.settle()
    assert card.register(gve.ADMIN_COUNT) == 60


def test_commands_a_driver_can_do_without(decide: Decide) -> None:
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.attach()
    for opcode, status in (
        (gve.REPORT_STATS, PASSED),
        (gve.COMPATIBILITY, PASSED),
        (gve.PTYPES, gve.UNIMPLEMENTED),
        (0xFF, gve.UNIMPLEMENTED),
        (0, gve.UNIMPLEMENTED),
    ):
        assert network.command(card, opcode) == status
    assert network.command(card, gve.LINK_SPEED, struct.pack(">Q", card.at(gve.BUFFER))) == PASSED
    assert struct.unpack(">Q", card.read(gve.BUFFER, 8))[0] > 0
    for mtu, status in ((1500, PASSED), (1280, PASSED), (1501, gve.INVALID)):
        assert network.command(card, gve.SET_PARAMETER, struct.pack(">IIQ", 1, 0, mtu)) == status


FOREIGN = st.sampled_from([0, 1, 0x1000, 2**63, 2**64 - 1, 2**64 - PAGE])


@given(address=FOREIGN, near=st.sampled_from([-PAGE, -1, 0]))
def test_no_address_of_a_command_is_believed(decide: Decide, address: int, near: int) -> None:
    """Wherever a command names memory that is not all its own it is refused; guard pages prove the rest."""
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.attach()
    bad = address or card.base + (card.memory.size if near == 0 else near)
    commands = [
        (gve.DESCRIBE, struct.pack(">QII", bad, 1, PAGE)),
        (gve.LINK_SPEED, struct.pack(">Q", bad)),
        (gve.REGISTER, struct.pack(">IIQQ", 1, 16, bad, PAGE)),
        (gve.CONFIGURE, card.configure_body(counters=bad)),
        (gve.CONFIGURE, card.configure_body(bells=bad)),
    ]
    for opcode, body in commands:
        assert network.command(card, opcode, body) == gve.INVALID
    assert network.command(card, gve.CONFIGURE, card.configure_body()) == PASSED
    for identity, page in ((gve.TX_ID, gve.TX_PAGES), (gve.RX_ID, card.rx_pages)):
        assert network.command(card, gve.REGISTER, card.list_body(identity, page, 256)) == PASSED
    for name in ("ring", "resources"):
        assert network.command(card, gve.CREATE_TX, card.tx_body(**{name: bad})) == gve.INVALID
    for name in ("ring", "resources", "slots"):
        assert network.command(card, gve.CREATE_RX, card.rx_body(**{name: bad})) == gve.INVALID
    assert network.command(card, gve.CREATE_TX, card.tx_body()) == PASSED, "the right one is still taken"


@pytest.mark.parametrize(
    "other",
    [
        {"counter_count": 1},
        {"counter_count": 17},
        {"bell_count": 3},
        {"stride": 3},
        {"stride": 2**32 - 1},
        {"first": 1},
        {"format": 1},
        {"format": 3},
    ],
)
def test_a_configuration_that_was_not_offered(decide: Decide, other: dict[str, int]) -> None:
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.attach()
    assert network.command(card, gve.CONFIGURE, card.configure_body(**other)) == gve.INVALID
    assert network.command(card, gve.CREATE_TX, card.tx_body()) == gve.PRECONDITION


def test_page_lists(decide: Decide) -> None:
    card = Card(decide, MAC)
    network = Network(decide, card)
    card.attach()
    assert network.command(card, gve.REGISTER, card.list_body(1, gve.TX_PAGES, 513)) == gve.EXHAUSTED
    assert network.command(card, gve.REGISTER, card.list_body(1, gve.TX_PAGES, 8, 8192)) == gve.INVALID
    body = card.list_body(1, gve.TX_PAGES, 8)
    for foreign in (card.base - PAGE, card.base + card.memory.size, card.at(gve.TX_PAGES) + 1, 0):
        card.write(gve.ADDRESSES, struct.pack(">Q", foreign), 24)
        assert network.command(card, gve.REGISTER, body) == gve.INVALID
    assert network.command(card, gve.UNREGISTER, struct.pack(">I", 1)) == gve.NOT_FOUND
    assert network.command(card, gve.REGISTER, card.list_body(1, gve.TX_PAGES, 8)) == PASSED
    assert network.command(card, gve.REGISTER, card.list_body(1, gve.TX_PAGES, 8)) == gve.EXISTS
    assert network.command(card, gve.REGISTER, card.list_body(2, gve.TX_PAGES, 8)) == PASSED
    assert network.command(card, gve.REGISTER, card.list_body(3, gve.TX_PAGES, 8)) == gve.EXHAUSTED
    assert network.command(card, gve.UNREGISTER, struct.pack(">I", 1)) == PASSED
    assert network.command(card, gve.REGISTER, card.list_body(3, gve.TX_PAGES, 8, 0)) == PASSED


def test_a_page_list_in_use_stays(decide: Decide) -> None:
    network, one, _ = pair(decide)
    for identity, destroy in ((gve.TX_ID, gve.DESTROY_TX), (gve.RX_ID, gve.DESTROY_RX)):
        body = struct.pack(">I", identity)
        assert network.command(one, gve.UNREGISTER, body) == gve.PRECONDITION
        assert network.command(one, destroy, struct.pack(">I", 0)) == PASSED
        assert network.command(one, destroy, struct.pack(">I", 0)) == gve.NOT_FOUND
        assert network.command(one, gve.UNREGISTER, body) == PASSED


def test_stale_doorbells_are_cleared(decide: Decide) -> None:
    """Memory keeps what the last driver wrote: a new queue begins at 0."""
    network, one, two = pair(decide)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert one.done == 1
    assert network.command(one, gve.DESTROY_TX, struct.pack(">I", 0)) == PASSED
    assert network.command(one, gve.CREATE_TX, one.tx_body()) == PASSED
    assert one.done == 0
    network.settle()
    assert len(two.receive()) == 1
    assert one.c.Refused == 0


@pytest.mark.parametrize("wait", [True, False])
def test_a_driver_about_to_go_is_looked_at(decide: Decide, wait: bool) -> None:
    """One of revision 0 does not wait to be noticed; for how long it is looked at is bounded."""
    card = Card(decide, MAC)
    network = Network(decide, card)
    network.bring_up(card, revision=0)
    network.now = 1000
    assert not network.parting()
    assert network.command(card, gve.DECONFIGURE) == PASSED
    assert network.parting()
    if wait:
        network.now += decide.MRM_CHANNEL_PARTING
    else:
        card.set_register(gve.ADMIN_PAGE, 0)
        network.serve()
    assert not network.parting()


# Frames.


def test_frames_go_to_whom_they_are_for(decide: Decide) -> None:
    cards = [Card(decide, b"\x02MRM\0" + bytes([number])) for number in range(4)]
    network = Network(decide, *cards)
    for card in cards:
        network.bring_up(card)
    unicast = frame(cards[2].mac, cards[0].mac, b"to one")
    broadcast = frame(BROADCAST, cards[0].mac, b"to all")
    multicast = frame(b"\x33\x33\0\0\0\1", cards[0].mac, b"to a group")
    for each in (unicast, broadcast, multicast):
        cards[0].send(each)
    network.settle()
    assert [card.receive() for card in cards] == [
        [],
        [broadcast, multicast],
        [unicast, broadcast, multicast],
        [broadcast, multicast],
    ]
    assert cards[0].done == 3


def test_a_frame_for_nobody(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send(frame(b"\x02other", one.mac))
    one.send(frame(one.mac, one.mac))
    network.settle()
    assert (two.receive(), one.receive(), one.done) == ([], [], 2)


def test_nobody_speaks_for_another(decide: Decide) -> None:
    network, one, two = pair(decide)
    for claimed in (two.mac, b"\x02other", BROADCAST, bytes(6)):
        one.send(frame(two.mac, claimed))
    network.settle()
    assert two.receive() == []
    assert (one.c.Refused, one.done) == (4, 4)


@pytest.mark.parametrize("mtu", [1280, 1500, 2028])
def test_the_longest_frame(decide: Decide, mtu: int) -> None:
    network, one, two = pair(decide, mtu=mtu)
    longest = frame(two.mac, one.mac, bytes(mtu))
    tagged = frame(two.mac, one.mac, bytes(mtu + 4), kind=0x8100)
    for sent in (longest, longest + b"x", tagged, tagged + b"x"):
        one.send(sent)
    network.settle()
    assert two.receive() == [longest, tagged]
    assert one.c.Refused == 2


def test_the_rings_go_round(decide: Decide) -> None:
    network, one, two = pair(decide)
    for number in range(1500):
        one.send(frame(two.mac, one.mac, str(number).encode()))
        network.settle()
        assert two.receive() == [frame(two.mac, one.mac, str(number).encode())]
    assert one.done == 1500


def test_work_of_a_round_is_bounded(decide: Decide) -> None:
    network, one, two = pair(decide)
    for number in range(200):
        one.send(frame(two.mac, one.mac, bytes([number])))
    network.serve()
    assert one.done == decide.MRM_CHANNEL_BURST
    network.settle()
    assert [each[-1] for each in two.receive()] == list(range(200))


def test_a_receiver_without_buffers_is_waited_for(decide: Decide) -> None:
    one, two = Card(decide, MAC), Card(decide, b"\x02MRM\0\2")
    network = Network(decide, one, two)
    network.bring_up(one)
    network.bring_up(two, buffers=1)
    for number in range(3):
        one.send(frame(two.mac, one.mac, bytes([number])))
    network.settle()
    assert (one.done, len(two.receive())) == (1, 1)
    network.settle()
    assert (one.done, len(two.receive())) == (2, 1), "the buffer that came back"
    two.filled -= 1
    two.set_register(64, two.filled, bar=2)
    network.now = decide.MRM_CHANNEL_PATIENCE
    network.settle()
    assert (one.done, two.c.Dropped, two.receive()) == (3, 1, [])


def test_one_that_stands_still_is_waited_for_once(decide: Decide) -> None:
    """Whoever sends to it goes on with what is for others; once it takes frames again, it is waited for."""
    one, stuck, three = (Card(decide, b"\x02MRM\0" + bytes([number])) for number in range(3))
    network = Network(decide, one, stuck, three)
    network.bring_up(one)
    network.bring_up(stuck, buffers=0)
    network.bring_up(three)
    for number in range(20):
        one.send(frame(stuck.mac, one.mac, bytes([number])))
        one.send(frame(three.mac, one.mac, bytes([number])))
    network.settle()
    assert (one.done, three.receive()) == (0, [])
    network.now += decide.MRM_CHANNEL_PATIENCE
    network.settle()
    assert (one.done, len(three.receive()), stuck.c.Dropped) == (40, 20, 20)
    stuck.fill(3)
    for number in range(4):
        one.send(frame(stuck.mac, one.mac, bytes([number])))
    network.settle()
    assert len(stuck.receive()) == 3 and one.done == 43, "the fourth waits, three milliseconds at most"
    stuck.set_register(64, 3, bar=2)
    network.now += 3
    network.settle()
    assert (one.done, stuck.c.Dropped) == (44, 21)


def test_nobody_waits_for_a_group(decide: Decide) -> None:
    one, two = Card(decide, MAC), Card(decide, b"\x02MRM\0\2")
    network = Network(decide, one, two)
    network.bring_up(one)
    network.bring_up(two, buffers=0)
    one.send(frame(BROADCAST, one.mac))
    network.settle()
    assert (one.done, two.c.Dropped) == (1, 1)


def test_nobody_waits_for_a_driver_that_is_gone(decide: Decide) -> None:
    network, one, two = pair(decide)
    two.set_register(gve.DRIVER_STATUS, 2)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert one.done == 1


@given(
    payload=st.binary(min_size=1, max_size=400), start=st.integers(0, 30).map(lambda number: 14 + 2 * number)
)
def test_checksums_left_to_the_device(decide: Decide, payload: bytes, start: int) -> None:
    network, one, two = pair(decide)
    body = bytearray(bytes(start - 14) + bytes(20) + payload)
    body[start - 14 + 16 : start - 14 + 18] = b"\x12\x34"
    sent = frame(two.mac, one.mac, bytes(body))
    one.send(sent, checksum=(start, start + 16))
    network.settle()
    (received,) = two.receive()
    field = checksum(sent[start:]) or 0xFFFF
    assert received == sent[: start + 16] + struct.pack(">H", field) + sent[start + 18 :]


def test_a_checksum_outside_its_packet(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send(frame(two.mac, one.mac), checksum=(20, 20))
    one.send(frame(two.mac, one.mac), checksum=(100, 116))
    network.settle()
    assert (len(two.receive()), one.done) == (0, 2)


def tcp4(to: bytes, source: bytes, payload: bytes, options: bytes = b"", flags: int = 0x99) -> bytes:
    """A TCP packet over IPv4 as a system hands it over for cutting; flags: FIN, PSH, ACK, CWR."""
    tcp = (
        struct.pack(">HHIIBBHHH", 80, 99, 0xFFFFFF00, 7, (5 + len(options) // 4) << 4, flags, 512, 0, 0)
        + options
    )
    header = struct.pack(">BBHHHBBH8s", 0x45, 0, 0, 0xFFFE, 0x4000, 64, 6, 0, b"\xc0\0\2\1\xc0\0\2\2")
    return frame(to, source, header + tcp + payload)


def tcp6(to: bytes, source: bytes, payload: bytes) -> bytes:
    """The same over IPv6."""
    tcp = struct.pack(">HHIIBBHHH", 80, 99, 1000, 7, 5 << 4, 0x18, 512, 0, 0)
    header = struct.pack(">IHBB16s16s", 0x60000000, 0, 6, 64, bytes(range(16)), bytes(range(16, 32)))
    return frame(to, source, header + tcp + payload, kind=0x86DD)


@given(length=st.integers(1, 9000), size=st.integers(300, 1448), options=st.sampled_from([b"", b"\1" * 12]))
@settings(max_examples=40)
def test_a_packet_is_cut(decide: Decide, length: int, size: int, options: bytes) -> None:
    network, one, two = pair(decide)
    payload = bytes(number * 7 % 251 for number in range(length))
    header = 54 + len(options)
    one.send_large(tcp4(two.mac, one.mac, payload, options), header, 14, 34, size)
    network.settle()
    got = two.receive()
    assert len(got) == -(-length // size)
    assert b"".join(each[header:] for each in got) == payload
    position = 0
    for number, each in enumerate(got):
        ip, tcp = each[14:34], each[34:]
        assert checksum(ip) == 0
        assert struct.unpack(">2xHH", ip[:6]) == (len(each) - 14, (0xFFFE + number) & 0xFFFF)
        assert checksum(ip[12:] + struct.pack(">HH", 6, len(tcp)) + tcp) == 0
        assert struct.unpack(">4xI", tcp[:8])[0] == (0xFFFFFF00 + position) & 0xFFFFFFFF
        last = number == len(got) - 1
        assert tcp[13] == 0x10 | (0x80 if number == 0 else 0) | (9 if last else 0)
        position += len(each) - header
    assert one.done == 3


def test_a_packet_over_ipv6_is_cut(decide: Decide) -> None:
    network, one, two = pair(decide)
    payload = bytes(range(256)) * 20
    one.send_large(tcp6(two.mac, one.mac, payload), 74, 14, 54, 1400, ipv6=True)
    network.settle()
    got = two.receive()
    assert b"".join(each[74:] for each in got) == payload
    for each in got:
        tcp = each[54:]
        assert struct.unpack(">4xH", each[14:20])[0] == len(tcp)
        assert checksum(each[22:54] + struct.pack(">II", len(tcp), 6) + tcp) == 0


def test_many_small_segments_take_several_rounds(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send_large(tcp4(two.mac, one.mac, bytes(3000)), 54, 14, 34, 10)
    network.serve()
    assert (one.done, len(two.receive())) == (0, decide.MRM_CHANNEL_BURST)
    network.settle()
    assert (one.done, len(two.receive())) == (3, 300 - decide.MRM_CHANNEL_BURST)


@pytest.mark.parametrize(
    ("header", "l3", "l4", "size"),
    [
        (54, 14, 34, 0),
        (54, 14, 34, 1461),
        (54, 12, 34, 1000),
        (54, 20, 34, 1000),
        (54, 14, 32, 1000),
        (52, 14, 34, 1000),
        (58, 14, 34, 1000),
        (54, 14, 36, 1000),
        (54, 14, 500, 1000),
    ],
)
def test_a_packet_that_cannot_be_cut(decide: Decide, header: int, l3: int, l4: int, size: int) -> None:
    network, one, two = pair(decide)
    one.send_large(tcp4(two.mac, one.mac, bytes(3000)), header, l3, l4, size)
    network.settle()
    assert (two.receive(), one.done, one.c.Refused) == ([], 3, 1)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert len(two.receive()) == 1, "the queue goes on"


@pytest.mark.parametrize(
    "descriptor",
    [
        struct.pack(">BBBBHHQ", 0, 0, 0, 0, 60, 60, 0),
        struct.pack(">BBBBHHQ", 0, 0, 0, 2, 60, 60, 0),
        struct.pack(">BBBBHHQ", 0, 0, 0, 255, 60, 60, 0),
        struct.pack(">BBBBHHQ", 0x20, 0, 0, 1, 60, 60, 0),
        struct.pack(">BBBBHHQ", 0x30, 0, 0, 1, 60, 60, 0),
        struct.pack(">BBBBHHQ", 0xF0, 0, 0, 1, 60, 60, 0),
        struct.pack(">BBBBHHQ", 0, 0, 0, 1, 61, 60, 0),
        struct.pack(">BBBBHHQ", 0, 0, 0, 1, 13, 13, 0),
        struct.pack(">BBBBHHQ", 0, 0, 0, 1, 0, 0, 0),
        struct.pack(">BBBBHHQ", 0, 0, 0, 1, 60, 60, 256 * PAGE - 59),
        struct.pack(">BBBBHHQ", 0, 0, 0, 1, 60, 60, 2**64 - 1),
        struct.pack(">BBBBHHQ", 0, 0, 0, 1, 60, 60, 2**64 - 60),
    ],
)
def test_descriptors_that_are_wrong(decide: Decide, descriptor: bytes) -> None:
    network, one, two = pair(decide)
    one.post_descriptors(descriptor)
    assert not network.serve(), "what is refused is no work"
    assert (two.receive(), one.done, one.c.Refused) == ([], 1, 1)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert len(two.receive()) == 1, "the queue goes on"


def test_a_doorbell_far_away(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send(frame(two.mac, one.mac))
    one.set_register(0, 513, bar=2)
    assert not network.serve()
    assert (two.receive(), one.done) == ([], 513)


@pytest.mark.parametrize("offset", [1, 512 * PAGE, 2**64 - 2048, 2**63])
def test_a_buffer_that_is_none(decide: Decide, offset: int) -> None:
    network, one, two = pair(decide)
    two.write(gve.RX_SLOTS, struct.pack(">Q", offset))
    for _ in range(2):
        one.send(frame(two.mac, one.mac))
    network.settle()
    assert (two.receive(), one.done, two.c.Refused) == ([], 2, 1)
    assert network.command(two, gve.DESTROY_RX, struct.pack(">I", 0)) == PASSED
    assert network.command(two, gve.CREATE_RX, two.rx_body()) == PASSED
    two.write(gve.RX_SLOTS, struct.pack(">Q", 0))
    two.filled = 0
    two.fill(512)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert len(two.receive()) == 1


# Links.


def test_the_link_is_up_while_somebody_else_is(decide: Decide) -> None:
    one, two = Card(decide, MAC), Card(decide, b"\x02MRM\0\2")
    network = Network(decide, one, two)
    network.bring_up(one)
    network.settle()
    assert not one.register(gve.DEVICE_STATUS) & gve.LINK
    network.bring_up(two)
    network.settle()
    assert one.register(gve.DEVICE_STATUS) & gve.LINK and two.register(gve.DEVICE_STATUS) & gve.LINK
    assert (3, 0x43) in network.interrupts(one)
    decide.call("MrmChannelClose", two.c)
    network.settle()
    assert not one.register(gve.DEVICE_STATUS) & gve.LINK
    assert network.interrupts(one) == [(3, 0x43)]
    two.start()
    network.bring_up(two)
    network.settle()
    assert one.register(gve.DEVICE_STATUS) & gve.LINK
    assert network.interrupts(one) == [(3, 0x43)]


def test_one_that_is_closed_is_not_touched(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send(frame(two.mac, one.mac))
    decide.call("MrmChannelClose", one.c)
    decide.call("MrmChannelClose", two.c)
    before = bytes(two.read(0, two.memory.size)), bytes(one.read(0, one.memory.size))
    assert not network.serve()
    assert (two.read(0, two.memory.size), one.read(0, one.memory.size)) == before
    assert network.interrupts(one) == network.interrupts(two) == []


def test_a_receiver_that_ends_amid_a_packet(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send_large(tcp4(two.mac, one.mac, bytes(3000)), 54, 14, 34, 10)
    network.serve()
    decide.call("MrmChannelClose", two.c)
    network.settle()
    assert one.done == 3


# Interrupts.


def test_interrupts_follow_frames(decide: Decide) -> None:
    network, one, two = pair(decide)
    for card in (one, two):
        network.interrupts(card)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert network.interrupts(one) == [(3, 0x41)], "it is sent"
    assert network.interrupts(two) == [(3, 0x42)], "it has come"
    assert network.interrupts(two) == []


def test_a_driver_that_looks_for_itself_is_left_alone(decide: Decide) -> None:
    network, one, two = pair(decide)
    network.interrupts(two)
    two.set_register(0xC0, gve.MASKED, bar=2)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert network.interrupts(two) == []
    two.set_register(0xC0, 0xA0000000, bar=2)
    assert network.interrupts(two) == [], "the driver looks after it has unmasked"
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert network.interrupts(two) == [(3, 0x42)]


def test_what_the_system_masks_is_kept(decide: Decide) -> None:
    network, one, two = pair(decide)
    network.interrupts(two)
    two.set_entry(1, data=0x42, mask=1)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert network.interrupts(two) == []
    assert two.pending == 2
    two.set_entry(1, data=0x77)
    two.set_config(0x50, two.config(0x50) | 1 << 30)
    assert network.interrupts(two) == []
    two.set_config(0x50, two.config(0x50) & ~(1 << 30))
    assert network.interrupts(two) == [(3, 0x77)], "where it is to go now"
    assert two.pending == 0


@pytest.mark.parametrize(
    ("address", "data", "upper"),
    [
        (0xFEE02000, 0x41, 0),
        (0xFEEFF000, 0x41, 0),
        (0xFEE03004, 0x41, 0),
        (0xFED03000, 0x41, 0),
        (0x00003000, 0x41, 0),
        (0xFEE03000, 0x41, 1),
        (0xFEE03000, 0x1F, 0),
        (0xFEE03000, 0x02, 0),
        (0xFEE03000, 0x241, 0),
        (0xFEE03000, 0x441, 0),
        (0xFEE03000, 0x541, 0),
        (0xFEE03000, 0x641, 0),
        (0xFEE03000, 0x741, 0),
        (0xFEE03000, 0x8041, 0),
    ],
)
def test_interrupts_that_must_not_be(decide: Decide, address: int, data: int, upper: int) -> None:
    """Another's processor, a logical one, an exception's vector, an NMI, SMI or INIT, a level."""
    network, one, two = pair(decide)
    network.interrupts(two)
    two.set_entry(1, address, data, upper)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert network.interrupts(two) == []
    assert two.c.Refused == 1


# Names.


def test_a_mac_of_its_own(decide: Decide) -> None:
    """The same at each start, another one for each machine, partition and network; of one card."""
    seen: dict[tuple[bytes, str, str], bytes] = {}
    for machine in (bytes(16), bytes(range(16))):
        for partition in ("a", "ab", "b"):
            for network in ("lan", "back", "blan"):
                for _ in range(2):
                    uuid, mac = decide.ffi.new("GUID *"), decide.ffi.new("UINT8[6]")
                    decide.ffi.memmove(uuid, machine, 16)
                    decide.call("MrmChannelMac", uuid, partition.encode(), network.encode(), mac)
                    assert mac[0] & 3 == 2
                    found = seen.setdefault((machine, partition, network), bytes(mac))
                    assert found == bytes(mac)
    assert len(set(seen.values())) == 18


# Whatever a partition writes.

WORD = st.one_of(
    st.integers(0, 2**32 - 1), st.integers(0, 600), st.sampled_from([2**32 - 1, 2**31, 512, 513])
)
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["register", "bell", "table", "config", "tx", "rx", "slots", "admin"]),
        st.integers(0, 1023),
        WORD,
    ),
    max_size=30,
)


@given(rounds=st.lists(WRITES, min_size=1, max_size=6))
@settings(max_examples=150)
def test_whatever_one_partition_writes_the_others_go_on(
    decide: Decide, rounds: list[list[tuple[str, int, int]]]
) -> None:
    """Guard pages catch a touch outside its memory; the neighbours exchange frames all the while."""
    cards = [Card(decide, b"\x02MRM\0" + bytes([number]), apic_ids=(number + 3,)) for number in range(3)]
    network = Network(decide, *cards)
    for card in cards:
        network.bring_up(card)
    hostile, one, two = cards
    for number, writes in enumerate(rounds):
        for where, index, value in writes:
            if where == "register":
                hostile.set_register(index % 11 * 4, value)
            elif where == "bell":
                hostile.set_register(index % 5 * 64, value, bar=2)
            elif where == "table":
                hostile.set_entry(index % 3, value, index)
            elif where == "config":
                hostile.set_config(0x50, value)
            else:
                page = {"tx": gve.TX_RING, "rx": gve.RX_RING, "slots": gve.RX_SLOTS, "admin": gve.ADMIN}[
                    where
                ]
                hostile.write(page, struct.pack(">I", value), index * 4)
        sent = frame(two.mac, one.mac, bytes([number]))
        one.send(sent)
        for _ in range(20):
            network.serve()
        assert sent in two.receive()
        assert {processor for processor, _ in network.interrupts(hostile)} <= {3}
        assert all(vector >= 0x20 for _, vector in network.interrupts(hostile))
        network.now += 1
