# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The partition file: YAML → intent.  The language is described in docs/partition-file.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as AnySequence
from dataclasses import replace
from pathlib import Path

from generator.errors import Problem
from generator.load import later, partition_policy
from generator.load.channels import CHANNELS, read_channels
from generator.load.disks import DISK, read_disks
from generator.load.keys import (
    BOOLEAN,
    TEXT,
    TEXT_SCHEMA,
    Form,
    Key,
    Keys,
    choice,
    no_text,
    one_or_more,
)
from generator.load.layers import EXTENDS, read_layers
from generator.load.layers import shown_path as shown_path
from generator.load.networks import NETWORK, NETWORKS, read_cards, read_networks
from generator.load.nodes import Mapping, Node, Scalar, Sequence
from generator.load.partition_boot import BOOT, read_boot
from generator.load.partition_console import CONSOLE, UART, read_console
from generator.load.partition_memory import MEMORY, read_memory
from generator.load.partition_pci import PCI, read_pci
from generator.load.partition_policy import parse_name, read_policy
from generator.load.partition_processors import PROCESSORS, read_processors
from generator.load.reader import Fields, read_mapping, wrong_type
from generator.load.shared import ALL_SHARED, SHARED, read_all_shared, read_shared
from generator.load.values import parse_integer, ranged
from generator.model.intent import (
    MAXIMUM_PARTITIONS,
    AllOff,
    DefaultsIntent,
    Dma,
    Intent,
    Isolation,
    PartitionIntent,
    PowerButton,
)
from generator.places import Located, Place

FORMAT = 1
LOST_FILE = ("yaml-extends", "yaml-syntax", "yaml-encoding", "file-readable")
"""Problems of a file that `extends` names which leave it out altogether."""
ISOLATION: dict[str, Isolation] = {
    "cooperative": "cooperative",
    "guarded": "guarded",
    "contained": "contained",
}
DMA: dict[str, Dma] = {"trusted": "trusted"}
ALL_OFF: dict[str, AllOff] = {"stay": "stay", "power-off": "power-off", "reboot": "reboot", "menu": "menu"}
POWER_BUTTON: dict[str, PowerButton] = {"ignore": "ignore", "shutdown": "shutdown"}

NAME = Key(
    "name",
    Form("a text", parse_name, {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"}),
    "A lower-case letter, then up to 30 of a–z, 0–9 and hyphens.",
    "a lower-case letter, then up to 30 of `a`–`z`, `0`–`9`, `-`; names the partition everywhere",
    "required",
    required=True,
)
DISPLAY = Key(
    "display",
    BOOLEAN,
    "Its display function is its screen; one partition at most.",
    "`true`: the display function behind its ports is its screen, for firmware, loader and system; "
    "one partition at most",
    "`false`",
)
LEVEL = Key(
    "isolation",
    choice(ISOLATION, "cooperative, guarded or contained"),
    "What keeps the operating system to its own.",
    "`cooperative`: nothing runs beneath the operating system, which must not reach for what is not its own; "
    "`guarded`: its processors run in guest mode of AMD's SVM; `contained`: they interrupt no others, either",
    "`cooperative`",
    inherited=True,
)
DMA_KEY = Key(
    "dma",
    choice(DMA, "trusted"),
    "What is known of the DMA of its PCI functions, where no IOMMU confines it.",
    "`trusted`: its system programs DMA and message-signalled interrupts of its PCI functions for its own "
    "memory and processors only. `contained` needs this word where no AMD IOMMU confines both",
    "nothing is said",
    inherited=True,
)
CHIPSET = Key(
    "chipset",
    BOOLEAN,
    "It owns the PC's chipset: everything that nobody else has; one partition at most.",
    "`true`: it owns [the PC's chipset](isolation.md#the-owner-of-the-chipset) and everything else that "
    "nobody has: interrupt controllers, timers, clock, keyboard, power button, the PC's own ACPI tables, "
    "functions of bus 0; one partition at most, not a cooperative one",
    "`false`",
)
PARTITION_KEYS = Keys(
    (
        NAME,
        PROCESSORS,
        MEMORY,
        PCI,
        NETWORK,
        DISK,
        SHARED,
        CONSOLE,
        DISPLAY,
        LEVEL,
        DMA_KEY,
        CHIPSET,
        BOOT,
        *partition_policy.KEYS.keys,
    )
)
DEFAULTS_KEYS = Keys(tuple(key for key in PARTITION_KEYS.keys if key.inherited))

CONTROLLER_CONSOLE = Key(
    "console",
    Form(TEXT.expected, TEXT.parse, UART),
    "The controller's UART, by name or first I/O port, or none.",
    "the UART of the controller by name or first I/O port, or `none`",
    "the machine file's",
)
WHEN_ALL_OFF = Key(
    "all_off",
    choice(ALL_OFF),
    "What happens when the last partition has gone off.",
    "what happens when the last partition has gone off: `stay` (the controller waits for orders), "
    "`power-off`, `reboot`, or `menu` (back to the PC's boot menu)",
    "`stay`",
)
BUTTON = Key(
    "power_button",
    choice(POWER_BUTTON),
    "What the power button does.",
    "`shutdown`: it asks all partitions to shut down; `ignore`",
    "`shutdown`",
)
CONTROLLER_KEYS = Keys((CONTROLLER_CONSOLE, WHEN_ALL_OFF, BUTTON, CHANNELS))

FORMAT_KEY = Key(
    "format",
    no_text(f"the number {FORMAT}", {"const": FORMAT}),
    "The version of this language.",
    f"`{FORMAT}`",
    "required",
    required=True,
)
MACHINE = Key(
    "machine",
    TEXT,
    "NAME of platforms/NAME.yaml, or the path of a machine file (….yaml).",
    "`NAME`: platforms/NAME.yaml in a folder above the partition file; or the path of a machine file "
    "(`….yaml`)",
    "required",
    required=True,
)
CONTROLLER = Key(
    "controller",
    no_text("a mapping", CONTROLLER_KEYS.schema),
    "What the controller keeps.",
    "what belongs to the controller, below",
    "see there",
)
DEFAULTS = Key(
    "defaults",
    no_text("a mapping", DEFAULTS_KEYS.schema),
    "For partitions that do not say otherwise.",
    f"{', '.join(f'`{name}`' for name in DEFAULTS_KEYS.names)} for partitions that do not say otherwise",
    "nothing",
)
PARTITIONS = Key(
    "partitions",
    no_text(
        "a list",
        {
            "type": "array",
            "maxItems": MAXIMUM_PARTITIONS,
            "items": {**PARTITION_KEYS.schema, "description": "A real machine cut out of the PC."},
        },
    ),
    f"1 to {MAXIMUM_PARTITIONS} partitions.",
    f"a list of 1 to {MAXIMUM_PARTITIONS} partitions",
    "required",
    required=True,
)
BASE = Key(
    EXTENDS,
    no_text("files", one_or_more(TEXT_SCHEMA)),
    "Partition files to build on, relative to this one.",
    "a partition file to build on, or a list of them",
    "nothing",
)
FILE_KEYS = Keys((FORMAT_KEY, MACHINE, CONTROLLER, NETWORKS, ALL_SHARED, DEFAULTS, PARTITIONS, BASE))


def load_partition_file(paths: Path | AnySequence[Path], problems: list[Problem]) -> Intent | None:
    """Read a partition file, or several of which the later ones override the earlier ones.

    None if not even the outline can be used.  Else everything that could be read is there, so that it can be
    checked; what could not stands in `unread`.
    """
    layers = [paths] if isinstance(paths, Path) else list(paths)
    before = len(problems)
    node = read_layers(layers, problems)
    if node is None:
        return None
    if isinstance(node, Scalar) and not node.text:
        if len(problems) == before:
            wrong_type(node, "the file", "a mapping with " + ", ".join(FILE_KEYS.names[:-1]), problems)
        return None
    fields = read_mapping(node, "the partition file", FILE_KEYS.names, problems, later.FILE)
    if fields is None:
        return None
    base_lost = any(problem.rule in LOST_FILE for problem in problems[before:])
    fields.excuse(FILE_KEYS.names if base_lost else ())
    read_format(fields, FORMAT)
    machine = fields.read(MACHINE)
    controller_node = fields.node(CONTROLLER.name)
    controller = (
        read_mapping(controller_node, "'controller'", CONTROLLER_KEYS.names, problems, later.CONTROLLER)
        if controller_node
        else None
    )
    console = controller.read(CONTROLLER_CONSOLE) if controller else None
    all_off = controller.read(WHEN_ALL_OFF) if controller else None
    button = controller.read(BUTTON) if controller else None
    channels = read_channels(controller) if controller else None
    if controller is not None:
        fields.lose(CONTROLLER.name, controller.unread)
    elif controller_node is not None:
        fields.unread.add(CONTROLLER.name)
    networks, shared = read_networks(fields), read_all_shared(fields)
    defaults_node = fields.node(DEFAULTS.name)
    defaults = (
        read_mapping(defaults_node, "'defaults'", DEFAULTS_KEYS.names, problems, later.PARTITION)
        if defaults_node
        else None
    )
    excused = PARTITION_KEYS.names if base_lost else _lost_defaults(defaults, fields.has(DEFAULTS.name))
    partitions: list[PartitionIntent] = []
    items = fields.sequence(PARTITIONS.name, PARTITIONS.required)
    beyond = items[MAXIMUM_PARTITIONS:]
    fields.unread.update([PARTITIONS.name] if beyond else ())
    items = items[:MAXIMUM_PARTITIONS]
    for item in items:
        partition = _partition(_with_defaults(item, defaults_node if defaults else None), excused, problems)
        if partition is not None:
            partitions.append(partition)
        else:
            fields.unread.add(PARTITIONS.name)
    if machine is None:
        return None
    return Intent(
        place=fields.place,
        path=layers[0],
        machine=machine,
        controller_console=console,
        partitions=tuple(partitions),
        all_off=all_off.value if all_off else "stay",
        power_button=button.value if button else "shutdown",
        beyond=Located(len(beyond), beyond[0].place) if beyond else None,
        defaults=_untaken(defaults_node, items, problems),
        networks=networks,
        channels=channels,
        shared=shared,
        unread=frozenset(fields.unread),
    )


def read_format(fields: Fields, newest: int) -> None:
    """The `format:` key: a number this generator knows."""
    fields.scalar("format", f"the number {newest}", ranged(parse_integer, newest, newest), required=True)


def _with_defaults(item: Node, defaults: Node | None) -> Node:
    """A partition with the keys it lacks taken from `defaults:`."""
    if not isinstance(item, Mapping) or not isinstance(defaults, Mapping):
        return item
    taken = {name: entry for name, entry in defaults.entries.items() if name in DEFAULTS_KEYS.names}
    return Mapping({**taken, **item.entries}, item.place)


def _untaken(
    defaults: Node | None, items: AnySequence[Node], problems: list[Problem]
) -> DefaultsIntent | None:
    """The defaults that every partition overrides, read like those that are taken; None if there are none."""
    if not isinstance(defaults, Mapping):
        return None
    partitions = [item for item in items if isinstance(item, Mapping)]
    entries = {
        name: entry
        for name, entry in defaults.entries.items()
        if name in DEFAULTS_KEYS.names and all(name in item.entries for item in partitions)
    }
    if not entries:
        return None
    absent = [name for name in PARTITION_KEYS.names if name not in entries]
    read = _partition(Mapping(entries, defaults.place), absent, problems)
    places = frozenset(place for _, value in entries.values() for place in _places(value))
    return None if read is None else DefaultsIntent(replace(read, unread=read.unread.union(absent)), places)


def _places(node: Node) -> Iterator[Place]:
    """The places of all values in a value."""
    yield node.place
    inner: Iterable[Node] = ()
    if isinstance(node, Sequence):
        inner = node.items
    elif isinstance(node, Mapping):
        inner = (value for _, value in node.entries.values())
    for value in inner:
        yield from _places(value)


def _lost_defaults(defaults: Fields | None, there: bool) -> AnySequence[str]:
    """Keys that `defaults` may have been meant to give, but that cannot be read there."""
    if defaults is None:
        return DEFAULTS_KEYS.names if there else ()
    for name in DEFAULTS_KEYS.names:
        defaults.node(name)
    return [name for name in DEFAULTS_KEYS.names if name in defaults.unread]


def _partition(node: Node, excused: AnySequence[str], problems: list[Problem]) -> PartitionIntent | None:
    """One partition, as far as it can be read; `excused` keys may be missing."""
    fields = read_mapping(node, "a partition", PARTITION_KEYS.names, problems, later.PARTITION)
    if fields is None:
        return None
    fields.excuse(excused)
    name = fields.read(NAME)
    processors = read_processors(fields)
    memory = read_memory(fields)
    pci = read_pci(fields)
    network, disk, shared = read_cards(fields), read_disks(fields), read_shared(fields)
    console = read_console(fields)
    display = fields.read(DISPLAY)
    isolation, dma, chipset = fields.read(LEVEL), fields.read(DMA_KEY), fields.read(CHIPSET)
    boot, policy = read_boot(fields), read_policy(fields)
    unread = frozenset(fields.unread)
    return PartitionIntent(
        fields.place,
        name,
        processors,
        memory,
        pci,
        console,
        boot,
        policy,
        display,
        network,
        disk,
        shared,
        isolation,
        dma,
        chipset,
        unread,
    )
