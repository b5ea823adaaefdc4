# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The version of MRM: stated once, in MrmPkg.dec; a release has it as a file of its own."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGED = Path(__file__).with_name("version.txt")
"""In a release."""
DECLARATION = Path(__file__).resolve().parents[1] / "MrmPkg" / "MrmPkg.dec"
"""In a checkout."""


def version() -> str:
    """Return the version of this release, or of this checkout.

    Raises:
        OSError: Neither says it.
        ValueError: MrmPkg.dec states none.
    """
    return PACKAGED.read_text("ascii").strip() if PACKAGED.is_file() else stated(DECLARATION)


def stated(declaration: Path) -> str:
    """Return the version that a package's declaration (.dec) states, such as 0.1.

    Raises:
        ValueError: It states none of two numbers.
    """
    found = re.search(
        r"^\s*PACKAGE_VERSION\s*=\s*(\d+\.\d+)\s*$", declaration.read_text("utf-8"), re.MULTILINE
    )
    if found is None:
        raise ValueError(f"{declaration}: no PACKAGE_VERSION of two numbers")
    return found[1]
