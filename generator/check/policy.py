# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about how partitions live: order of starting, restarts, permissions, variables."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.load.values import format_duration, format_size
from generator.model.plan import Plan
from generator.places import Located
from generator.printable import quoted
from generator.suggest import closest

MOST_RESTARTS = 1000
SECOND, HOUR = 1000, 3_600_000
QUOTA_STEP, QUOTA_LEAST, QUOTA_MOST = 4 << 10, 16 << 10, 256 << 10


@error
def restart_limit(plan: Plan) -> Iterator[Finding]:
    """A partition stays failed after at most 1000 failures in a row, or, with 0, never."""
    for partition in plan.partitions:
        limit = partition.policy.limit
        if limit.value > MOST_RESTARTS:
            yield Finding(
                limit.place,
                f"a limit of {limit.value} failed starts",
                f"0 (no limit) to {MOST_RESTARTS}",
                "change 'limit'",
            )


@error
def policy_times(plan: Plan) -> Iterator[Finding]:
    """Back-off, delay, shutdown and the firmware's watchdog are 1 h at most; the last two at least 1 s."""
    for partition in plan.partitions:
        policy = partition.policy
        for name, time in (
            ("backoff", policy.backoff),
            ("delay", policy.delay),
            ("shutdown", policy.shutdown),
            ("firmware", policy.firmware),
        ):
            may_be_off = name in ("shutdown", "firmware")
            least = SECOND if may_be_off and time.value else 0
            if not least <= time.value <= HOUR:
                yield Finding(
                    time.place,
                    f"'{name}' is {format_duration(time.value)}",
                    f"{'off, or 1 s' if may_be_off else '0'} to 1 h",
                    f"change '{name}'",
                )


@error
def after_exists(plan: Plan) -> Iterator[Finding]:
    """Partitions that others start after exist."""
    for partition in plan.partitions:
        yield from _unknown(plan, partition.policy.after, "after")


@error
def after_cycle(plan: Plan) -> Iterator[Finding]:
    """No partition waits for itself, neither at once nor through others."""
    after = {p.name.value: [name.value for name in p.policy.after] for p in plan.partitions}
    told: set[str] = set()
    for partition in plan.partitions:
        cycle = _cycle(partition.name.value, after)
        if cycle and not told.intersection(cycle):
            told.update(cycle)
            first = next(name for name in partition.policy.after if name.value == cycle[1])
            yield Finding(
                first.place,
                "partitions wait for each other: " + " → ".join(cycle),
                "an order in which all can start",
                "remove one of these from 'after'",
            )


@warning
def after_starts(plan: Plan) -> Iterator[Finding]:
    """A partition that starts by itself waits only for partitions that do so too."""
    manual = {p.name.value for p in plan.partitions if not p.policy.autostart and p.knows("autostart")}
    for partition in plan.partitions:
        for name in partition.policy.after:
            if partition.policy.autostart and partition.knows("autostart") and name.value in manual:
                yield Finding(
                    name.place,
                    f"'{partition.name.value}' waits for '{name.value}', which starts only when told to",
                    "partitions that start by themselves",
                    "write 'autostart: false' here too, or remove it there",
                )


@error
def nmi_once(plan: Plan) -> Iterator[Finding]:
    """At most one partition gets the machine's NMIs."""
    owner = None
    for partition in plan.partitions:
        if partition.policy.nmi.value and owner is not None:
            yield Finding(
                partition.policy.nmi.place,
                f"the machine's NMIs go to '{owner}' already",
                "'nmi: true' for one partition at most",
                "remove it from one of them",
            )
        elif partition.policy.nmi.value:
            owner = partition.name.value


@error
def permission_exists(plan: Plan) -> Iterator[Finding]:
    """Partitions that permissions name exist."""
    for partition in plan.partitions:
        for verb, names in partition.policy.permissions.verbs:
            yield from _unknown(plan, names, verb)


@error
def variables_quota(plan: Plan) -> Iterator[Finding]:
    """The UEFI variables of a partition have 16 KiB to 256 KiB, a multiple of 4 KiB."""
    for partition in plan.partitions:
        quota = partition.policy.quota
        if quota.value % QUOTA_STEP or not QUOTA_LEAST <= quota.value <= QUOTA_MOST:
            yield Finding(
                quota.place,
                f"{format_size(quota.value)} for UEFI variables",
                "16 KiB to 256 KiB, a multiple of 4 KiB",
                "change 'quota', or leave it out for 64 KiB",
            )


def _unknown(plan: Plan, names: tuple[Located[str], ...], key: str) -> Iterator[Finding]:
    """Names of no partition; nothing where not all names could be read."""
    if not plan.knows("partitions") or not all(partition.knows("name") for partition in plan.partitions):
        return
    known = [partition.name.value for partition in plan.partitions]
    for name in names:
        if name.value not in known:
            near = closest(name.value, known, 1)
            yield Finding(
                name.place,
                f"'{key}' names {quoted(name.value)}, which is no partition",
                "one of " + ", ".join(known),
                f"did you mean '{near[0]}'?" if near else "change the name",
            )


def _cycle(start: str, after: dict[str, list[str]]) -> list[str]:
    """The shortest way from a partition back to itself; nothing if there is none."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for name in after.get(way[-1], ()):
            if name == start:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
