# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Network cards in memory: what gve's side finds, and its commands (MrmChannelLib)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host import channel_driver as gve
from tests.firmware_host.channel_driver import PAGE, PASSED, Card, Network, frame, pair
from tests.firmware_host.decide import Decide

MAC = b"\x02MRM\0\1"


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
    decide.call("MrmChannelBuildArea", card.area.pointer, 0x80000000, 8, 1)
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
    for identity in range(3, 9):
        assert network.command(card, gve.REGISTER, card.list_body(identity, gve.TX_PAGES, 8)) == PASSED
    assert network.command(card, gve.REGISTER, card.list_body(9, gve.TX_PAGES, 8)) == gve.EXHAUSTED
    assert network.command(card, gve.UNREGISTER, struct.pack(">I", 1)) == PASSED
    assert network.command(card, gve.REGISTER, card.list_body(9, gve.TX_PAGES, 8, 0)) == PASSED


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
