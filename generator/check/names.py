# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about partitions as such."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.entries import badly_named, named_again
from generator.check.registry import Finding, error
from generator.model.intent import MAXIMUM_PARTITIONS
from generator.model.plan import Plan


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
    yield from badly_named((p.name for p in plan.partitions if p.knows("name")), "partition")


@error
def name_unique(plan: Plan) -> Iterator[Finding]:
    """No two partitions have the same name."""
    yield from named_again((partition.name for partition in plan.partitions), "partition")
