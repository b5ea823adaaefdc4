# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The requirements.  Function name = name, docstring = why it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generator.hardware.pieces import most_at_once, pieces_of
from generator.hardware.verdict import Facts, Judge, Level, Requirement, Row, Verdict, found, missing, unknown
from generator.load.values import format_size
from generator.model.machine import PciFunction, PciRoot
from generator.model.ports import ROOT_PORT, bus_reset_fails

LOW_SLICE = 64 << 10
"""Bytes of memory a partition needs for starting processors, see docs/partition-file.md."""

LOW_FIRST, LOW_END = 0x10000, 0x90000
"""Where such slices can lie: above what firmware and loaders use, below the extended BIOS data area."""

GIB = 1 << 30
LARGEST_XAPIC_ID = 254

_BEHIND = "behind ports"

RESET_ENTRY_HOST_BRIDGES = {(0x8086, 0x1237): "440FX", (0x8086, 0x29C0): "Q35"}
"""Host bridges with which the controller can have RAM at the BIOS reset entry: as in Machine/ResetEntry.c."""

REQUIREMENTS: list[Requirement] = []


def _requirement(level: Level) -> Callable[[Judge], Judge]:
    """Register a function as a requirement."""

    def register(judge: Judge) -> Judge:
        name = judge.__name__.replace("_", "-")
        REQUIREMENTS.append(Requirement(name, level, (judge.__doc__ or "").strip(), judge))
        return judge

    return register


required = _requirement(Level.REQUIRED)
optional = _requirement(Level.OPTIONAL)


def judge_hardware(facts: Facts) -> tuple[Row, ...]:
    """Every requirement, judged."""
    rows = []
    for requirement in REQUIREMENTS:
        verdict = requirement.judge(facts)
        level = verdict.level or requirement.level
        rows.append(Row(requirement.name, level, verdict.state, verdict.value, requirement.why))
    return tuple(rows)


@required
def x86_64(facts: Facts) -> Verdict:
    """Controller and partition firmware are 64-bit code."""
    features = facts.machine.features
    if features.x86_64 is None:
        return unknown("no description of the processor")
    return found(features.cpu or "yes") if features.x86_64 else missing("a 32-bit processor")


@required
def uefi(facts: Facts) -> Verdict:
    """The controller is a UEFI application and keeps the firmware's boot services running."""
    interface = facts.machine.firmware.interface
    if interface == "uefi":
        return found(f"{facts.machine.firmware.vendor}, {facts.machine.firmware.version}")
    if interface == "uefi32":
        return missing("32-bit UEFI")
    # A machine that was started through its BIOS emulation may well have UEFI.
    return unknown("started by a BIOS: see the firmware's set-up" if interface == "bios" else "not told")


@required
def processors(facts: Facts) -> Verdict:
    """The boot processor stays with the controller, each partition needs at least one other."""
    listed = facts.machine.processors
    if not listed:
        return unknown("none listed")
    boot = next((p for p in listed if p.bsp), None)
    cores = {(p.package, p.core) for p in listed}
    free = cores - ({(boot.package, boot.core)} if boot else set())
    text = f"{len(listed)} processors in {len(cores)} cores, {len(free)} cores for partitions"
    return found(text) if free else missing(text)


@optional
def hidden_processors(facts: Facts) -> Verdict:
    """Processors that the system switched off (nosmt, maxcpus) may be missing from the plan."""
    hidden = facts.machine.features.hidden_processors
    if hidden is None:
        return unknown("processors listed and processors running could not be compared")
    return found("none hidden") if hidden == 0 else missing(f"{hidden} listed by the firmware do not run")


@required
def acpi_tables(facts: Facts) -> Verdict:
    """A partition's tables are derived from the machine's MADT and FADT."""
    if not facts.tables:
        return unknown("no table could be read")
    gone = [name for name, there in (("MADT", facts.madt), ("FADT", facts.fadt)) if not there]
    return missing(f"no usable {' and '.join(gone)}") if gone else found("MADT and FADT")


@required
def pm_timer(facts: Facts) -> Verdict:
    """The only time reference all partitions can read without disturbing each other."""
    timer = facts.machine.acpi.pm_timer
    if timer is not None:
        return found(f"port {timer.port:#x}, {timer.bits} bits")
    return missing(facts.no_timer) if facts.fadt else unknown("no FADT")


@required
def invariant_tsc(facts: Facts) -> Verdict:
    """Partitions keep time by a counter whose rate is measured once and must not change."""
    features = facts.machine.features
    if features.invariant_tsc is None:
        return unknown("no description of the processor")
    level = Level.OPTIONAL if features.hypervisor else None
    return found("yes") if features.invariant_tsc else missing("its rate may change", level)


@required
def ecam(facts: Facts) -> Verdict:
    """A partition sees its buses through memory only: the I/O ports CF8 and CFC are shared by all."""
    machine = facts.machine
    if not machine.ecam:
        return missing("no MCFG") if facts.tables else unknown("no table could be read")
    text = ", ".join(
        f"{e.segment:04x}:{e.first_bus:02x}-{e.last_bus:02x} at {e.base:#x}" for e in machine.ecam
    )
    bare = [
        f"{root.segment:04x}:{port.bridge.secondary:02x}"
        for root in machine.roots
        for port in _ports(root)
        if port.bridge is not None and not _covered(facts, root.segment, port.bridge.secondary)
    ]
    return missing(f"{text}; not bus {', '.join(bare)}") if bare else found(text)


@required
def low_memory(facts: Facts) -> Verdict:
    """Processors start below 1 MiB: a slice of 64 KiB for each partition."""
    memory = facts.machine.memory
    if not memory:
        return unknown("no memory map could be read")
    slices = sum(
        max(0, min(m.end, LOW_END) // LOW_SLICE - -(-max(m.base, LOW_FIRST) // LOW_SLICE)) for m in memory
    )
    text = f"{slices} slices between {LOW_FIRST:#x} and {LOW_END:#x}"
    return found(text) if slices else missing(text)


@optional
def memory_below_1g(facts: Facts) -> Verdict:
    """GRUB 2.06 loads kernel and initrd there; loaders of other systems need none."""
    memory = facts.machine.memory
    if not memory:
        return unknown("no memory map could be read")
    below = sum(max(0, min(m.end, GIB) - m.base) for m in memory)
    text = f"{below >> 20} MiB of {format_size(sum(m.size for m in memory) >> 20 << 20)}"
    return found(text) if below >= GIB // 4 else missing(text)


@required
def msi(facts: Facts) -> Verdict:
    """Interrupts reach a partition only as messages: it has no IO-APIC and no shared lines."""
    if facts.machine.acpi.msi is False:
        return missing("the FADT forbids message-signaled interrupts")
    functions = _devices(facts)
    able = [f for f in functions if f.msi or f.msix]
    if able:
        return found(f"{len(able)} of {len(functions)} functions {_BEHIND}")
    if not facts.machine.roots or not facts.capabilities:
        return unknown("capabilities could not be read")
    return missing(f"none of {len(functions)} functions {_BEHIND}")


@required
def separable_buses(facts: Facts) -> Verdict:
    """Devices are given away by the buses behind a root port or a switch's downstream port, all together."""
    if not facts.machine.roots:
        return unknown("no PCI function could be read")
    pieces = pieces_of(facts.machine)
    free = most_at_once(pieces)
    if not free and not facts.capabilities:
        return unknown("kinds of bridges, or MSI and MSI-X, could not be read")
    text = f"{len(free)} at the same time"
    if any(piece.functions and piece.port and _boots(facts, piece.port) for piece in pieces):
        text += ", without what the controller is booted from"
    return found(text) if free else missing(text)


@optional
def reset_methods(facts: Facts) -> Verdict:
    """A device that the reset of its bus does not reset may not survive the restart of its partition."""
    functions = _devices(facts)
    if not functions or any(f.reset is None for f in functions):
        return unknown("ways to reset could not be read")
    ports = {piece.port.path: piece.port for piece in pieces_of(facts.machine) if piece.port is not None}
    failing = dict.fromkeys(f for port in ports.values() for f in bus_reset_fails(port) if f in functions)
    if failing:
        return missing(f"not {len(failing)} of {len(functions)}: {_list(failing)}")
    return found(f"all {len(functions)} functions {_BEHIND}")


@optional
def reset_entry(facts: Facts) -> Verdict:
    """Without it an OS that restarts through the BIOS reset entry resets the PC, see docs/threats.md."""
    first = [root for root in facts.machine.roots if (root.segment, root.bus) == (0, 0)]
    bridges = [f for root in first for f in root.functions if f.path.slot == "00.0"]
    if not bridges:
        return unknown("no host bridge was found")
    vendor, device = bridges[0].vendor, bridges[0].device
    name = RESET_ENTRY_HOST_BRIDGES.get((vendor, device))
    told = f"{vendor:04x}:{device:04x}"
    return found(f"{told}, {name}") if name else missing(f"the controller does not know the chipset {told}")


@optional
def uarts(facts: Facts) -> Verdict:
    """A console for the controller and for each partition that wants one."""
    if not facts.uarts:
        return unknown("nothing to look for them")
    names = [f"{uart.name} {uart.io_base:#x}" for uart in facts.machine.uarts]
    return found(", ".join(names)) if names else missing("none at an I/O port")


@optional
def x2apic(facts: Facts) -> Verdict:
    """APIC IDs above 254 need it; and if the firmware has it on, it stays on through a restart."""
    state = facts.machine.features.x2apic
    largest = max((p.apic_id for p in facts.machine.processors), default=0)
    if state is None:
        return unknown(f"largest APIC ID {largest}")
    text = f"{state}, largest APIC ID {largest}"
    if largest > LARGEST_XAPIC_ID and state != "enabled":
        return missing(text, Level.REQUIRED)
    return missing(text) if state == "absent" else found(text)


@optional
def iommu(facts: Facts) -> Verdict:
    """AMD's confines the devices of guarded and contained partitions; Intel's VT-d is to follow."""
    kind = facts.machine.acpi.iommu
    if kind != "none":
        return found(kind)
    return missing("no unit in a DMAR or IVRS table") if facts.tables else unknown("no table could be read")


@optional
def virtualization(facts: Facts) -> Verdict:
    """AMD's SVM holds the processors of a guarded partition; VT-x is to follow."""
    kind = facts.machine.features.virtualization
    if kind is None:
        return unknown("no description of the processor")
    if kind == "vt-x":
        return missing("vt-x, which the guard does not know yet")
    return missing("neither SVM nor VT-x, or switched off") if kind == "none" else found(kind)


def _ports(root: PciRoot) -> list[PciFunction]:
    """The root ports of a root bridge."""
    return [f for f in root.functions if f.bridge is not None and f.bridge.kind == ROOT_PORT]


def _devices(facts: Facts) -> list[PciFunction]:
    """The functions behind ports but those from which the controller is booted, or that share their port."""
    free = (p for p in pieces_of(facts.machine) if p.port is not None and not _boots(facts, p.port))
    return [function for piece in free for function in piece.functions]


def _boots(facts: Facts, port: PciFunction) -> bool:
    """Whether the controller is booted from what is behind a port."""
    return any(port.path.leads_to(device) for device in facts.machine.firmware.boot_devices)


def _list(functions: Iterable[PciFunction]) -> str:
    """The first few of some functions."""
    return ", ".join([str(function.path) for function in functions][:4])


def _covered(facts: Facts, segment: int, bus: int) -> bool:
    """Whether a bus is in some ECAM range."""
    return any(e.segment == segment and e.first_bus <= bus <= e.last_bus for e in facts.machine.ecam)
