# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the partition file says, before anything is known about the machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.model.device_path import DevicePath
from generator.places import Located, Place

KernelParameters = Literal["auto", "off"]

CONSOLE_AUTO = "auto"
CONSOLE_NONE = "none"


@dataclass(frozen=True, slots=True)
class ProcessorsIntent:
    """Processors by count, or by local APIC ID in the wanted order (the first one boots)."""

    place: Place
    count: Located[int] | None
    apic_ids: tuple[Located[int], ...]

    @property
    def wanted(self) -> int:
        """How many processors are asked for."""
        return self.count.value if self.count is not None else len(self.apic_ids)


@dataclass(frozen=True, slots=True)
class MemoryIntent:
    """Memory in bytes; `low`, `below_1g`, `below_4g` are parts of `size`; None means the default."""

    size: Located[int]
    low: Located[int] | None
    below_1g: Located[int] | None
    above: Located[int] | None
    below_4g: Located[int] | None = None


@dataclass(frozen=True, slots=True)
class BootIntent:
    """A loader file on the build host, what it is given, and how its kernel parameters are handled."""

    place: Place
    file: Located[Path]
    initrd: Located[Path] | None
    options: Located[str] | None
    kernel_parameters: Located[KernelParameters] | None


@dataclass(frozen=True, slots=True)
class PartitionIntent:
    """One entry of `partitions:`."""

    place: Place
    name: Located[str]
    processors: ProcessorsIntent
    memory: MemoryIntent
    pci: tuple[Located[DevicePath], ...]
    console: Located[str] | None
    boot: BootIntent


@dataclass(frozen=True, slots=True)
class Intent:
    """A whole partition file."""

    place: Place
    path: Path
    machine: Located[str]
    controller_console: Located[str] | None
    partitions: tuple[PartitionIntent, ...]
