# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan: what each partition gets, every value with the place it came from.

A plan may be wrong: `generator.check` judges it. What the machine does not have is None or missing here.
What of a partition could not be read stands in its `unread`, and has a neutral value: nothing is asked for.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from generator.model.device_path import DevicePath
from generator.model.files import FileFacts
from generator.model.intent import (
    AllOff,
    DiskKind,
    DiskMode,
    Dma,
    Isolation,
    KernelParameters,
    MemoryIntent,
    PowerButton,
    Restart,
    is_known,
)
from generator.model.machine import Machine, PciFunction, Processor, Uart
from generator.model.ports import can_interrupt
from generator.places import Located, Place


class MemoryPurpose(enum.Enum):
    """What a memory request is for; the C name in MrmPlan.h is the enum name."""

    MrmMemoryLow = "low"
    MrmMemoryBelow1G = "below_1g"
    MrmMemoryMain = "main"


@dataclass(frozen=True, slots=True)
class ProcessorGrant:
    """A processor given to a partition; `processor` is None if the machine has none of that APIC ID."""

    place: Place
    apic_id: int
    processor: Processor | None


@dataclass(frozen=True, slots=True)
class ProcessorsPlan:
    """The processors of a partition, the booting one first.

    `by_count`: any others will do as well.  `missing` names packages, cores and nodes the machine lacks.
    """

    place: Place
    wanted: int
    by_count: bool
    grants: tuple[ProcessorGrant, ...]
    shared_cores: bool = False
    missing: tuple[Located[str], ...] = ()


@dataclass(frozen=True, slots=True)
class MemoryRequest:
    """Memory the controller is to find at boot inside `minimum` to `limit - 1`; all in bytes."""

    place: Place
    purpose: MemoryPurpose
    size: int
    alignment: int
    minimum: int
    limit: int
    why: str


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The memory of a partition: `size` is the sum of the requests unless the file contradicts itself.

    `below_4g` is None if the planner chose the share; `node` is None if no NUMA node was promised;
    `intent` is what the partition file says.
    """

    size: Located[int]
    low: Located[int]
    below_1g: Located[int]
    below_4g: Located[int] | None
    requests: tuple[MemoryRequest, ...]
    intent: MemoryIntent
    node: int | None = None


@dataclass(frozen=True, slots=True)
class PciGrant:
    """Everything behind one port, or one function; the partition sees it as PCI segment `segment`.

    `root_port` is a root port, or a downstream port of a switch behind one; if `alone`, a function by itself,
    whose bus others have too: functions of one bus are one segment.  `port` is None if the machine has no
    such function.  `asked` is what the partition file asks for, if it is not the port itself: `wanted`
    are the functions it means, the others there are their bus-mates.
    """

    root_port: Located[DevicePath]
    segment: int
    port: PciFunction | None
    asked: str | None = None
    wanted: tuple[PciFunction, ...] = ()
    alone: bool = False

    @property
    def functions(self) -> tuple[PciFunction, ...]:
        """What the partition gets: all that is behind the port, bridges too, or the function by itself."""
        if self.port is None:
            return ()
        return (self.port,) if self.alone else tuple(self.port.below())

    @property
    def bus_mates(self) -> tuple[PciFunction, ...]:
        """Functions that come along although nobody asked for them; bridges do not count."""
        if self.port is None or not self.wanted:
            return ()
        names = {function.path for function in self.wanted}
        return tuple(f for f in self.functions if f.bridge is None and f.path not in names)


@dataclass(frozen=True, slots=True)
class PciShortage:
    """What was asked for by its properties or its bus, and is not there to have.

    `others` are the functions that have these properties, but were not to have.
    """

    place: Place
    asked: str
    wanted: int
    found: int
    why: str
    others: tuple[PciFunction, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsolePlan:
    """The console of a partition or of the controller; `uart` is None if the machine has none so named.

    `path` is that of the PCI serial card it is instead, and `function` that card, None if there is none.
    """

    name: Located[str]
    uart: Uart | None
    path: DevicePath | None = None
    function: PciFunction | None = None


@dataclass(frozen=True, slots=True)
class AddedParameter:
    """A kernel parameter, and why a partition gets it.

    `needed`: without it Linux would disturb others.  Else it is merely good for the partition itself.
    """

    parameter: str
    why: str
    needed: bool


@dataclass(frozen=True, slots=True)
class FileBoot:
    """Booting a file of the build host: files with their place on the ESP, and the complete load options."""

    kind: ClassVar[str] = "file"
    place: Place
    file: Located[Path]
    file_facts: FileFacts
    esp_file: str
    initrd: Located[Path] | None
    initrd_facts: FileFacts | None
    esp_initrd: str | None
    owner_options: Located[str] | None
    options: str
    kernel_parameters: KernelParameters
    added_parameters: tuple[AddedParameter, ...]

    @property
    def copy_bytes(self) -> int:
        """Bytes of pristine copies that the controller keeps for restarts."""
        return self.file_facts.size + (self.initrd_facts.size if self.initrd_facts is not None else 0)


@dataclass(frozen=True, slots=True)
class DiskBoot:
    """Booting what is on the partition's own disks, only behind one port if that is named.

    `segment` is that of this port, 0 for any or for one that is not its own.  `path` and `options` are
    what is started there, None for what the disk and the partition's own variables offer.
    """

    kind: ClassVar[str] = "disk"
    place: Place
    root_port: Located[DevicePath] | None
    segment: int
    path: Located[str] | None
    options: Located[str] | None


@dataclass(frozen=True, slots=True)
class NetworkBoot:
    """Booting over the partition's own network interfaces; `segment` as for disks, `uri` as in the intent."""

    kind: ClassVar[str] = "network"
    place: Place
    root_port: Located[DevicePath] | None
    segment: int
    uri: Located[str] | None


@dataclass(frozen=True, slots=True)
class ShellBoot:
    """The UEFI shell, and where it lies on the ESP."""

    kind: ClassVar[str] = "shell"
    place: Place
    esp_file: str


SourcePlan = FileBoot | DiskBoot | NetworkBoot | ShellBoot


@dataclass(frozen=True, slots=True)
class BootPlan:
    """What a partition boots, in the order in which it is tried.

    For `timeout` milliseconds the console offers the choice.  `expected` are kernel parameters that a Linux
    must be given which its owner's own loader starts.
    """

    place: Place
    sources: tuple[SourcePlan, ...]
    timeout: Located[int]
    expected: tuple[AddedParameter, ...]

    @property
    def owns_loader(self) -> bool:
        """Whether a loader may run that is the owner's own: from a disk or the network."""
        return any(isinstance(source, DiskBoot | NetworkBoot) for source in self.sources)

    @property
    def files(self) -> tuple[FileBoot, ...]:
        """Those of the sources that are files of the build host."""
        return tuple(source for source in self.sources if isinstance(source, FileBoot))

    @property
    def copy_bytes(self) -> int:
        """Bytes of pristine copies that the controller keeps for restarts."""
        return sum(source.copy_bytes for source in self.files)


@dataclass(frozen=True, slots=True)
class PermissionsPlan:
    """What a partition may do to which others, to the PC and to the policy of all; `all` is every name."""

    start: tuple[Located[str], ...]
    stop: tuple[Located[str], ...]
    restart: tuple[Located[str], ...]
    nmi: tuple[Located[str], ...]
    pc: tuple[Located[str], ...]
    reload: Located[bool]

    @property
    def verbs(self) -> tuple[tuple[str, tuple[Located[str], ...]], ...]:
        """What may be done to partitions, and to which."""
        return (("start", self.start), ("stop", self.stop), ("restart", self.restart), ("nmi", self.nmi))


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """The life of a partition; times are in milliseconds (0: for ever, or never), `quota` in bytes."""

    restart: Restart
    limit: Located[int]
    backoff: Located[int]
    scrub: bool
    autostart: bool
    after: tuple[Located[str], ...]
    delay: Located[int]
    shutdown: Located[int]
    watchdog: bool
    firmware: Located[int]
    nmi: Located[bool]
    permissions: PermissionsPlan
    quota: Located[int]


@dataclass(frozen=True, slots=True)
class UplinkPlan:
    """The way out of a network: a network card that stays with the PC.

    `path` is the one that the file names, None if it leaves the choice.  `card` is the PCI function, None if
    there is none so named, or not exactly one that no partition is given: these are `choice`.
    """

    place: Place
    path: Located[DevicePath] | None
    card: PciFunction | None
    choice: tuple[PciFunction, ...]


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A network in memory; `mtu` in bytes."""

    place: Place
    name: Located[str]
    mtu: Located[int]
    uplink: UplinkPlan | None = None


@dataclass(frozen=True, slots=True)
class CardPlan:
    """A card of a partition on a network; `index` is that network's, None if there is none so named.

    `mac` is None for one that the controller makes of the PC's UUID and both names.
    """

    place: Place
    network: Located[str]
    index: int | None
    mac: Located[str] | None


@dataclass(frozen=True, slots=True)
class DiskPlan:
    """A disk that the controller serves; `name` and `size` as in the intent.

    `serial` is what its partition sees, ASCII: another one for each of its disks.
    """

    place: Place
    kind: DiskKind
    name: Located[str] | None
    size: Located[int] | None
    mode: Located[DiskMode]
    serial: str

    @property
    def writes(self) -> bool:
        """Whether its partition can write on it."""
        return self.mode.value != "read-only"

    @property
    def medium(self) -> str | None:
        """What makes it the same one for several partitions; None for one in memory.  FAT knows no case."""
        if self.name is None:
            return None
        return f"{self.kind} {self.name.value.lower() if self.kind == 'file' else self.name.value}"

    @property
    def title(self) -> str:
        """What people call it."""
        return "in memory" if self.name is None else f"{self.kind} {self.name.value}"


@dataclass(frozen=True, slots=True)
class SharedPlan:
    """A shared memory; `size` in bytes, `request` asks the controller for it."""

    place: Place
    name: Located[str]
    size: Located[int]
    request: MemoryRequest


@dataclass(frozen=True, slots=True)
class HasShared:
    """A shared memory that a partition has; `index` is that memory's, None if there is none so named."""

    name: Located[str]
    index: int | None


@dataclass(frozen=True, slots=True)
class PartitionPlan:
    """One partition."""

    place: Place
    name: Located[str]
    processors: ProcessorsPlan
    memory: MemoryPlan
    pci: tuple[PciGrant, ...]
    console: ConsolePlan | None
    display: Located[bool]
    boot: BootPlan
    policy: PolicyPlan
    pci_shortages: tuple[PciShortage, ...] = ()
    cards: tuple[CardPlan, ...] = ()
    disks: tuple[DiskPlan, ...] = ()
    shared: tuple[HasShared, ...] = ()
    isolation: Located[Isolation] | None = None
    """The level that the file names; None: it names none."""
    dma: Located[Dma] | None = None
    """What its user says of its devices' DMA; None: nothing."""
    chipset: Located[bool] | None = None
    """Whether it owns the PC's chipset; None: the file does not say."""
    unread: frozenset[str] = frozenset()

    @property
    def level(self) -> Isolation:
        """Its isolation level."""
        return self.isolation.value if self.isolation is not None else "cooperative"

    @property
    def owns_chipset(self) -> bool:
        """Whether it owns the PC's chipset."""
        return self.chipset is not None and self.chipset.value

    @property
    def buses(self) -> tuple[tuple[PciGrant, ...], ...]:
        """What it sees as PCI segments, in their order: a port each, or functions of one bus."""
        segments = dict.fromkeys(grant.segment for grant in self.pci)
        return tuple(tuple(g for g in self.pci if g.segment == segment) for segment in segments)

    @property
    def channel_segment(self) -> int:
        """The PCI segment of its cards and served disks, after those of its ports; 0 without any."""
        return max((grant.segment for grant in self.pci), default=0) + 1 if self.has_channels else 0

    @property
    def has_channels(self) -> bool:
        """Whether it has devices that are nothing but memory: cards on networks, or served disks."""
        return bool(self.cards or self.disks)

    def knows(self, *keys: str) -> bool:
        """Whether all of these keys of the partition file could be read."""
        return is_known(self.unread, *keys)

    def disabled(self, grant: PciGrant) -> tuple[PciFunction, ...]:
        """The functions of a grant that have no way to interrupt: they stay switched off.

        The serial port of a console needs none.  A console that cannot be read may be any of them.
        """
        if grant.port is None or not self.knows("console"):
            return ()
        console = self.console.path if self.console is not None else None
        return tuple(f for f in grant.functions if not can_interrupt(f) and f.path != console)

    def working(self, grant: PciGrant) -> tuple[PciFunction, ...]:
        """The functions of a grant, bridges aside, that its operating system can use."""
        disabled = self.disabled(grant)
        return tuple(f for f in grant.functions if f.bridge is None and f not in disabled)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan. `source` is the partition file as generated files name it (no machine paths).

    `beyond` is how many partitions are more than there can be, at the first of them: these are not planned.
    """

    place: Place
    source: str
    machine: Machine
    controller_console: ConsolePlan
    all_off: AllOff
    power_button: PowerButton
    partitions: tuple[PartitionPlan, ...]
    beyond: Located[int] | None = None
    networks: tuple[NetworkPlan, ...] = ()
    channels: ProcessorsPlan | None = None
    """The processor of the controller's own that serves channels; None: the boot processor does."""
    shared: tuple[SharedPlan, ...] = ()
    unread: frozenset[str] = frozenset()

    def knows(self, *keys: str) -> bool:
        """Whether all of these keys of the partition file could be read."""
        return is_known(self.unread, *keys)

    @property
    def esp_files(self) -> tuple[tuple[Path, str], ...]:
        """Files to put onto the ESP: path on this host, path below the root of the ESP with slashes."""
        found: list[tuple[Path, str]] = []
        for partition in self.partitions:
            for source in partition.boot.files:
                found.append((source.file.value, source.esp_file))
                if source.initrd is not None and source.esp_initrd is not None:
                    found.append((source.initrd.value, source.esp_initrd))
        return tuple(dict.fromkeys(found))
