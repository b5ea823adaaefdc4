# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What was promised: the part of MrmPlan.json that can be seen from outside and from inside partitions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1


class PlanError(Exception):
    """The plan cannot be read; the message says why and what to do."""


@dataclass(frozen=True, order=True)
class PciPromise:
    """A PCI function as its partition sees it; numbers as in sysfs (`0x1b36`), serial of a drive or None."""

    segment: int
    vendor: str
    device: str
    class_code: str
    serial: str | None


@dataclass(frozen=True)
class BootSource:
    """One place a partition boots from.

    Attributes:
        kind: `file`, `disk`, `network` or `shell`.
        root_port: Device path of the root port it is confined to, or None.
        path: Path of the loader on a disk's ESP, or None.
    """

    kind: str
    root_port: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class PartitionPromise:
    """What one partition was promised.

    Attributes:
        name: The partition's name.
        processors: How many.
        apic_ids: Which; with `by_count` a proposal the controller may deviate from.
        by_count: Whether the partition file names a number and no APIC IDs.
        memory: Bytes.
        root_ports: Device paths of its ports: root ports, and downstream ports of switches.
        pci: Its functions.
        console: Name of its serial port, or None.
        console_port: First I/O port of that, or None.
        kernel: Release of the Linux kernel it boots (`uname -r`), or None when that is not known.
        kernel_file: The file it boots first, on this host; None when it boots from elsewhere.
        initrd_file: That kernel's initrd on this host, or None.
        sources: Where it boots from, in the order in which they are tried.
        parameters: Kernel parameters that a Linux on its own disk must be given by its own loader.
        disks: Serial numbers of its disks.
        served: Serial numbers of the disks that the controller serves it.
        esp_files: Bytes of the files on the ESP that the controller serves it as disks.
        networks: Names of the networks in memory that it has cards on; these cards are among `pci`.
        shared: Name and bytes of each shared memory that it has, in the order in which its OS sees them.
        chipset: Whether it owns the PC's chipset: it sees whatever nobody else has, in segment 0.
    """

    name: str
    processors: int
    apic_ids: Sequence[int]
    by_count: bool
    memory: int
    root_ports: Sequence[str]
    pci: Sequence[PciPromise]
    console: str | None
    console_port: int | None
    kernel: str | None
    kernel_file: Path | None
    initrd_file: Path | None
    sources: Sequence[BootSource] = ()
    parameters: str = ""
    disks: Sequence[str] = ()
    served: Sequence[str] = ()
    esp_files: int = 0
    networks: Sequence[str] = ()
    shared: Sequence[tuple[str, int]] = ()
    chipset: bool = False

    @property
    def boot_disk(self) -> BootSource | None:
        """The first of its own disks' boot sources, or None when it boots from none."""
        return next((source for source in self.sources if source.kind == "disk"), None)


@dataclass(frozen=True)
class Plan:
    """All promises of one Mrm.efi; `controller_console` is the serial port of the controller."""

    machine: str
    source: str
    controller_console: str
    partitions: Sequence[PartitionPromise]


def load_plan(path: Path, project: Path) -> Plan:
    """Read MrmPlan.json; relative file names in it belong to folder `project`. Raises PlanError."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}; build it first (`make build`)") from error
    except ValueError as error:
        raise PlanError(f"{path}: not JSON: {error}; build it again") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise PlanError(f"{path}: not a plan of format {FORMAT}; build it again")
    try:
        return Plan(
            machine=str(data["machine"]),
            source=str(data["source"]),
            controller_console=str(data["controller"]["console"]),
            partitions=[_partition(item, project) for item in data["partitions"]],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(f"{path}: {error!r} is missing or of the wrong kind; build it again") from error


def _partition(item: dict[str, Any], project: Path) -> PartitionPromise:
    processors, boot, console = item["processors"], item["boot"], item["console"]
    first = boot["sources"][0]
    linux, initrd = first.get("linux"), first.get("initrd")
    functions = [_function(grant, function) for grant in item["pci"] for function in grant["functions"]]
    cards, served = item.get("network", []), item.get("disk", [])
    functions += [_function(card, _CARD) for card in cards]
    functions += [_function(disk, _SERVED_DISK) for disk in served]
    return PartitionPromise(
        name=str(item["name"]),
        processors=int(processors["count"]),
        apic_ids=[int(apic_id) for apic_id in processors["apic_ids"]],
        by_count=bool(processors["by_count"]),
        memory=int(item["memory"]["size"]),
        root_ports=[str(grant["root_port"]) for grant in item["pci"]],
        pci=functions,
        console=str(console["name"]) if console else None,
        console_port=int(console["io_base"]) if console and console["io_base"] is not None else None,
        kernel=str(linux["release"]) if linux else None,
        kernel_file=project / first["file"] if first["kind"] == "file" else None,
        initrd_file=project / initrd if initrd else None,
        sources=[_source(source) for source in boot["sources"]],
        parameters=" ".join(str(expected["parameter"]) for expected in boot["expected_parameters"]),
        disks=[function.serial for function in functions if function.serial],
        networks=[str(card["network"]) for card in cards],
        served=[str(disk["serial"]) for disk in served],
        esp_files=sum(disk["size"] or 0 for disk in served if str(disk["medium"]).startswith("file ")),
        shared=[(str(one["shared"]), int(one["size"])) for one in item.get("shared", [])],
        chipset=bool(item.get("chipset", False)),
    )


_CARD = {"path": None, "vendor": "0x1ae0", "device": "0x0042", "class": "0x020000"}
"""A card on a network in memory, as every system sees it."""
_SERVED_DISK = {"path": None, "vendor": "0x1ae0", "device": "0x001f", "class": "0x010802"}
"""A disk that the controller serves, as every system sees it."""


def _source(source: dict[str, Any]) -> BootSource:
    return BootSource(str(source["kind"]), source.get("root_port"), source.get("path"))


def _function(grant: dict[str, Any], function: dict[str, Any]) -> PciPromise:
    serial = function.get("serial")
    return PciPromise(
        segment=int(grant["segment"]),
        vendor=str(function["vendor"]).lower(),
        device=str(function["device"]).lower(),
        class_code=str(function["class"]).lower(),
        serial=str(serial) if serial else None,
    )
