# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Stage 4: a checked plan → the generated part of the EDK2 package.

Everything rendered depends on the plan alone; files are only touched when their content changes, so
incremental builds stay quick.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from generator.emit.aml import compile_dsdt
from generator.emit.asl import on_card, render_asl
from generator.emit.c_tables import render_c_tables
from generator.emit.files import OutputFolder
from generator.emit.plan_json import render_plan_json
from generator.model.plan import Plan

C_TABLES = "MrmPlanTables.c"
PLAN_JSON = "MrmPlan.json"
DSDT_FOLDER = "dsdt"

_COMPILERS = 2
"""iasl processes at a time."""


def emit(plan: Plan, output: Path, compile_asl: bool = True) -> tuple[str, ...]:
    """Write the generated files below `output`; returns the names of those that changed.

    Without `compile_asl` the ASL and the JSON are written, but not what needs the compiled ASL.
    Raises `UserErrors` if iasl is missing, `generator.emit.aml.CompileError` if it refuses our ASL,
    `OSError` if the folder cannot be written.
    """
    folder = OutputFolder(output)
    sources = [render_asl(partition) for partition in plan.partitions]
    for partition, source in zip(plan.partitions, sources, strict=True):
        folder.write_text(f"{DSDT_FOLDER}/{partition.name.value}.asl", source)
    if compile_asl:
        with ThreadPoolExecutor(_COMPILERS) as pool:
            dsdts = list(
                pool.map(
                    compile_dsdt,
                    sources,
                    [len(partition.pci) for partition in plan.partitions],
                    [on_card(partition) for partition in plan.partitions],
                    [bool(partition.policy.shutdown.value) for partition in plan.partitions],
                )
            )
        for partition, dsdt in zip(plan.partitions, dsdts, strict=True):
            folder.write_bytes(f"{DSDT_FOLDER}/{partition.name.value}.aml", dsdt.aml)
        folder.write_text(C_TABLES, render_c_tables(plan, dsdts))
    folder.write_text(PLAN_JSON, render_plan_json(plan))
    folder.remove_others(DSDT_FOLDER, (".asl", ".aml"))
    return folder.changed
