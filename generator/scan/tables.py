# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The ACPI tables of a snapshot, read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from generator.acpi.fadt import Fadt, parse_fadt
from generator.acpi.iommu import Iommu, parse_dmar, parse_ivrs
from generator.acpi.madt import Madt, parse_madt
from generator.acpi.mcfg import Mcfg, parse_mcfg
from generator.acpi.numa import Slit, Srat, parse_slit, parse_srat
from generator.acpi.spcr import Spcr, parse_spcr
from generator.acpi.table import Parsed
from generator.scan.notes import Notes
from generator.scan.snapshot import TABLES, Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tables:
    """What the tables say; None for one that is not there or unusable; `readable` if there are any at all."""

    readable: bool
    madt: Madt | None
    mcfg: Mcfg | None
    fadt: Fadt | None
    srat: Srat | None
    slit: Slit | None
    spcr: Spcr | None
    iommu: Iommu | None


def read_tables(snapshot: Snapshot, notes: Notes) -> Tables:
    """Read the tables of a snapshot."""
    names = snapshot.names(TABLES)

    def read(signature: str, parse: Callable[[bytes], Parsed[T]]) -> T | None:
        """The first usable table of its kind: of duplicates, systems take the first as well."""
        # Linux numbers duplicates from 1, acpidump the second as 2.
        same = sorted(
            (name for name in names if re.fullmatch(rf"{signature}[0-9]{{0,3}}", name)),
            key=lambda name: int(name[4:] or 0),
        )
        contents = [data for name in same if (data := snapshot.read(f"{TABLES}/{name}")) is not None]
        if len(set(contents)) > 1:
            notes.add("acpi", f"there are {len(contents)} different {signature} tables; the first one counts")
        for data in contents:
            parsed = parse(data)
            for finding in parsed.findings:
                notes.add("acpi", str(finding))
            if parsed.value is not None:
                return parsed.value
        return None

    return Tables(
        readable=any(snapshot.read(f"{TABLES}/{name}") for name in names if len(name) >= 4),
        madt=read("APIC", parse_madt),
        mcfg=read("MCFG", parse_mcfg),
        fadt=read("FACP", parse_fadt),
        srat=read("SRAT", parse_srat),
        slit=read("SLIT", parse_slit),
        spcr=read("SPCR", parse_spcr),
        iommu=max(
            (read("DMAR", parse_dmar), read("IVRS", parse_ivrs)),
            key=lambda found: -1 if found is None else len(found.units),
        ),
    )
