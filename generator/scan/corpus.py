# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Many machines at once, each a folder of raw ACPI tables: what share of them could carry partitions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from generator.reading import is_folder, why_unreadable
from generator.scan.archive import SnapshotError, read_archive, read_bytes
from generator.scan.machine import Scan, scan
from generator.scan.snapshot import TABLES, MemorySnapshot
from generator.scan.table_files import name_tables, read_folder

ARCHIVE = "machines.tar.xz"
"""Name of the archive in a corpus folder that is not unpacked."""

COUNTS = (2, 3, 4)
"""Numbers of partitions that are asked about."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the tables of one machine say."""

    name: str
    processors: int
    disabled: int
    io_apics: int
    x2apic_entries: int
    pm_timer_bits: int
    ecam: bool
    tables: bool
    iommu: str
    findings: int

    def carries(self, partitions: int) -> dict[str, bool]:
        """Whether the machine could carry so many partitions: by each of three things, and by all of them."""
        by = {
            "processors": self.processors > partitions,
            "PM timer": self.pm_timer_bits > 0,
            "tables": self.tables and self.ecam,
        }
        return {**by, "all of it": all(by.values())}


def open_corpus(source: Path) -> Iterator[MemorySnapshot]:
    """The machines of a folder of folders, of the archive in it, or of an archive, in order of their names.

    Raises SnapshotError if there is none.
    """
    machines: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
    archive = source / ARCHIVE if is_folder(source) else source
    if is_folder(source) and why_unreadable(archive) is not None:
        for folder in _folders(source):
            machines[folder.name] = read_folder(folder)
    else:
        named: defaultdict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for path, data in (read_archive(read_bytes(archive), archive) or {}).items():
            above, _, name = path.rpartition("/")
            named[above.rsplit("/", 1)[-1]].append((name, data))
        machines.update((name, name_tables(files)) for name, files in named.items() if name)
    found = sorted((name, files) for name, files in machines.items() if files)
    if not found:
        raise SnapshotError(f"{source}: no folders of ACPI tables")
    for name, files in found:
        tables = {f"{TABLES}/{table}": data for table, data in files.items()}
        yield MemorySnapshot(name, live=False, files=tables)


def _folders(source: Path) -> list[Path]:
    """The folders in a folder.  Raises SnapshotError if it cannot be read."""
    try:
        return sorted(path for path in source.iterdir() if is_folder(path))
    except OSError as error:
        raise SnapshotError(f"cannot read {source}: {error.strerror or error}") from error


def summarise(snapshot: MemorySnapshot) -> Summary:
    """Scan one machine of a corpus."""
    return summary_of(snapshot.name, scan(snapshot))


def summary_of(name: str, scanned: Scan) -> Summary:
    """What a scan says about the questions of a corpus."""
    madt, timer = scanned.tables.madt, scanned.machine.acpi.pm_timer
    listed = madt.processors if madt is not None else ()
    return Summary(
        name=name,
        processors=sum(p.enabled for p in listed),
        disabled=0 if madt is None else madt.disabled,
        io_apics=0 if madt is None else len(madt.io_apics),
        x2apic_entries=sum(p.x2apic for p in listed),
        pm_timer_bits=timer.bits if timer is not None else 0,
        ecam=bool(scanned.machine.ecam),
        tables=madt is not None and scanned.tables.fadt is not None and scanned.machine.acpi.msi is not False,
        iommu=scanned.machine.acpi.iommu,
        findings=sum(note.topic == "acpi" for note in scanned.notes),
    )


def render_corpus(summaries: Sequence[Summary]) -> str:
    """The table of shares, and what else is worth knowing, as text."""
    total = len(summaries)
    lines = [f"{total} machines; share that could carry", ""]
    lines.append(f"{'by':12}" + "".join(f"{count:>4} partitions" for count in COUNTS))
    for by in summaries[0].carries(COUNTS[0]):
        shares = (_share(sum(s.carries(count)[by] for s in summaries), total) for count in COUNTS)
        lines.append(f"{by:12}" + "".join(f"{share:>15}" for share in shares))
    processors = sorted(s.processors for s in summaries)
    lines += [
        "",
        f"processors enabled: {processors[0]} to {processors[-1]}, median {median(processors):g}",
        f"PM timer: {_counts(f'{s.pm_timer_bits} bits' if s.pm_timer_bits else 'none' for s in summaries)}",
        f"IOMMU: {_counts(s.iommu for s in summaries)}",
        f"with disabled entries or placeholders for processors: {sum(s.disabled > 0 for s in summaries)}",
        f"with more than one IO-APIC: {sum(s.io_apics > 1 for s in summaries)}",
        f"with x2APIC entries: {sum(s.x2apic_entries > 0 for s in summaries)}",
        f"with findings in their tables: {sum(s.findings > 0 for s in summaries)}",
    ]
    return "\n".join(lines) + "\n"


def _share(part: int, total: int) -> str:
    """A count and its share."""
    return f"{part} ({100 * part / total:.0f} %)"


def _counts(values: Iterable[str]) -> str:
    """How often each value is there."""
    return ", ".join(f"{value} {count}" for value, count in sorted(Counter(values).items()))
