# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about networks in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.model.intent import MAXIMUM_PORTS
from generator.model.plan import PartitionPlan, Plan, PortPlan
from generator.places import Place
from generator.printable import quoted
from generator.suggest import closest

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_GROUP = 1
"""Bit of the first byte of a MAC: it stands for several cards."""


def _ports(plan: Plan) -> Iterator[tuple[PartitionPlan, PortPlan]]:
    """All cards of anyone."""
    for partition in plan.partitions:
        for port in partition.ports:
            yield partition, port


@error
def network_name(plan: Plan) -> Iterator[Finding]:
    """The name of a network is one that a partition could have."""
    for network in plan.networks:
        if _NAME.fullmatch(network.name.value) is None:
            yield Finding(
                network.name.place,
                f"the network {quoted(network.name.value)}",
                "a lower-case letter, then up to 30 of a-z, 0-9 and -",
                "rename the network",
            )


@error
def network_unique(plan: Plan) -> Iterator[Finding]:
    """No two networks have the same name."""
    first: dict[str, Place] = {}
    for network in plan.networks:
        name = network.name
        if name.value in first:
            what = f"a second network '{name.value}' (the first is in line {first[name.value].line})"
            yield Finding(name.place, what, "a name of its own", "rename one of them")
        first.setdefault(name.value, name.place)


@error
def network_exists(plan: Plan) -> Iterator[Finding]:
    """A partition is on networks of the file only."""
    if not plan.knows("networks"):
        return
    names = [network.name.value for network in plan.networks]
    for partition, port in _ports(plan):
        if port.index is None:
            near = closest(port.network.value, names, 1)
            yield Finding(
                port.network.place,
                f"'{partition.name.value}' is on {quoted(port.network.value)}, which is no network",
                f"one of: {', '.join(names)}" if names else "an entry of 'networks'",
                f"did you mean '{near[0]}'?" if near else "add it to 'networks'",
            )


@error
def network_once(plan: Plan) -> Iterator[Finding]:
    """A partition has one card on a network."""
    for partition in plan.partitions:
        seen: set[str] = set()
        for port in partition.ports:
            if port.network.value in seen:
                yield Finding(
                    port.network.place,
                    f"'{partition.name.value}' is on '{port.network.value}' twice",
                    "once",
                    "remove one of them",
                )
            seen.add(port.network.value)


@error
def network_limit(plan: Plan) -> Iterator[Finding]:
    """A partition is on 8 networks at most."""
    for partition in plan.partitions:
        for port in partition.ports[MAXIMUM_PORTS : MAXIMUM_PORTS + 1]:
            yield Finding(
                port.place,
                f"'{partition.name.value}' is on {len(partition.ports)} networks",
                f"{MAXIMUM_PORTS} at most",
                "remove some",
            )


@error
def network_mac(plan: Plan) -> Iterator[Finding]:
    """A MAC that is given stands for one card, is not zero, and nobody else on the network has it."""
    owners: dict[tuple[str, str], str] = {}
    for partition, port in _ports(plan):
        if port.mac is None:
            continue
        mac = port.mac.value
        owner = owners.setdefault((port.network.value, mac), partition.name.value)
        if int(mac[:2], 16) & _GROUP:
            yield Finding(
                port.mac.place, f"{mac} stands for several cards", "an even first byte", "change it"
            )
        elif not int(mac.replace(":", ""), 16):
            yield Finding(port.mac.place, f"{mac} stands for no card", "another MAC", "change it")
        elif owner != partition.name.value:
            yield Finding(
                port.mac.place,
                f"{mac} is the MAC of '{owner}' on '{port.network.value}'",
                "a MAC of its own",
                "change one of them, or leave both out",
            )


@warning
def network_alone(plan: Plan) -> Iterator[Finding]:
    """At least two partitions are on a network."""
    if not plan.knows("partitions") or any(not p.knows("network") for p in plan.partitions):
        return
    on = {port.network.value: 0 for _, port in _ports(plan)}
    for _, port in _ports(plan):
        on[port.network.value] += 1
    for network in plan.networks:
        count = on.get(network.name.value, 0)
        if count < 2:
            yield Finding(
                network.name.place,
                f"{'one partition is' if count else 'nobody is'} on the network '{network.name.value}'",
                "two partitions or more",
                "add it to the key 'network' of others",
            )


@warning
def channels_needed(plan: Plan) -> Iterator[Finding]:
    """A processor of the controller's own for channels has some to serve."""
    channels = plan.channels
    if channels is not None and plan.knows("partitions") and not any(True for _ in _ports(plan)):
        yield Finding(
            channels.place,
            "a processor of the controller's own for channels, and no partition with a card on a network",
            "a partition with 'network', or the boot processor",
            "write 'network' in partitions, or remove 'channels'",
        )
