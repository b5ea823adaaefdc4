# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about partitions as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.check.registry import Finding, error
from generator.model.intent import MAXIMUM_PARTITIONS
from generator.model.plan import Plan
from generator.places import Place
from generator.printable import quoted

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@error
def partition_count(plan: Plan) -> Iterator[Finding]:
    """There are 1 to 64 partitions."""
    count = len(plan.partitions)
    if count == 0 and plan.knows("partitions"):
        yield Finding(plan.place, "0 partitions", f"1 to {MAXIMUM_PARTITIONS}", "change 'partitions'")
    if plan.beyond is not None:
        yield Finding(
            plan.beyond.place,
            f"{MAXIMUM_PARTITIONS + plan.beyond.value} partitions; those from here on were not read",
            f"1 to {MAXIMUM_PARTITIONS}",
            "change 'partitions'",
        )


@error
def name_valid(plan: Plan) -> Iterator[Finding]:
    """The name of a partition is a lower-case letter, then up to 30 of a–z, 0–9 and hyphens."""
    for partition in plan.partitions:
        if partition.knows("name") and _NAME.fullmatch(partition.name.value) is None:
            yield Finding(
                partition.name.place,
                f"the name {quoted(partition.name.value)}",
                "a lower-case letter, then up to 30 of a-z, 0-9 and -",
                "rename the partition",
            )


@error
def name_unique(plan: Plan) -> Iterator[Finding]:
    """No two partitions have the same name."""
    first: dict[str, Place] = {}
    for partition in plan.partitions:
        name = partition.name
        if name.value in first:
            what = f"a second partition '{name.value}' (the first is in line {first[name.value].line})"
            yield Finding(name.place, what, "a name of its own", "rename one of them")
        first.setdefault(name.value, name.place)
