# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Promised against seen: pure functions from what the plan promises and what was observed to a verdict.

`CHECKS` is the list of promises that are checked. Each check is one function that returns one `Row`; a row
without an observation is not ok.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ci.run.plan import PartitionPromise, Plan

MEMORY_ALLOWANCE = 4 * 2**20
"""Bytes of a partition's memory that firmware, ACPI tables and runtime services may keep from its OS."""

TICKS = 3
"""Seconds for which all partitions must have been seen alive at the same time."""

NOTHING = "nothing"

VENDOR = "MRM"
"""Manufacturer in a partition's SMBIOS; the serial number is the partition's name (MrmSmbiosLib.h)."""

LEGACY_UARTS = (0x3F8, 0x2F8, 0x3E8, 0x2E8)
"""I/O ports of the UARTs that are on no PCI card."""

_MEBIBYTE = 2**20


@dataclass(frozen=True)
class Observation:
    """What was seen of one partition.

    Attributes:
        state: Last state the controller named, None when it named none.
        detail: What it added to that, such as the reason of a refusal.
        report: The guest's report (ci/guests/report), None when there was none.
        ticks: Consecutive ticks of one boot, received while all partitions that reported were up.
        off: Whether the controller saw the partition power off when it was asked to.
    """

    state: str | None = None
    detail: str = ""
    report: Mapping[str, Any] | None = None
    ticks: int = 0
    off: bool = False


@dataclass(frozen=True)
class Row:
    """One promise: `promised` and `seen` as JSON values, the same as text for people."""

    item: str
    promised: Any
    seen: Any
    ok: bool
    promised_text: str
    seen_text: str


@dataclass(frozen=True)
class PartitionVerdict:
    """All promises made to one partition."""

    name: str
    rows: Sequence[Row]

    @property
    def ok(self) -> bool:
        """Whether every promise was seen kept."""
        return all(row.ok for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return the partition's part of report.json."""
        return {
            "name": self.name,
            "promised": {row.item: row.promised for row in self.rows},
            "seen": {row.item: row.seen for row in self.rows},
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Verdict:
    """All partitions."""

    partitions: Sequence[PartitionVerdict]

    @property
    def ok(self) -> bool:
        """Whether there is a partition and everything promised was seen."""
        return bool(self.partitions) and all(partition.ok for partition in self.partitions)

    def to_json(self, seconds: Mapping[str, Any]) -> dict[str, Any]:
        """Return report.json; `seconds` are the figures measured beside it."""
        return {
            "partitions": [partition.to_json() for partition in self.partitions],
            "ok": self.ok,
            "seconds": dict(seconds),
        }


@dataclass(frozen=True)
class Case:
    """What a check looks at: one partition's promise and observation, and those of the others."""

    promise: PartitionPromise
    observation: Observation
    others: Mapping[str, Observation] = field(default_factory=dict)
    promises: Mapping[str, PartitionPromise] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value of the guest's report, `default` without a report."""
        report = self.observation.report
        return default if report is None else report.get(key, default)


def _mebibytes(size: int) -> str:
    return f"{size / _MEBIBYTE:.1f}".removesuffix(".0") + " MiB"


def ram_ranges(iomem: Sequence[str]) -> list[tuple[int, int]]:
    """Return the first and last address of each `System RAM` line of /proc/iomem, lowest first."""
    found = (re.match(r"([0-9a-f]+)-([0-9a-f]+) : System RAM", line) for line in iomem)
    return sorted((int(match[1], 16), int(match[2], 16)) for match in found if match)


def _ram(observation: Observation) -> list[tuple[int, int]]:
    return ram_ranges(observation.report.get("iomem", [])) if observation.report else []


def check_state(case: Case) -> Row:
    """The controller started the partition: its last state before it was asked to power off is `running`."""
    seen = case.observation.state
    text = f"{seen}: {case.observation.detail}" if case.observation.detail else seen or NOTHING
    return Row("state", "running", seen, seen == "running", "running", text)


def check_identity(case: Case) -> Row:
    """The guest on this console is this partition: its firmware says so (SMBIOS type 1)."""
    dmi = case.get("dmi", {})
    promised = [VENDOR, case.promise.name]
    seen = [dmi.get("sys_vendor"), dmi.get("product_serial")]
    texts = [" ".join(str(part) for part in pair if part) or NOTHING for pair in (promised, seen)]
    return Row("identity", promised, seen, seen == promised, *texts)


def check_kernel(case: Case) -> Row:
    """The kernel that runs is the one in the boot file; other loaders than Linux promise nothing."""
    promised, seen = case.promise.kernel, case.get("kernel")
    ok = seen is not None and promised in (None, seen)
    return Row("kernel", promised, seen, ok, promised or "any", seen or NOTHING)


def check_processors(case: Case) -> Row:
    """As many processors as promised, and those promised unless only a number was promised."""
    promise = case.promise
    seen = sorted(case.get("apic_ids", []))
    wanted = sorted(promise.apic_ids)
    ok = len(seen) == promise.processors == case.get("cpus_online") and (promise.by_count or seen == wanted)
    promised = {"count": promise.processors, "apic_ids": None if promise.by_count else wanted}
    text = f"{promise.processors}" + ("" if promise.by_count else f": APIC IDs {_numbers(wanted)}")
    seen_data = {"count": case.get("cpus_online"), "apic_ids": seen}
    return Row("processors", promised, seen_data, ok, text, f"{len(seen)}: APIC IDs {_numbers(seen)}")


def _numbers(values: Sequence[int]) -> str:
    return " ".join(str(value) for value in values)


def check_memory(case: Case) -> Row:
    """RAM as promised: never more, and less by at most MEMORY_ALLOWANCE."""
    promised = case.promise.memory
    ranges = _ram(case.observation)
    seen = sum(last - first + 1 for first, last in ranges)
    ok = promised - MEMORY_ALLOWANCE <= seen <= promised
    data = {"bytes": seen, "ranges": [f"{first:#x}-{last:#x}" for first, last in ranges]}
    text = f"{_mebibytes(seen)} in {len(ranges)} ranges"
    return Row("memory", promised, data, ok, _mebibytes(promised), text)


def _seen_function(function: Mapping[str, Any]) -> tuple[int, str, str, str]:
    segment = int(str(function["address"]).split(":")[0], 16)
    return segment, str(function["vendor"]), str(function["device"]), str(function["class"])


_NOBODY_ELSE = "what nobody else has"

STAND_IN = ("0xfffe", "0x0000")
"""What stands in for a function 0 that the partition does not have (MrmPciStandIn)."""


def check_pci(case: Case) -> Row:
    """Exactly the promised PCI functions, in the promised segment, and no others but empty ones.

    The owner of the chipset sees some in segment 0, and none elsewhere.
    """
    promised = sorted((f.segment, f.vendor, f.device, f.class_code) for f in case.promise.pci)
    found = sorted(
        (_seen_function(function), str(function["address"]))
        for function in case.get("pci", [])
        if (function["vendor"], function["device"]) != STAND_IN
    )
    seen = [function for function, _ in found]
    kept = bool(seen) and not any(f[0] for f in seen) if case.promise.chipset else seen == promised
    return Row(
        "pci",
        [_function_text(*function) for function in promised],
        [_function_text(*function) for function in seen],
        case.observation.report is not None and kept,
        _NOBODY_ELSE
        if case.promise.chipset
        else ", ".join(_function_text(*function) for function in promised) or "none",
        ", ".join(f"{_function_text(*function)} at {address}" for function, address in found) or "none",
    )


def _function_text(segment: int, vendor: str, device: str, class_code: str) -> str:
    return f"{segment:04x}: {vendor[2:]}:{device[2:]} class {class_code[2:]}"


def _disk_text(disk: Mapping[str, Any]) -> str:
    return f"{disk.get('model') or 'disk'} {disk['serial']} {_mebibytes(disk['size'])}"


def check_disks(case: Case) -> Row:
    """Exactly the promised disks by serial number, each written, read back and found equal.

    Disks that the controller serves are there, and otherwise left alone: not all of them can be written.
    Those of the owner of the chipset are not known beforehand.
    """
    promised = sorted([*case.promise.disks, *case.promise.served])
    tests = {test.get("disk"): test for test in case.get("disk_test", [])}
    seen, texts, ok = [], [], case.observation.report is not None
    for disk in case.get("disks", []):
        test = tests.get(disk["name"], {})
        good = test.get("ok") is True and test.get("bytes", 0) > 0
        ok = ok and (good or disk["serial"] in case.promise.served)
        seen.append(
            {"serial": disk["serial"], "model": disk["model"], "size": disk["size"], "verified": good}
        )
        outcome = f"{_mebibytes(test.get('bytes', 0))} verified" if good else test.get("reason", "not tested")
        texts.append(f"{_disk_text(disk)}, {outcome}")
    ok = ok and (case.promise.chipset or sorted(disk["serial"] for disk in seen) == promised)
    wanted = [f"{serial}, read/write/verify" for serial in sorted(case.promise.disks)]
    wanted += [f"{serial}, served" for serial in sorted(case.promise.served)]
    text = ", ".join(wanted) or "none"
    return Row("disks", promised, seen, ok, text, "; ".join(texts) or "none")


def check_interrupts(case: Case) -> Row:
    """Each promised disk hangs on a function that interrupts by message, and its test made that one count."""
    promised = len(case.promise.disks) + len(case.promise.served)
    kinds = {str(f["address"]): str(f.get("interrupts")) for f in case.get("pci", [])}
    counts = {str(test["disk"]): int(test.get("interrupts", 0)) for test in case.get("disk_test", [])}
    seen = {
        str(disk["serial"]): {"kind": kinds.get(disk["function"]), "count": counts.get(disk["name"], 0)}
        for disk in case.get("disks", [])
    }
    good = [
        one
        for serial, one in seen.items()
        if one["kind"] in ("msi", "msix") and (one["count"] or serial in case.promise.served)
    ]
    known = case.promise.chipset or len(seen) == promised
    ok = len(good) == len(seen) and known and case.observation.report is not None
    words = {"msi": "MSI", "msix": "MSI-X"}
    texts = [f"{serial}: {words.get(str(o['kind']), 'none')}, {o['count']}" for serial, o in seen.items()]
    text = "MSI or MSI-X of each disk" if promised else "any"
    return Row("interrupts", promised, seen, ok, text, "; ".join(texts) or "none")


def check_network(case: Case) -> Row:
    """As many network interfaces as cards were promised, with an address but for those in memory."""
    cards = sum(function.class_code.startswith("0x0200") for function in case.promise.pci)
    promised = cards - len(case.promise.networks)
    seen = {str(card["name"]): list(card["addresses"]) for card in case.get("network", [])}
    known = case.promise.chipset or len(seen) == cards
    ok = known and sum(map(bool, seen.values())) >= promised
    ok = ok and case.observation.report is not None
    text = ", ".join(f"{name} {' '.join(addresses) or 'no address'}" for name, addresses in seen.items())
    words = [f"{promised} with an address"] if promised else []
    words += [f"a card on {', '.join(case.promise.networks)}"] if case.promise.networks else []
    return Row("network", cards, seen, ok, ", ".join(words) or "none", text or "none")


def check_shared(case: Case) -> Row:
    """Exactly the promised shared memories, where others see them too; no other persistent memory."""
    promised = list(case.promise.shared)
    seen = _shared_memories(case.promise, case.observation)
    spans = [(int(one["base"]), int(one["size"])) for one in case.get("shared", [])]
    ok = [size for _, size in promised] == [size for _, size in spans]
    # What the kernel has of persistent memory is not more; adjacent ranges can be one line.
    lines = [re.match(r" *([0-9a-f]+)-([0-9a-f]+) :", line) for line in case.get("persistent", [])]
    known = sum(int(line[2], 16) - int(line[1], 16) + 1 for line in lines if line)
    ok = ok and known == sum(size for _, size in spans) and case.get("nfit") is bool(promised)
    for name, other in case.others.items():
        theirs = _shared_memories(case.promises[name], other) if name in case.promises else {}
        for mine, (base, size) in seen.items():
            elsewhere = [span for its, span in theirs.items() if its != mine] + [
                (first, last - first + 1) for first, last in _ram(other)
            ]
            ok = ok and theirs.get(mine, (base, size))[0] == base
            ok = ok and not any(base < b + s and b < base + size for b, s in elsewhere)
    ok = ok and case.observation.report is not None
    text = ", ".join(f"{name}, {_mebibytes(size)}" for name, size in promised)
    seen_text = ", ".join(f"{_mebibytes(size)} at {base:#x}" for base, size in spans)
    data = [{"base": f"{base:#x}", "size": size} for base, size in spans]
    return Row("shared", [name for name, _ in promised], data, ok, text or "none", seen_text or "none")


def _shared_memories(promise: PartitionPromise, observation: Observation) -> dict[str, tuple[int, int]]:
    """Where a partition sees its shared memories: address and bytes by name."""
    report = observation.report or {}
    spans = [(int(one["base"]), int(one["size"])) for one in report.get("shared", [])]
    return {name: span for (name, _), span in zip(promise.shared, spans, strict=False)}


def check_console(case: Case) -> Row:
    """The kernel's console is the promised UART (that the report came over it is a fact by then).

    Where the UART of a PCI card is, only the PC's firmware knows: not where a PC's own ones are.
    """
    promised = case.promise.console_port
    on_card = promised is None and case.promise.console is not None
    uarts = {uart["name"]: int(str(uart["port"]), 16) for uart in case.get("uarts", [])}
    # Flag C in /proc/consoles marks the one behind /dev/console.
    preferred = [line.split()[0] for line in case.get("consoles", []) if re.search(r"\([^)]*C[^)]*\)", line)]
    seen = uarts.get(preferred[0]) if preferred else None
    good = seen is not None and seen not in LEGACY_UARTS if on_card else seen == promised
    ok = good and case.observation.report is not None
    text = f"{case.promise.console} at {promised:#x}" if promised is not None else case.promise.console
    seen_text = f"{preferred[0]} at {seen:#x}" if seen is not None else "none"
    return Row("console", case.promise.console if on_card else promised, seen, ok, text or "none", seen_text)


def check_apart(case: Case) -> Row:
    """No other partition sees a processor, an address of RAM or a drive that this one sees.

    Disks that the controller serves do not count: several partitions may have one.
    """
    served = {f"drive {serial}" for serial in case.promise.served}
    shared = [
        f"{what} with {name}"
        for name, other in case.others.items()
        for what in _shared(case.observation, other)
        if what not in served
    ]
    ok = not shared and case.observation.report is not None
    return Row("apart", [], shared, ok, "nothing shared", ", ".join(shared) or "nothing shared")


def _shared(one: Observation, other: Observation) -> list[str]:
    """Name what two partitions both see."""
    if one.report is None or other.report is None:
        return []
    both: list[str] = []
    both += [
        f"processor {i}" for i in one.report.get("apic_ids", []) if i in other.report.get("apic_ids", [])
    ]
    for first, last in _ram(one):
        both += [f"RAM at {max(first, f):#x}" for f, end in _ram(other) if first <= end and f <= last]
    serials = [disk["serial"] for disk in other.report.get("disks", [])]
    both += [f"drive {d['serial']}" for d in one.report.get("disks", []) if d["serial"] in serials]
    return both


def check_alive(case: Case) -> Row:
    """The partition ticked without a gap while all others that came up did so too."""
    seen = case.observation.ticks
    return Row("ticks", TICKS, seen, seen >= TICKS, f"{TICKS} s beside the others", f"{seen} s")


def check_off(case: Case) -> Row:
    """Its own power-off ended the partition, and the machine went on."""
    seen = case.observation.off
    return Row(
        "power_off", True, seen, seen, "ends this partition only", "as promised" if seen else "not seen"
    )


CHECKS: tuple[Callable[[Case], Row], ...] = (
    check_state,
    check_identity,
    check_kernel,
    check_processors,
    check_memory,
    check_pci,
    check_disks,
    check_interrupts,
    check_network,
    check_shared,
    check_console,
    check_apart,
    check_alive,
    check_off,
)


def judge(plan: Plan, observations: Mapping[str, Observation]) -> Verdict:
    """Compare everything promised with everything seen; a partition without observation is not ok."""
    partitions = []
    for promise in plan.partitions:
        observation = observations.get(promise.name, Observation())
        others = {name: other for name, other in observations.items() if name != promise.name}
        promises = {other.name: other for other in plan.partitions if other.name != promise.name}
        case = Case(promise, observation, others, promises)
        partitions.append(PartitionVerdict(promise.name, [check(case) for check in CHECKS]))
    return Verdict(partitions)
