# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How a partition lives: what the partition file says, and defaults for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from generator.model.intent import EVERYONE, PartitionIntent
from generator.model.plan import PermissionsPlan, PolicyPlan
from generator.places import Located

T = TypeVar("T")

LIMIT = 5
"""Failures in a row after which a partition stays failed."""
BACKOFF = 1000
"""Milliseconds before a restart after a failure."""
SHUTDOWN = 120_000
"""Milliseconds an operating system may take to shut down when asked to: systemd gives a service 90 s."""
FIRMWARE = 60_000
"""Milliseconds without sign of life after which firmware or loader has failed."""
QUOTA = 64 << 10
"""Bytes of a partition's UEFI variable store."""


def resolve_policy(intent: PartitionIntent, names: Sequence[str]) -> PolicyPlan:
    """The policy of one partition; `names` are those of all partitions, which `all` stands for."""
    policy, permissions = intent.policy, intent.policy.permissions

    def told(found: Located[T] | None, default: T) -> Located[T]:
        return found or Located(default, intent.place)

    def meant(found: Sequence[Located[str]]) -> tuple[Located[str], ...]:
        everyone = next((one for one in found if one.value == EVERYONE), None)
        if everyone is not None:
            return tuple(Located(name, everyone.place) for name in names)
        return tuple({name.value: name for name in found}.values())

    return PolicyPlan(
        restart=policy.restart.value if policy.restart else "on-failure",
        limit=told(policy.limit, LIMIT),
        backoff=told(policy.backoff, BACKOFF),
        scrub=told(policy.scrub, False).value,
        autostart=told(policy.autostart, True).value,
        after=policy.after,
        delay=told(policy.delay, 0),
        shutdown=told(policy.shutdown, SHUTDOWN),
        watchdog=told(policy.watchdog, True).value,
        firmware=told(policy.firmware, FIRMWARE),
        nmi=told(policy.nmi, False),
        permissions=PermissionsPlan(
            start=meant(permissions.start),
            stop=meant(permissions.stop),
            restart=meant(permissions.restart),
            nmi=meant(permissions.nmi),
            pc=tuple({request.value: request for request in permissions.pc}.values()),
            reload=told(permissions.reload, False),
        ),
        quota=told(policy.quota, QUOTA),
    )
