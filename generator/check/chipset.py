# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about the owner of the chipset: the one partition that gets everything nobody else has."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error
from generator.model.plan import PartitionPlan, Plan
from generator.places import Place


def _owners(plan: Plan) -> list[tuple[PartitionPlan, Place]]:
    """The partitions that own the chipset, with the place that says so."""
    return [
        (partition, partition.chipset.place)
        for partition in plan.partitions
        if partition.chipset is not None and partition.owns_chipset
    ]


@error
def chipset_once(plan: Plan) -> Iterator[Finding]:
    """At most one partition owns the chipset."""
    owners = _owners(plan)
    for partition, place in owners[1:]:
        yield Finding(
            place,
            f"'{partition.name.value}' owns the chipset, and so does '{owners[0][0].name.value}'",
            "one owner: there is one chipset",
            "leave 'chipset: true' out of one of them",
        )


@error
def chipset_level(plan: Plan) -> Iterator[Finding]:
    """The owner of the chipset is guarded or contained: without a guard it would find everybody's devices."""
    for partition, place in _owners(plan):
        if partition.knows("isolation") and partition.level == "cooperative":
            yield Finding(
                place,
                f"'{partition.name.value}' owns the chipset and is cooperative",
                "a guard beneath it: nothing else keeps its system from devices of others",
                "add 'isolation: contained' and 'dma: trusted', or 'isolation: guarded'",
            )


@error
def chipset_devices(plan: Plan) -> Iterator[Finding]:
    """The owner of the chipset names no devices: it gets what nobody else has, and none in memory yet."""
    for partition, place in _owners(plan):
        named = {"pci": partition.pci, "network": partition.cards, "disk": partition.disks}
        keys = [key for key, value in named.items() if value]
        if keys and partition.knows(*named):
            yield Finding(
                place,
                f"'{partition.name.value}' owns the chipset and has {' and '.join(map(repr, keys))}",
                "no such key: all functions that nobody else has are its own, and it has none in memory yet",
                "leave those keys out",
            )
