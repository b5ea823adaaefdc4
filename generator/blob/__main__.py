# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`python -m generator.blob`: write what is made from the description; a test holds it up to date."""

from __future__ import annotations

from pathlib import Path

from generator.blob.c_source import fields, header
from generator.blob.page import with_tables

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs/plan-format.md"


def made() -> dict[Path, str]:
    """The files and what has to be in them."""
    return {
        PROJECT / "MrmPkg/Include/MrmPlan.h": header(),
        PROJECT / "MrmPkg/Library/MrmPlanLib/MrmPlanFields.c": fields(),
        PAGE: with_tables(PAGE.read_text("utf-8")),
    }


if __name__ == "__main__":
    for path, text in made().items():
        path.write_text(text, "utf-8")
