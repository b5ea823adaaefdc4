# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about partitions as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.check.registry import Finding, error
from generator.model.plan import Plan
from generator.places import Place

MAXIMUM_PARTITIONS = 64
"""MRM_MAX_PARTITIONS of MrmPlan.h."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@error
def partition_count(plan: Plan) -> Iterator[Finding]:
    """There are 1 to 64 partitions."""
    count = len(plan.partitions)
    if count > MAXIMUM_PARTITIONS or (count == 0 and plan.knows("partitions")):
        place = plan.partitions[MAXIMUM_PARTITIONS].place if count else plan.place
        yield Finding(place, f"{count} partitions", f"1 to {MAXIMUM_PARTITIONS}", "change 'partitions'")


@error
def name_valid(plan: Plan) -> Iterator[Finding]:
    """The name of a partition is a lower-case letter, then up to 30 of a–z, 0–9 and hyphens."""
    for partition in plan.partitions:
        if partition.knows("name") and _NAME.fullmatch(partition.name.value) is None:
            yield Finding(
                partition.name.place,
                f"the name {partition.name.value!r}",
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
