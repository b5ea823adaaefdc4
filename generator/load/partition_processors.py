# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `processors` of a partition."""

from __future__ import annotations

import re

from generator.errors import Problem
from generator.load.keys import BOOLEAN, Form, Key, Keys, any_of, integer, numbers
from generator.load.nodes import Mapping, Scalar, Sequence
from generator.load.reader import Fields, read_scalar, wrong_type
from generator.model.intent import ProcessorsIntent
from generator.places import Located
from generator.printable import printable

MOST_NUMBERS = 4096
"""Numbers that one list names."""
COUNT = Key(
    "count",
    integer(1, 0xFFFF, "a count of 1 or more"),
    "Any free processors.",
    "any free ones, confined to a `package` or a NUMA `node` if these are given too",
)
APIC_IDS = Key(
    "apic_ids",
    numbers(0xFFFFFFFE, MOST_NUMBERS),
    "Exactly these local APIC IDs; the first one boots.",
    'exactly these: `[4, 2]`, `[1-3, 5]` or `"1-3,5"`; the first one boots',
)
CORES = Key(
    "cores",
    numbers(0xFFFFFFFF, MOST_NUMBERS),
    "All threads of these cores of 'package' (0).",
    "all threads of these cores of a `package` (0 unless given), numbered as in the machine file: `2-5`",
)
PACKAGE = Key(
    "package",
    integer(),
    "All processors of a package, or where 'count' is taken from.",
    "all processors of a package",
)
NODE = Key(
    "node",
    integer(),
    "All processors of a NUMA node, or where 'count' is taken from.",
    "all processors of a NUMA node",
)
SHARED_CORES = Key(
    "allow_shared_cores",
    BOOLEAN,
    "Threads of one core may belong to different owners.",
    "`true`: hardware threads of one core may belong to different owners, which then share its MTRRs and "
    "caches",
)
KEYS = Keys((COUNT, APIC_IDS, CORES, PACKAGE, NODE, SHARED_CORES))
EXPECTED = "a count such as 2, {count: 2}, {apic_ids: [1, 2]}, {cores: 2-5}, {package: 1} or {node: 0}"
PROCESSORS = Key(
    "processors",
    Form(EXPECTED, COUNT.form.parse, any_of(COUNT.schema, KEYS.schema)),
    "How many processors, or which.",
    "a count such as `2`, or parts as below",
    "required",
    required=True,
    inherited=True,
)
_CUT_OFF = re.compile(r"[0-9]+(-[0-9]+)?")


def read_processors(partition: Fields) -> ProcessorsIntent:
    """`2`, or a mapping with the keys above, as far as it can be read."""
    problems = partition.problems
    node = partition.node(PROCESSORS.name, PROCESSORS.required)
    if not isinstance(node, Mapping):
        place = partition.place if node is None else node.place
        return ProcessorsIntent(place, None if node is None else partition.read(PROCESSORS), ())
    fields = Fields(_without_cut_off(node, problems), "'processors'", KEYS.names, problems)
    count = fields.read(COUNT)
    apic_ids, cores = _numbers(fields, APIC_IDS), _numbers(fields, CORES)
    package, numa = fields.read(PACKAGE), fields.read(NODE)
    shared = fields.read(SHARED_CORES)
    partition.lose("processors", fields.unread)
    if fields.unread - {SHARED_CORES.name}:
        # A list that is cut short still names processors; a package without the count asks for too many.
        lists = PACKAGE.name not in fields.unread
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
        shared_cores=shared.value if shared else SHARED_CORES.name in fields.unread,
    )


def _numbers(fields: Fields, key: Key[tuple[int, ...]]) -> tuple[Located[int], ...]:
    """`1-3,5`, or a list of numbers and ranges."""
    name = key.name
    node = fields.node(name)
    if node is None:
        return ()
    found: list[Located[int]] = []
    for item in fields.items(name, MOST_NUMBERS):
        read = read_scalar(item, f"'{name}'", key.form.expected, key.form.parse, fields.problems)
        if read is None:
            fields.unread.add(name)
            continue
        found.extend(Located(number, item.place) for number in read.value)
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
