# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The partition file: YAML → intent.  The language is described in docs/partition-file.md."""

from __future__ import annotations

from collections.abc import Sequence as AnySequence
from pathlib import Path

from generator.errors import Problem
from generator.load import later, partition_processors
from generator.load.layers import EXTENDS, folder_of, read_layers
from generator.load.layers import shown_path as shown_path
from generator.load.nodes import Mapping, Node, Scalar
from generator.load.partition_pci import read_pci
from generator.load.partition_processors import read_processors
from generator.load.reader import Fields, later_problem, ranged, read_mapping, read_scalar, wrong_type
from generator.load.values import parse_address_range, parse_integer, parse_size
from generator.model.intent import BootIntent, Intent, KernelParameters, MemoryIntent, PartitionIntent
from generator.places import Located

FORMAT = 1
FILE_KEYS = ("format", "machine", "controller", "defaults", "partitions")
"""Keys of the file; `extends` is gone once the layers are put together."""
CONTROLLER_KEYS = ("console",)
PARTITION_KEYS = ("name", "processors", "memory", "pci", "console", "boot", "isolation")
DEFAULTS_KEYS = ("processors", "memory", "console", "isolation")
PROCESSORS_KEYS = partition_processors.KEYS
BOOT_KEYS = ("file", "initrd", "options", "kernel_parameters")
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
ISOLATION = {"cooperative": "cooperative"}
"""Levels that exist."""

KERNEL_PARAMETERS: dict[str, KernelParameters] = {"auto": "auto", "off": "off"}


def load_partition_file(paths: Path | AnySequence[Path], problems: list[Problem]) -> Intent | None:
    """Read a partition file, or several of which the later ones override the earlier ones.

    None if not even the outline can be used.  Partitions with problems are left out, so that the rest can
    still be checked.
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
    read_format(fields, FORMAT)
    machine = fields.text("machine", required=True)
    controller_node = fields.node("controller")
    controller = (
        read_mapping(controller_node, "'controller'", CONTROLLER_KEYS, problems, later.CONTROLLER)
        if controller_node
        else None
    )
    console = controller.text("console") if controller else None
    defaults_node = fields.node("defaults")
    defaults = (
        read_mapping(defaults_node, "'defaults'", DEFAULTS_KEYS, problems, later.PARTITION)
        if defaults_node
        else None
    )
    partitions: list[PartitionIntent] = []
    for item in fields.sequence("partitions", required=True):
        partition = _partition(_with_defaults(item, defaults_node if defaults else None), problems)
        if partition is not None:
            partitions.append(partition)
    if machine is None:
        return None
    return Intent(fields.place, layers[0], machine, console, tuple(partitions))


def read_format(fields: Fields, newest: int) -> None:
    """The `format:` key: a number this generator knows."""
    fields.scalar("format", f"the number {newest}", ranged(parse_integer, newest, newest), required=True)


def _with_defaults(item: Node, defaults: Node | None) -> Node:
    """A partition with the keys it lacks taken from `defaults:`."""
    if not isinstance(item, Mapping) or not isinstance(defaults, Mapping):
        return item
    taken = {name: entry for name, entry in defaults.entries.items() if name in DEFAULTS_KEYS}
    return Mapping({**taken, **item.entries}, item.place)


def _partition(node: Node, problems: list[Problem]) -> PartitionIntent | None:
    """One partition; None if something in it cannot be used."""
    fields = read_mapping(node, "a partition", PARTITION_KEYS, problems, later.PARTITION)
    if fields is None:
        return None
    name = fields.text("name", required=True)
    processors = read_processors(fields.node("processors", required=True), problems)
    memory = _memory(fields.node("memory", required=True), problems)
    pci = read_pci(fields.node("pci"), problems)
    console = fields.text("console")
    _isolation(fields)
    boot_node = fields.node("boot", required=True)
    boot = _boot(boot_node, problems) if boot_node else None
    if name is None or processors is None or memory is None or boot is None or pci is None:
        return None
    return PartitionIntent(fields.place, name, processors, memory, pci, console, boot)


def _isolation(fields: Fields) -> None:
    """The isolation level: there is one so far."""
    node = fields.node("isolation")
    planned = later.ISOLATION.get(node.text) if isinstance(node, Scalar) else None
    if planned is not None and isinstance(node, Scalar):
        fields.problems.append(later_problem(node.place, f"'isolation: {node.text}'", planned))
    elif node is not None:
        read_scalar(node, "'isolation'", "cooperative", ISOLATION.get, fields.problems)


def _memory(node: Node | None, problems: list[Problem]) -> MemoryIntent | None:
    """`640 MiB` or `{size: …, low: …, below_1g: …, below_4g: …, above: …, …}`."""
    if node is None:
        return None
    if not isinstance(node, Mapping):
        size = read_scalar(
            node, "'memory'", "a size such as 640 MiB, or {size: 640 MiB, …}", parse_size, problems
        )
        return None if size is None else MemoryIntent(size, None, None, None)
    before = len(problems)
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
    if size is None or len(problems) > before:
        return None
    return MemoryIntent(size, low, below_1g, above, below_4g, alignment, numa, at, within)


def _boot(node: Node, problems: list[Problem]) -> BootIntent | None:
    """`{file: …, initrd: …, options: …, kernel_parameters: auto}`, or the loader file alone."""
    if isinstance(node, Scalar) and node.text:
        return BootIntent(node.place, _path(Located(node.text, node.place)), None, None, None)
    fields = read_mapping(node, "'boot'", BOOT_KEYS, problems, later.BOOT)
    if fields is None:
        return None
    file = fields.text("file", required=not any(fields.has(name) for name in later.BOOT))
    initrd = fields.text("initrd")
    options = fields.scalar("options", "a text", lambda text: text, False)
    handling: Located[KernelParameters] | None = fields.scalar(
        "kernel_parameters", "auto or off", KERNEL_PARAMETERS.get, False
    )
    failed = any(
        fields.has(name) and value is None
        for name, value in (("initrd", initrd), ("options", options), ("kernel_parameters", handling))
    )
    if file is None or failed:
        return None
    initrd_path = None if initrd is None else _path(initrd)
    return BootIntent(fields.place, _path(file), initrd_path, options, handling)


def _path(text: Located[str]) -> Located[Path]:
    """A path relative to the file it was written in."""
    return Located(folder_of(text.place) / text.value, text.place)
