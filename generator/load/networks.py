# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `networks` of the file and the key `network` of a partition (docs/channels.md)."""

from __future__ import annotations

import re

from generator.blob.form import MTU_LEAST, MTU_MOST
from generator.errors import Problem
from generator.load.keys import (
    TEXT_SCHEMA,
    Form,
    Key,
    Keys,
    any_of,
    integer,
    no_text,
    one_or_more,
)
from generator.load.name import NAME, NAME_SCHEMA
from generator.load.nodes import Mapping, Node
from generator.load.partition_pci import join_paths
from generator.load.partition_policy import parse_name
from generator.load.reader import Fields, read_mapping, read_scalar
from generator.model.device_path import parse_device_path
from generator.model.intent import (
    MAXIMUM_CARDS,
    MAXIMUM_NETWORKS,
    CardIntent,
    NetworkIntent,
    UplinkIntent,
)

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)
PC = "pc"
"""The uplink by the only card that there is."""


def parse_mac(text: str) -> str | None:
    """Six bytes in hexadecimal, such as 52:54:00:12:34:56; in lower case."""
    return text.lower() if _MAC.fullmatch(text) else None


MTU = Key(
    "mtu",
    integer(MTU_LEAST, MTU_MOST),
    "Bytes of the largest packet.",
    f"bytes of the largest packet, {MTU_LEAST} to {MTU_MOST}",
    "1500",
)
CARD = Key(
    "pc",
    Form("a UEFI device path such as PciRoot(0x0)/Pci(0x1F,0x6)", parse_device_path, TEXT_SCHEMA),
    "The device path of a network card that stays with the PC.",
    required=True,
)
UPLINK_KEYS = Keys((CARD,))
UPLINK = Key(
    "uplink",
    Form("pc, or {pc: a device path}", {PC: PC}.get, any_of({"enum": [PC]}, UPLINK_KEYS.whole)),
    "The way out: a network card that stays with the PC.",
    "the way out, by a network card that stays with the PC: `pc` for its only one, or "
    '`{pc: "PciRoot(0x0)/Pci(0x1F,0x6)"}`',
    "none",
)
NETWORK_KEYS = Keys((NAME, MTU, UPLINK))

CARD_NAME = Key("name", Form("a network", parse_name, NAME_SCHEMA), "A network of the file.", required=True)
MAC = Key(
    "mac",
    Form(
        "a MAC such as 52:54:00:12:34:56",
        parse_mac,
        {"type": "string", "pattern": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"},
    ),
    "The MAC of the network card; without it one is made from the PC's UUID and both names.",
)
CARD_KEYS = Keys((CARD_NAME, MAC))

NETWORKS = Key(
    "networks",
    no_text(
        "a list",
        {
            "type": "array",
            "maxItems": MAXIMUM_NETWORKS,
            "items": any_of(NAME_SCHEMA, {**NETWORK_KEYS.schema, "required": [NAME.name]}),
        },
    ),
    "Networks in memory that partitions can be on.",
    f"up to {MAXIMUM_NETWORKS} networks in memory, below: names, or `{{name, mtu, uplink}}`",
    "none",
)
_CARD_SCHEMA = any_of(NAME_SCHEMA, {**CARD_KEYS.schema, "required": [CARD_NAME.name]})
NETWORK = Key(
    "network",
    Form("a network's name, or {name, mac}", parse_name, one_or_more(_CARD_SCHEMA)),
    "Networks that it has a card on, in memory.",
    f"networks that it has a card on, {MAXIMUM_CARDS} at most: names, or `{{name, mac}}`",
    "none",
)


def read_networks(file: Fields) -> tuple[NetworkIntent, ...]:
    """The networks of a file, as far as they can be read."""
    return file.read_each(NETWORKS.name, lambda node: _network(node, file.problems), MAXIMUM_NETWORKS)


def _network(node: Node, problems: list[Problem]) -> NetworkIntent | None:
    """A name, or `{name, mtu, uplink}`."""
    if not isinstance(node, Mapping):
        expected = "a name, or {name, mtu, uplink}"
        name = read_scalar(node, "an entry of 'networks'", expected, parse_name, problems)
        return None if name is None else NetworkIntent(node.place, name)
    fields = read_mapping(node, "an entry of 'networks'", NETWORK_KEYS.names, problems)
    if fields is None:
        return None
    name, mtu, uplink = fields.read(NAME), fields.read(MTU), _uplink(fields)
    return None if name is None or fields.unread else NetworkIntent(node.place, name, mtu, uplink)


def _uplink(network: Fields) -> UplinkIntent | None:
    """The word `pc`, or `{pc: …}`."""
    node = network.node(UPLINK.name)
    if not isinstance(node, Mapping):
        word = network.read(UPLINK)
        return None if word is None else UplinkIntent(word.place)
    fields = Fields(join_paths(node), "'uplink'", UPLINK_KEYS.names, network.problems)
    card = fields.read(CARD)
    network.lose(UPLINK.name, fields.unread)
    return None if card is None else UplinkIntent(node.place, card)


def read_cards(partition: Fields) -> tuple[CardIntent, ...]:
    """The networks a partition is on, as far as they can be read."""
    return partition.read_each(NETWORK.name, lambda node: _card(node, partition.problems))


def _card(node: Node, problems: list[Problem]) -> CardIntent | None:
    """A name, or `{name, mac}`."""
    if not isinstance(node, Mapping):
        name = read_scalar(node, "an entry of 'network'", NETWORK.form.expected, NETWORK.form.parse, problems)
        return None if name is None else CardIntent(node.place, name)
    fields = read_mapping(node, "an entry of 'network'", CARD_KEYS.names, problems)
    if fields is None:
        return None
    name, mac = fields.read(CARD_NAME), fields.read(MAC)
    return None if name is None or fields.unread else CardIntent(node.place, name, mac)
