# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Facts of one machine, as its machine file states them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from generator.model.device_path import DevicePath
from generator.places import Place


@dataclass(frozen=True, slots=True)
class Processor:
    """A logical processor; `bsp` is the one the PC's firmware and the controller run on."""

    place: Place
    apic_id: int
    package: int
    core: int
    thread: int
    node: int
    bsp: bool


@dataclass(frozen=True, slots=True)
class MemoryRange:
    """RAM of the machine, `base` to `base + size - 1`, on one NUMA node."""

    place: Place
    base: int
    size: int
    node: int

    @property
    def end(self) -> int:
        """First address above the range."""
        return self.base + self.size


@dataclass(frozen=True, slots=True)
class HeldRange:
    """Addresses, `base` to `base + size - 1`, that the PC's firmware is known to hold, and for what."""

    place: Place
    base: int
    size: int
    what: str

    @property
    def end(self) -> int:
        """First address above the range."""
        return self.base + self.size

    def __str__(self) -> str:
        """First and last address, and what is there."""
        return f"{self.base:#x}-{self.end - 1:#x} ({self.what})"


@dataclass(frozen=True, slots=True)
class Window:
    """An address window that a bridge forwards."""

    base: int
    size: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """What makes a PCI function a bridge: the buses below it and what is forwarded to them.

    `kind` is one of those in `generator.model.ports`.
    """

    kind: str
    secondary: int
    subordinate: int
    memory: Window | None
    prefetchable: Window | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A base address register, `index` 0 to 5: what it decodes, as the firmware set it up.

    `space` is `io` or `memory`; `bits` its width (16 to 64); `base` is 0 where nothing was assigned.
    """

    index: int
    space: str
    bits: int
    prefetchable: bool
    base: int
    size: int


@dataclass(frozen=True, slots=True)
class PciFunction:
    """One PCI function; `bridge` if it is one, `behind` the functions on the bus below it.

    `reset` lists the ways to reset it by the names of Linux, best first (`flr`, `pm`, `bus`, …): empty if
    there is none, None if that is not known.  `iommu_group` is the number of the group of functions that an
    IOMMU cannot tell apart, None without an IOMMU or where not known.  `interrupt_pin` is 0 for a function
    without one, 1 to 4 for INTA to INTD, None where not known.
    """

    place: Place
    path: DevicePath
    vendor: int
    device: int
    class_code: int
    title: str | None
    serial: str | None
    msi: bool
    msix: bool
    bridge: Bridge | None
    behind: tuple[PciFunction, ...]
    bars: tuple[Bar, ...] = ()
    reset: tuple[str, ...] | None = None
    iommu_group: int | None = None
    interrupt_pin: int | None = None

    def below(self) -> Iterator[PciFunction]:
        """All functions behind this one, at any depth."""
        for function in self.behind:
            yield function
            yield from function.below()


@dataclass(frozen=True, slots=True)
class PciRoot:
    """A root bridge with its segment and first bus, the functions on that bus, and its NUMA node if known."""

    place: Place
    path: str
    uid: int
    segment: int
    bus: int
    functions: tuple[PciFunction, ...]
    node: int | None = None


@dataclass(frozen=True, slots=True)
class Ecam:
    """One entry of the MCFG table: `base` is the address of bus 0 of the segment."""

    place: Place
    segment: int
    base: int
    first_bus: int
    last_bus: int


@dataclass(frozen=True, slots=True)
class Uart:
    """A 16550-compatible UART at eight I/O ports."""

    place: Place
    name: str
    io_base: int
    baud: int
    irq: int | None


@dataclass(frozen=True, slots=True)
class PmTimer:
    """The ACPI power-management timer: 3.579545 MHz, `bits` wide (24 or 32)."""

    port: int
    bits: int


@dataclass(frozen=True, slots=True)
class AcpiFacts:
    """What the machine's ACPI tables state that the plan depends on; `msi` is None where not known."""

    revision: int
    pm_timer: PmTimer | None
    iommu: str
    msi: bool | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What the processors can do and how Linux found them; None stands for "not known".

    `x2apic` is `absent`, `available` or `enabled` (when Linux ran); `virtualization` is `none`, `svm` or
    `vt-x`; `hidden_processors` counts those that firmware offers and the running Linux did not use.
    """

    cpu: str | None = None
    x86_64: bool | None = None
    invariant_tsc: bool | None = None
    hypervisor: bool | None = None
    x2apic: str | None = None
    virtualization: str | None = None
    hidden_processors: int | None = None


@dataclass(frozen=True, slots=True)
class FirmwareFacts:
    """The PC's own firmware: identity, the functions it boots the controller from, RAM it keeps (bytes).

    `interface` is how it starts systems: `uefi` (64-bit), `uefi32`, `bios`, or None where not known.
    `holds` are the addresses it is known to hold; those that are RAM below 4 GiB are part of `memory`.
    """

    vendor: str
    version: str
    boot_devices: tuple[DevicePath, ...]
    memory: int
    interface: str | None = None
    holds: tuple[HeldRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """How the controller knows the machine: by its UUID, else by what SMBIOS calls it and its processors."""

    uuid: UUID | None = None
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Qemu:
    """What is no fact of the machine but of its emulation by QEMU."""

    machine: str
    accelerator: str
    cpu: str
    memory: int
    firmware_code: str
    firmware_variables: str
    esp_device: str
    esp_bus: str
    disk_size: int


@dataclass(frozen=True, slots=True)
class Machine:
    """A whole machine file, with indexes by what the partition file names things by.

    `free` is its memory without what the firmware holds: first address of each range and the first beyond.
    """

    path: Path
    place: Place
    name: str
    title: str
    physical_address_bits: int
    firmware: FirmwareFacts
    controller_console: str | None
    processors: tuple[Processor, ...]
    memory: tuple[MemoryRange, ...]
    ecam: tuple[Ecam, ...]
    roots: tuple[PciRoot, ...]
    uarts: tuple[Uart, ...]
    acpi: AcpiFacts
    qemu: Qemu | None
    features: Features = Features()
    identity: Identity = Identity()
    free: tuple[tuple[int, int], ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Take what the firmware holds out of the memory."""
        held = sorted(self.firmware.holds, key=lambda held: held.base)
        free: list[tuple[int, int]] = []
        for memory in self.memory:
            start = memory.base
            for taken in held:
                if taken.base >= memory.end:
                    break
                if taken.base > start:
                    free.append((start, taken.base))
                start = max(start, taken.end)
            if start < memory.end:
                free.append((start, memory.end))
        object.__setattr__(self, "free", tuple(free))

    def processors_by_apic_id(self) -> Mapping[int, Processor]:
        """Processors by local APIC ID."""
        return {processor.apic_id: processor for processor in self.processors}

    def functions_by_path(self) -> Mapping[DevicePath, PciFunction]:
        """All PCI functions, at any depth, by device path."""
        found: dict[DevicePath, PciFunction] = {}
        for root in self.roots:
            for function in root.functions:
                found[function.path] = function
                found.update((deeper.path, deeper) for deeper in function.below())
        return found

    def uarts_by_name(self) -> Mapping[str, Uart]:
        """UARTs by name."""
        return {uart.name: uart for uart in self.uarts}
