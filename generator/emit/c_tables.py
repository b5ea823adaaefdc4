# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as C tables: MrmPlanTables.c, per MrmPkg/Include/MrmPlan.h."""

from __future__ import annotations

from collections.abc import Sequence

from generator.emit.aml import Dsdt
from generator.emit.templating import environment
from generator.model.plan import Plan

PLAN_VERSION = 2
"""MRM_PLAN_VERSION of the header the tables are made for."""


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
        )
    )


def esp_path(path: str) -> str:
    """A path on the ESP as UEFI writes it: from the root, with backslashes."""
    return "\\" + path.replace("/", "\\")
