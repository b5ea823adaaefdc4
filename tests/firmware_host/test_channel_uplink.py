# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The way out of a network in memory: what leaves, what comes in, and what must not (MrmChannelLib)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host import channel_driver as gve
from tests.firmware_host.channel_driver import BROADCAST, Card, Network, Uplink, frame
from tests.firmware_host.decide import Decide

OUTSIDE, ELSEWHERE = b"\x52\x54\0\0\0\x09", b"\x52\x54\0\0\0\x0a"
GROUP = b"\x01\0\x5e\0\0\x01"
LEAST = 60
"""Bytes of the shortest frame of Ethernet."""


def network_with_a_way_out(decide: Decide) -> tuple[Network, Card, Card, Uplink]:
    """Two cards that are up, and an uplink."""
    one, two, uplink = Card(decide, b"\x02MRM\0\1"), Card(decide, b"\x02MRM\0\2"), Uplink(decide)
    network = Network(decide, one, two, uplink=uplink)
    network.bring_up(one)
    network.bring_up(two)
    network.settle()
    return network, one, two, uplink


def whole(short: bytes) -> bytes:
    """A frame as it leaves."""
    return short.ljust(LEAST, b"\0")


def test_what_is_for_nobody_here_leaves(decide: Decide) -> None:
    network, one, two, uplink = network_with_a_way_out(decide)
    out = frame(OUTSIDE, one.mac, bytes(range(100)))
    one.send(out)
    network.settle()
    assert uplink.sent() == [out]
    assert two.receive() == []
    assert one.done == 1


def test_a_short_frame_is_filled_up_with_zeroes(decide: Decide) -> None:
    """And not with what was in that place before."""
    network, one, _, uplink = network_with_a_way_out(decide)
    for _ in range(decide.MRM_CHANNEL_UPLINK_FRAMES):
        one.send(frame(OUTSIDE, one.mac, b"\xff" * 1000))
        network.settle()
        uplink.sent()
    one.send(frame(OUTSIDE, one.mac, b"short"))
    network.settle()
    assert uplink.sent() == [whole(frame(OUTSIDE, one.mac, b"short"))]


@pytest.mark.parametrize("to", [BROADCAST, GROUP])
def test_a_group_is_here_and_outside(decide: Decide, to: bytes) -> None:
    network, one, two, uplink = network_with_a_way_out(decide)
    said = frame(to, one.mac)
    one.send(said)
    network.settle()
    assert uplink.sent() == [whole(said)]
    assert two.receive() == [said]
    assert one.receive() == []
    heard = whole(frame(to, OUTSIDE))
    assert uplink.bring(heard)
    network.settle()
    assert (one.receive(), two.receive(), uplink.sent()) == ([heard], [heard], [])


def test_what_is_for_a_card_here_stays_here(decide: Decide) -> None:
    """Even if its partition is off, or it is the sender itself."""
    network, one, two, uplink = network_with_a_way_out(decide)
    one.send(frame(two.mac, one.mac))
    one.send(frame(one.mac, one.mac))
    network.settle()
    assert len(two.receive()) == 1
    decide.call("MrmChannelClose", two.c)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert uplink.sent() == []
    assert one.done == 3


def test_what_is_for_one_card_comes_to_it_only(decide: Decide) -> None:
    network, one, two, uplink = network_with_a_way_out(decide)
    heard = whole(frame(two.mac, OUTSIDE))
    assert uplink.bring(heard)
    assert network.serve()
    assert (one.receive(), two.receive()) == ([], [heard])
    assert (3, 0x42) in network.interrupts(two), "and its driver is told"


def test_what_is_for_others_outside_is_no_work(decide: Decide) -> None:
    """A card of the PC hears all that passes by."""
    network, one, two, uplink = network_with_a_way_out(decide)
    for _ in range(decide.MRM_CHANNEL_UPLINK_FRAMES):
        assert uplink.bring(whole(frame(ELSEWHERE, OUTSIDE)))
    assert not network.serve()
    assert (one.receive(), two.receive(), uplink.sent()) == ([], [], [])
    assert uplink.bring(whole(frame(one.mac, OUTSIDE))), "there is room again"


@pytest.mark.parametrize("to", ["two", "broadcast"])
def test_nobody_outside_speaks_for_a_card_here(decide: Decide, to: str) -> None:
    """Also no echo of what a card has said itself."""
    network, one, two, uplink = network_with_a_way_out(decide)
    uplink.bring(whole(frame(two.mac if to == "two" else BROADCAST, one.mac)))
    uplink.bring(whole(frame(two.mac if to == "two" else BROADCAST, GROUP)))
    assert not network.serve()
    assert (one.receive(), two.receive()) == ([], [])


def test_a_card_speaks_for_itself_outside_too(decide: Decide) -> None:
    network, one, two, uplink = network_with_a_way_out(decide)
    for source in (two.mac, OUTSIDE, BROADCAST):
        one.send(frame(ELSEWHERE, source))
    network.settle()
    assert uplink.sent() == []
    assert one.c.Refused == 3


@pytest.mark.parametrize("last", range(0x11))
def test_what_neighbours_on_a_cable_tell_each_other_stays_there(decide: Decide, last: int) -> None:
    """Spanning tree, pause, LLDP: IEEE 802.1Q reserves sixteen addresses."""
    network, one, two, uplink = network_with_a_way_out(decide)
    said = whole(frame(b"\x01\x80\xc2\0\0" + bytes([last]), one.mac, kind=0x88CC))
    one.send(said)
    network.settle()
    passes = last == 0x10
    assert uplink.sent() == ([said] if passes else [])
    assert two.receive() == [said]
    heard = said[:6] + OUTSIDE + said[12:]
    uplink.bring(heard)
    network.settle()
    assert two.receive() == ([heard] if passes else [])


@pytest.mark.parametrize(
    ("payload", "kind", "comes"),
    [(1500, 0x0800, True), (1501, 0x0800, False), (1504, 0x8100, True), (1505, 0x8100, False)],
)
def test_the_longest_frame(decide: Decide, payload: int, kind: int, comes: bool) -> None:
    network, one, two, uplink = network_with_a_way_out(decide)
    said = frame(OUTSIDE, one.mac, bytes(payload), kind)
    one.send(said)
    network.settle()
    assert uplink.sent() == ([said] if comes else [])
    heard = frame(two.mac, OUTSIDE, bytes(payload), kind)
    assert uplink.bring(heard)
    network.settle()
    assert two.receive() == ([heard] if comes else [])


@pytest.mark.parametrize("length", [0, 1, 13, "most", "most + 1"])
def test_what_is_no_frame(decide: Decide, length: int | str) -> None:
    _, one, _, uplink = network_with_a_way_out(decide)
    most = decide.MRM_CHANNEL_FRAME_SIZE
    size = {"most": most, "most + 1": most + 1}.get(str(length), length)
    assert not uplink.bring(frame(one.mac, OUTSIDE, bytes(most))[: int(size)])


def test_what_finds_no_room_outside_is_dropped(decide: Decide) -> None:
    """The card's driver is told that it is sent: nobody waits for the PC's card."""
    network, one, two, uplink = network_with_a_way_out(decide)
    most = decide.MRM_CHANNEL_UPLINK_FRAMES
    said = [whole(frame(OUTSIDE, one.mac, bytes([number]))) for number in range(most + 9)]
    for one_frame in said:
        one.send(one_frame)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert one.done == most + 10
    assert len(two.receive()) == 1
    assert uplink.sent() == said[:most]
    one.send(said[0])
    network.settle()
    assert uplink.sent() == [said[0]]


def test_what_finds_no_room_here_is_dropped(decide: Decide) -> None:
    network, one, _, uplink = network_with_a_way_out(decide)
    most = decide.MRM_CHANNEL_UPLINK_FRAMES
    heard = whole(frame(one.mac, OUTSIDE))
    assert [uplink.bring(heard) for _ in range(most + 1)] == [True] * most + [False]
    network.settle()
    assert len(one.receive()) == most


def test_a_receiver_without_buffers_is_not_waited_for(decide: Decide) -> None:
    one, two, uplink = Card(decide, b"\x02MRM\0\1"), Card(decide, b"\x02MRM\0\2"), Uplink(decide)
    network = Network(decide, one, two, uplink=uplink)
    network.bring_up(one)
    network.bring_up(two, buffers=1)
    for _ in range(3):
        uplink.bring(whole(frame(two.mac, OUTSIDE)))
    uplink.bring(whole(frame(one.mac, OUTSIDE)))
    network.settle()
    assert (len(one.receive()), len(two.receive())) == (1, 1)


def test_the_work_of_a_round_is_bounded(decide: Decide) -> None:
    network, one, _, uplink = network_with_a_way_out(decide)
    assert decide.MRM_CHANNEL_UPLINK_FRAMES <= decide.MRM_CHANNEL_BURST
    for _ in range(decide.MRM_CHANNEL_UPLINK_FRAMES):
        uplink.bring(whole(frame(BROADCAST, OUTSIDE)))
    network.serve()
    assert len(one.receive()) <= decide.MRM_CHANNEL_BURST


def test_the_link_is_up_while_the_way_out_is(decide: Decide) -> None:
    card, uplink = Card(decide, b"\x02MRM\0\1"), Uplink(decide)
    uplink.c.Up = 0
    network = Network(decide, card, uplink=uplink)
    network.bring_up(card)
    network.settle()
    assert not card.register(gve.DEVICE_STATUS) & gve.LINK
    card.send(frame(OUTSIDE, card.mac))
    network.settle()
    assert (uplink.sent(), card.done) == ([], 1), "without a link nothing waits for it"
    network.interrupts(card)
    for up in (1, 0, 1):
        uplink.c.Up = up
        network.serve()
        assert bool(card.register(gve.DEVICE_STATUS) & gve.LINK) == bool(up)
        assert network.interrupts(card) == [(3, 0x43)]


def test_one_that_is_closed_gets_nothing_from_outside(decide: Decide) -> None:
    network, _, two, uplink = network_with_a_way_out(decide)
    decide.call("MrmChannelClose", two.c)
    before = two.read(0, two.memory.size)
    for to in (two.mac, BROADCAST):
        uplink.bring(whole(frame(to, OUTSIDE)))
    network.settle()
    assert two.read(0, two.memory.size) == before


MACS = st.sampled_from([b"\x02MRM\0\1", b"\x02MRM\0\2", OUTSIDE, ELSEWHERE, BROADCAST, GROUP, bytes(6)])


@given(
    heard=st.lists(
        st.one_of(
            st.binary(max_size=100),
            st.builds(lambda to, source, rest: whole(to + source + rest), MACS, MACS, st.binary(max_size=60)),
        ),
        max_size=20,
    )
)
def test_only_proper_frames_come_in(decide: Decide, heard: list[bytes]) -> None:
    """Whatever there is outside: what a card gets is for it, whole, in order, and from nobody here."""
    network, one, two, uplink = network_with_a_way_out(decide)
    own = (one.mac, two.mac)
    for something in heard:
        uplink.bring(something)
    network.settle()
    for card in (one, two):
        wanted = [
            whole(found)
            for found in heard
            if len(found) >= 14
            and (found[:6] == card.mac or found[0] & 1)
            and found[:5] != b"\x01\x80\xc2\0\0"
            and found[6:12] not in own
            and not found[6] & 1
        ]
        assert card.receive() == wanted
    assert uplink.sent() == []
