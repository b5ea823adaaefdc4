# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Processors: who there is from the MADT, where they sit from the kernel, what they can do from cpuinfo."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from generator.model.machine import Features, Processor
from generator.places import Place
from generator.scan.notes import Notes
from generator.scan.snapshot import KERNEL_LOG, Snapshot
from generator.scan.tables import Tables
from generator.scan.uefi import DISABLED, X2APIC

LAST_APIC_ID = 0xFFFFFFFE
CPUS = "sys/devices/system/cpu"
_X2APIC_ON = re.compile(r"x2apic:? enabled|Enabled x2apic|Switched APIC routing to:? .*x2apic", re.IGNORECASE)
_BITS = re.compile(r"(\d+) bits physical")


@dataclass(frozen=True, slots=True)
class CpuInfo:
    """/proc/cpuinfo: the blocks of the running processors by the kernel's number, as key → value."""

    blocks: dict[int, dict[str, str]]

    @property
    def first(self) -> dict[str, str]:
        """The block of the boot processor, or of any; empty if there is none."""
        return self.blocks[min(self.blocks)] if self.blocks else {}


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a running processor sits, in the kernel's numbers."""

    package: int
    core: int
    node: int


def read_cpuinfo(snapshot: Snapshot) -> CpuInfo:
    """Read /proc/cpuinfo."""
    blocks: dict[int, dict[str, str]] = {}
    for text in (snapshot.text("proc/cpuinfo") or "").split("\n\n"):
        fields = {
            key.strip(): value.strip()
            for key, colon, value in (line.partition(":") for line in text.splitlines())
            if colon
        }
        number = _integer(fields.get("processor"))
        if number is not None:
            blocks[number] = fields
    return CpuInfo(blocks)


def _integer(text: str | None) -> int | None:
    """A decimal number, None for anything else."""
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,10}", text) else None


def parse_list(text: str) -> tuple[int, ...]:
    """A list as sysfs writes it: `0-3,8`; what makes no sense is left out."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,6})(?:-([0-9]{1,6}))?\s*", part)
        if match:
            found.extend(range(int(match[1]), int(match[2] or match[1]) + 1)[:65536])
    return tuple(found)


def scan_processors(
    snapshot: Snapshot, tables: Tables, cpuinfo: CpuInfo, notes: Notes, place: Place
) -> tuple[Processor, ...]:
    """The processors that can be used, ordered by APIC ID."""
    seats, boot = _seats(snapshot, cpuinfo)
    listed = [p.apic_id for p in tables.madt.enabled] if tables.madt is not None else []
    if not listed:
        notes.add("processors", "no MADT could be read: only the running processors are known")
        listed = list(seats)
    disabled = set(parse_list(snapshot.text(DISABLED) or ""))
    for apic_id in sorted(disabled):
        notes.add("processors", f"the firmware has disabled the processor with APIC ID {apic_id}: left out")
    listed = [apic_id for apic_id in listed if apic_id not in disabled]
    unknown = sorted(set(seats) - set(listed))
    if unknown:
        notes.add("processors", f"running, but not enabled in the MADT: {_some(unknown)}")
    if boot is None:
        boot = listed[0] if listed else None
        notes.add(
            "processors", "the boot processor is not known; the first one the MADT enables is taken for it"
        )
    nodes = {p.apic_id: p.node for p in tables.srat.processors} if tables.srat is not None else {}
    found: dict[int, _Seat] = {}
    paired = _has_threads(snapshot, seats)
    for apic_id in sorted({*listed, *unknown}):
        # A thread that is switched off is on the core of the one beside it.
        seat = seats.get(apic_id) or (seats.get(apic_id ^ 1) if paired else None)
        if seat is None and seats:
            notes.add(
                "processors",
                f"APIC ID {apic_id} is not running and its core is not known: left out; "
                "bring it online and scan again",
            )
            continue
        found[apic_id] = seat or _Seat(0, apic_id, nodes.get(apic_id, 0))
    if found and not seats:
        notes.add("processors", "packages and cores are not known: every processor counts as a core")
    return _numbered(found, boot, place)


def _seats(snapshot: Snapshot, cpuinfo: CpuInfo) -> tuple[dict[int, _Seat], int | None]:
    """Where each running processor sits, by APIC ID, and the APIC ID of the boot processor."""
    nodes: dict[int, int] = {}
    for name in snapshot.names("sys/devices/system/node"):
        if re.fullmatch(r"node[0-9]{1,6}", name):
            cpus = snapshot.text(f"sys/devices/system/node/{name}/cpulist") or ""
            nodes.update(dict.fromkeys(parse_list(cpus), int(name[4:])))
    seats: dict[int, _Seat] = {}
    boot = None
    for number, fields in sorted(cpuinfo.blocks.items()):
        apic_id = _integer(fields.get("apicid"))
        if apic_id is None or apic_id > LAST_APIC_ID:
            continue
        topology = f"{CPUS}/cpu{number}/topology"
        package = _first(snapshot.integer(f"{topology}/physical_package_id"), fields.get("physical id"))
        core = _first(snapshot.integer(f"{topology}/core_id"), fields.get("core id"))
        # On multi-die packages the kernel's core_id may repeat: the die makes it one.
        die = _first(snapshot.integer(f"{topology}/die_id"), None) or 0
        core = apic_id if core is None else core | die << 16
        seats[apic_id] = _Seat(package or 0, core, nodes.get(number, 0))
        if number == 0:
            boot = apic_id
    return seats, boot


def _first(found: int | None, text: str | None) -> int | None:
    """The first number that is there and makes sense; the kernel writes -1 for "not known"."""
    numbers = (found, _integer(text))
    return next((number for number in numbers if number is not None and 0 <= number <= 0xFFFF), None)


def _has_threads(snapshot: Snapshot, seats: dict[int, _Seat]) -> bool:
    """Whether cores have two threads: some do, or the kernel says that it switched the second ones off."""
    if snapshot.text(f"{CPUS}/smt/control") in ("off", "forceoff"):
        return True
    places = ((seat, seats.get(apic_id ^ 1)) for apic_id, seat in seats.items())
    return any(other and (seat.package, seat.core) == (other.package, other.core) for seat, other in places)


def _numbered(seats: dict[int, _Seat], boot: int | None, place: Place) -> tuple[Processor, ...]:
    """Processors with threads counted within each core."""
    threads: defaultdict[tuple[int, int], int] = defaultdict(int)
    processors: list[Processor] = []
    for apic_id, seat in sorted(seats.items()):
        core = (seat.package, seat.core)
        processors.append(
            Processor(place, apic_id, seat.package, seat.core, threads[core], seat.node, apic_id == boot)
        )
        threads[core] += 1
    return tuple(processors)


def scan_features(
    snapshot: Snapshot, tables: Tables, cpuinfo: CpuInfo, processors: tuple[Processor, ...], notes: Notes
) -> Features:
    """What the processors can do."""
    fields = cpuinfo.first
    if "flags" not in fields:
        notes.add("features", "no /proc/cpuinfo of an x86 processor could be read")
        return Features()
    flags = set(fields["flags"].split())
    running = {_integer(block.get("apicid")) for block in cpuinfo.blocks.values()}
    hidden = {p.apic_id for p in tables.madt.enabled} - running if tables.madt is not None else None
    if hidden:
        policy = snapshot.text(f"{CPUS}/smt/control") or "not known"
        notes.add("features", f"not running: APIC IDs {_some(sorted(hidden))} (SMT policy: {policy})")
    if hidden is not None and len(running) > len(processors):
        notes.add("features", f"{len(running)} processors run, {len(processors)} are known")
    return Features(
        cpu=fields.get("model name") or None,
        x86_64="lm" in flags,
        invariant_tsc={"constant_tsc", "nonstop_tsc"} <= flags,
        hypervisor="hypervisor" in flags,
        x2apic=_x2apic(snapshot, flags, notes),
        virtualization="svm" if "svm" in flags else "vt-x" if "vmx" in flags else "none",
        hidden_processors=None if hidden is None else min(len(hidden), 0xFFFF),
    )


def _x2apic(snapshot: Snapshot, flags: set[str], notes: Notes) -> str | None:
    """Whether the local APICs are in x2APIC mode; the kernel tells only in its log."""
    if "x2apic" not in flags:
        return "absent"
    told = snapshot.text(X2APIC)
    if told is not None:
        return told
    log = snapshot.text(KERNEL_LOG) or ""
    if _X2APIC_ON.search(log):
        return "enabled"
    if "Linux version" in log:
        return "available"
    notes.add("features", "whether x2APIC is on is not known: the start of the kernel's log is not readable")
    return None


def scan_address_bits(cpuinfo: CpuInfo, notes: Notes) -> int:
    """The width of physical addresses; 36 bits, which all 64-bit processors have, where not known."""
    match = _BITS.search(cpuinfo.first.get("address sizes", ""))
    if match and 32 <= int(match[1]) <= 52:
        return int(match[1])
    notes.add("physical_address_bits", "not known; 36 is the least a 64-bit processor has")
    return 36


def _some(numbers: list[int]) -> str:
    """A list for people, cut where it gets long."""
    text = ", ".join(str(number) for number in numbers[:16])
    return text if len(numbers) <= 16 else f"{text}, … ({len(numbers)})"
