# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Several partition files as one: later ones override earlier ones; `extends:` names what a file builds on.

Every key and value keeps the place it was written at.  Mappings are merged key by key where that has sense,
partitions by their names; everything else is replaced.
"""

from __future__ import annotations

import os.path
from collections.abc import Sequence as AnySequence
from pathlib import Path

from generator.errors import Problem
from generator.load.nodes import Budget, Mapping, Node, Scalar, Sequence, parse_yaml
from generator.load.text import read_text
from generator.places import Located, Place
from generator.printable import PATH, printable
from generator.reading import real_path, why_unreadable

EXTENDS = "extends"
MOST_FILES = 64
"""Files read for one plan, each counted as often as it is named."""

BOOT_WORDS = ("disk", "network", "shell")
"""Short forms of `boot` that stand for no file."""
BOOT_KINDS = ("file", "disk", "network", "order")
"""Keys of `boot`, of which one says what is booted."""

_MERGED = ("controller", "defaults", "memory", "boot", "restart", "watchdog", "permissions", "variables")
"""Keys whose mappings are merged; other values of the same key replace each other."""
_SHORT_FORMS = {"memory": "size", "boot": "file", "restart": "policy"}
"""Keys with a short form, and the key of the long form that it stands for."""


def shown_path(path: Path) -> str:
    """A path as messages show it: relative to the current directory if it lies below that."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        # The current directory is gone, or the name cannot be one.
        return str(path)
    return str(path) if relative.startswith("..") else relative


def folder_of(place: Place) -> Path:
    """The folder of the file something was written in."""
    return Path(place.file).parent


def read_layers(paths: AnySequence[Path], problems: list[Problem]) -> Node | None:
    """The content of all files together; None, with problems, if one of them cannot be read."""
    return _Layers(problems).read_all([Located(path, Place(shown_path(path))) for path in paths], ())


class _Layers:
    """One reading of files and what they extend."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._budget = Budget()
        self._files = 0

    def read_all(self, paths: AnySequence[Located[Path]], above: tuple[Path, ...]) -> Node | None:
        """Files in order, the later ones over the earlier ones."""
        found = [self._read(path, above) for path in paths]
        merged: Node | None = None
        for node in found:
            if node is None:
                return None
            merged = node if merged is None else merge(merged, node)
        return merged

    def _read(self, path: Located[Path], above: tuple[Path, ...]) -> Node | None:
        """One file over those it extends; `above` are the files whose `extends` led here."""
        resolved = real_path(path.value)
        self._files += 1
        if above and (fault := self._fault(resolved, above)) is not None:
            self._problems.append(
                Problem(
                    path.place,
                    "yaml-extends",
                    f"{printable(shown_path(path.value), PATH)} {fault}",
                    "a partition file to build on, relative to this one",
                    "correct 'extends'",
                )
            )
            return None
        shown, before = shown_path(path.value), len(self._problems)
        text = read_text(path.value, shown, self._problems)
        node = None if text is None else parse_yaml(text, shown, self._problems, self._budget)
        if node is None and len(self._problems) == before:
            return Scalar("", True, Place(shown))
        if not isinstance(node, Mapping) or EXTENDS not in node.entries:
            return node
        named = node.entries[EXTENDS][1]
        own = Mapping({name: e for name, e in node.entries.items() if name != EXTENDS}, node.place)
        bases: list[Located[Path]] = []
        for item in named.items if isinstance(named, Sequence) else (named,):
            if not isinstance(item, Scalar) or not item.text:
                self._problems.append(
                    Problem(
                        item.place,
                        "yaml-type",
                        "'extends' names no file",
                        "a path or a list of paths",
                        "name it",
                    )
                )
                return own
            bases.append(Located(path.value.parent / item.text, item.place))
        base = self.read_all(bases, (*above, resolved))
        return own if base is None else merge(base, own)

    def _fault(self, path: Path, above: tuple[Path, ...]) -> str | None:
        """Why a file cannot be extended."""
        if path in above:
            return "extends itself" if path == above[-1] else "is extended by what it extends"
        if self._files > MOST_FILES:
            return f"is one of more than {MOST_FILES} files"
        fault = why_unreadable(path)
        return None if fault is None else "is no file" if fault.absent else f"cannot be read: {fault}"


def merge(base: Node, over: Node) -> Node:
    """A document with the keys of another over its own."""
    return _merge_mapping(base, over) if isinstance(base, Mapping) and isinstance(over, Mapping) else over


def _merge_mapping(base: Mapping, over: Mapping, place: Place | None = None) -> Mapping:
    """Key by key; `place` is the place of the result, if not that of `over`."""
    entries = dict(base.entries)
    for name, (key, value) in over.entries.items():
        entries[name] = (key, _merge_value(name, entries[name][1], value) if name in entries else value)
    return Mapping(entries, over.place if place is None else place)


def _merge_value(name: str, base: Node, over: Node) -> Node:
    """The value of a key that both have."""
    if name == "partitions" and isinstance(base, Sequence) and isinstance(over, Sequence):
        return _merge_partitions(base, over)
    if name in _MERGED:
        base, over = _long_form(name, base), _long_form(name, over)
        if name == "boot" and _boot_kind(over) not in (None, _boot_kind(base)):
            return over
        if isinstance(base, Mapping) and isinstance(over, Mapping):
            return _merge_mapping(base, over)
    return over


def _long_form(name: str, node: Node) -> Node:
    """The long form of a value in short form."""
    key = _SHORT_FORMS.get(name)
    if key is None or not isinstance(node, Scalar) or (name == "boot" and node.text in BOOT_WORDS):
        return node
    return Mapping({key: (Located(key, node.place), node)}, node.place)


def _boot_kind(node: Node) -> str | None:
    """The kind of source that a value of `boot` names; None if it only adds keys to a source."""
    if not isinstance(node, Mapping):
        return "word or list"
    return next((kind for kind in BOOT_KINDS if kind in node.entries), None)


def _merge_partitions(base: Sequence, over: Sequence) -> Sequence:
    """Partitions of the same name are merged, new ones follow."""
    items = list(base.items)
    numbers: dict[str, int] = {}
    for number, item in enumerate(items):
        name = _name(item)
        if name is not None:
            numbers.setdefault(name, number)
    for item in over.items:
        same = numbers.get(_name(item) or "")
        before = items[same] if same is not None else None
        if same is not None and isinstance(before, Mapping) and isinstance(item, Mapping):
            items[same] = _merge_mapping(before, item, before.place)
        else:
            items.append(item)
    return Sequence(tuple(items), over.place)


def _name(item: Node) -> str | None:
    """The name of a partition."""
    entry = item.entries.get("name") if isinstance(item, Mapping) else None
    return entry[1].text if entry is not None and isinstance(entry[1], Scalar) and entry[1].text else None
