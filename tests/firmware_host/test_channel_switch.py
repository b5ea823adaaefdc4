# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory: to whom frames go, who waits for whom, and links (MrmChannelLib)."""

import struct

import pytest

from tests.firmware_host import channel_driver as gve
from tests.firmware_host.channel_driver import BROADCAST, Card, Network, frame, pair
from tests.firmware_host.decide import Decide

ONE_PIECE = struct.Struct(">BBBBHHQ")
"""A transmit descriptor."""
MAC = b"\x02MRM\0\1"


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
    sent = sum(len(frame(two.mac, one.mac, str(number).encode())) for number in range(1500))
    assert (two.c.Frames, two.c.FrameBytes, one.c.Frames, one.c.FrameBytes) == (1500, sent, 0, 0)


def test_work_of_a_round_is_bounded(decide: Decide) -> None:
    network, one, two = pair(decide)
    for number in range(200):
        one.send(frame(two.mac, one.mac, bytes([number])))
    network.serve()
    assert one.done == decide.MRM_CHANNEL_BURST
    network.settle()
    assert [each[-1] for each in two.receive()] == list(range(200))


def test_bytes_of_a_round_are_bounded(decide: Decide) -> None:
    """Packets that are refused once they are gathered, for another's MAC or their length, are work, too."""
    network, one, two = pair(decide)
    size = 60_000
    for source in (two.mac, one.mac):
        one.write(gve.TX_PAGES, frame(two.mac, source, bytes(size)))
        one.post_descriptors(*[ONE_PIECE.pack(0, 0, 0, 1, size, size, 0)] * 64)
        for left in range(64, 0, -(decide.MRM_CHANNEL_GATHER // size + 1)):
            assert one.sent[0] - one.done == left
            network.serve()
        assert one.done == one.sent[0]
    assert (two.receive(), one.c.Refused) == ([], 128)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert two.receive() == [frame(two.mac, one.mac)]


def test_a_flood_leaves_others_room_at_their_receiver(decide: Decide) -> None:
    """Each card is the first in its turn, and finds the room that the receiver has made."""
    loud, quiet, to = (Card(decide, b"\x02MRM\0" + bytes([number])) for number in range(3))
    network = Network(decide, loud, quiet, to)
    network.bring_up(loud)
    network.bring_up(quiet)
    network.bring_up(to, buffers=16)
    for sender, count in ((loud, 200), (quiet, 20)):
        for number in range(count):
            sender.send(frame(to.mac, sender.mac, bytes([number])))
    received = []
    for _ in range(8):
        network.serve()
        received += to.receive()
    assert [each[-1] for each in received if each[6:12] == quiet.mac] == list(range(20))
    assert len(received) == 8 * 16


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
    two.filled[0] -= 1
    two.set_register(64, two.filled[0], bar=2)
    network.now = decide.MRM_CHANNEL_PATIENCE
    network.settle()
    assert (one.done, two.c.Dropped, two.receive()) == (3, 1, [])


def test_one_that_stands_still_is_waited_for_once(decide: Decide) -> None:
    """Senders go on with frames for others.  Once it takes frames again, they wait for it."""
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


def test_a_link_that_is_taken_is_news(decide: Decide) -> None:
    """Nobody serves the card from here on."""
    network, one, _ = pair(decide)
    network.interrupts(one)
    assert one.register(gve.DEVICE_STATUS) & gve.LINK
    decide.call("MrmChannelUnplug", one.c)
    assert not one.register(gve.DEVICE_STATUS) & gve.LINK
    assert one.register(gve.DEVICE_STATUS) & gve.IS_RESET
    assert network.interrupts(one) == [(3, 0x43)]
    decide.call("MrmChannelClose", one.c)
    before = one.state()
    decide.call("MrmChannelUnplug", one.c)
    assert one.state() == before


def test_one_that_is_closed_is_not_touched(decide: Decide) -> None:
    network, one, two = pair(decide)
    one.send(frame(two.mac, one.mac))
    decide.call("MrmChannelClose", one.c)
    decide.call("MrmChannelClose", two.c)
    before = bytes(two.read(0, two.memory.size)), bytes(one.read(0, one.memory.size))
    assert not network.serve()
    assert (two.read(0, two.memory.size), one.read(0, one.memory.size)) == before
    assert network.interrupts(one) == network.interrupts(two) == []


def test_what_is_asked_is_seen_without_serving(decide: Decide) -> None:
    """Whatever a driver or somebody else does; `serve` itself checks that nothing else is work."""
    network, one, two = pair(decide)
    for card in (one, two):
        network.interrupts(card)
    assert not network.asked()
    one.send(frame(two.mac, one.mac))
    assert network.asked()
    network.settle()
    assert network.asked(), "interrupts are to be given"
    assert network.interrupts(one) and network.interrupts(two)
    assert not network.asked()
    one.post(gve.LINK_SPEED, struct.pack(">Q", one.at(gve.BUFFER)))
    assert network.asked()
    network.settle()
    assert not network.asked()
    two.set_register(gve.DRIVER_STATUS, 0)
    assert network.asked(), "a driver goes"
    network.settle()
    network.interrupts(one)
    two.set_register(gve.DRIVER_STATUS, 2)
    assert network.asked(), "one that came and went waits for an answer"
    network.settle()
    assert not network.asked()
    two.attach(revision=0)
    assert network.asked(), "a driver comes"


def test_the_end_of_a_neighbour_is_news(decide: Decide) -> None:
    network, one, two = pair(decide)
    for card in (one, two):
        network.interrupts(card)
    assert not network.asked()
    decide.call("MrmChannelClose", two.c)
    assert network.asked()
    network.settle()
    network.interrupts(one)
    assert not network.asked() and not one.register(gve.DEVICE_STATUS) & gve.LINK
