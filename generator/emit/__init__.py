# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Stage 4: a checked plan → the bytes that the controller reads, and what people and tools read.

Everything rendered depends on the plan alone, but for when it was made; files are only touched when something
else than this changes, so that incremental builds stay quick.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from generator.dsdt.assemble import make_dsdt
from generator.emit.blob import render_blob
from generator.emit.files import OutputFolder
from generator.emit.plan_json import render_plan_json
from generator.model.plan import Plan

PLAN_BLOB = "MrmPlan.bin"
PLAN_JSON = "MrmPlan.json"
DSDT_FOLDER = "dsdt"

_MADE = slice(24, 32)
"""Where a blob says when it was made: MRM_PLAN.Made, behind the header."""


def make_blob(plan: Plan, before: bytes = b"") -> bytes:
    """The blob of a plan; `before`, if it says the same and is only older.

    Raises:
        UserErrors: iasl is needed and missing.
        generator.dsdt.pieces.CompileError: iasl refuses our ASL.
    """
    dsdts = [make_dsdt(partition) for partition in plan.partitions]
    again = render_blob(plan, dsdts, int.from_bytes(before[_MADE], "little"))
    return before if again == before else render_blob(plan, dsdts, _now())


def emit(plan: Plan, output: Path) -> tuple[str, ...]:
    """Write the generated files below `output`; returns the names of those that changed.

    Raises as `make_blob`, and `OSError` if the folder cannot be written.
    """
    folder = OutputFolder(output)
    kept = output / PLAN_BLOB
    blob = make_blob(plan, kept.read_bytes() if kept.is_file() else b"")
    for partition in plan.partitions:
        folder.write_bytes(f"{DSDT_FOLDER}/{partition.name.value}.aml", make_dsdt(partition).aml)
    folder.write_bytes(PLAN_BLOB, blob)
    folder.write_text(PLAN_JSON, render_plan_json(plan))
    folder.remove_others(DSDT_FOLDER, (".aml",))
    return folder.changed


def _now() -> int:
    """Seconds since 1970 began; SOURCE_DATE_EPOCH if that is set (reproducible-builds.org)."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
