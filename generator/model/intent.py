# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the partition file says, before anything is known about the machine.

What could not be read is left out, and its key stands in `unread` of the partition or the file: nothing may
be concluded from its absence.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.model.device_path import DevicePath
from generator.places import Located, Place

KernelParameters = Literal["auto", "off"]
Restart = Literal["never", "on-failure", "always"]
AllOff = Literal["stay", "power-off", "reboot", "menu"]
PowerButton = Literal["ignore", "shutdown"]
Isolation = Literal["cooperative", "guarded", "contained"]
Dma = Literal["trusted"]
DiskKind = Literal["memory", "file", "gpt"]
DiskMode = Literal["read-write", "read-only", "append-only"]

CONSOLE_AUTO = "auto"
CONSOLE_NONE = "none"
MAXIMUM_PARTITIONS = 64
"""MRM_MAX_PARTITIONS of MrmPlan.h."""
MAXIMUM_NETWORKS = 16
"""Networks of one file."""
MAXIMUM_CARDS = 8
"""MRM_MAX_CARDS of MrmPlan.h: networks one partition is on."""
MAXIMUM_DISKS = 8
"""MRM_MAX_DISKS of MrmPlan.h: served disks of one partition."""
DISK_LABEL = 36
"""Characters of the label of a GPT partition, and of a UUID."""
MAXIMUM_SHARED = 16
"""MRM_MAX_SHARED of MrmPlan.h: shared memories of one file."""
EVERYONE = "all"
"""Stands for every partition in permissions."""


def is_known(unread: Set[str], *keys: str) -> bool:
    """Whether all of these keys (`memory`, `memory.low`) could be read, with all that is in them."""
    return not any(
        lost == key or lost.startswith(f"{key}.") or key.startswith(f"{lost}.")
        for lost in unread
        for key in keys
    )


@dataclass(frozen=True, slots=True)
class ProcessorsIntent:
    """Processors by local APIC ID in the wanted order (the first one boots), by core, or by count.

    A count can be confined to a package or a NUMA node; without a count these stand for all their processors.
    Nothing is chosen only where that could not be read.
    """

    place: Place
    count: Located[int] | None
    apic_ids: tuple[Located[int], ...]
    package: Located[int] | None = None
    node: Located[int] | None = None
    cores: tuple[Located[int], ...] = ()
    shared_cores: bool = False

    @property
    def chosen(self) -> bool:
        """Whether any processors are asked for."""
        return bool(self.count or self.apic_ids or self.package or self.node or self.cores)


@dataclass(frozen=True, slots=True)
class MemoryIntent:
    """Memory in bytes; `low`, `below_1g`, `below_4g` are parts of `size`; None means the default.

    `size` is None only where it could not be read.

    Where everything else lies: `above` an address, `at` one, `within` a range, or on a NUMA `node`.
    """

    place: Place
    size: Located[int] | None
    low: Located[int] | None = None
    below_1g: Located[int] | None = None
    above: Located[int] | None = None
    below_4g: Located[int] | None = None
    alignment: Located[int] | None = None
    node: Located[int] | None = None
    at: Located[int] | None = None
    within: Located[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class PciClass:
    """A class code, or the leading bytes of one: what counts are the bits of `mask`."""

    code: int
    mask: int


@dataclass(frozen=True, slots=True)
class PciBusIntent:
    """Whatever port leads to a bus, by the number the machine file gives it."""

    place: Place
    segment: int
    bus: int


@dataclass(frozen=True, slots=True)
class PciMatchIntent:
    """Functions that have everything that is not None here; `count` of them, one if None."""

    place: Place
    vendor: int | None
    device: int | None
    class_code: PciClass | None
    serial: str | None
    count: int | None

    @property
    def empty(self) -> bool:
        """Whether nothing is asked of a function."""
        return all(value is None for value in (self.vendor, self.device, self.class_code, self.serial))

    def __str__(self) -> str:
        """What is asked for, in words."""
        words = []
        if self.vendor is not None:
            words.append(f"vendor 0x{self.vendor:04x}")
        if self.device is not None:
            words.append(f"device 0x{self.device:04x}")
        if self.class_code is not None:
            digits = 6 - (0xFFFFFF ^ self.class_code.mask).bit_length() // 4
            words.append(f"class 0x{self.class_code.code:06x}"[: 8 + digits])
        if self.serial is not None:
            words.append(f"serial {self.serial}")
        return ", ".join(words)


PciIntent = Located[DevicePath] | PciBusIntent | PciMatchIntent


@dataclass(frozen=True, slots=True)
class FileSource:
    """A loader file on the build host, what it is given, and how its kernel parameters are handled.

    `file` is None only where it could not be read.
    """

    place: Place
    file: Located[Path] | None
    initrd: Located[Path] | None = None
    options: Located[str] | None = None
    kernel_parameters: Located[KernelParameters] | None = None


@dataclass(frozen=True, slots=True)
class DiskSource:
    """What is on the partition's own disks; None stands for any port, and for what the disk offers."""

    place: Place
    root_port: Located[DevicePath] | None = None
    path: Located[str] | None = None
    options: Located[str] | None = None


@dataclass(frozen=True, slots=True)
class NetworkSource:
    """PXE or HTTP over the partition's own network interfaces, or those behind one port.

    `uri` is what is fetched by HTTP, None stands for what DHCP names.
    """

    place: Place
    root_port: Located[DevicePath] | None = None
    uri: Located[str] | None = None


@dataclass(frozen=True, slots=True)
class ShellSource:
    """The UEFI shell that is built with MRM."""

    place: Place


BootSource = FileSource | DiskSource | NetworkSource | ShellSource


@dataclass(frozen=True, slots=True)
class BootIntent:
    """What a partition boots, in the order in which it is tried; `timeout` in milliseconds."""

    place: Place
    sources: tuple[BootSource, ...]
    timeout: Located[int] | None = None

    @property
    def owns_loader(self) -> bool:
        """Whether a loader may run that is the owner's own: from a disk or the network."""
        return any(isinstance(source, DiskSource | NetworkSource) for source in self.sources)

    @property
    def files(self) -> tuple[FileSource, ...]:
        """Those of the sources that are files of the build host."""
        return tuple(source for source in self.sources if isinstance(source, FileSource))


@dataclass(frozen=True, slots=True)
class PermissionsIntent:
    """What a partition may do to others (names, or `all`), to the PC, and to the policy of all."""

    start: tuple[Located[str], ...] = ()
    stop: tuple[Located[str], ...] = ()
    restart: tuple[Located[str], ...] = ()
    nmi: tuple[Located[str], ...] = ()
    pc: tuple[Located[str], ...] = ()
    reload: Located[bool] | None = None


@dataclass(frozen=True, slots=True)
class PolicyIntent:
    """The life of a partition; None means the default.  Times are in milliseconds, `quota` in bytes."""

    restart: Located[Restart] | None = None
    limit: Located[int] | None = None
    backoff: Located[int] | None = None
    scrub: Located[bool] | None = None
    autostart: Located[bool] | None = None
    after: tuple[Located[str], ...] = ()
    delay: Located[int] | None = None
    shutdown: Located[int] | None = None
    watchdog: Located[bool] | None = None
    firmware: Located[int] | None = None
    nmi: Located[bool] | None = None
    permissions: PermissionsIntent = PermissionsIntent()
    quota: Located[int] | None = None


@dataclass(frozen=True, slots=True)
class ChannelsIntent:
    """Who serves channels: a processor of the controller's own, or None for the boot processor."""

    place: Place
    processor: ProcessorsIntent | None


@dataclass(frozen=True, slots=True)
class UplinkIntent:
    """The way out of a network: a network card that stays with the PC; `card` is None for its only one."""

    place: Place
    card: Located[DevicePath] | None = None


@dataclass(frozen=True, slots=True)
class NetworkIntent:
    """One entry of `networks:`; `mtu` in bytes, None for the default."""

    place: Place
    name: Located[str]
    mtu: Located[int] | None = None
    uplink: UplinkIntent | None = None


@dataclass(frozen=True, slots=True)
class CardIntent:
    """A network a partition is on; `mac` is None for one that is made at boot."""

    place: Place
    network: Located[str]
    mac: Located[str] | None = None


@dataclass(frozen=True, slots=True)
class DiskIntent:
    """A disk that the controller serves a partition.

    `name` is a path on the ESP with backslashes, or a PARTUUID or label; None for one in memory.  `size` is
    in bytes, None for a file that is as long as it is, and for a GPT partition.
    """

    place: Place
    kind: DiskKind
    name: Located[str] | None
    size: Located[int] | None = None
    mode: Located[DiskMode] | None = None


@dataclass(frozen=True, slots=True)
class SharedIntent:
    """One entry of `shared:` of the file; `size` in bytes."""

    place: Place
    name: Located[str]
    size: Located[int]


@dataclass(frozen=True, slots=True)
class PartitionIntent:
    """One entry of `partitions:`; `name` is None only where it could not be read."""

    place: Place
    name: Located[str] | None
    processors: ProcessorsIntent
    memory: MemoryIntent
    pci: tuple[PciIntent, ...]
    console: Located[str] | Located[DevicePath] | None
    boot: BootIntent
    policy: PolicyIntent = PolicyIntent()
    display: Located[bool] | None = None
    network: tuple[CardIntent, ...] = ()
    disk: tuple[DiskIntent, ...] = ()
    shared: tuple[Located[str], ...] = ()
    isolation: Located[Isolation] | None = None
    dma: Located[Dma] | None = None
    chipset: Located[bool] | None = None
    unread: frozenset[str] = frozenset()

    def knows(self, *keys: str) -> bool:
        """Whether all of these keys could be read."""
        return is_known(self.unread, *keys)


@dataclass(frozen=True, slots=True)
class DefaultsIntent:
    """The keys of `defaults` that no partition takes, as a partition, and the places of their values."""

    partition: PartitionIntent
    places: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Intent:
    """A whole partition file, or several in layers; `path` is the first of them.

    `beyond` is how many partitions are more than there can be, at the first of them: these are not read.
    """

    place: Place
    path: Path
    machine: Located[str]
    controller_console: Located[str] | None
    partitions: tuple[PartitionIntent, ...]
    all_off: AllOff = "stay"
    power_button: PowerButton = "shutdown"
    beyond: Located[int] | None = None
    defaults: DefaultsIntent | None = None
    networks: tuple[NetworkIntent, ...] = ()
    channels: ChannelsIntent | None = None
    shared: tuple[SharedIntent, ...] = ()
    unread: frozenset[str] = frozenset()

    def knows(self, *keys: str) -> bool:
        """Whether all of these keys could be read."""
        return is_known(self.unread, *keys)
