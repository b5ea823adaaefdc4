# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `processors` of a partition."""

from __future__ import annotations

import re

from generator.errors import Problem
from generator.load.nodes import Mapping, Scalar, Sequence
from generator.load.reader import Fields, ranged, read_scalar, wrong_type
from generator.load.values import parse_integer, parse_ranges
from generator.model.intent import ProcessorsIntent
from generator.places import Located
from generator.printable import printable

KEYS = ("count", "apic_ids", "package", "cores", "node", "allow_shared_cores")
EXPECTED = "a count such as 2, {count: 2}, {apic_ids: [1, 2]}, {cores: 2-5}, {package: 1} or {node: 0}"
MOST_NUMBERS = 4096
"""Numbers that one list names."""
_CUT_OFF = re.compile(r"[0-9]+(-[0-9]+)?")


def read_processors(partition: Fields) -> ProcessorsIntent:
    """`2`, or a mapping with the keys above, as far as it can be read."""
    count_of = ranged(parse_integer, 1, 0xFFFF)
    problems = partition.problems
    node = partition.node("processors", required=True)
    if not isinstance(node, Mapping):
        place = partition.place if node is None else node.place
        count = None if node is None else read_scalar(node, "'processors'", EXPECTED, count_of, problems)
        if count is None:
            partition.unread.add("processors")
        return ProcessorsIntent(place, count, ())
    fields = Fields(_without_cut_off(node, problems), "'processors'", KEYS, problems)
    count = fields.scalar("count", "a count of 1 or more", count_of, False)
    apic_ids = _numbers(fields, "apic_ids", 0xFFFFFFFE)
    cores = _numbers(fields, "cores", 0xFFFFFFFF)
    package, numa = fields.integer("package", 0, 0xFFFFFFFF), fields.integer("node", 0, 0xFFFFFFFF)
    shared = fields.boolean("allow_shared_cores")
    partition.lose("processors", fields.unread)
    if fields.unread - {"allow_shared_cores"}:
        # A list that is cut short still names processors; a package without the count asks for too many.
        lists = "package" not in fields.unread
        return ProcessorsIntent(
            place=node.place,
            count=None if apic_ids or cores else count,
            apic_ids=apic_ids,
            cores=cores if lists and not apic_ids else (),
            package=package if cores and lists and not apic_ids else None,
            shared_cores=True,
        )
    fault = None
    if apic_ids and (count or cores or package or numa):
        fault = "'apic_ids' and another choice"
    elif cores and (count or numa):
        fault = "'cores' and another choice"
    elif not (count or apic_ids or cores or package or numa):
        fault = "no choice of processors"
    if fault is not None:
        fields.problem(node.place, "yaml-type", f"'processors' has {fault}", EXPECTED, "keep exactly one")
        partition.unread.add("processors")
        return ProcessorsIntent(node.place, None, (), shared_cores=True)
    return ProcessorsIntent(
        place=node.place,
        count=count,
        apic_ids=apic_ids,
        package=package,
        node=numa,
        cores=cores,
        shared_cores=shared.value if shared else "allow_shared_cores" in fields.unread,
    )


def _numbers(fields: Fields, name: str, high: int) -> tuple[Located[int], ...]:
    """`1-3,5`, or a list of numbers and ranges."""
    node = fields.node(name)
    if node is None:
        return ()
    found: list[Located[int]] = []
    for item in fields.items(name, MOST_NUMBERS):
        numbers = read_scalar(
            item,
            f"'{name}'",
            f"numbers and ranges such as 1-3,5, 0 to {high:#x}, {MOST_NUMBERS} at most",
            lambda text: parse_ranges(text, high),
            fields.problems,
        )
        if numbers is None:
            fields.unread.add(name)
            continue
        found.extend(Located(number, item.place) for number in numbers.value)
        if len(found) > MOST_NUMBERS:
            what = f"'{name}' names more than {MOST_NUMBERS} numbers up to here"
            fields.problem(item.place, "yaml-type", what, "fewer", "remove some")
            fields.unread.add(name)
            del found[MOST_NUMBERS:]
            break
    if isinstance(node, Sequence) and not node.items:
        wrong_type(node, f"'{name}'", "at least one number", fields.problems)
        fields.unread.add(name)
    return tuple(found)


def _without_cut_off(node: Mapping, problems: list[Problem]) -> Mapping:
    """Without what follows the comma in `{apic_ids: 1-3,5}`, which YAML takes for another key."""
    entries = dict(node.entries)
    for name, (key, value) in node.entries.items():
        if _CUT_OFF.fullmatch(name) and isinstance(value, Scalar) and not value.text:
            problems.append(
                Problem(
                    key.place,
                    "yaml-type",
                    f"the list of numbers is cut off at the comma before {printable(name)}",
                    "a list in quotes or brackets",
                    "write apic_ids: '1-3,5' or apic_ids: [1-3, 5]",
                )
            )
            del entries[name]
    return Mapping(entries, node.place)
