# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `boot` of a partition: sources in the order in which they are tried."""

from __future__ import annotations

from pathlib import Path

from generator.errors import Problem
from generator.load import later
from generator.load.layers import BOOT_KINDS, folder_of
from generator.load.nodes import Mapping, Node, Scalar, Sequence
from generator.load.partition_pci import join_paths, parse_place
from generator.load.reader import Fields, first_items, read_mapping, wrong_type
from generator.load.values import parse_duration
from generator.model.device_path import DevicePath
from generator.model.intent import (
    BootIntent,
    BootSource,
    DiskSource,
    FileSource,
    KernelParameters,
    NetworkSource,
    ShellSource,
)
from generator.places import Located, Place

ANY = "any"
SOURCE_KEYS = {
    "file": ("file", "initrd", "options", "kernel_parameters"),
    "disk": ("disk", "path", "options"),
    "network": ("network", "uri"),
}
"""Keys of a source by the key that says what kind it is."""
KEYS = ("timeout", "order", *dict.fromkeys(key for keys in SOURCE_KEYS.values() for key in keys))
EXPECTED = "a file, disk, network, shell, {file: …}, {disk: …}, {network: …}, or a list of these"
PORT = "any, or a port such as PciRoot(0x0)/Pci(0x3,0x0)"

KERNEL_PARAMETERS: dict[str, KernelParameters] = {"auto": "auto", "off": "off"}


def read_boot(partition: Fields) -> BootIntent:
    """What to boot, as far as it can be read."""
    node = partition.node("boot", required=True)
    if node is None:
        return BootIntent(partition.place, ())
    if not isinstance(node, Mapping):
        sources, lost = _order(node, partition.problems)
        partition.lose("boot", lost)
        return BootIntent(node.place, sources)
    joined = join_paths(node)
    kinds = [kind for kind in BOOT_KINDS if kind in joined.entries]
    keys = SOURCE_KEYS.get(kinds[0], ("order",)) if len(kinds) == 1 else KEYS[1:]
    fields = Fields(joined, "'boot'", ("timeout", *keys), partition.problems, later.BOOT)
    timeout = fields.scalar("timeout", "a time such as 3 s", parse_duration, False)
    if kinds == ["order"]:
        order = fields.node("order")
        sources, lost = _order(order, fields.problems) if order is not None else ((), set())
        fields.unread.update(lost)
    elif len(kinds) > 1:
        fields.problem(
            node.place, "yaml-type", f"'boot' has {' and '.join(kinds)}", EXPECTED, "write 'order: […]'"
        )
        fields.unread.update(kinds)
        sources = ()
    else:
        sources = (_source(fields, kinds[0] if kinds else "file"),)
    partition.lose("boot", fields.unread)
    return BootIntent(node.place, sources, timeout)


def _order(node: Node, problems: list[Problem]) -> tuple[tuple[BootSource, ...], set[str]]:
    """One source or a list of them, and the keys that could not be read."""
    found: list[BootSource] = []
    lost: set[str] = set()
    items = first_items(node, "'boot'", problems) if isinstance(node, Sequence) else (node,)
    if isinstance(node, Sequence) and len(items) < len(node.items):
        lost.add("order")
    for item in items:
        if isinstance(item, Scalar) and item.text:
            found.append(_word(item))
            continue
        joined = join_paths(item) if isinstance(item, Mapping) else item
        kinds = [kind for kind in SOURCE_KEYS if isinstance(joined, Mapping) and kind in joined.entries]
        if isinstance(joined, Sequence | Scalar) or len(kinds) > 1:
            wrong_type(item, "a source of 'boot'", EXPECTED, problems)
            lost.add("order")
            continue
        kind = kinds[0] if kinds else "file"
        fields = read_mapping(joined, "a source of 'boot'", SOURCE_KEYS[kind], problems, later.BOOT)
        if fields is not None:
            found.append(_source(fields, kind))
            lost.update(fields.unread)
    return tuple(found), lost


def _word(node: Scalar) -> BootSource:
    """A source in one word."""
    if node.text == "disk":
        return DiskSource(node.place)
    if node.text == "network":
        return NetworkSource(node.place)
    if node.text == "shell":
        return ShellSource(node.place)
    return FileSource(node.place, _path(Located(node.text, node.place)))


def _source(fields: Fields, kind: str) -> BootSource:
    """A source from its keys."""
    if kind == "file":
        return _file(fields)
    port = _root_port(fields, kind)
    if kind == "network":
        uri = fields.scalar("uri", "a text", lambda text: text or None, False)
        return NetworkSource(fields.place, port, uri)
    path = fields.scalar("path", "a text", lambda text: text.replace("/", "\\") or None, False)
    return DiskSource(fields.place, port, path, _options(fields))


def _root_port(fields: Fields, kind: str) -> Located[DevicePath] | None:
    """`any`, or the port behind which the devices of a source are."""
    found: Located[DevicePath | str] | None = fields.scalar(
        kind, PORT, lambda text: ANY if text == ANY else parse_place(text), False
    )
    if found is None or isinstance(found.value, str):
        return None
    return Located(found.value, found.place)


def _options(fields: Fields) -> Located[str] | None:
    """Load options."""
    return fields.scalar("options", "a text", lambda text: text, False)


def _file(fields: Fields) -> FileSource:
    """`{file: …, initrd: …, options: …, kernel_parameters: auto}`."""
    file = fields.text("file", required=not any(fields.has(name) for name in later.BOOT))
    initrd, options = fields.text("initrd"), _options(fields)
    handling: Located[KernelParameters] | None = fields.scalar(
        "kernel_parameters", "auto or off", KERNEL_PARAMETERS.get, False
    )
    if file is None:
        fields.unread.add("file")
    if "kernel_parameters" in fields.unread:
        handling = _unhandled(fields.place)
    return FileSource(
        fields.place,
        None if file is None else _path(file),
        None if initrd is None else _path(initrd),
        options,
        handling,
    )


def _unhandled(place: Place) -> Located[KernelParameters]:
    """Nothing is added where it cannot be read whether anything should be."""
    return Located("off", place)


def _path(text: Located[str]) -> Located[Path]:
    """A path relative to the file it was written in."""
    return Located(folder_of(text.place) / text.value, text.place)
