# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The description as C: the structures of MrmPlan.h, and the tables by which MrmPlanLib reads a blob."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from generator.blob.form import (
    ENUMERATIONS,
    HEADER,
    LIMITS,
    MAGIC,
    PARTITION,
    PC_PERMITS,
    PERMITS,
    PLAN,
    VERSION,
    identity,
    records,
)
from generator.blob.types import (
    Choice,
    Constant,
    Enumeration,
    Field,
    Inline,
    Number,
    Numbers,
    Record,
    Records,
    Text,
    Truth,
    Type,
)

_GENERATED = "Made by `python -m generator.blob` from generator/blob/form.py: change it there."
_LINE = 120
_LICENCE = "SPDX-License-Identifier: BSD-2-Clause-Patent"
_HEAD = f"""\
/** @file
  The plan as the controller sees it, once MrmPlanLib has judged the blob that
  says it (docs/plan-format.md).

  {_GENERATED}

  Everything here is read-only data.  Names are physical: ports by UEFI device
  path, processors by local APIC ID.  What the PC's firmware counts anew at each
  boot (buses, indices) the controller finds on the live machine.

  {_LICENCE}
**/

#ifndef MRM_PLAN_H_
#define MRM_PLAN_H_

#include <Uefi/UefiBaseType.h>

#define MRM_PLAN_VERSION  {VERSION}
#define MRM_PLAN_FORMAT   0x{identity():08X}U
#define MRM_PLAN_MAGIC    SIGNATURE_64 ({", ".join(f"'{chr(byte)}'" for byte in MAGIC)})

///
/// Limits of one plan; the generator's rules check them, MrmPlanLib judges them again.
///
"""


def header() -> str:
    """MrmPkg/Include/MrmPlan.h."""
    parts = [
        _HEAD + _defines(LIMITS),
        _defines(PERMITS),
        _defines(PC_PERMITS),
        *map(_enumeration, ENUMERATIONS),
        "#pragma pack (1)\n\n" + _structure(HEADER) + "\n#pragma pack ()\n",
        *map(_structure, records()),
        "#endif\n",
    ]
    return "\n".join(parts)


def fields() -> str:
    """MrmPkg/Library/MrmPlanLib/MrmPlanFields.c."""
    return "\n".join(
        [
            f"""\
/** @file
  How the records of a plan lie in its blob, and in memory.

  {_GENERATED}

  {_LICENCE}
**/

#include "MrmPlanInternal.h"
""",
            *map(_table, records()),
        ]
    )


def _defines(constants: Iterable[Constant]) -> str:
    """Macros, one a line."""
    return "".join(
        f"#define {c.name:23}  {f'{c.value!s:7}   ///< {c.doc}' if c.doc else c.value}\n" for c in constants
    )


def _comment(text: str) -> str:
    """A comment before a declaration."""
    return "///\n" + "".join(f"/// {line}".rstrip() + "\n" for line in text.split("\n")) + "///\n"


def _enumeration(enumeration: Enumeration) -> str:
    """An enumeration."""
    last = len(enumeration.names) - 1
    named = [
        (f"{name}{',' if number < last else ''}", doc) for number, (name, doc) in enumerate(enumeration.names)
    ]
    width = max(len(name) for name, _ in named)
    lines = [f"  {name:{width}}   ///< {doc}" if doc else f"  {name}" for name, doc in named]
    return f"{_comment(enumeration.doc)}typedef enum {{\n" + "\n".join(lines) + f"\n}} {enumeration.name};\n"


def _members(field: Field) -> Iterator[tuple[str, str, str]]:
    """Type, declarator and comment of what a field is in C."""
    match field.type:
        case Number(width=width):
            yield f"UINT{8 * width}", field.name, field.doc
        case Truth():
            yield "BOOLEAN", field.name, field.doc
        case Choice(enumeration=enumeration):
            yield enumeration.name, field.name, field.doc
        case Inline(record=record):
            yield record.name, field.name, field.doc
        case Text(wide=wide):
            yield f"CONST CHAR{16 if wide else 8}", f"*{field.name}", field.doc
        case Numbers(width=width, count=count, count_doc=doc):
            yield "UINT32", count, doc
            yield f"CONST UINT{8 * width}", f"*{field.name}", field.doc
        case Records(record=record, count=count, count_doc=doc):
            yield "UINT32", count, doc
            yield f"CONST {record.name}", f"*{field.name}", field.doc


def _structure(record: Record) -> str:
    """A structure."""
    members = [member for field in record.fields for member in _members(field)]
    types = max(len(kind) for kind, _, _ in members)
    names = max(len(name) for _, name, _ in members)
    lines = []
    for kind, name, doc in members:
        head = f"  {kind:{types}}    {name + ';':{names + 1}}"
        for number, line in enumerate(doc.split("\n")):
            lines.append(
                f"{head if number == 0 else ' ' * len(head)}   ///< {line}" if line else head.rstrip()
            )
    body = "\n".join(lines)
    return f"{_comment(record.doc)}typedef struct {{\n{body}\n}} {record.name};\n"


def _table(record: Record) -> str:
    """The table of a record's fields, and the record with it."""
    short = _short(record)
    rows = ",\n".join(_row(record, field) for field in record.fields)
    storage = "" if record in (PLAN, PARTITION) else "STATIC "
    return (
        f"STATIC CONST MRM_PLAN_FIELD  m{short}Fields[] = {{\n{rows}\n}};\n\n"
        f"{storage}CONST MRM_PLAN_RECORD  {_symbol(record)} = {{\n"
        f'  "{record.name}", {record.size}, sizeof ({record.name}), '
        f"ARRAY_SIZE (m{short}Fields), m{short}Fields\n}};\n"
    )


def _row(record: Record, field: Field) -> str:
    """One field's row: kind, width, place, bounds, and what it refers to."""
    words = {
        ".Name": f'"{field.name}"',
        ".Kind": f"MrmField{_kind(field.type)}",
        ".Offset": f"OFFSET_OF ({record.name}, {field.name})",
    }
    match field.type:
        case Number(width=width, minimum=minimum, highest=highest):
            words |= {".Width": str(width), ".Minimum": _hex(minimum), ".Maximum": _hex(highest)}
        case Choice(enumeration=enumeration):
            words |= {".Width": f"sizeof ({enumeration.name})", ".Maximum": enumeration.names[-1][0]}
        case Text(longest=longest, wide=wide, optional=optional):
            words |= {".Width": "2" if wide else "1", ".Maximum": str(longest)}
            if optional:
                words[".Optional"] = "TRUE"
        case Numbers(width=width, count=count, fewest=fewest, most=most):
            words |= {".Width": str(width), ".CountOffset": f"OFFSET_OF ({record.name}, {count})"}
            words |= {".Minimum": str(fewest), ".Maximum": str(most)}
        case Records(record=below, count=count, fewest=fewest, most=most):
            words |= {".CountOffset": f"OFFSET_OF ({record.name}, {count})", ".Record": f"&{_symbol(below)}"}
            words |= {".Minimum": str(fewest), ".Maximum": str(most)}
        case Inline(record=below):
            words[".Record"] = f"&{_symbol(below)}"
    if field.policy:
        words[".Policy"] = "TRUE"
    text = ", ".join(f"{name} = {value}" for name, value in words.items())
    body = textwrap.wrap(text, _LINE, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return "\n".join(("  {", *body, "  }"))


def _kind(kind: Type) -> str:
    """The name of a type in MRM_PLAN_FIELD_KIND, without prefix."""
    return type(kind).__name__


def _hex(value: int) -> str:
    """A 64-bit number in C."""
    return f"{value:#x}ULL" if value > 9 else str(value)


def _short(record: Record) -> str:
    """A record's name for symbols: MRM_PLAN_BOOT_SOURCE is BootSource, MRM_PLAN is Plan."""
    return "".join(word.capitalize() for word in record.name.removeprefix("MRM_PLAN_").split("_")).replace(
        "MrmPlan", "Plan"
    )


def _symbol(record: Record) -> str:
    """The C symbol of a record's description."""
    special = {PLAN.name: "gMrmPlanRecord", PARTITION.name: "gMrmPlanPartition"}
    return special.get(record.name, f"m{_short(record)}")
