# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Network cards in memory: what is left to them, what is wrong, interrupts, hostility (MrmChannelLib)."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host import channel_driver as gve
from tests.firmware_host.channel_driver import PAGE, PASSED, Card, Network, frame, pair
from tests.firmware_host.decide import Decide

MAC = b"\x02MRM\0\1"


def checksum(data: bytes) -> int:
    """The Internet checksum, after RFC 1071."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(total) ^ 0xFFFF


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
    two.filled[0] = 0
    two.fill(512)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert len(two.receive()) == 1


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
    two.set_register(0x240, gve.MASKED, bar=2)
    one.send(frame(two.mac, one.mac))
    network.settle()
    assert network.interrupts(two) == []
    two.set_register(0x240, 0xA0000000, bar=2)
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
    cards = [
        Card(decide, b"\x02MRM\0" + bytes([number]), apic_ids=(2 * number + 3, 2 * number + 4))
        for number in range(3)
    ]
    network = Network(decide, *cards)
    for card in cards:
        network.bring_up(card)
    hostile, one, two = cards
    for number, writes in enumerate(rounds):
        for where, index, value in writes:
            if where == "register":
                hostile.set_register(index % 11 * 4, value)
            elif where == "bell":
                hostile.set_register(index % 12 * 64, value, bar=2)
            elif where == "table":
                hostile.set_entry(index % 5, value, index)
            elif where == "config":
                hostile.set_config(0x50, value)
            else:
                page = {"tx": gve.TX_RING, "rx": gve.RX_RING, "slots": gve.RX_SLOTS, "admin": gve.ADMIN}[
                    where
                ]
                page += 0 if where == "admin" else hostile.step * (number % 2)
                hostile.write(page, struct.pack(">I", value), index * 4)
        sent = frame(two.mac, one.mac, bytes([number]))
        one.send(sent)
        for _ in range(20):
            network.serve()
        assert sent in two.receive()
        assert {processor for processor, _ in network.interrupts(hostile)} <= {3, 4}
        assert all(vector >= 0x20 for _, vector in network.interrupts(hostile))
        network.now += 1
