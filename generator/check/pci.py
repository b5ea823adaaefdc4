# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about PCI: what is given away is everything behind a root port or a switch's downstream port.

Functions by themselves have rules of their own (`generator.check.functions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.blob.form import MAXIMUM_BUSES
from generator.check.registry import Finding, error, warning
from generator.hardware.functions import singles_of
from generator.model.device_path import DevicePath
from generator.model.machine import Bar, Bridge, PciFunction
from generator.model.plan import PartitionPlan, PciGrant, PciShortage, Plan
from generator.model.ports import Ports, bus_reset_fails, can_interrupt, ends, is_port
from generator.printable import printable
from generator.resolve.pci import FREE
from generator.suggest import closest

MOST_NAMED = 6
"""Functions a message names."""


def _grants(plan: Plan) -> Iterator[tuple[PartitionPlan, PciGrant]]:
    """All ports given to anyone."""
    for partition in plan.partitions:
        for grant in partition.pci:
            yield partition, grant


def _port_names(plan: Plan) -> list[str]:
    """Device paths of all ports of the machine."""
    return [str(path) for path in Ports.of(plan.machine).by_path]


def _usable(grant: PciGrant) -> PciFunction | None:
    """The port of a grant, if it is one."""
    port = grant.port
    return port if port is not None and is_port(port) else None


def _named(function: PciFunction) -> str:
    """A function in messages."""
    title = printable(function.title or f"{function.vendor:04x}:{function.device:04x}")
    return f"{function.path} ({title})"


def _some(functions: Sequence[PciFunction]) -> str:
    """The first few of some functions."""
    more = f" and {len(functions) - MOST_NAMED} more" if len(functions) > MOST_NAMED else ""
    return ", ".join(_named(function) for function in functions[:MOST_NAMED]) + more


def _bus_mates(plan: Plan, function: PciFunction) -> list[PciFunction]:
    """The functions that cannot be separated from one: all behind its innermost port, or on its root bus."""
    port = Ports.of(plan.machine).least.get(function.path)
    if port is not None:
        return [f for f in ends(port) if f.path != function.path]
    for root in plan.machine.roots:
        if root.uid == function.path.root:
            return [f for f in root.functions if f.path != function.path and not is_port(f)]
    return []


def _can_be_alone(plan: Plan, function: PciFunction) -> bool:
    """Whether a guarded partition could have a function by itself."""
    return any(s.function.path == function.path and s.guarded is None for s in singles_of(plan.machine))


def _why_not_free(plan: Plan, function: PciFunction) -> str:
    """Why a partition that wants functions with these properties cannot have this one."""
    if function.bridge is not None:
        return "is a bridge, and comes with what is behind it only"
    root = next((root for root in plan.machine.roots if root.uid == function.path.root), None)
    if len(function.path.nodes) == 1:
        bus = f"bus {root.bus}" if root is not None else "its bus"
        return f"sits on {bus}, a root bus: what is on it stays with the controller"
    port = Ports.of(plan.machine).least.get(function.path)
    if port is None:
        return "is behind no port that could be given away"
    for partition, grant in _grants(plan):
        if grant.root_port.value.leads_to(function.path):
            return f"is behind {grant.root_port.value}, which '{partition.name.value}' has"
    if any(port.path.leads_to(device) for device in plan.machine.firmware.boot_devices):
        return f"is behind {port.path}, as is the disk from which the controller is booted"
    for network in plan.networks:
        card = network.uplink.card if network.uplink is not None else None
        if card is not None and port.path.leads_to(card.path):
            return f"is behind {port.path}, as is the uplink of the network '{network.name.value}'"
    if not can_interrupt(function):
        return "has neither MSI nor MSI-X"
    return f"is behind {port.path}, which leads to what another partition has"


def _told(plan: Plan, shortage: PciShortage) -> str:
    """What there is too little of, and why the others cannot be had."""
    asked = printable(shortage.asked)
    if shortage.why != FREE:
        return f"{asked}: {shortage.why}"
    if not shortage.found and not shortage.others:
        return f"{plan.machine.name} has no functions with {asked}"
    named = [f"{_named(f)} {_why_not_free(plan, f)}" for f in shortage.others[:MOST_NAMED]]
    more = len(shortage.others) - MOST_NAMED
    others = "; ".join([*named, *([f"and {more} more"] if more > 0 else [])]) or "there are no others"
    return f"{shortage.found} of {shortage.wanted} functions with {asked} are free: {others}"


@error
def pci_found(plan: Plan) -> Iterator[Finding]:
    """There are as many free functions as partitions want by their properties, and a port to each bus."""
    for partition in plan.partitions:
        for shortage in partition.pci_shortages:
            yield Finding(
                shortage.place,
                _told(plan, shortage),
                "functions behind ports that nobody else has",
                "ask for something else; the command `plan` lists who has what",
            )


@error
def pci_exists(plan: Plan) -> Iterator[Finding]:
    """Every PCI function named is in the machine."""
    for _, grant in _grants(plan):
        if grant.port is None:
            ports = _port_names(plan)
            near = closest(str(grant.root_port.value), ports, 3) or ports[:3]
            yield Finding(
                grant.root_port.place,
                f"the machine {plan.machine.name} has no {grant.root_port.value}",
                "a port such as " + ", ".join(near) if near else "a port of the machine",
                "change the path",
            )


@error
def pci_is_port(plan: Plan) -> Iterator[Finding]:
    """What is named is a root port or a switch's downstream port: others have bus-mates."""
    ports = Ports.of(plan.machine)
    for _, grant in _grants(plan):
        if grant.port is not None and _usable(grant) is None and not grant.alone:
            above = ports.least.get(grant.root_port.value)
            mates = _bus_mates(plan, grant.port)
            yield Finding(
                grant.root_port.place,
                f"{_named(grant.port)} is neither a root port nor a switch's downstream port"
                + (f", and cannot be separated from {_some(mates)}" if mates else ""),
                "such a port; the partition gets everything behind it",
                (
                    f"name {above.path}, to get them all"
                    if above is not None
                    else "name one of " + ", ".join(_port_names(plan)[:8])
                )
                + (", or write 'isolation: guarded'" if _can_be_alone(plan, grant.port) else ""),
            )


@warning
def pci_bus_mates(plan: Plan) -> Iterator[Finding]:
    """A partition that names functions gets no others with them."""
    for _, grant in _grants(plan):
        mates = grant.bus_mates
        if mates:
            yield Finding(
                grant.root_port.place,
                f"{_some(grant.wanted)} cannot be separated from {_some(mates)}, "
                f"which {grant.root_port.value} leads to as well",
                "functions alone behind their ports",
                f"name {grant.root_port.value} if the partition may have them all",
            )


@error
def pci_owned_once(plan: Plan) -> Iterator[Finding]:
    """No port is given twice, neither by itself nor with one that leads to it."""
    owners: dict[DevicePath, PartitionPlan] = {}
    for partition, grant in _grants(plan):
        path = grant.root_port.value
        other = next((own for own in owners if own.leads_to(path) or path.leads_to(own)), None)
        if other is not None:
            if other == path:
                what = f"{path} belongs to '{owners[other].name.value}' already"
            else:
                where = "lies behind" if other.leads_to(path) else "leads to"
                what = f"{path} {where} {other}, which belongs to '{owners[other].name.value}' already"
            yield Finding(
                grant.root_port.place,
                what + (f" with everything behind it, {grant.asked} too" if grant.asked else ""),
                "a port nobody else has",
                "change one of them",
            )
        owners.setdefault(path, partition)


@error
def pci_not_boot_device(plan: Plan) -> Iterator[Finding]:
    """The port with the disk the controller is booted from stays with the controller."""
    for _, grant in _grants(plan):
        for device in plan.machine.firmware.boot_devices:
            if grant.root_port.value.leads_to(device):
                yield Finding(
                    grant.root_port.place,
                    f"{grant.root_port.value} leads to {device}, from which the controller is booted",
                    "another port",
                    "move the controller's disk or change the path",
                )
                break


@error
def pci_msi(plan: Plan) -> Iterator[Finding]:
    """Functions that are named, and one at least behind each port, have MSI or MSI-X: there are no lines.

    A function without an interrupt pin needs none, and the serial port of a console works by polling.
    """
    for partition, grant in _grants(plan):
        disabled = partition.disabled(grant) if _usable(grant) is not None else ()
        wanted = [function for function in grant.wanted if function in disabled]
        if wanted or (disabled and not partition.working(grant)):
            lost = wanted or disabled
            have = "has" if len(lost) == 1 else "have"
            alone = "" if wanted else ", and nothing else is there"
            yield Finding(
                grant.root_port.place,
                f"{_some(lost)} {have} neither MSI nor MSI-X{alone}",
                "a function that interrupts by messages",
                "ask for something else, or put in another card",
            )


@warning
def pci_disabled(plan: Plan) -> Iterator[Finding]:
    """All functions given away work: those that have neither MSI nor MSI-X stay disabled."""
    for partition, grant in _grants(plan):
        disabled = partition.disabled(grant) if _usable(grant) is not None else ()
        if disabled and partition.working(grant) and not set(grant.wanted) & set(disabled):
            stay = "stays" if len(disabled) == 1 else "stay"
            yield Finding(
                grant.root_port.place,
                f"{_some(disabled)} {stay} disabled: neither MSI nor MSI-X",
                "functions that interrupt by messages",
                "expect the others only, or put in another card",
            )


@error
def pci_ecam(plan: Plan) -> Iterator[Finding]:
    """The buses behind a port are covered by ECAM."""
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
                "name another port",
            )


@error
def pci_windows(plan: Plan) -> Iterator[Finding]:
    """The memory of functions behind a port lies in the windows that the port and all above it forward."""
    functions = plan.machine.functions_by_path()
    for _, grant in _grants(plan):
        port = _usable(grant)
        if port is None and not grant.alone:
            continue
        way = [functions[path] for path in grant.root_port.value.way if path in functions]
        for function in grant.functions:
            for bar in function.bars:
                closed = next((b for b in way if b.bridge is not None and not _forwards(b.bridge, bar)), None)
                if bar.space == "memory" and bar.base and closed is not None:
                    yield Finding(
                        grant.root_port.place,
                        f"BAR {bar.index} of {_named(function)}, at {bar.base:#x}, is in no window "
                        f"of {closed.path}",
                        "memory that the port forwards, and every bridge above it",
                        "scan the machine again, or name another port",
                    )


def _forwards(bridge: Bridge, bar: Bar) -> bool:
    """Whether the memory of a base address register lies in a window of a bridge."""
    windows = [w for w in (bridge.memory, bridge.prefetchable) if w is not None]
    return any(w.base <= bar.base and bar.base + bar.size <= w.base + w.size for w in windows)


@warning
def pci_reset(plan: Plan) -> Iterator[Finding]:
    """Every function given away can be reset when its partition restarts."""
    for _, grant in _grants(plan):
        port = _usable(grant)
        for function in bus_reset_fails(port) if port is not None else ():
            yield Finding(
                grant.root_port.place,
                f"{_named(function)} does not survive a reset of its bus, as Linux knows: "
                "a restart may find it in any state",
                "a function that the reset of its port resets",
                "choose another device, or expect to power the machine off when it hangs",
            )


@error
def pci_limit(plan: Plan) -> Iterator[Finding]:
    """No partition has more than 16 ports, or 15 with cards on networks or served disks: these take one."""
    for partition in plan.partitions:
        most = MAXIMUM_BUSES - (1 if partition.has_channels else 0)
        if len(partition.buses) > most:
            yield Finding(
                partition.buses[most][0].root_port.place,
                f"{len(partition.buses)} ports",
                f"at most {most} for one partition"
                + (" with cards on networks or served disks" if partition.has_channels else ""),
                "name fewer",
            )


@error
def pci_populated(plan: Plan) -> Iterator[Finding]:
    """There is a function that is no bridge behind every port that is given away."""
    for _, grant in _grants(plan):
        port = _usable(grant)
        if port is not None and not ends(port):
            yield Finding(
                grant.root_port.place,
                f"nothing is behind {port.path}" + (" but bridges" if port.behind else ""),
                "a port with a device behind it",
                "name another one, or remove it: devices cannot be added to a running partition",
            )
