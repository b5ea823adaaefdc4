# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory, and the partitions' cards on them."""

from __future__ import annotations

from collections.abc import Sequence

from generator.model.device_path import DevicePath
from generator.model.intent import CardIntent, NetworkIntent, UplinkIntent
from generator.model.machine import Machine, PciFunction
from generator.model.plan import CardPlan, NetworkPlan, UplinkPlan
from generator.places import Located

DEFAULT_MTU = 1500
NETWORK_CLASS = 0x02
"""PCI Code and ID Assignment 1.11 section 1.3: network controller."""


def is_network_card(function: PciFunction) -> bool:
    """Whether a PCI function is a network controller."""
    return function.class_code >> 16 == NETWORK_CLASS


def resolve_networks(
    intents: Sequence[NetworkIntent], machine: Machine, given: Sequence[DevicePath]
) -> tuple[NetworkPlan, ...]:
    """The networks of a file; `given` are the ports that partitions have."""
    return tuple(
        NetworkPlan(
            intent.place,
            intent.name,
            intent.mtu or Located(DEFAULT_MTU, intent.place),
            _uplink(intent.uplink, machine, given) if intent.uplink is not None else None,
        )
        for intent in intents
    )


def _uplink(intent: UplinkIntent, machine: Machine, given: Sequence[DevicePath]) -> UplinkPlan:
    """The card that is named, or the only one that nobody is given."""
    functions = machine.functions_by_path()
    choice = tuple(
        function
        for path, function in functions.items()
        if is_network_card(function) and not any(port.leads_to(path) for port in given)
    )
    if intent.card is not None:
        card = functions.get(intent.card.value)
    else:
        card = choice[0] if len(choice) == 1 else None
    return UplinkPlan(intent.place, intent.card, card, choice)


def resolve_cards(intents: Sequence[CardIntent], networks: Sequence[NetworkPlan]) -> tuple[CardPlan, ...]:
    """The cards of a partition, in the order of its file: device n of their PCI bus is the n-th."""
    names = [network.name.value for network in networks]
    return tuple(
        CardPlan(
            intent.place,
            intent.network,
            names.index(intent.network.value) if intent.network.value in names else None,
            intent.mac,
        )
        for intent in intents
    )
