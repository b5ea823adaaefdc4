# SPDX-License-Identifier: BSD-2-Clause-Patent
"""YAML text → a tree of nodes in which every key and value knows its line and column.

Scalars stay text: what a text means is decided by the field it stands in, so `off` or `1e3` never turn
into something else on the way.  Anchors, aliases and merge keys (`<<`) work; tags do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from generator.errors import Problem
from generator.places import Located, Place
from generator.printable import printable, quoted

MAXIMUM_DEPTH = 40
"""Deepest nesting accepted, aliases followed: PCI trees have 8 levels of bridges at most in practice."""
MOST_KEYS = 1000
"""Keys of one mapping: those that mean something are fewer than twenty."""
MOST_ITEMS = 8192
"""Entries of one list: processors, functions or ranges of a machine."""
MOST_NODES = 500_000
"""Keys, values and lists that are read for one plan or machine, what aliases stand for counted each time.

A machine file of 4,096 processors and 4,096 functions has about 200,000.
"""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar; `plain` if it was written without quotes."""

    text: str
    plain: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping without duplicate keys, merge keys already merged in."""

    entries: dict[str, tuple[Located[str], Node]]
    place: Place


Node = Scalar | Sequence | Mapping

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(slots=True)
class Budget:
    """How many nodes may still be read: shared by all files of one plan."""

    left: int = MOST_NODES


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for: the node, how many nodes are in it, and how deep they are nested."""

    node: Node
    size: int
    depth: int


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been seen yet; `size` and `depth` of what is in it so far."""

    mapping: bool
    place: Place
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1
    depth: int = 1


class _StopError(Exception):
    """No sense in reading on."""


def parse_yaml(text: str, shown: str, problems: list[Problem], budget: Budget | None = None) -> Node | None:
    """The document in `text`, or None if it has none that can be read; faults are added to `problems`."""
    builder = _Builder(shown, problems, budget or Budget())
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(shown, mark.line + 1, mark.column + 1) if mark is not None else Place(shown)
        what = (error.problem or "malformed YAML") + (f" ({error.context})" if error.context else "")
        builder.problem(place, what, "well-formed YAML", "check the indentation, quotes and brackets here")
    except yaml.YAMLError as error:
        what = next(iter(str(error).splitlines()), "malformed YAML")
        builder.problem(Place(shown), what, "well-formed YAML", "check the file")
    except _StopError:
        pass
    else:
        return builder.document
    return None


class _Builder:
    """Builds the tree from parser events, without recursion."""

    def __init__(self, shown: str, problems: list[Problem], budget: Budget) -> None:
        self.document: Node | None = None
        self._budget = budget
        self._shown = shown
        self._problems = problems
        self._documents = 0
        self._anchors: dict[str, _Anchored] = {}
        self._stack: list[_Open] = []

    def problem(self, place: Place, what: str, expected: str, change: str) -> None:
        """Add a problem with the syntax."""
        self._problems.append(Problem(place, "yaml-syntax", what, expected, change))

    def take(self, event: Any) -> None:
        """Take one event; raises _StopError if reading on has no sense."""
        if isinstance(event, yaml.ScalarEvent):
            self._check_tag(event)
            scalar = Scalar(event.value, event.style in (None, ""), self._place(event))
            self._spend(1, scalar.place)
            self._add(_Anchored(scalar, 1, 0), event.anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._check_tag(event)
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            opened = self._stack.pop()
            node = (
                _mapping(opened, self._problems)
                if opened.mapping
                else Sequence(tuple(opened.nodes), opened.place)
            )
            self._add(_Anchored(node, opened.size, opened.depth), opened.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self.problem(
                    self._place(event), "a second document starts here", "one document", "remove `---`"
                )
                raise _StopError

    def _place(self, event: Any) -> Place:
        """Where an event starts."""
        return Place(self._shown, event.start_mark.line + 1, event.start_mark.column + 1)

    def _check_tag(self, event: Any) -> None:
        """Tags have no meaning here."""
        if event.tag not in (None, "!"):
            tag = printable(event.tag)
            self.problem(self._place(event), f"the tag {tag}", "a plain value", "remove the tag")

    def _open(self, event: Any) -> None:
        """A list or mapping starts."""
        place = self._place(event)
        self._spend(1, place)
        self._require_depth(1, place)
        self._stack.append(_Open(isinstance(event, yaml.MappingStartEvent), place, event.anchor))

    def _spend(self, nodes: int, place: Place) -> None:
        """Take nodes off the budget; raises _StopError, after a problem, if it has not so many left."""
        self._budget.left -= nodes
        if self._budget.left < 0:
            what = f"more than {MOST_NODES} keys and values up to here, aliases followed"
            self.problem(place, what, "a smaller file", "remove what no plan needs")
            raise _StopError

    def _require_depth(self, more: int, place: Place) -> None:
        """Raise _StopError, after a problem, if so many levels more are too many."""
        if len(self._stack) + more > MAXIMUM_DEPTH:
            what = f"nesting deeper than {MAXIMUM_DEPTH} levels"
            self.problem(place, what, "a flat file", "remove brackets or aliases")
            raise _StopError

    def _add(self, added: _Anchored, anchor: str | None) -> None:
        """A node is complete."""
        if anchor is not None:
            self._anchors[anchor] = added
        if self._stack:
            above = self._stack[-1]
            if len(above.nodes) == (2 * MOST_KEYS if above.mapping else MOST_ITEMS):
                most = (
                    f"{MOST_KEYS} keys in one mapping"
                    if above.mapping
                    else f"{MOST_ITEMS} entries in one list"
                )
                self.problem(added.node.place, f"more than {most}", "fewer", "remove some")
                raise _StopError
            above.nodes.append(added.node)
            above.size += added.size
            above.depth = max(above.depth, added.depth + 1)
        else:
            self.document = added.node

    def _alias(self, event: Any) -> None:
        """Add what an alias stands for; an empty scalar, with a problem, if for nothing."""
        place = self._place(event)
        found = self._anchors.get(event.anchor)
        if found is not None:
            self._spend(found.size, place)
            self._require_depth(found.depth, place)
            self._add(found, None)
            return
        self._spend(1, place)
        inside = any(opened.anchor == event.anchor for opened in self._stack)
        name = printable(event.anchor)
        what = f"the alias *{name} " + ("is inside its own anchor" if inside else "has no anchor")
        self._problems.append(
            Problem(
                place,
                "yaml-alias",
                what,
                f"&{name} at an earlier value",
                "define the anchor before its first use",
            )
        )
        self._add(_Anchored(Scalar("", True, place), 1, 0), None)


def _mapping(opened: _Open, problems: list[Problem]) -> Mapping:
    """A mapping from its keys and values: duplicates reported, merge keys merged (own keys win)."""
    entries: dict[str, tuple[Located[str], Node]] = {}
    merged: dict[str, tuple[Located[str], Node]] = {}
    for key, value in zip(opened.nodes[::2], opened.nodes[1::2], strict=True):
        if not isinstance(key, Scalar):
            problems.append(
                Problem(
                    key.place, "yaml-type", "a key that is a collection", "a word as key", "write a plain key"
                )
            )
        elif key.plain and key.text == "<<":
            for source in value.items if isinstance(value, Sequence) else (value,):
                if isinstance(source, Mapping):
                    for name, entry in source.entries.items():
                        merged.setdefault(name, entry)
                else:
                    problems.append(
                        Problem(
                            source.place,
                            "yaml-alias",
                            "a merge key with something that is no mapping",
                            "an alias of a mapping, or a list of such",
                            "anchor a mapping and merge that",
                        )
                    )
        elif key.text in entries:
            first = entries[key.text][0].place
            problems.append(
                Problem(
                    key.place,
                    "yaml-duplicate-key",
                    f"the key {quoted(key.text)} is there twice (first in line {first.line})",
                    "each key once",
                    "remove one of them",
                )
            )
        else:
            entries[key.text] = (Located(key.text, key.place), value)
    for name, entry in merged.items():
        entries.setdefault(name, entry)
    return Mapping(entries, opened.place)
