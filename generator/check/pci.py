# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about PCI: what can be given away is everything behind a root port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.check.registry import Finding, error, warning
from generator.emit.placeholders import MAXIMUM_BUSES
from generator.model.device_path import DevicePath
from generator.model.machine import PciFunction
from generator.model.plan import PartitionPlan, PciGrant, PciShortage, Plan
from generator.printable import printable
from generator.resolve.pci import FREE, is_root_port
from generator.suggest import closest

MOST_NAMED = 6
"""Functions a message names."""


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
        if is_root_port(function)
    ]


def _usable(grant: PciGrant) -> PciFunction | None:
    """The root port of a grant, if it is one."""
    port = grant.port
    return port if port is not None and is_root_port(port) else None


def _named(function: PciFunction) -> str:
    """A function in messages."""
    title = printable(function.title or f"{function.vendor:04x}:{function.device:04x}")
    return f"{function.path} ({title})"


def _some(functions: Sequence[PciFunction]) -> str:
    """The first few of some functions."""
    more = f" and {len(functions) - MOST_NAMED} more" if len(functions) > MOST_NAMED else ""
    return ", ".join(_named(function) for function in functions[:MOST_NAMED]) + more


def _bus_mates(plan: Plan, function: PciFunction) -> list[PciFunction]:
    """The functions that cannot be separated from one: all behind its root port, or all on its root bus."""
    for root in plan.machine.roots:
        for top in root.functions:
            if top.path.leads_to(function.path) and is_root_port(top):
                return [f for f in top.below() if f.bridge is None and f.path != function.path]
        if root.uid == function.path.root:
            return [f for f in root.functions if f.path != function.path and not is_root_port(f)]
    return []


def _why_not_free(plan: Plan, function: PciFunction) -> str:
    """What keeps a function from whoever asks for one with its properties."""
    if function.bridge is not None:
        return "is a bridge, and comes with what is behind it only"
    top = DevicePath(function.path.root, function.path.nodes[:1])
    root = next((root for root in plan.machine.roots if root.uid == top.root), None)
    if len(function.path.nodes) == 1:
        bus = f"bus {root.bus}" if root is not None else "its bus"
        return f"sits on {bus}, a root bus: what is on it stays with the controller"
    port = next((f for f in root.functions if f.path == top), None) if root is not None else None
    if port is None or not is_root_port(port):
        return f"is behind {top}, which is no root port"
    owner = next((p.name.value for p, grant in _grants(plan) if grant.root_port.value == top), None)
    if owner is not None:
        return f"is behind {top}, which '{owner}' has"
    return f"is behind {top}, as is the disk from which the controller is booted"


def _told(plan: Plan, shortage: PciShortage) -> str:
    """What there is too little of, and what keeps the others."""
    asked = printable(shortage.asked)
    if shortage.why != FREE:
        return f"{asked}: {shortage.why}"
    if not shortage.found and not shortage.others:
        return f"{plan.machine.name} has no functions with {asked}"
    kept = [f"{_named(f)} {_why_not_free(plan, f)}" for f in shortage.others[:MOST_NAMED]]
    more = len(shortage.others) - MOST_NAMED
    others = "; ".join([*kept, *([f"and {more} more"] if more > 0 else [])]) or "there are no others"
    return f"{shortage.found} of {shortage.wanted} functions with {asked} are free: {others}"


@error
def pci_found(plan: Plan) -> Iterator[Finding]:
    """There are as many free functions as are asked for by their properties, and a root port to each bus."""
    for partition in plan.partitions:
        for shortage in partition.pci_shortages:
            yield Finding(
                shortage.place,
                _told(plan, shortage),
                "functions behind root ports that nobody else has",
                "ask for something else; `python -m generator plan` lists who has what",
            )


@error
def pci_exists(plan: Plan) -> Iterator[Finding]:
    """Every PCI function named is in the machine."""
    for _, grant in _grants(plan):
        if grant.port is None:
            ports = _root_ports(plan)
            near = closest(str(grant.root_port.value), ports, 3) or ports[:3]
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
            mates = _bus_mates(plan, grant.port)
            yield Finding(
                grant.root_port.place,
                f"{_named(grant.port)} is no root port"
                + (f", and cannot be separated from {_some(mates)}" if mates else ""),
                "a root port; the partition gets everything behind it",
                f"name {above}, to get them all"
                if behind
                else "name one of " + ", ".join(_root_ports(plan)[:8]),
            )


@warning
def pci_bus_mates(plan: Plan) -> Iterator[Finding]:
    """Who asks for a function gets no others with it."""
    for _, grant in _grants(plan):
        mates = grant.bus_mates
        if mates:
            yield Finding(
                grant.root_port.place,
                f"{_some(grant.wanted)} cannot be separated from {_some(mates)}, "
                f"which {grant.root_port.value} leads to as well",
                "functions alone behind their root ports",
                f"name {grant.root_port.value} if the partition may have them all",
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
                f"{path} belongs to '{owners[path].name.value}' already"
                + (f" with everything behind it, {grant.asked} too" if grant.asked else ""),
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
    """Every function given away that interrupts does so by MSI or MSI-X: a partition has no interrupt lines.

    A function without an interrupt pin does not, and the serial port of a console works by polling.
    """
    for partition, grant in _grants(plan):
        port = _usable(grant)
        console = partition.console.path if partition.console is not None else None
        for function in port.below() if port is not None else ():
            silent = function.bridge is not None or function.interrupt_pin == 0 or function.path == console
            # A console that cannot be read may be any of them.
            if not silent and not (function.msi or function.msix) and partition.knows("console"):
                yield Finding(
                    grant.root_port.place,
                    f"{_named(function)} has neither MSI nor MSI-X",
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
def pci_windows(plan: Plan) -> Iterator[Finding]:
    """The memory of functions behind a root port lies in the windows that the port forwards."""
    for _, grant in _grants(plan):
        port = _usable(grant)
        if port is None or port.bridge is None:
            continue
        windows = [w for w in (port.bridge.memory, port.bridge.prefetchable) if w is not None]
        for function in port.below():
            for bar in function.bars:
                inside = any(w.base <= bar.base and bar.base + bar.size <= w.base + w.size for w in windows)
                if bar.space == "memory" and bar.base and not inside:
                    yield Finding(
                        grant.root_port.place,
                        f"BAR {bar.index} of {_named(function)}, at {bar.base:#x}, is in no window "
                        f"of {port.path}",
                        "memory that the root port forwards",
                        "scan the machine again, or name another root port",
                    )


@warning
def pci_reset(plan: Plan) -> Iterator[Finding]:
    """Every function given away can be reset when its partition restarts."""
    for _, grant in _grants(plan):
        port = _usable(grant)
        for function in port.below() if port is not None else ():
            if function.bridge is None and function.reset == ():
                yield Finding(
                    grant.root_port.place,
                    f"{_named(function)} cannot be reset: a restart may find it in any state",
                    "a function with a way to reset it",
                    "choose another device, or expect to power the machine off when it hangs",
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
