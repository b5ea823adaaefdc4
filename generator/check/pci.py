# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about PCI: what can be given away is everything behind a root port."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.emit.placeholders import MAXIMUM_BUSES
from generator.model.device_path import DevicePath
from generator.model.machine import PciFunction
from generator.model.plan import PartitionPlan, PciGrant, Plan

ROOT_PORT = "root-port"


def _grants(plan: Plan) -> Iterator[tuple[PartitionPlan, PciGrant]]:
    """All root ports given to anyone."""
    for partition in plan.partitions:
        for grant in partition.pci:
            yield partition, grant


def _root_ports(plan: Plan) -> list[str]:
    """Device paths of all root ports of the machine."""
    return [
        str(function.path)
        for root in plan.machine.roots
        for function in root.functions
        if function.bridge is not None and function.bridge.kind == ROOT_PORT
    ]


def _usable(grant: PciGrant) -> PciFunction | None:
    """The root port of a grant, if it is one."""
    port = grant.port
    return port if port is not None and port.bridge is not None and port.bridge.kind == ROOT_PORT else None


@error
def pci_exists(plan: Plan) -> Iterator[Finding]:
    """Every PCI function named is in the machine."""
    for _, grant in _grants(plan):
        if grant.port is None:
            ports = _root_ports(plan)
            near = difflib.get_close_matches(str(grant.root_port.value), ports, 3) or ports[:3]
            yield Finding(
                grant.root_port.place,
                f"the machine {plan.machine.name} has no {grant.root_port.value}",
                "a root port such as " + ", ".join(near) if near else "a root port of the machine",
                "change the path",
            )


@error
def pci_is_root_port(plan: Plan) -> Iterator[Finding]:
    """What is named is a root port: functions that share a bus cannot be told apart without hardware help."""
    for _, grant in _grants(plan):
        if grant.port is not None and _usable(grant) is None:
            path = grant.root_port.value
            above = DevicePath(path.root, path.nodes[:1])
            behind = len(path.nodes) > 1 and str(above) in _root_ports(plan)
            yield Finding(
                grant.root_port.place,
                f"{path} ({grant.port.title or 'a PCI function'}) is no root port",
                "a root port; the partition gets everything behind it",
                f"name {above}" if behind else "name one of " + ", ".join(_root_ports(plan)[:8]),
            )


@error
def pci_owned_once(plan: Plan) -> Iterator[Finding]:
    """No root port is given twice."""
    owners: dict[DevicePath, PartitionPlan] = {}
    for partition, grant in _grants(plan):
        path = grant.root_port.value
        if path in owners:
            yield Finding(
                grant.root_port.place,
                f"{path} belongs to '{owners[path].name.value}' already",
                "a root port nobody else has",
                "change one of them",
            )
        owners.setdefault(path, partition)


@error
def pci_not_boot_device(plan: Plan) -> Iterator[Finding]:
    """The root port with the disk the controller is booted from stays with the controller."""
    device = plan.machine.firmware.boot_device
    for _, grant in _grants(plan):
        if device is not None and grant.root_port.value.leads_to(device):
            yield Finding(
                grant.root_port.place,
                f"{grant.root_port.value} leads to {device}, from which the controller is booted",
                "another root port",
                "move the controller's disk or change the path",
            )


@error
def pci_msi(plan: Plan) -> Iterator[Finding]:
    """Every function given away can interrupt by MSI or MSI-X: a partition has no interrupt lines."""
    for _, grant in _grants(plan):
        port = _usable(grant)
        for function in port.below() if port is not None else ():
            if function.bridge is None and not (function.msi or function.msix):
                yield Finding(
                    grant.root_port.place,
                    f"{function.path} ({function.title or 'a PCI function'}) has neither MSI nor MSI-X",
                    "MSI or MSI-X on every function behind the root port",
                    "name another root port, or remove the card",
                )


@error
def pci_ecam(plan: Plan) -> Iterator[Finding]:
    """The buses behind a root port are covered by ECAM."""
    segments = {root.uid: root.segment for root in plan.machine.roots}
    for _, grant in _grants(plan):
        port = _usable(grant)
        if port is None or port.bridge is None:
            continue
        first, last, segment = port.bridge.secondary, port.bridge.subordinate, segments[port.path.root]
        covered = any(
            ecam.segment == segment and ecam.first_bus <= first and last <= ecam.last_bus
            for ecam in plan.machine.ecam
        )
        if not covered:
            yield Finding(
                grant.root_port.place,
                f"buses {first} to {last} behind {port.path} are in no ECAM range of segment {segment}",
                "buses that the machine's MCFG table covers",
                "name another root port",
            )


@error
def pci_limit(plan: Plan) -> Iterator[Finding]:
    """No partition has more than 16 root ports."""
    for partition in plan.partitions:
        if len(partition.pci) > MAXIMUM_BUSES:
            yield Finding(
                partition.pci[MAXIMUM_BUSES].root_port.place,
                f"{len(partition.pci)} root ports",
                f"at most {MAXIMUM_BUSES} for one partition",
                "name fewer",
            )


@warning
def pci_populated(plan: Plan) -> Iterator[Finding]:
    """There is something behind every root port that is given away."""
    for _, grant in _grants(plan):
        port = _usable(grant)
        if port is not None and not port.behind:
            yield Finding(
                grant.root_port.place,
                f"nothing is behind {port.path}",
                "a root port with a device behind it",
                "name another one, or remove it: devices cannot be added to a running partition",
            )
