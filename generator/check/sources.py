# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about boot sources: what is tried, in which order, on which devices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from generator.check.registry import Finding, error
from generator.load.values import format_duration
from generator.model.machine import PciFunction
from generator.model.plan import DiskBoot, NetworkBoot, PartitionPlan, Plan
from generator.printable import quoted

MOST_SOURCES = 8
"""MRM_MAX_BOOT_SOURCES of MrmPlan.h."""
SECOND, HOUR = 1000, 3_600_000
LONGEST_PATH = 255
LONGEST_URI = 255

_STORAGE, _NETWORK, _USB = 0x01, 0x02, 0x0C03


def is_storage(function: PciFunction) -> bool:
    """Whether disks can be behind a function."""
    return function.class_code >> 16 == _STORAGE or function.class_code >> 8 == _USB


def is_network(function: PciFunction) -> bool:
    """Whether a function is a network interface."""
    return function.class_code >> 16 == _NETWORK


@error
def boot_order(plan: Plan) -> Iterator[Finding]:
    """Every partition boots from 1 to 8 sources."""
    for partition in plan.partitions:
        count = len(partition.boot.sources)
        if count > MOST_SOURCES or (count == 0 and partition.knows("boot")):
            yield Finding(
                partition.boot.place,
                f"'{partition.name.value}' has {count} boot sources",
                f"1 to {MOST_SOURCES}",
                "write 'boot: disk', or name a file",
            )


@error
def boot_timeout(plan: Plan) -> Iterator[Finding]:
    """The time to choose a boot source is in whole seconds, an hour at most."""
    for partition in plan.partitions:
        timeout = partition.boot.timeout
        if timeout.value % SECOND or timeout.value > HOUR:
            yield Finding(
                timeout.place,
                f"a time-out of {format_duration(timeout.value)}",
                "whole seconds, 0 to 1 h",
                "change 'timeout'",
            )


@error
def boot_root_port_own(plan: Plan) -> Iterator[Finding]:
    """The port that a boot source names is one of the partition's own."""
    for partition, source in _device_sources(plan):
        port = source.root_port
        if port is not None and source.segment == 0 and partition.knows("pci"):
            own = ", ".join(str(grant.root_port.value) for grant in partition.pci) or "one in 'pci'"
            change = "change the path, or add it to 'pci'"
            if partition.owns_chipset:
                own, change = "none: it boots from any of its disks", "leave the port out"
            yield Finding(
                port.place,
                f"{port.value} is no port of '{partition.name.value}'",
                f"one of its own: {own}",
                change,
            )


@error
def boot_disk_storage(plan: Plan) -> Iterator[Finding]:
    """A partition that boots from a disk has a storage or USB controller behind the port, or a served disk.

    The controller works; a port that is named has one, and a served disk is behind none. What the owner of
    the chipset has, the boot tells.
    """
    yield from _lacking(plan, DiskBoot, is_storage, "storage or USB controller")


@error
def boot_network_interface(plan: Plan) -> Iterator[Finding]:
    """A partition that boots over the network has a working interface behind the port it names."""
    yield from _lacking(plan, NetworkBoot, is_network, "network interface")


@error
def boot_disk_path(plan: Plan) -> Iterator[Finding]:
    """The path of a loader on a disk starts with a backslash: at most 255 printable ASCII characters."""
    for _, source in _device_sources(plan):
        path = source.path if isinstance(source, DiskBoot) else None
        if path is None:
            continue
        printable = all(0x20 <= ord(character) < 0x7F for character in path.value)
        if not path.value.startswith("\\") or not printable or len(path.value) > LONGEST_PATH:
            yield Finding(
                path.place,
                f"the path {quoted(path.value)}",
                r"a path from the root of the disk, such as \EFI\debian\shimx64.efi",
                "correct 'path'",
            )


@error
def boot_uri(plan: Plan) -> Iterator[Finding]:
    """What is fetched by HTTP is http://HOST/FILE or http://HOST:PORT/FILE, 255 characters at most."""
    for _, source in _device_sources(plan):
        uri = source.uri if isinstance(source, NetworkBoot) else None
        fault = _fault_of_uri(uri.value) if uri is not None else None
        if uri is not None and fault is not None:
            yield Finding(
                uri.place,
                f"the URI {quoted(uri.value)} {fault}",
                "one such as http://10.0.2.2:8000/debian.efi",
                "correct 'uri'",
            )


def _fault_of_uri(uri: str) -> str | None:
    """Why HTTP boot, without TLS and IPv6, cannot fetch a URI (RFC 3986); None if it can."""
    if len(uri) > LONGEST_URI:
        return f"has {len(uri)} characters, more than {LONGEST_URI}"
    strange = re.search(r"[^A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]", uri)
    if strange is not None:
        return f"has the character U+{ord(strange[0]):04X}, which must be written with %"
    if not uri.lower().startswith("http://"):
        return "is not http://, and there is nothing else"
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "has no valid host and port"
    if "@" in parts.netloc:
        return "names a user, and nothing here logs in"
    if ":" in host:
        return "has an IPv6 address, and there is only IPv4"
    if port == 0 or not _is_host(host):
        return "has no valid host and port"
    return "names no file" if parts.path.endswith("/") or not parts.path else None


def _is_host(host: str) -> bool:
    """Whether a host is an IPv4 address or a name in DNS (RFC 1123 section 2.1)."""
    if re.fullmatch(r"[0-9.]+", host):
        try:
            IPv4Address(host)
        except ValueError:
            return False
        return True
    label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    return re.fullmatch(rf"{label}(\.{label})*", host) is not None


def _device_sources(plan: Plan) -> Iterator[tuple[PartitionPlan, DiskBoot | NetworkBoot]]:
    """All boot sources that are devices."""
    for partition in plan.partitions:
        for source in partition.boot.sources:
            if isinstance(source, DiskBoot | NetworkBoot):
                yield partition, source


def _lacking(
    plan: Plan,
    kind: type[DiskBoot] | type[NetworkBoot],
    wanted: Callable[[PciFunction], bool],
    name: str,
) -> Iterator[Finding]:
    """Sources of a kind whose partition has no device for them."""
    for partition, source in _device_sources(plan):
        elsewhere = source.root_port is not None and source.segment == 0
        if isinstance(source, DiskBoot) and source.root_port is None and partition.disks:
            continue
        if isinstance(source, DiskBoot) and partition.owns_chipset:
            continue
        if not isinstance(source, kind) or elsewhere or not partition.knows("pci"):
            continue
        grants = [grant for grant in partition.pci if source.segment in (0, grant.segment)]
        # Devices that the machine lacks, or that no match was found for, are the business of other rules.
        unclear = partition.pci_shortages or any(grant.port is None for grant in grants)
        functions = (function for grant in grants for function in partition.working(grant))
        if not unclear and not any(wanted(function) for function in functions):
            where = f"behind {source.root_port.value}" if source.root_port else "among its PCI functions"
            yield Finding(
                source.place,
                f"'{partition.name.value}' has no {name} {where}",
                f"a {name} of its own to boot from",
                "add a port to 'pci', or boot something else",
            )
