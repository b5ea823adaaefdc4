# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `shared` of the file and the key `shared` of a partition (docs/channels.md)."""

from __future__ import annotations

from generator.errors import Problem
from generator.load.keys import SIZE, Form, Key, Keys, no_text, one_or_more
from generator.load.name import NAME, NAME_SCHEMA
from generator.load.nodes import Node
from generator.load.partition_policy import parse_name
from generator.load.reader import Fields, read_mapping
from generator.model.intent import MAXIMUM_SHARED, SharedIntent
from generator.places import Located

SIZE_OF_IT = Key("size", SIZE, "Its size, a multiple of 2 MiB.", required=True)
ENTRY_KEYS = Keys((NAME, SIZE_OF_IT))

ALL_SHARED = Key(
    "shared",
    no_text(
        "a list",
        {
            "type": "array",
            "maxItems": MAXIMUM_SHARED,
            "items": {**ENTRY_KEYS.schema, "required": [NAME.name, SIZE_OF_IT.name]},
        },
    ),
    "Memory that partitions can share.",
    f"up to {MAXIMUM_SHARED} memories that partitions can share, below: `{{name, size}}`",
    "none",
)
SHARED = Key(
    "shared",
    Form("the name of a shared memory", parse_name, one_or_more(NAME_SCHEMA)),
    "Shared memories that it has, as persistent memory.",
    "shared memories that it has: a name, or a list of them; the first is its `/dev/pmem0`",
    "none",
)


def read_all_shared(file: Fields) -> tuple[SharedIntent, ...]:
    """The shared memories of a file, as far as they can be read."""
    return file.read_each(ALL_SHARED.name, lambda node: _entry(node, file.problems), MAXIMUM_SHARED)


def _entry(node: Node, problems: list[Problem]) -> SharedIntent | None:
    """`{name, size}`."""
    fields = read_mapping(node, "an entry of 'shared'", ENTRY_KEYS.names, problems)
    if fields is None:
        return None
    name, size = fields.read(NAME), fields.read(SIZE_OF_IT)
    return None if name is None or size is None else SharedIntent(node.place, name, size)


def read_shared(partition: Fields) -> tuple[Located[str], ...]:
    """The names of the shared memories a partition has, as far as they can be read."""
    return partition.read_values(SHARED, "an entry of 'shared'")
