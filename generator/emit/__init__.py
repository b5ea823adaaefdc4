# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Stage 4: a checked plan → the bytes that the controller reads, and what people and tools read.

Everything rendered depends on the plan alone, but for when it was made; files are only touched when something
else than this changes, so that incremental builds stay quick.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from generator.blob.write import BlobError
from generator.dsdt.assemble import make_dsdt
from generator.emit.blob import render_blob
from generator.emit.files import OutputFolder
from generator.emit.plan_json import render_plan_json
from generator.errors import Problem, UserErrors
from generator.model.plan import Plan
from generator.places import Place

PLAN_BLOB = "MrmPlan.bin"
PLAN_JSON = "MrmPlan.json"
DSDT_FOLDER = "dsdt"

_EPOCH = "SOURCE_DATE_EPOCH"
_MADE = slice(24, 32)
"""Where a blob says when it was made: MRM_PLAN.Made, behind the header."""


def make_blob(plan: Plan, before: bytes = b"") -> bytes:
    """The blob of a plan; `before`, if it says the same and is only older.

    Raises:
        UserErrors: iasl is needed and missing, the plan is too large for its format, or SOURCE_DATE_EPOCH is
            no time.
        generator.dsdt.fragments.CompileError: iasl refuses our ASL.
    """
    dsdts = [make_dsdt(partition) for partition in plan.partitions]
    try:
        again = render_blob(plan, dsdts, int.from_bytes(before[_MADE], "little"))
    except BlobError as error:
        change = "make partitions fewer, or their texts shorter"
        raise UserErrors(
            [
                Problem(
                    Place(plan.source),
                    "plan-size",
                    f"the plan is too large: {error}",
                    "a smaller one",
                    change,
                )
            ]
        ) from None
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
    """Seconds since 1970 began; SOURCE_DATE_EPOCH if that is set (reproducible-builds.org).

    Raises:
        UserErrors: It is no time.
    """
    wanted = os.environ.get(_EPOCH)
    if not wanted:
        return int(time.time())
    if not re.fullmatch(r"[0-9]{1,12}", wanted):
        raise UserErrors(
            [
                Problem(
                    Place(_EPOCH),
                    "made-time",
                    f"'{wanted}' in the environment is no time",
                    "seconds since 1970 began, as digits",
                    "correct the variable, or unset it",
                )
            ]
        )
    return int(wanted)
