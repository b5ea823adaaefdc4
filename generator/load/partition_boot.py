# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `boot` of a partition: sources in the order in which they are tried."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from generator.errors import Problem
from generator.load import later
from generator.load.keys import (
    TEXT,
    TEXT_SCHEMA,
    TIME,
    Form,
    Key,
    Keys,
    Schema,
    any_of,
    choice,
    no_text,
    one_or_more,
)
from generator.load.layers import BOOT_KINDS, folder_of
from generator.load.nodes import Mapping, Node, Scalar, Sequence
from generator.load.partition_pci import join_paths, parse_place
from generator.load.reader import Fields, first_items, read_mapping, wrong_type
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
EXPECTED = "a file, disk, network, shell, {file: …}, {disk: …}, {network: …}, or a list of these"
PORT = "any, or a port such as PciRoot(0x0)/Pci(0x3,0x0)"

KERNEL_PARAMETERS: dict[str, KernelParameters] = {"auto": "auto", "off": "off"}


def _any_or_port(text: str) -> DevicePath | str | None:
    """`any`, or a port."""
    return ANY if text == ANY else parse_place(text)


_PORT: Form[DevicePath | str] = Form(PORT, _any_or_port, TEXT_SCHEMA)
_SAME_PORT = "`any`, or one of the partition's ports: only devices behind it"
TIMEOUT = Key(
    "timeout",
    TIME,
    "How long the console offers the choice.",
    "time in which the console offers the choice of another source, unless the partition's UEFI variable "
    "`Timeout` says otherwise; not in a list",
    "`0`: no choice",
)
FILE = Key(
    "file",
    TEXT,
    "An EFI application on the build host, relative to this file.",
    "an EFI application for x86-64 on the build host: a Linux kernel, or any other loader",
)
INITRD = Key(
    "initrd",
    TEXT,
    "Handed to a Linux kernel by the firmware.",
    "of a file: handed to the kernel by the firmware (LINUX_EFI_INITRD_MEDIA); needs Linux 5.8",
    "none",
)
OPTIONS = Key(
    "options",
    Form("a text", str, {"type": ["string", "number"]}),
    "Load options.",
    "of a file or disk: load options; of Linux: kernel parameters. In those of a file `{tsc_khz}` becomes "
    "the measured frequency in kHz, `{console}` where the console is (`io,0x2f8`)",
    "nothing",
)
HANDLING = Key(
    "kernel_parameters",
    choice(KERNEL_PARAMETERS, "auto or off"),
    "auto adds what MRM needs if the loader is Linux.",
    "of a file: `auto`: if it is Linux, add what MRM needs; `off`: add nothing",
    "`auto`",
)
DISK = Key("disk", _PORT, "any, or the port with the disk.", _SAME_PORT, "`any`")
NETWORK = Key("network", _PORT, "any, or the port with the network interface.", _SAME_PORT, "`any`")
PATH = Key(
    "path",
    Form("a text", lambda text: text.replace("/", "\\") or None, TEXT_SCHEMA),
    r"A loader on its EFI system partition, such as \EFI\debian\shimx64.efi.",
    r"of a disk: the loader on its EFI system partition, `\EFI\debian\shimx64.efi`",
    "see above",
)
URI = Key(
    "uri",
    TEXT,
    "What is fetched by HTTP, such as http://10.0.2.2/debian.efi.",
    "of a network: what is fetched by HTTP, `http://10.0.2.2:8000/debian.efi`, whatever DHCP names; see "
    "[boot.md](boot.md#network)",
    "none",
)
SOURCES = {
    "file": Keys((FILE, INITRD, OPTIONS, HANDLING)),
    "disk": Keys((DISK, PATH, OPTIONS)),
    "network": Keys((NETWORK, URI)),
}
"""Keys of a source by the key that says what kind it is."""
_WORD: Schema = {
    **TEXT_SCHEMA,
    "description": "A file on the build host, relative to this file; or disk, network, shell.",
}
_SOURCE = any_of(_WORD, *(keys.schema for keys in SOURCES.values()))
ORDER = Key(
    "order",
    no_text(EXPECTED, one_or_more(_SOURCE)),
    "Sources in the order in which they are tried.",
    "list of sources, 1 to 8",
)
KEYS = Keys((TIMEOUT, ORDER, FILE, INITRD, HANDLING, DISK, NETWORK, URI, PATH, OPTIONS))
BOOT = Key(
    "boot",
    no_text(
        EXPECTED,
        any_of(
            _WORD,
            *(Keys((TIMEOUT, *keys.keys)).schema for keys in SOURCES.values()),
            Keys((TIMEOUT, ORDER)).schema,
            {"type": "array", "items": _SOURCE},
        ),
    ),
    "What the partition boots: a source, or several that are tried in order.",
    "what is booted, below",
    "required",
    required=True,
)


def read_boot(partition: Fields) -> BootIntent:
    """What to boot, as far as it can be read."""
    node = partition.node(BOOT.name, BOOT.required)
    if node is None:
        return BootIntent(partition.place, ())
    if not isinstance(node, Mapping):
        sources, lost = _order(node, partition.problems)
        partition.lose("boot", lost)
        return BootIntent(node.place, sources)
    joined = join_paths(node)
    kinds = [kind for kind in BOOT_KINDS if kind in joined.entries]
    keys = SOURCES.get(kinds[0], Keys((ORDER,))) if len(kinds) == 1 else Keys(KEYS.keys[1:])
    fields = Fields(joined, "'boot'", (TIMEOUT.name, *keys.names), partition.problems, later.BOOT)
    timeout = fields.read(TIMEOUT)
    if kinds == [ORDER.name]:
        order = fields.node(ORDER.name)
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
        kinds = [kind for kind in SOURCES if isinstance(joined, Mapping) and kind in joined.entries]
        if isinstance(joined, Sequence | Scalar) or len(kinds) > 1:
            wrong_type(item, "a source of 'boot'", EXPECTED, problems)
            lost.add("order")
            continue
        kind = kinds[0] if kinds else "file"
        fields = read_mapping(joined, "a source of 'boot'", SOURCES[kind].names, problems, later.BOOT)
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
    if kind == "network":
        return NetworkSource(fields.place, _root_port(fields, NETWORK), fields.read(URI))
    return DiskSource(fields.place, _root_port(fields, DISK), fields.read(PATH), fields.read(OPTIONS))


def _root_port(fields: Fields, key: Key[DevicePath | str]) -> Located[DevicePath] | None:
    """`any`, or the port behind which the devices of a source are."""
    found = fields.read(key)
    if found is None or isinstance(found.value, str):
        return None
    return Located(found.value, found.place)


def _file(fields: Fields) -> FileSource:
    """`{file: …, initrd: …, options: …, kernel_parameters: auto}`."""
    file = fields.read(replace(FILE, required=not any(fields.has(name) for name in later.BOOT)))
    initrd, options, handling = fields.read(INITRD), fields.read(OPTIONS), fields.read(HANDLING)
    if file is None:
        fields.unread.add(FILE.name)
    if HANDLING.name in fields.unread:
        handling = _unhandled(fields.place)
    return FileSource(
        fields.place,
        None if file is None else _path(file),
        None if initrd is None else _path(initrd),
        options,
        handling,
    )


def _unhandled(place: Place) -> Located[KernelParameters]:
    """Whether parameters are added; if the key cannot be read, none are."""
    return Located("off", place)


def _path(text: Located[str]) -> Located[Path]:
    """A path relative to the file it was written in."""
    return Located(folder_of(text.place) / text.value, text.place)
