# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What tells one PC from another: its system UUID, and what SMBIOS calls it.

MrmPkg/Library/MrmPlanLib/MrmPlanFit.c makes the same of what the live PC tells; a test holds both together.
"""

from __future__ import annotations

import re
from uuid import UUID

LONGEST_SYSTEM = 80
"""MRM_SYSTEM_LENGTH."""

SHARED_UUIDS = frozenset(
    (UUID("03000200-0400-0500-0006-000700080009"), UUID("00020003-0004-0005-0006-000700080009"))
)
"""What boards of many makers tell whose makers have not set one, in either order of bytes."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def parse_uuid(text: str) -> UUID | None:
    """Read a UUID; None for all else, and for the two that mean "none" (SMBIOS 3.3, section 7.2.1)."""
    if _UUID.fullmatch(text) is None:
        return None
    found = UUID(text)
    return found if found.int not in (0, (1 << 128) - 1) else None


def system_of(vendor: str | None, product: str | None) -> str | None:
    """What a PC is called: maker and product in one line; None if neither has a letter."""
    words = re.findall("[!-~]+", f"{vendor or ''} {product or ''}")
    return " ".join(words)[:LONGEST_SYSTEM].rstrip() or None


def parse_system(text: str) -> str | None:
    """Take a name that `system_of` could have made; None for all else."""
    return text if text == system_of(text, None) else None
