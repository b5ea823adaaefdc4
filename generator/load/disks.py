# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `disk` of a partition: disks that the controller serves (docs/disks.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.errors import Problem
from generator.load.keys import SIZE, TEXT_SCHEMA, Form, Key, Keys, choice, no_text, one_or_more
from generator.load.nodes import Node
from generator.load.reader import Fields, read_mapping
from generator.model.intent import DISK_LABEL, MAXIMUM_DISKS, DiskIntent, DiskKind, DiskMode
from generator.places import Located

_LABEL = re.compile(rf"[ -~]{{1,{DISK_LABEL}}}")
MODES: Mapping[str, DiskMode] = {
    "read-write": "read-write",
    "read-only": "read-only",
    "append-only": "append-only",
}


def parse_path(text: str) -> str | None:
    """A path of the ESP; the rules judge it."""
    return text.replace("/", "\\") or None


def parse_gpt(text: str) -> str | None:
    """The PARTUUID or the label of a GPT partition; a PARTUUID in lower case."""
    if _LABEL.fullmatch(text) is None:
        return None
    return text.lower() if is_partuuid(text) else text


def is_partuuid(text: str) -> bool:
    """Whether a text is a UUID, and so no label."""
    return re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text) is not None


IN_MEMORY = Key(
    "memory",
    SIZE,
    "A disk in the PC's memory, of this size: it is empty whenever the controller starts.",
    "a disk in the PC's memory, of this size. It outlives restarts of the partition, not of the controller",
    "one of these",
)
IN_FILE = Key(
    "file",
    Form(r"a path such as \EFI\MRM\disks\log.img", parse_path, TEXT_SCHEMA),
    "A file on the ESP that Mrm.efi comes from; it is made if it is not there.",
    r"a file on the ESP that `Mrm.efi` comes from, such as `\EFI\MRM\disks\log.img`; "
    "made of zeros if it is not there",
    "one of these",
)
IN_GPT = Key(
    "gpt",
    Form(
        f"a PARTUUID, or a label of 1 to {DISK_LABEL} ASCII characters",
        parse_gpt,
        {"type": ["string", "number"], "minLength": 1, "maxLength": DISK_LABEL},
    ),
    "The PARTUUID or the label of a GPT partition, on a drive that no partition is given.",
    "the PARTUUID or the label of a GPT partition, on a drive that stays with the PC's firmware",
    "one of these",
)
FILE_SIZE = Key(
    "size",
    SIZE,
    "Bytes of the file.",
    "of a `file`: its bytes",
    "of a read-only one, what it has; else required",
)
MODE = Key(
    "mode",
    choice(MODES),
    "What may be done with it.",
    "`read-write`, `read-only`, or `append-only`: what has been written stays",
    "`read-write`",
)
DISK_KEYS = Keys((IN_MEMORY, IN_FILE, IN_GPT, FILE_SIZE, MODE))
_MEDIA: tuple[tuple[DiskKind, Key[str]], ...] = (("file", IN_FILE), ("gpt", IN_GPT))

DISK = Key(
    "disk",
    no_text("a disk: {memory: SIZE}, {file: PATH, size: SIZE} or {gpt: NAME}", one_or_more(DISK_KEYS.schema)),
    "Disks that the controller serves.",
    f"disks that the controller serves, {MAXIMUM_DISKS} at most, below: `{{memory: 64 MiB}}`, "
    r"`{file: \EFI\MRM\disks\log.img, size: 1 GiB, mode: append-only}`, `{gpt: data}`",
    "none",
)


def read_disks(partition: Fields) -> tuple[DiskIntent, ...]:
    """The served disks of a partition, as far as they can be read."""
    return partition.read_each(DISK.name, lambda node: _disk(node, partition.problems))


def _disk(node: Node, problems: list[Problem]) -> DiskIntent | None:
    """One of the three kinds, and its mode."""
    fields = read_mapping(node, "an entry of 'disk'", DISK_KEYS.names, problems)
    if fields is None:
        return None
    kinds = [name for name in ("memory", "file", "gpt") if fields.has(name)]
    if len(kinds) != 1:
        what = f"an entry of 'disk' has {' and '.join(quoted_keys(kinds))}" if kinds else "an entry of 'disk'"
        fields.problem(
            node.place,
            "yaml-type",
            what if kinds else f"{what} has no medium",
            "one of 'memory', 'file', 'gpt'",
            "write the one that is meant",
        )
        return None
    memory, size, mode = fields.read(IN_MEMORY), fields.read(FILE_SIZE), fields.read(MODE)
    if size is not None and kinds != ["file"]:
        fields.problem(
            size.place,
            "yaml-type",
            f"'size' of a disk with '{kinds[0]}'",
            "'size' with 'file' only",
            "remove it",
        )
        return None
    names = {kind: fields.read(key) for kind, key in _MEDIA}
    if fields.unread:
        return None
    return _intent(node, memory, names, size, mode)


def _intent(
    node: Node,
    memory: Located[int] | None,
    names: Mapping[DiskKind, Located[str] | None],
    size: Located[int] | None,
    mode: Located[DiskMode] | None,
) -> DiskIntent:
    """What was read, of the kind that is there."""
    if memory is not None:
        return DiskIntent(node.place, "memory", None, memory, mode)
    kind: DiskKind = "file" if names["file"] is not None else "gpt"
    return DiskIntent(node.place, kind, names[kind], size, mode)


def quoted_keys(keys: list[str]) -> list[str]:
    """Names of keys in quotes."""
    return [f"'{key}'" for key in keys]
