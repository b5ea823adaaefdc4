# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The description for people: the tables of docs/plan-format.md."""

from __future__ import annotations

import re
import textwrap

from generator.blob.form import ENUMERATIONS, HEADER, LIMITS, PC_PERMITS, PERMITS, VERSION, identity, records
from generator.blob.types import (
    Choice,
    Enumeration,
    Inline,
    Number,
    Numbers,
    Record,
    Records,
    Text,
    Truth,
    Type,
    size,
)


def with_tables(page: str) -> str:
    """The page with everything between its two marks as it has to be."""
    return re.sub(
        r"(?<=<!-- format -->\n).*(?=<!-- end of format -->)", lambda _: _tables(), page, flags=re.DOTALL
    )


def _tables() -> str:
    """All tables."""
    parts = [
        f"Version {VERSION}, format 0x{identity():08X}.\n",
        *map(_record, (HEADER, *reversed(records()))),
        "### Enumerations\n",
        *map(_enumeration, ENUMERATIONS),
        "### Bits and limits\n",
        "| name | value |\n|---|---|\n"
        + "".join(f"| `{c.name}` | {c.number} |\n" for c in (*PERMITS, *PC_PERMITS, *LIMITS)),
    ]
    return "\n" + "\n".join(parts) + "\n"


def _enumeration(enumeration: Enumeration) -> str:
    """The numbers of one enumeration."""
    numbers = ", ".join(f"{number} {name}" for number, (name, _) in enumerate(enumeration.names))
    return textwrap.fill(f"`{enumeration.name}`: {numbers}.", 120) + "\n"


def _record(record: Record) -> str:
    """One record's table."""
    rows, at = "", 0
    for field in record.fields:
        doc = " ".join(field.doc.split()).replace("|", "\\|")
        rows += f"| {at} | {size(field.type)} | `{field.name}` | {_words(field.type)} | {doc} |\n"
        at += size(field.type)
    summary = record.doc.splitlines()[0]
    head = "| at | bytes | field | type | meaning |\n|---|---|---|---|---|\n"
    return f"### {record.name}\n\n{summary} {record.size} bytes.\n\n{head}{rows}"


def _words(kind: Type) -> str:
    """A type in words."""
    match kind:
        case Number(minimum=minimum, maximum=maximum):
            return "number" if maximum is None and minimum == 0 else f"number, {minimum} to {kind.highest}"
        case Truth():
            return "0 or 1"
        case Choice(enumeration=enumeration):
            return enumeration.name
        case Inline(record=record):
            return f"{record.name}, in place"
        case Text(longest=longest, wide=wide, optional=optional):
            width = "UTF-16 text" if wide else "text"
            return f"reference: {width}, at most {longest} characters{', or none' if optional else ''}"
        case Numbers(width=width, fewest=fewest, most=most):
            return f"reference: {fewest} to {most} numbers of {width} byte{'s' if width > 1 else ''}"
        case Records(record=record, fewest=fewest, most=most):
            return f"reference: {fewest} to {most} × {record.name}"
