# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about shared memory."""

from __future__ import annotations

from collections.abc import Iterator

from generator.blob.form import SHARED_ALIGNMENT
from generator.check.entries import badly_named, named_again, unknown, used_twice
from generator.check.registry import Finding, error, warning
from generator.load.values import format_size
from generator.model.plan import Plan
from generator.printable import quoted
from generator.resolve.allocation import allocate_memory


@error
def shared_name(plan: Plan) -> Iterator[Finding]:
    """The name of a shared memory is one that a partition could have."""
    yield from badly_named((shared.name for shared in plan.shared), "shared memory")


@error
def shared_unique(plan: Plan) -> Iterator[Finding]:
    """No two shared memories have the same name."""
    yield from named_again((shared.name for shared in plan.shared), "shared memory")


@error
def shared_size(plan: Plan) -> Iterator[Finding]:
    """The size of a shared memory is a multiple of 2 MiB: Linux maps persistent memory in such steps."""
    for shared in plan.shared:
        if shared.size.value % SHARED_ALIGNMENT or not shared.size.value:
            yield Finding(
                shared.size.place,
                f"{format_size(shared.size.value)} for the shared memory '{shared.name.value}'",
                "a multiple of 2 MiB, at least that",
                "round it up",
            )


@error
def shared_exists(plan: Plan) -> Iterator[Finding]:
    """A partition has shared memories of the file only."""
    if not plan.knows("shared"):
        return
    names = [shared.name.value for shared in plan.shared]
    for partition in plan.partitions:
        for has in partition.shared:
            if has.index is None:
                wrong = f"'{partition.name.value}' has {quoted(has.name.value)}, which is no shared memory"
                yield unknown(has.name, names, wrong, "shared")


@error
def shared_once(plan: Plan) -> Iterator[Finding]:
    """A partition names a shared memory once."""
    for partition in plan.partitions:
        yield from used_twice((has.name for has in partition.shared), f"'{partition.name.value}' names")


@error
def shared_fits(plan: Plan) -> Iterator[Finding]:
    """Each shared memory fits the machine in one piece, beside the memory of all partitions.

    Judged only if the memory of all partitions fits; the controller takes theirs first.
    """
    allocation = allocate_memory(plan.machine, plan.partitions, plan.shared)
    if not all(part.complete for partition in allocation.partitions for part in partition):
        return
    for shared, found in zip(plan.shared, allocation.shared, strict=True):
        if found is not None and not found.complete and not shared.size.value % SHARED_ALIGNMENT:
            yield Finding(
                shared.size.place,
                f"no {format_size(shared.size.value)} in one piece are left for the shared memory "
                f"'{shared.name.value}'",
                "room for it beside the memory of all partitions",
                "make it smaller, or give partitions less memory",
            )


@warning
def shared_alone(plan: Plan) -> Iterator[Finding]:
    """At least two partitions have a shared memory."""
    if not plan.knows("partitions") or any(not p.knows("shared") for p in plan.partitions):
        return
    for shared in plan.shared:
        name = shared.name.value
        count = sum(any(has.name.value == name for has in p.shared) for p in plan.partitions)
        if count < 2:
            yield Finding(
                shared.name.place,
                f"{'one partition has' if count else 'nobody has'} the shared memory '{name}'",
                "two partitions or more",
                "add it to the key 'shared' of others",
            )
