# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Read fields out of nodes: every method returns a value with its place, or None after adding a Problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as AnyMapping
from typing import Any, TypeVar

from generator.errors import Problem
from generator.load.keys import Key, Keys
from generator.load.later import Later
from generator.load.nodes import Mapping, Node, Scalar, Sequence
from generator.places import Located, Place
from generator.printable import quoted
from generator.suggest import closest

T = TypeVar("T")
V = TypeVar("V")

MOST_WISHES = 256
"""Entries of a list in a partition file; no rule allows more."""


class Fields:
    """The keys of one mapping, with what is allowed there; unknown keys are problems at once.

    `unread` collects the keys whose values could not be read, or that are missing although required.
    """

    def __init__(
        self,
        mapping: Mapping,
        what: str,
        keys: tuple[str, ...],
        problems: list[Problem],
        later: AnyMapping[str, Later] | None = None,
    ) -> None:
        """`what` names the mapping in messages; `later` are keys that are planned, with a word on them."""
        self.place = mapping.place
        self.what = what
        self.problems = problems
        self.unread: set[str] = set()
        self._entries = mapping.entries
        self._excused: set[str] = set()
        for name, (key, _) in mapping.entries.items():
            if name not in keys:
                self._unknown(key, keys, later or {})

    def _unknown(self, key: Located[str], keys: tuple[str, ...], later: AnyMapping[str, Later]) -> None:
        """Say that a key is unknown, and which one may have been meant."""
        if key.value in later:
            self.problems.append(later_problem(key.place, f"the key {quoted(key.value)}", later[key.value]))
            return
        what = f"unknown key {quoted(key.value)} in {self.what}"
        close = closest(key.value, [*keys, *later], 1)
        self._excused.update(close)
        change = f"did you mean '{close[0]}'?" if close else "remove it"
        self.problem(key.place, "yaml-unknown-key", what, "one of " + ", ".join(keys), change)

    def problem(self, place: Place, rule: str, what: str, expected: str, change: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(place, rule, what, expected, change))

    def excuse(self, names: Iterable[str]) -> None:
        """These keys may be missing although required: why they are missing has been told."""
        self._excused.update(names)

    def node(self, name: str, required: bool = False) -> Node | None:
        """The value of a key; a missing required one is a problem at the start of the mapping."""
        entry = self._entries.get(name)
        if entry is None:
            if required or name in self._excused:
                self.unread.add(name)
            if required and name not in self._excused:
                self.problem(
                    self.place,
                    "yaml-missing-key",
                    f"{self.what} has no '{name}'",
                    f"the key '{name}'",
                    f"add '{name}: …'",
                )
            return None
        value = entry[1]
        if isinstance(value, Scalar) and value.plain and value.text in ("", "~", "null"):
            what = f"'{name}' has no value"
            self.problem(entry[0].place, "yaml-type", what, "a value", "write one or remove the key")
            self.unread.add(name)
            return None
        return value

    def has(self, name: str) -> bool:
        """Whether the key is there at all."""
        return name in self._entries

    def scalar(
        self, name: str, expected: str, parse: Callable[[str], T | None], required: bool
    ) -> Located[T] | None:
        """A scalar that `parse` understands."""
        node = self.node(name, required)
        if node is None:
            return None
        value = read_scalar(node, f"'{name}'", expected, parse, self.problems)
        if value is None:
            self.unread.add(name)
        return value

    def read(self, key: Key[T]) -> Located[T] | None:
        """The value of a key, in its short form if it has several."""
        return self.scalar(key.name, key.form.expected, key.form.parse, key.required)

    def read_all(self, key: Key[T]) -> tuple[Located[T], ...]:
        """One value or a list of them, as far as they can be read."""
        return self.read_values(key, f"'{key.name}'")

    def read_values(self, key: Key[T], what: str) -> tuple[Located[T], ...]:
        """As `read_all`; `what` names a value in messages."""
        expected, parse = key.form.expected, key.form.parse
        return self.read_each(key.name, lambda item: read_scalar(item, what, expected, parse, self.problems))

    def read_each(
        self, name: str, read: Callable[[Node], V | None], most: int = MOST_WISHES
    ) -> tuple[V, ...]:
        """One entry or a list of them, as far as `read` can read them; it has said what it cannot."""
        found = [read(item) for item in self.items(name, most)]
        if None in found:
            self.unread.add(name)
        return tuple(value for value in found if value is not None)

    def mapping(self, name: str, keys: tuple[str, ...], required: bool = False) -> Fields | None:
        """A mapping with the given keys."""
        node = self.node(name, required)
        if node is None:
            return None
        fields = read_mapping(node, f"'{name}'", keys, self.problems)
        if fields is None:
            self.unread.add(name)
        return fields

    def inside(self, key: Key[Any], keys: Keys) -> Fields | None:
        """The keys of the mapping that is the value of a key."""
        return self.mapping(key.name, keys.names, key.required)

    def listed(self, key: Key[Any]) -> tuple[Node, ...]:
        """The items of the list that is the value of a key; nothing for a missing one."""
        return self.sequence(key.name, key.required)

    def lose(self, name: str, keys: Iterable[str]) -> None:
        """Note what could not be read inside the value of a key."""
        self.unread.update(f"{name}.{key}" for key in keys)

    def sequence(self, name: str, required: bool = False) -> tuple[Node, ...]:
        """The items of a list; nothing for a missing one."""
        node = self.node(name, required)
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            wrong_type(node, f"'{name}'", "a list", self.problems)
            self.unread.add(name)
            return ()
        return node.items

    def items(self, name: str, most: int = MOST_WISHES) -> tuple[Node, ...]:
        """A single value, or the values of a list; nothing for a missing one."""
        node = self.node(name)
        if node is None or not isinstance(node, Sequence):
            return () if node is None else (node,)
        items = first_items(node, f"'{name}'", self.problems, most)
        if len(items) < len(node.items):
            self.unread.add(name)
        return items


def first_items(
    node: Sequence, what: str, problems: list[Problem], most: int = MOST_WISHES
) -> tuple[Node, ...]:
    """The first items of a list; more than `most` are a problem."""
    if len(node.items) > most:
        problems.append(
            Problem(
                node.items[most].place,
                "yaml-type",
                f"{what} is a list of {len(node.items)} entries; those from here on were not read",
                f"{most} entries at most",
                "remove some",
            )
        )
    return node.items[:most]


def value_or(found: Located[T] | None, default: T) -> T:
    """The value, or a default for a missing one."""
    return default if found is None else found.value


def value_or_none(found: Located[T] | None) -> T | None:
    """The value, or None for a missing one."""
    return None if found is None else found.value


def later_problem(place: Place, what: str, later: Later) -> Problem:
    """The problem of something planned that does nothing yet."""
    return Problem(
        place,
        "yaml-later-key",
        f"{what} does not do anything yet; today {later.today}",
        f"nothing; planned is `{later.form}`",
        "remove it",
    )


def describe(node: Node) -> str:
    """A node in a few words, for messages."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return quoted(node.text)


def wrong_type(node: Node, what: str, expected: str, problems: list[Problem]) -> None:
    """Add the problem that a node is not what it has to be."""
    problems.append(
        Problem(node.place, "yaml-type", f"{what} is {describe(node)}", expected, "write it in that form")
    )


def read_scalar(
    node: Node, what: str, expected: str, parse: Callable[[str], T | None], problems: list[Problem]
) -> Located[T] | None:
    """A scalar that `parse` understands, or None after a problem."""
    value = parse(node.text) if isinstance(node, Scalar) else None
    if value is None:
        wrong_type(node, what, expected, problems)
        return None
    return Located(value, node.place)


def read_mapping(
    node: Node,
    what: str,
    keys: tuple[str, ...],
    problems: list[Problem],
    later: AnyMapping[str, Later] | None = None,
) -> Fields | None:
    """A mapping with the given keys, or None after a problem."""
    if not isinstance(node, Mapping):
        wrong_type(node, what, "a mapping with " + ", ".join(keys), problems)
        return None
    return Fields(node, what, keys, problems, later)
