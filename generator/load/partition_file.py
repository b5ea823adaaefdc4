# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The partition file: YAML → intent.  The language is described in docs/partition-file.md."""

from __future__ import annotations

import os.path
from pathlib import Path

from generator.errors import Problem
from generator.load.nodes import Mapping, Node, Scalar, Sequence, parse_yaml
from generator.load.reader import Fields, ranged, read_mapping, read_scalar, wrong_type
from generator.load.text import read_text
from generator.load.values import parse_integer, parse_size
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.intent import (
    BootIntent,
    Intent,
    KernelParameters,
    MemoryIntent,
    PartitionIntent,
    ProcessorsIntent,
)
from generator.places import Located, Place

FORMAT = 1
FILE_KEYS = ("format", "machine", "controller", "defaults", "partitions")
PARTITION_KEYS = ("name", "processors", "memory", "pci", "console", "boot")
DEFAULTS_KEYS = ("processors", "memory", "console")
BOOT_KEYS = ("file", "initrd", "options", "kernel_parameters")
MEMORY_KEYS = ("size", "low", "below_1g", "above", "below_4g")
LATER_KEYS = {
    "display": "giving a display to a partition is planned",
    "restart": "restart policies are planned; a reset restarts the partition, a power-off ends it",
    "watchdog": "watchdogs are planned",
    "isolation": "only cooperative isolation exists so far",
    "permissions": "control between partitions is planned",
    "nmi": "NMI routing is planned",
    "after": "boot order is planned",
}
"""Keys of partitions that later versions will understand, and what holds today."""

KERNEL_PARAMETERS: dict[str, KernelParameters] = {"auto": "auto", "off": "off"}


def load_partition_file(path: Path, problems: list[Problem]) -> Intent | None:
    """Read a partition file; None if not even its outline can be used.

    Partitions with problems are left out, so that the rest can still be checked.
    """
    shown = shown_path(path)
    text = read_text(path, shown, problems)
    if text is None:
        return None
    node = parse_yaml(text, shown, problems)
    if node is None:
        if not problems:
            empty = Scalar("", True, Place(shown))
            wrong_type(empty, "the file", "a mapping with " + ", ".join(FILE_KEYS), problems)
        return None
    fields = read_mapping(node, "the partition file", FILE_KEYS, problems)
    if fields is None:
        return None
    read_format(fields, FORMAT)
    machine = fields.text("machine", required=True)
    controller = fields.mapping("controller", ("console",))
    console = controller.text("console") if controller else None
    defaults_node = fields.node("defaults")
    defaults = read_mapping(defaults_node, "'defaults'", DEFAULTS_KEYS, problems) if defaults_node else None
    partitions: list[PartitionIntent] = []
    items = fields.sequence("partitions", required=True)
    for item in items:
        merged = _with_defaults(item, defaults_node if defaults else None)
        partition = _partition(merged, path.parent, problems)
        if partition is not None:
            partitions.append(partition)
    if machine is None:
        return None
    return Intent(fields.place, path, machine, console, tuple(partitions))


def shown_path(path: Path) -> str:
    """A path as messages show it: relative to the current directory if it lies below that."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def read_format(fields: Fields, newest: int) -> None:
    """The `format:` key: a number this generator knows."""
    fields.scalar("format", f"the number {newest}", ranged(parse_integer, newest, newest), required=True)


def _with_defaults(item: Node, defaults: Node | None) -> Node:
    """A partition with the keys it lacks taken from `defaults:`."""
    if not isinstance(item, Mapping) or not isinstance(defaults, Mapping):
        return item
    taken = {name: entry for name, entry in defaults.entries.items() if name in DEFAULTS_KEYS}
    return Mapping({**taken, **item.entries}, item.place)


def _partition(node: Node, folder: Path, problems: list[Problem]) -> PartitionIntent | None:
    """One partition; None if something in it cannot be used."""
    fields = read_mapping(node, "a partition", PARTITION_KEYS, problems, LATER_KEYS)
    if fields is None:
        return None
    name = fields.text("name", required=True)
    processors = _processors(fields.node("processors", required=True), problems)
    memory = _memory(fields.node("memory", required=True), problems)
    paths = [_device_path(item, problems) for item in _one_or_more(fields, "pci")]
    console = fields.text("console")
    boot_node = fields.node("boot", required=True)
    boot = _boot(boot_node, folder, problems) if boot_node else None
    pci = tuple(path for path in paths if path is not None)
    if name is None or processors is None or memory is None or boot is None or len(pci) < len(paths):
        return None
    return PartitionIntent(fields.place, name, processors, memory, pci, console, boot)


def _processors(node: Node | None, problems: list[Problem]) -> ProcessorsIntent | None:
    """`2`, `{count: 2}` or `{apic_ids: [1, 2]}`."""
    expected = "a count of 1 or more, {count: …} or {apic_ids: [1, 2]}"
    count_of = ranged(parse_integer, 1, 0xFFFF)
    if node is None:
        return None
    if isinstance(node, Scalar):
        count = read_scalar(node, "'processors'", expected, count_of, problems)
        return None if count is None else ProcessorsIntent(node.place, count, ())
    if isinstance(node, Sequence):
        wrong_type(node, "'processors'", expected, problems)
        return None
    fields = Fields(node, "'processors'", ("count", "apic_ids"), problems)
    before = len(problems)
    count = fields.scalar("count", "a count of 1 or more", count_of, False)
    id_of = ranged(parse_integer, 0, 0xFFFFFFFE)
    apic_ids = tuple(
        read_scalar(item, "an APIC ID", "an integer, 0 to 0xfffffffe", id_of, problems)
        for item in fields.sequence("apic_ids")
    )
    if len(problems) > before:
        return None
    if (count is None) == (not apic_ids):
        what = "'processors' has both 'count' and 'apic_ids'" if count else "'processors' names no processor"
        fields.problem(node.place, "yaml-type", what, expected, "keep exactly one of them")
        return None
    return ProcessorsIntent(node.place, count, tuple(apic_id for apic_id in apic_ids if apic_id is not None))


def _memory(node: Node | None, problems: list[Problem]) -> MemoryIntent | None:
    """`640 MiB` or `{size: …, low: …, below_1g: …, below_4g: …, above: …}`."""
    if node is None:
        return None
    if not isinstance(node, Mapping):
        size = read_scalar(
            node, "'memory'", "a size such as 640 MiB, or {size: 640 MiB, …}", parse_size, problems
        )
        return None if size is None else MemoryIntent(size, None, None, None)
    fields = Fields(node, "'memory'", MEMORY_KEYS, problems)
    size = fields.size("size", required=True)
    parts = [fields.size(name) for name in MEMORY_KEYS[1:]]
    failed = any(part is None and fields.has(name) for name, part in zip(MEMORY_KEYS[1:], parts, strict=True))
    return None if size is None or failed else MemoryIntent(size, *parts)


def _one_or_more(fields: Fields, name: str) -> tuple[Node, ...]:
    """The items of a list; a scalar stands for a list of one."""
    node = fields.node(name)
    return (node,) if isinstance(node, Scalar) else fields.sequence(name)


def _device_path(node: Node, problems: list[Problem]) -> Located[DevicePath] | None:
    """The UEFI device path text of a PCI function."""
    if isinstance(node, Scalar) and node.text.count("(") != node.text.count(")"):
        problems.append(
            Problem(
                node.place,
                "yaml-type",
                f"an entry of 'pci' is {node.text!r}, cut off at a comma",
                "a UEFI device path such as PciRoot(0x0)/Pci(0x3,0x0)",
                "put the path in quotes: between [ and ] a comma ends an entry",
            )
        )
        return None
    return read_scalar(
        node,
        "an entry of 'pci'",
        "a UEFI device path such as PciRoot(0x0)/Pci(0x3,0x0)",
        parse_device_path,
        problems,
    )


def _boot(node: Node, folder: Path, problems: list[Problem]) -> BootIntent | None:
    """`{file: …, initrd: …, options: …, kernel_parameters: auto}`, or the loader file alone."""
    if isinstance(node, Scalar) and node.text:
        return BootIntent(node.place, Located(folder / node.text, node.place), None, None, None)
    fields = read_mapping(node, "'boot'", BOOT_KEYS, problems)
    if fields is None:
        return None
    file = fields.text("file", required=True)
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
    initrd_path = None if initrd is None else Located(folder / initrd.value, initrd.place)
    return BootIntent(fields.place, Located(folder / file.value, file.place), initrd_path, options, handling)
