# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `memory` of a partition."""

from __future__ import annotations

from generator.load.keys import SIZE, TEXT_SCHEMA, Form, Key, Keys, any_of, integer
from generator.load.nodes import Mapping
from generator.load.reader import Fields
from generator.load.values import parse_address_range, parse_size
from generator.model.intent import MemoryIntent

SIZE_OF_ALL = Key(
    "size",
    SIZE,
    "All memory of the partition, the parts included.",
    "all memory of the partition, the parts below included",
    "required",
    required=True,
)
LOW = Key(
    "low",
    SIZE,
    "Slice below 576 KiB that starts processors.",
    "slice between 64 KiB and 576 KiB to start processors in real mode, in one piece; all partitions "
    "share what the [PC's firmware leaves](machine-file.md#low-memory) of these 512 KiB, 448 KiB "
    "unless more is known to be held",
    "64 KiB; if there is not enough for all, 32 KiB for Linux",
)
BELOW_1G = Key(
    "below_1g",
    SIZE,
    "Share below 1 GiB, for loaders that cannot place an initrd higher.",
    "share below 1 GiB (below 896 MiB, to be exact), for loaders that cannot place an initrd higher "
    "(GRUB before 2.12)",
    "see below",
)
BELOW_4G = Key(
    "below_4g",
    SIZE,
    "Share below 4 GiB, for devices with 32-bit DMA.",
    "share below 4 GiB, for devices with 32-bit DMA, Linux's bounce buffers, and loaders that know only "
    "32-bit addresses ([boot.md](boot.md#memory))",
    "see below",
)
ABOVE = Key(
    "above",
    SIZE,
    "Lowest address of everything else.",
    "lowest address of everything else, for instance `4 GiB`",
    "1 MiB",
)
ALIGNMENT = Key(
    "alignment",
    SIZE,
    "Alignment of everything else.",
    "of everything else, a power of two up to `1 GiB`; what is over is aligned to pages",
    "the best that its size allows, up to 2 MiB",
)
NODE = Key(
    "node",
    integer(),
    "NUMA node of everything else.",
    "the NUMA node of everything else",
    "the processors' if they are on one and it has room",
)
AT = Key("at", SIZE, "Address of everything else.", "the address of everything else", "chosen at boot")
RANGE = Key(
    "range",
    Form("two addresses such as 2 GiB-6 GiB", parse_address_range, TEXT_SCHEMA),
    "Addresses of everything else, such as 2 GiB-6 GiB.",
    "addresses between which everything else lies: `2 GiB-6 GiB`",
    "anywhere",
)
MEMORY_KEYS = Keys((SIZE_OF_ALL, LOW, BELOW_1G, ABOVE, BELOW_4G, ALIGNMENT, NODE, AT, RANGE))
MEMORY = Key(
    "memory",
    Form(
        "a size such as 640 MiB, or {size: 640 MiB, …}",
        parse_size,
        any_of(SIZE.described("All memory of the partition."), MEMORY_KEYS.schema),
    ),
    "How much memory, and where.",
    "`640 MiB`, or parts as below",
    "required",
    required=True,
    inherited=True,
)


def read_memory(partition: Fields) -> MemoryIntent:
    """`640 MiB` or `{size: …, low: …, below_1g: …, below_4g: …, above: …, …}`, as far as it can be read."""
    node = partition.node(MEMORY.name, MEMORY.required)
    if node is None:
        return MemoryIntent(partition.place, None)
    if not isinstance(node, Mapping):
        return MemoryIntent(node.place, partition.read(MEMORY))
    fields = Fields(node, "'memory'", MEMORY_KEYS.names, partition.problems)
    size = fields.read(SIZE_OF_ALL)
    low, below_1g, above, below_4g = (fields.read(key) for key in (LOW, BELOW_1G, ABOVE, BELOW_4G))
    alignment, numa, at, within = (
        fields.read(ALIGNMENT),
        fields.read(NODE),
        fields.read(AT),
        fields.read(RANGE),
    )
    named = [key.name for key in (ABOVE, NODE, AT, RANGE) if fields.has(key.name)]
    if len(named) > 1:
        fields.problem(
            fields.place,
            "yaml-type",
            "'memory' has " + " and ".join(f"'{name}'" for name in named),
            "one of them: each says where everything else lies",
            "keep one of them",
        )
        fields.unread.update(named)
    partition.lose(MEMORY.name, fields.unread)
    return MemoryIntent(node.place, size, low, below_1g, above, below_4g, alignment, numa, at, within)
