# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The partition file: YAML → intent.  The language is described in docs/partition-file.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as AnySequence
from dataclasses import replace
from pathlib import Path

from generator.errors import Problem
from generator.load import later, partition_boot, partition_policy, partition_processors
from generator.load.layers import EXTENDS, read_layers
from generator.load.layers import shown_path as shown_path
from generator.load.nodes import Mapping, Node, Scalar, Sequence
from generator.load.partition_boot import read_boot
from generator.load.partition_pci import join_paths, read_pci
from generator.load.partition_policy import parse_name, read_policy
from generator.load.partition_processors import read_processors
from generator.load.reader import Fields, later_problem, ranged, read_mapping, read_scalar, wrong_type
from generator.load.values import parse_address_range, parse_integer, parse_size
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.intent import (
    MAXIMUM_PARTITIONS,
    AllOff,
    DefaultsIntent,
    Intent,
    MemoryIntent,
    PartitionIntent,
    PowerButton,
)
from generator.places import Located, Place
from generator.printable import quoted

FORMAT = 1
FILE_KEYS = ("format", "machine", "controller", "defaults", "partitions")
"""Keys of the file; `extends` is gone once the layers are put together."""
CONTROLLER_KEYS = ("console", "all_off", "power_button")
PARTITION_KEYS = (
    "name",
    "processors",
    "memory",
    "pci",
    "console",
    "display",
    "boot",
    *partition_policy.KEYS,
    "isolation",
)
DEFAULTS_KEYS = (
    "processors",
    "memory",
    "console",
    "isolation",
    "restart",
    "scrub",
    "delay",
    "shutdown",
    "watchdog",
    "variables",
)
PROCESSORS_KEYS = partition_processors.KEYS
BOOT_KEYS = partition_boot.KEYS
CONSOLE_KEYS = ("pci",)
MEMORY_KEYS = (
    "size",
    "low",
    "below_1g",
    "above",
    "below_4g",
    "alignment",
    "node",
    "at",
    "range",
)
LOST_FILE = ("yaml-extends", "yaml-syntax", "yaml-encoding", "file-readable")
"""Problems of a file that `extends` names which leave it out altogether."""
ISOLATION = {"cooperative": "cooperative"}
"""Levels that exist."""

ALL_OFF: dict[str, AllOff] = {"stay": "stay", "power-off": "power-off", "reboot": "reboot", "menu": "menu"}
POWER_BUTTON: dict[str, PowerButton] = {"ignore": "ignore", "shutdown": "shutdown"}


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
            wrong_type(node, "the file", "a mapping with " + ", ".join(FILE_KEYS), problems)
        return None
    fields = read_mapping(node, "the partition file", (*FILE_KEYS, EXTENDS), problems, later.FILE)
    if fields is None:
        return None
    base_lost = any(problem.rule in LOST_FILE for problem in problems[before:])
    fields.excuse(FILE_KEYS if base_lost else ())
    read_format(fields, FORMAT)
    machine = fields.text("machine", required=True)
    controller_node = fields.node("controller")
    controller = (
        read_mapping(controller_node, "'controller'", CONTROLLER_KEYS, problems, later.CONTROLLER)
        if controller_node
        else None
    )
    console = controller.text("console") if controller else None
    all_off: Located[AllOff] | None = (
        controller.scalar("all_off", _one_of(ALL_OFF), ALL_OFF.get, False) if controller else None
    )
    button: Located[PowerButton] | None = (
        controller.scalar("power_button", _one_of(POWER_BUTTON), POWER_BUTTON.get, False)
        if controller
        else None
    )
    if controller is not None:
        fields.lose("controller", controller.unread)
    elif controller_node is not None:
        fields.unread.add("controller")
    defaults_node = fields.node("defaults")
    defaults = (
        read_mapping(defaults_node, "'defaults'", DEFAULTS_KEYS, problems, later.PARTITION)
        if defaults_node
        else None
    )
    excused = PARTITION_KEYS if base_lost else _lost_defaults(defaults, fields.has("defaults"))
    partitions: list[PartitionIntent] = []
    items = fields.sequence("partitions", required=True)
    beyond = items[MAXIMUM_PARTITIONS:]
    fields.unread.update(["partitions"] if beyond else ())
    items = items[:MAXIMUM_PARTITIONS]
    for item in items:
        partition = _partition(_with_defaults(item, defaults_node if defaults else None), excused, problems)
        if partition is not None:
            partitions.append(partition)
        else:
            fields.unread.add("partitions")
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
        unread=frozenset(fields.unread),
    )


def _one_of(words: Iterable[str]) -> str:
    """Words in a message."""
    return "one of " + ", ".join(words)


def read_format(fields: Fields, newest: int) -> None:
    """The `format:` key: a number this generator knows."""
    fields.scalar("format", f"the number {newest}", ranged(parse_integer, newest, newest), required=True)


def _with_defaults(item: Node, defaults: Node | None) -> Node:
    """A partition with the keys it lacks taken from `defaults:`."""
    if not isinstance(item, Mapping) or not isinstance(defaults, Mapping):
        return item
    taken = {name: entry for name, entry in defaults.entries.items() if name in DEFAULTS_KEYS}
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
        if name in DEFAULTS_KEYS and all(name in item.entries for item in partitions)
    }
    if not entries:
        return None
    absent = [key for key in PARTITION_KEYS if key not in entries]
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
        return DEFAULTS_KEYS if there else ()
    for name in DEFAULTS_KEYS:
        defaults.node(name)
    return [name for name in DEFAULTS_KEYS if name in defaults.unread]


def _partition(node: Node, excused: AnySequence[str], problems: list[Problem]) -> PartitionIntent | None:
    """One partition, as far as it can be read; `excused` keys may be missing."""
    fields = read_mapping(node, "a partition", PARTITION_KEYS, problems, later.PARTITION)
    if fields is None:
        return None
    fields.excuse(excused)
    name = fields.scalar("name", "a text", parse_name, required=True)
    processors = read_processors(fields)
    memory = _memory(fields)
    pci = read_pci(fields)
    console = _console(fields)
    display = fields.boolean("display")
    _isolation(fields)
    boot, policy = read_boot(fields), read_policy(fields)
    unread = frozenset(fields.unread)
    return PartitionIntent(
        fields.place, name, processors, memory, pci, console, boot, policy, display, unread
    )


def _console(partition: Fields) -> Located[str] | Located[DevicePath] | None:
    """A UART by name or port, a word, or `{pci: …}`."""
    node = partition.node("console")
    if not isinstance(node, Mapping):
        return partition.text("console")
    fields = Fields(join_paths(node), "'console'", CONSOLE_KEYS, partition.problems)
    path = fields.scalar(
        "pci", "a UEFI device path such as PciRoot(0x0)/Pci(0x9,0x0)", parse_device_path, required=True
    )
    partition.lose("console", fields.unread)
    return path


def _isolation(fields: Fields) -> None:
    """The isolation level: there is one so far."""
    node = fields.node("isolation")
    planned = later.ISOLATION.get(node.text) if isinstance(node, Scalar) else None
    if planned is not None and isinstance(node, Scalar):
        fields.problems.append(later_problem(node.place, quoted(f"isolation: {node.text}"), planned))
    elif node is not None:
        read_scalar(node, "'isolation'", "cooperative", ISOLATION.get, fields.problems)


def _memory(partition: Fields) -> MemoryIntent:
    """`640 MiB` or `{size: …, low: …, below_1g: …, below_4g: …, above: …, …}`, as far as it can be read."""
    node, problems = partition.node("memory", required=True), partition.problems
    if node is None:
        return MemoryIntent(partition.place, None)
    if not isinstance(node, Mapping):
        size = read_scalar(
            node, "'memory'", "a size such as 640 MiB, or {size: 640 MiB, …}", parse_size, problems
        )
        if size is None:
            partition.unread.add("memory")
        return MemoryIntent(node.place, size)
    fields = Fields(node, "'memory'", MEMORY_KEYS, problems)
    size = fields.size("size", required=True)
    low, below_1g, above, below_4g = (fields.size(name) for name in MEMORY_KEYS[1:5])
    alignment = fields.size("alignment")
    numa = fields.integer("node", 0, 0xFFFFFFFF)
    at = fields.size("at")
    within = fields.scalar("range", "two addresses such as 2 GiB-6 GiB", parse_address_range, False)
    named = [name for name in ("above", "node", "at", "range") if fields.has(name)]
    if len(named) > 1:
        fields.problem(
            fields.place,
            "yaml-type",
            "'memory' has " + " and ".join(f"'{name}'" for name in named),
            "one of them: each says where everything else lies",
            "keep one of them",
        )
        fields.unread.update(named)
    partition.lose("memory", fields.unread)
    return MemoryIntent(node.place, size, low, below_1g, above, below_4g, alignment, numa, at, within)
