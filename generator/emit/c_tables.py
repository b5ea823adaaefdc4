# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as C tables: MrmPlanTables.c, per MrmPkg/Include/MrmPlan.h."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from generator.emit.aml import Dsdt
from generator.emit.plan_json import render_embedded_json
from generator.emit.policy_text import digest, render_policy, structure
from generator.emit.templating import environment
from generator.model.intent import AllOff, Restart
from generator.model.plan import PartitionPlan, PermissionsPlan, Plan
from generator.resolve.kernel_parameters import CARD_BAUD

PLAN_VERSION = 4
"""MRM_PLAN_VERSION of the header the tables are made for."""
_RESTARTS: Mapping[Restart, str] = {
    "never": "MrmRestartNever",
    "on-failure": "MrmRestartOnFailure",
    "always": "MrmRestartAlways",
}
_ALL_OFF: Mapping[AllOff, str] = {
    "stay": "MrmAllOffStay",
    "power-off": "MrmAllOffPowerOff",
    "reboot": "MrmAllOffReboot",
    "menu": "MrmAllOffMenu",
}
_PERMITS = {"start": 1 << 0, "stop": 1 << 1, "restart": 1 << 2, "nmi": 1 << 3}
"""MRM_PERMIT_START and so on."""
_PC_PERMITS = {"reboot": "MRM_PERMIT_PC_REBOOT", "power-off": "MRM_PERMIT_PC_POWER_OFF"}
_LINE = 96
"""Characters of JSON in one string literal."""


def render_c_tables(plan: Plan, dsdts: Sequence[Dsdt]) -> str:
    """The C source, with the DSDT of each partition."""
    return (
        environment()
        .get_template("MrmPlanTables.c.j2")
        .render(
            plan=plan,
            version=PLAN_VERSION,
            partitions=list(zip(plan.partitions, dsdts, strict=True)),
            esp_path=esp_path,
            after=lambda partition: _after(plan, partition),
            permits=lambda partition: _permits(plan, partition),
            restarts=_RESTARTS,
            all_off=_ALL_OFF[plan.all_off],
            pc_permits=_pc_permits,
            structure=structure(plan),
            built_in_policy=digest(render_policy(plan)),
            json_lines=_lines(render_embedded_json(plan)),
            card_baud=CARD_BAUD,
            expected=_expected,
        )
    )


def esp_path(path: str) -> str:
    """A path on the ESP as UEFI writes it: from the root, with backslashes."""
    return "\\" + path.replace("/", "\\")


def _after(plan: Plan, partition: PartitionPlan) -> list[int]:
    """Indices of the partitions that must run first."""
    numbers = {other.name.value: number for number, other in enumerate(plan.partitions)}
    return [numbers[name] for name in dict.fromkeys(name.value for name in partition.policy.after)]


def _permits(plan: Plan, partition: PartitionPlan) -> list[int]:
    """What a partition may do to each partition of the plan, as bits; nothing if it may do nothing at all."""
    verbs = partition.policy.permissions.verbs
    bits = [
        sum(_PERMITS[verb] for verb, names in verbs if other.name.value in {name.value for name in names})
        for other in plan.partitions
    ]
    return bits if any(bits) else []


def _pc_permits(permissions: PermissionsPlan) -> list[str]:
    """What a partition may do to the PC and to the policy of all."""
    reload = ["MRM_PERMIT_RELOAD"] if permissions.reload.value else []
    return [_PC_PERMITS[request.value] for request in permissions.pc] + reload


def _expected(partition: PartitionPlan) -> str:
    """Kernel parameters that a Linux of the owner's own is to have."""
    return " ".join(expected.parameter for expected in partition.boot.expected)


def _lines(text: str) -> list[str]:
    """A text in pieces for string literals."""
    return [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
