# SPDX-License-Identifier: BSD-2-Clause-Patent
"""All parts of a scan put together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from generator.model.identity import SHARED_UUIDS, parse_uuid, system_of
from generator.model.machine import AcpiFacts, Identity, Machine, PmTimer, Uart
from generator.places import Place
from generator.scan.firmware import scan_firmware
from generator.scan.memory import scan_held, scan_memory
from generator.scan.notes import Note, Notes
from generator.scan.pci import scan_ecam, scan_pci
from generator.scan.processors import read_cpuinfo, scan_address_bits, scan_features, scan_processors
from generator.scan.snapshot import Snapshot
from generator.scan.tables import Tables, read_tables
from generator.scan.uarts import PNP_DEVICES, TERMINALS, scan_uarts

_DMI = "sys/class/dmi/id"
_MOST_DENIED = 5


@dataclass(frozen=True, slots=True)
class Scan:
    """What was learned, and what was not.

    `tables` are the ACPI tables the facts come from.  `unknown` names what is absent from the machine only
    because nothing could be read: `capabilities` of PCI functions, `uarts`.
    """

    machine: Machine
    notes: tuple[Note, ...]
    tables: Tables
    unknown: frozenset[str]


def scan(snapshot: Snapshot, name: str | None = None) -> Scan:
    """Scan a machine; `name` is what to call it, by default made from its SMBIOS product name."""
    notes = Notes()
    place = Place(snapshot.name)
    tables = read_tables(snapshot, notes)
    if not tables.readable:
        notes.add("acpi", "no ACPI table could be read: root is needed for /sys/firmware/acpi/tables")
    cpuinfo = read_cpuinfo(snapshot)
    processors = scan_processors(snapshot, tables, cpuinfo, notes, place)
    pci = scan_pci(snapshot, notes, place)
    uarts = scan_uarts(snapshot, tables, pci.roots, notes, place)
    title = _title(snapshot)
    machine = Machine(
        path=Path(snapshot.name),
        place=place,
        name=name or name_of(title),
        title=title,
        physical_address_bits=scan_address_bits(cpuinfo, notes),
        firmware=scan_firmware(snapshot, pci.paths, scan_held(snapshot, tables, place), notes),
        controller_console=_console(uarts),
        processors=processors,
        memory=scan_memory(snapshot, tables, notes, place),
        ecam=scan_ecam(tables, place),
        roots=pci.roots,
        uarts=uarts,
        acpi=_acpi(tables, notes),
        qemu=None,
        features=scan_features(snapshot, tables, cpuinfo, processors, notes),
        identity=_identity(snapshot, notes),
    )
    unknown = [] if pci.capabilities else ["capabilities"]
    if not (snapshot.names(TERMINALS) or snapshot.names(PNP_DEVICES)):
        unknown.append("uarts")
    for path in sorted(snapshot.denied)[:_MOST_DENIED]:
        notes.add("scan", f"/{path} is there and could not be read: root may be needed")
    if len(snapshot.denied) > _MOST_DENIED:
        notes.add("scan", f"and {len(snapshot.denied) - _MOST_DENIED} more files could not be read")
    return Scan(machine, tuple(notes.found), tables, frozenset(unknown))


def name_of(title: str) -> str:
    """A word that can be the name of a machine file."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-") or "machine"


def _title(snapshot: Snapshot) -> str:
    """Vendor and product as SMBIOS tells them."""
    words = [snapshot.text(f"{_DMI}/{key}") for key in ("sys_vendor", "product_name")]
    text = " ".join(word for word in words if word)
    return "".join(c for c in text if c.isprintable())[:80] or "unnamed machine"


def _identity(snapshot: Snapshot, notes: Notes) -> Identity:
    """How the controller will know this machine."""
    system = system_of(*(snapshot.text(f"{_DMI}/{key}") for key in ("sys_vendor", "product_name")))
    text = snapshot.text(f"{_DMI}/product_uuid")
    uuid = None if text is None else parse_uuid(text)
    if uuid in SHARED_UUIDS:
        notes.add("identity", f"the UUID {uuid} is that of many boards: left out")
        uuid = None
    if uuid is None and system is not None:
        notes.add(
            "identity", "no UUID: the controller knows this machine by its maker, product and processors"
        )
    return Identity(uuid, system)


def _console(uarts: tuple[Uart, ...]) -> str | None:
    """The controller's console: COM1, or the first there is."""
    return uarts[0].name if uarts else None


def _acpi(tables: Tables, notes: Notes) -> AcpiFacts:
    """What the tables say about the machine as a whole."""
    if tables.mcfg is None and tables.readable:
        notes.add("acpi", "no usable MCFG: configuration space is not in memory")
    # A table without units is left where the IOMMU is switched off in the set-up.
    iommu = tables.iommu.kind if tables.iommu is not None and tables.iommu.units else "none"
    fadt = tables.fadt
    if fadt is None:
        notes.add("acpi", "no usable FADT: the PM timer is not known")
        return AcpiFacts(1, None, iommu)
    timer = PmTimer(fadt.pm_timer.port, fadt.pm_timer.bits) if fadt.pm_timer is not None else None
    if timer is None:
        notes.add("acpi", f"no PM timer: {fadt.why_no_timer}")
    return AcpiFacts(max(fadt.revision, 1), timer, iommu, fadt.msi)
