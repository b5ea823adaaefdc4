# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about networks in memory."""

from __future__ import annotations

from collections.abc import Iterator

from generator.blob.form import MTU_UPLINK
from generator.check.entries import badly_named, named_again, unknown, used_twice
from generator.check.registry import Finding, error, warning
from generator.model.device_path import DevicePath
from generator.model.intent import MAXIMUM_CARDS
from generator.model.machine import PciFunction
from generator.model.plan import CardPlan, NetworkPlan, PartitionPlan, Plan, UplinkPlan
from generator.printable import printable, quoted
from generator.resolve.networks import is_network_card

_GROUP = 1
"""Bit of the first byte of a MAC: it stands for several cards."""


def _cards(plan: Plan) -> Iterator[tuple[PartitionPlan, CardPlan]]:
    """All cards of anyone."""
    for partition in plan.partitions:
        for card in partition.cards:
            yield partition, card


@error
def network_name(plan: Plan) -> Iterator[Finding]:
    """The name of a network is one that a partition could have."""
    yield from badly_named((network.name for network in plan.networks), "network")


@error
def network_unique(plan: Plan) -> Iterator[Finding]:
    """No two networks have the same name."""
    yield from named_again((network.name for network in plan.networks), "network")


@error
def network_exists(plan: Plan) -> Iterator[Finding]:
    """A partition is on networks of the file only."""
    if not plan.knows("networks"):
        return
    names = [network.name.value for network in plan.networks]
    for partition, card in _cards(plan):
        if card.index is None:
            wrong = f"'{partition.name.value}' is on {quoted(card.network.value)}, which is no network"
            yield unknown(card.network, names, wrong, "networks")


@error
def network_once(plan: Plan) -> Iterator[Finding]:
    """A partition has one card on a network."""
    for partition in plan.partitions:
        yield from used_twice((card.network for card in partition.cards), f"'{partition.name.value}' is on")


@error
def network_limit(plan: Plan) -> Iterator[Finding]:
    """A partition is on 8 networks at most."""
    for partition in plan.partitions:
        for card in partition.cards[MAXIMUM_CARDS : MAXIMUM_CARDS + 1]:
            yield Finding(
                card.place,
                f"'{partition.name.value}' is on {len(partition.cards)} networks",
                f"{MAXIMUM_CARDS} at most",
                "remove some",
            )


@error
def network_mac(plan: Plan) -> Iterator[Finding]:
    """A MAC that is given stands for one card, is not zero, and nobody else on the network has it."""
    owners: dict[tuple[str, str], str] = {}
    for partition, card in _cards(plan):
        if card.mac is None:
            continue
        mac = card.mac.value
        owner = owners.setdefault((card.network.value, mac), partition.name.value)
        if int(mac[:2], 16) & _GROUP:
            yield Finding(
                card.mac.place, f"{mac} stands for several cards", "an even first byte", "change it"
            )
        elif not int(mac.replace(":", ""), 16):
            yield Finding(card.mac.place, f"{mac} stands for no card", "another MAC", "change it")
        elif owner != partition.name.value:
            yield Finding(
                card.mac.place,
                f"{mac} is the MAC of '{owner}' on '{card.network.value}'",
                "a MAC of its own",
                "change one of them, or leave both out",
            )


def _uplinks(plan: Plan) -> Iterator[tuple[NetworkPlan, UplinkPlan]]:
    """All networks with a way out."""
    for network in plan.networks:
        if network.uplink is not None:
            yield network, network.uplink


def _named(function: PciFunction) -> str:
    """A function in messages."""
    title = printable(function.title or f"{function.vendor:04x}:{function.device:04x}")
    return f"{function.path} ({title})"


@error
def network_uplink_card(plan: Plan) -> Iterator[Finding]:
    """The uplink of a network is a network card of the PC, and named if more than one stays with the PC."""
    if any(not partition.knows("pci") for partition in plan.partitions):
        return
    for network, uplink in _uplinks(plan):
        choice = ", ".join(_named(function) for function in uplink.choice)
        if uplink.card is not None and is_network_card(uplink.card):
            continue
        if uplink.path is None:
            count = len(uplink.choice)
            what = f"{count if count else 'no'} network card{'s stay' if count else ' stays'} with the PC"
            yield Finding(
                uplink.place,
                f"the network '{network.name.value}' has an uplink, and {what}",
                "exactly one, or its device path",
                "name one with {pc: …}: " + choice if choice else "remove the uplink, or give one card back",
            )
        else:
            what = (
                f"the machine {plan.machine.name} has no {uplink.path.value}"
                if uplink.card is None
                else f"{_named(uplink.card)} is no network card"
            )
            yield Finding(
                uplink.path.place,
                what,
                "a network card that stays with the PC" + (f": {choice}" if choice else ""),
                "change the path" if choice else "remove the uplink",
            )


@error
def network_uplink_stays(plan: Plan) -> Iterator[Finding]:
    """The card of an uplink stays with the PC: no partition has it."""
    for network, uplink in _uplinks(plan):
        for partition in plan.partitions:
            for grant in partition.pci:
                if uplink.path is not None and grant.root_port.value.leads_to(uplink.path.value):
                    yield Finding(
                        uplink.path.place,
                        f"{uplink.path.value} is the uplink of '{network.name.value}', and behind "
                        f"{grant.root_port.value}, which '{partition.name.value}' has",
                        "a card that no partition has",
                        "name another card, or take the port from the partition",
                    )


@error
def network_uplink_once(plan: Plan) -> Iterator[Finding]:
    """No two networks have the same card as their uplink."""
    owners: dict[DevicePath, str] = {}
    for network, uplink in _uplinks(plan):
        if uplink.card is None:
            continue
        owner = owners.setdefault(uplink.card.path, network.name.value)
        if owner != network.name.value:
            yield Finding(
                uplink.place,
                f"{_named(uplink.card)} is the uplink of '{owner}' already",
                "a card of its own",
                "put the partitions on one network, or name another card",
            )


@error
def network_uplink_mtu(plan: Plan) -> Iterator[Finding]:
    """A network with an uplink has an MTU of 1500 at most, as what is outside."""
    for network, uplink in _uplinks(plan):
        if network.mtu.value > MTU_UPLINK:
            yield Finding(
                network.mtu.place,
                f"the network '{network.name.value}' has an uplink, and an MTU of {network.mtu.value}",
                f"{MTU_UPLINK} at most",
                f"lower it, or remove the uplink in line {uplink.place.line}",
            )


@warning
def network_alone(plan: Plan) -> Iterator[Finding]:
    """At least two partitions are on a network, or one on a network with an uplink."""
    if not plan.knows("partitions") or any(not p.knows("network") for p in plan.partitions):
        return
    on = {card.network.value: 0 for _, card in _cards(plan)}
    for _, card in _cards(plan):
        on[card.network.value] += 1
    for network in plan.networks:
        count = on.get(network.name.value, 0)
        if count + (network.uplink is not None and count > 0) < 2:
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
    if channels is not None and plan.knows("partitions") and not any(True for _ in _cards(plan)):
        yield Finding(
            channels.place,
            "a processor of the controller's own for channels, and no partition with a card on a network",
            "a partition with 'network', or the boot processor",
            "write 'network' in partitions, or remove 'channels'",
        )
