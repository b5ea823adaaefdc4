# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The policy of a plan as text: what an OS may put in force while the plan runs (docs/control.md).

MrmPkg/Library/MrmPolicyLib reads and writes the same text; a test holds both together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from generator.emit.plan_json import plan_to_json, promises
from generator.model.plan import PartitionPlan, Plan

VERSION = 1
LONGEST = 16 << 10
"""MRM_POLICY_TEXT_SIZE: bytes of the longest text the controller takes."""

CHANGEABLE = frozenset(
    (
        "restart",
        "limit",
        "backoff_ms",
        "scrub",
        "autostart",
        "after",
        "delay_ms",
        "shutdown_ms",
        "nmi",
        "permissions",
    )
)
"""What of a partition's policy in MrmPlan.json is in the text, besides the watchdog's `firmware_ms`."""

_DIGITS = 16
_NOBODY, _EVERYBODY = "-", "*"


def render_policy(plan: Plan) -> str:
    """The text: a line for the plan, one for the controller, one for each partition; times in ms."""
    names = [partition.name.value for partition in plan.partitions]
    lines = [
        f"mrm-policy {VERSION} {structure(plan)}",
        f"controller all_off={plan.all_off} power_button={plan.power_button}",
        *(
            " ".join([partition.name.value, *(f"{key}={value}" for key, value in _keys(partition, names))])
            for partition in plan.partitions
        ),
    ]
    return "\n".join(lines) + "\n"


def structure(plan: Plan) -> str:
    """A digest of everything in the plan that the text cannot change."""
    told = promises(plan_to_json(plan, host_paths=False))
    del told["source"], told["controller"]["all_off"], told["controller"]["power_button"]
    for partition in told["partitions"]:
        policy = partition["policy"]
        del policy["watchdog"]["firmware_ms"]
        # A partition that is not asked to shut down has no thermal zone.
        thermal_zone = policy["shutdown_ms"] != 0
        partition["policy"] = {key: policy[key] for key in policy.keys() - CHANGEABLE}
        partition["policy"]["thermal_zone"] = thermal_zone
    return digest(json.dumps(told, sort_keys=True))


def digest(text: str) -> str:
    """The digest of a text, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _keys(partition: PartitionPlan, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Keys and values of one partition, in their order."""
    policy = partition.policy
    yield "restart", policy.restart
    yield "limit", policy.limit.value
    yield "backoff", policy.backoff.value
    yield "scrub", _truth(policy.scrub)
    yield "autostart", _truth(policy.autostart)
    yield "after", _list([name.value for name in policy.after])
    yield "delay", policy.delay.value
    yield "shutdown", policy.shutdown.value
    yield "firmware", policy.firmware.value
    yield "nmi", _truth(policy.nmi.value)
    for verb, others in policy.permissions.verbs:
        allowed = {other.value for other in others}
        in_order = [name for name in names if name in allowed]
        yield f"may_{verb}", _EVERYBODY if in_order == list(names) else _list(in_order)
    requests = {request.value for request in policy.permissions.pc}
    yield "may_pc", _list([request for request in ("reboot", "power-off") if request in requests])
    yield "may_reload", _truth(policy.permissions.reload.value)


def _truth(value: bool) -> str:
    """True or false."""
    return "true" if value else "false"


def _list(values: Sequence[str]) -> str:
    """Values with commas; a hyphen for none."""
    return ",".join(dict.fromkeys(values)) or _NOBODY
