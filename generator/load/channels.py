# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `channels` of the controller: who serves what is in memory (docs/channels.md)."""

from __future__ import annotations

from generator.load.keys import Form, Key, Keys, any_of, integer, mapping_of
from generator.load.nodes import Mapping
from generator.load.reader import Fields
from generator.model.intent import ChannelsIntent, ProcessorsIntent
from generator.places import Located

SERVERS = {"boot": False, "own": True}
"""Whether the word stands for a processor of the controller's own."""

APIC_ID = Key(
    "apic_id", integer(0, 0xFFFFFFFE), "Exactly the processor with this local APIC ID.", required=True
)
PROCESSOR_KEYS = Keys((APIC_ID,))
PROCESSOR = Key(
    "processor",
    Form(
        "boot, own, or {apic_id: 3}",
        SERVERS.get,
        any_of({"enum": list(SERVERS)}, PROCESSOR_KEYS.whole),
    ),
    "Who serves networks in memory.",
    "who serves networks in memory: `boot`, the boot processor; `own`, one processor more of the machine, "
    "on a core that is nobody's; or exactly one, `{apic_id: 3}`",
    "`boot`",
)
CHANNELS_KEYS = Keys((PROCESSOR,))
CHANNELS = Key(
    "channels",
    mapping_of(CHANNELS_KEYS),
    "Who serves networks in memory.",
    "who serves networks in memory, below",
    "see there",
)


def read_channels(controller: Fields) -> ChannelsIntent | None:
    """`{processor: …}`, as far as it can be read; None if nothing is said."""
    fields = controller.inside(CHANNELS, CHANNELS_KEYS)
    if fields is None:
        return None
    found = _processor(fields)
    controller.lose(CHANNELS.name, fields.unread)
    return found


def _processor(channels: Fields) -> ChannelsIntent | None:
    """A word, or `{apic_id: …}`."""
    node = channels.node(PROCESSOR.name)
    if node is None:
        return None
    if not isinstance(node, Mapping):
        own = channels.read(PROCESSOR)
        if own is None:
            return None
        count = Located(1, node.place)
        return ChannelsIntent(node.place, ProcessorsIntent(node.place, count, ()) if own.value else None)
    fields = Fields(node, "'processor'", PROCESSOR_KEYS.names, channels.problems)
    apic_id = fields.read(APIC_ID)
    channels.lose(PROCESSOR.name, fields.unread)
    if apic_id is None:
        return None
    return ChannelsIntent(node.place, ProcessorsIntent(node.place, None, (apic_id,)))
