# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Network cards in memory with several queues: which frame goes where, and who has a turn (MrmChannelLib)."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host import channel_driver as gve
from tests.firmware_host.channel_driver import BROADCAST, PAGE, PASSED, Card, Network, frame, pair
from tests.firmware_host.decide import Decide

MAC = b"\x02MRM\0\1"
FOUR = (3, 4, 5, 6)
TCP, UDP, ICMP = 6, 17, 1
MORE_FRAGMENTS = 0x2000


def packet(
    source: str, to: str, ports: tuple[int, int] = (0, 0), protocol: int = TCP, fragment: int = 0
) -> tuple[int, bytes]:
    """An IP packet without checksums, and the type of its frame."""
    one, two = ip_address(source), ip_address(to)
    body = struct.pack(">HH16x", *ports)
    if one.version == 4:
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, fragment, 64, protocol, 0)
        return 0x0800, header + one.packed + two.packed + body
    return 0x86DD, struct.pack(">IHBB", 0x60000000, len(body), protocol, 64) + one.packed + two.packed + body


def where(network: Network, one: Card, two: Card, sent: bytes) -> int:
    """Send a frame; the queue it comes by."""
    one.send(sent)
    network.settle()
    found = [(queue, got) for queue in range(two.pairs) for got in two.receive(queue)]
    assert [got for _, got in found] == [sent]
    return found[0][0]


@pytest.mark.parametrize(("processors", "pairs"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 4), (64, 4)])
def test_a_queue_pair_for_each_processor(decide: Decide, processors: int, pairs: int) -> None:
    card = Card(decide, MAC, apic_ids=range(3, 3 + processors))
    network = Network(decide, card)
    assert (card.register(0x08), card.register(0x0C)) == (pairs, pairs)
    place = card.config(0x34)
    while card.config(place) & 0xFF != 0x11:
        place = card.config(place) >> 8 & 0xFF
    assert (card.config(place) >> 16 & 0x7FF) + 1 == 2 * pairs + 1, "a vector for each queue, and one more"
    card.attach()
    body = struct.pack(">QII", card.at(gve.BUFFER), 1, PAGE)
    assert network.command(card, gve.DESCRIBE, body) == PASSED
    assert struct.unpack(">14xH", card.read(gve.BUFFER, 16))[0] == pairs
    assert network.command(card, gve.CONFIGURE, card.configure_body(bell_count=2 * pairs + 1)) == gve.INVALID
    assert network.command(card, gve.CONFIGURE, card.configure_body()) == PASSED
    assert network.command(card, gve.CREATE_TX, card.tx_body(pairs)) == gve.INVALID
    assert network.command(card, gve.CREATE_RX, card.rx_body(pairs)) == gve.INVALID
    for number in range(pairs):
        network.make_pair(card, number, 512)
        assert network.command(card, gve.CREATE_TX, card.tx_body(number)) == gve.PRECONDITION
    words = [card.resources(number) for number in range(pairs)]
    assert len({bell for told in words for bell in (told[0], told[2])}) == 2 * pairs
    assert len({counter for told in words for counter in (told[1], told[3])}) == 2 * pairs
    for opcode in (gve.DESTROY_TX, gve.DESTROY_RX):
        assert network.command(card, opcode, struct.pack(">I", pairs)) == gve.NOT_FOUND


def test_each_queue_has_its_own_interrupt(decide: Decide) -> None:
    network, one, two = pair(decide, apic_ids=FOUR)
    kind, body = packet("192.0.2.1", "192.0.2.2", (40000, 80))
    for number in range(4):
        for card in (one, two):
            network.interrupts(card)
        one.send(frame(two.mac, one.mac, body, kind), pair=number)
        network.settle()
        assert network.interrupts(one) == [(3, 0x41 + number)]
        ((_, vector),) = network.interrupts(two)
        (queue,) = (queue for queue in range(4) if two.receive(queue))
        assert vector == 0x41 + 4 + queue
        assert [one.done_by(other) for other in range(4)] == [int(other <= number) for other in range(4)]
    two.set_register(0x200 + 64 * (4 + queue), gve.MASKED, bar=2)
    one.send(frame(two.mac, one.mac, body, kind))
    network.settle()
    assert network.interrupts(two) == [], "that one is masked"


PORT = st.integers(0, 0xFFFF)


@given(
    version=st.sampled_from(["ipv4", "ipv6"]),
    protocol=st.sampled_from([TCP, UDP, ICMP, 0, 50, 255]),
    ports=st.tuples(PORT, PORT),
    data=st.data(),
)
@settings(max_examples=60)
def test_a_flow_comes_by_one_queue(
    decide: Decide, version: str, protocol: int, ports: tuple[int, int], data: st.DataObject
) -> None:
    """Both directions of it, with a tag or without, whatever queue it was sent by."""
    addresses = st.ip_addresses(v=4 if version == "ipv4" else 6).map(str)
    source, to = data.draw(addresses), data.draw(addresses)
    network, one, two = pair(decide, apic_ids=FOUR)
    kind, there = packet(source, to, ports, protocol)
    _, back = packet(to, source, ports[::-1], protocol)
    queue = where(network, one, two, frame(two.mac, one.mac, there, kind))
    assert where(network, one, two, frame(two.mac, one.mac, back, kind)) == queue
    tagged = struct.pack(">HH", 7, kind) + there
    assert where(network, one, two, frame(two.mac, one.mac, tagged, 0x8100)) == queue
    one.send(frame(two.mac, one.mac, there, kind), pair=data.draw(st.integers(0, 3)))
    network.settle()
    assert len(two.receive(queue)) == 1


def test_flows_are_spread(decide: Decide) -> None:
    """By ports, by addresses: no queue has more than half of them."""
    network, one, two = pair(decide, apic_ids=FOUR)
    flows = {
        "ports": [packet("192.0.2.1", "192.0.2.2", (40000 + number, 80)) for number in range(64)],
        "addresses": [packet(f"192.0.2.{number}", "198.51.100.1", (9, 9)) for number in range(64)],
        "IPv6": [packet("2001:db8::1", f"2001:db8::{number:x}", (5, 9), UDP) for number in range(64)],
        "no ports": [packet(f"10.0.{number}.1", "10.1.0.1", protocol=ICMP) for number in range(64)],
    }
    for what, packets in flows.items():
        for kind, body in packets:
            one.send(frame(two.mac, one.mac, body, kind))
        network.settle()
        counts = [len(two.receive(queue)) for queue in range(4)]
        assert sum(counts) == 64 and 0 < min(counts) <= max(counts) <= 32, (what, counts)


def test_fragments_stay_together(decide: Decide) -> None:
    """Only the first one has ports."""
    network, one, two = pair(decide, apic_ids=FOUR)
    for number in range(16):
        source = f"192.0.2.{number}"
        queues = set()
        for fragment, ports in (
            (MORE_FRAGMENTS, (40000 + number, 53)),
            (185, (number, 7)),
            (MORE_FRAGMENTS | 9, (1, 2)),
        ):
            kind, body = packet(source, "192.0.2.200", ports, UDP, fragment)
            queues.add(where(network, one, two, frame(two.mac, one.mac, body, kind)))
        assert len(queues) == 1


SHORT = [
    (kind, size)
    for kind in (0x0806, 0x88CC, 0x0800, 0x86DD, 0x8100)
    for size in (0, 3, 4, 19, 23, 39)
    if not (kind == 0x0800 and size >= 20)
]
"""Types of frames, and bytes behind their headers, that make no IP packet."""


@pytest.mark.parametrize(("kind", "size"), SHORT)
def test_what_is_no_ip_comes_by_the_first_queue(decide: Decide, kind: int, size: int) -> None:
    """Also what says to be IP and ends before its header does."""
    network, one, two = pair(decide, apic_ids=FOUR)
    assert where(network, one, two, frame(two.mac, one.mac, b"E" * size, kind)) == 0


def test_a_header_that_says_to_be_longer_than_its_frame(decide: Decide) -> None:
    network, one, two = pair(decide, apic_ids=FOUR)
    kind, body = packet("192.0.2.1", "192.0.2.2", (1, 2))
    for first in (0x4F, 0x40, 0x44):
        where(network, one, two, frame(two.mac, one.mac, bytes([first]) + body[1:24], kind))


def test_queues_have_their_turn(decide: Decide) -> None:
    """However much is posted in one of them; the bound of a round is the card's."""
    network, one, two = pair(decide, apic_ids=FOUR)
    for number in range(200):
        one.send(frame(two.mac, one.mac, bytes([0, number])))
    for queue in (1, 3):
        for number in range(2):
            one.send(frame(two.mac, one.mac, bytes([queue, number])), pair=queue)
    network.serve()
    got = [each[14:16] for each in two.receive()]
    assert len(got) == decide.MRM_CHANNEL_BURST
    assert got[:7] == [bytes(each) for each in ((0, 0), (1, 0), (3, 0), (0, 1), (1, 1), (3, 1), (0, 2))]
    network.settle()
    assert [one.done_by(queue) for queue in range(4)] == [200, 2, 0, 2]


@given(
    queue=st.integers(0, 3), floods=st.lists(st.integers(0, 200), min_size=3, max_size=3), look=st.booleans()
)
@settings(max_examples=30)
def test_a_frame_waits_for_one_look(decide: Decide, queue: int, floods: list[int], look: bool) -> None:
    """However much others send, whatever queue it is in: so the tick that looks says how long it waits."""
    cards = [Card(decide, b"\x02MRM\0" + bytes([number]), apic_ids=FOUR) for number in range(4)]
    network = Network(decide, *cards)
    for card in cards:
        network.bring_up(card)
    network.settle()
    for number, (card, count) in enumerate(zip(cards[1:], floods, strict=True)):
        for each in range(count):
            card.send(frame(cards[0].mac, card.mac, bytes([each])), pair=(queue + number) % 4)
    if look:
        network.serve()
    sent = frame(cards[1].mac, cards[0].mac, b"first")
    cards[0].send(sent, pair=queue)
    assert network.asked()
    network.serve()
    assert sent in cards[1].receive()


def test_a_queue_that_is_wrong_costs_itself_only(decide: Decide) -> None:
    network, one, two = pair(decide, apic_ids=FOUR)
    one.set_register(one.resources(2)[0], 513, bar=2)
    for queue in (0, 1, 3):
        one.send(frame(two.mac, one.mac, bytes([queue])), pair=queue)
    for _ in range(3):
        network.serve()
    assert [one.done_by(queue) for queue in range(4)] == [1, 1, 513, 1]
    assert len(two.receive()) == 3 and one.c.Refused == 1


def two_queues(network: Network, one: Card, two: Card) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """Two frames that come by different queues, neither by the first; and these."""
    found: dict[int, bytes] = {}
    for port in range(64):
        kind, body = packet("192.0.2.1", "192.0.2.2", (port, 80))
        sent = frame(two.mac, one.mac, body, kind)
        found.setdefault(where(network, one, two, sent), sent)
    a, b, *_ = (each for each in found.items() if each[0] != 0)
    return a, b


def test_a_receive_queue_that_is_broken(decide: Decide) -> None:
    """What is for it is lost until its driver makes it anew; all else comes."""
    network, one, two = pair(decide, apic_ids=FOUR)
    (bad, lost), (good, kept) = two_queues(network, one, two)
    two.write(gve.RX_SLOTS + two.step * bad, struct.pack(">512Q", *[1] * 512))
    for _ in range(2):
        one.send(lost)
        one.send(kept)
    network.settle()
    assert [two.receive(queue) for queue in (bad, good)] == [[], [kept] * 2]
    assert (one.done, two.c.Refused) == (one.sent[0], 1)


def test_a_receive_queue_that_stands_still_is_waited_for_once(decide: Decide) -> None:
    network, one, two = pair(decide, apic_ids=FOUR)
    (stuck, late), (_, kept) = two_queues(network, one, two)
    two.set_register(two.resources(stuck)[2], two.taken[stuck], bar=2)
    before = one.done
    for _ in range(5):
        one.send(late)
        one.send(kept, pair=1)
    network.settle()
    assert one.done == before
    network.now += decide.MRM_CHANNEL_PATIENCE
    network.settle()
    assert (one.done, one.done_by(1), two.c.Dropped) == (before + 5, 5, 5)
    one.send(late)
    network.settle()
    assert (one.done, two.c.Dropped) == (before + 6, 6), "what others took is no reason to wait"


def test_a_transmit_queue_that_ends_amid_its_packet(decide: Decide) -> None:
    """Its driver has no more of it sent; what is posted in another one is."""
    one, two = (Card(decide, b"\x02MRM\0" + bytes([number]), apic_ids=FOUR) for number in range(2))
    network = Network(decide, one, two)
    network.bring_up(one)
    network.bring_up(two, buffers=0)
    one.send(frame(two.mac, one.mac, b"ends"), pair=2)
    network.settle()
    one.send(frame(two.mac, one.mac, b"stays"), pair=1)
    assert network.command(one, gve.DESTROY_TX, struct.pack(">I", 3)) == PASSED
    assert (one.done_by(2), one.c.Packet.Length != 0) == (0, True), "another one that ends changes nothing"
    assert network.command(one, gve.DESTROY_TX, struct.pack(">I", 2)) == PASSED
    two.fill(8)
    network.settle()
    assert two.receive() == [frame(two.mac, one.mac, b"stays")]


def test_a_driver_with_fewer_queues_than_there_are(decide: Decide) -> None:
    """It receives by those that it has."""
    network, one, two = pair(decide, apic_ids=FOUR)
    for number in (1, 3):
        assert network.command(two, gve.DESTROY_RX, struct.pack(">I", number)) == PASSED
    for port in range(64):
        kind, body = packet("192.0.2.1", "192.0.2.2", (port, 80))
        one.send(frame(two.mac, one.mac, body, kind))
    one.send(frame(BROADCAST, one.mac))
    network.settle()
    counts = [len(two.receive(queue)) for queue in range(4)]
    assert counts[0] > 8 and counts[2] > 8 and sum(counts) == 65, counts
    for number in (0, 2):
        assert network.command(two, gve.DESTROY_RX, struct.pack(">I", number)) == PASSED
    network.settle()
    assert not one.register(gve.DEVICE_STATUS) & gve.LINK
