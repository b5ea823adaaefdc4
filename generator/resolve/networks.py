# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory, and the partitions' cards on them."""

from __future__ import annotations

from collections.abc import Sequence

from generator.model.intent import NetworkIntent, PortIntent
from generator.model.plan import NetworkPlan, PortPlan
from generator.places import Located

DEFAULT_MTU = 1500


def resolve_networks(intents: Sequence[NetworkIntent]) -> tuple[NetworkPlan, ...]:
    """The networks of a file."""
    return tuple(
        NetworkPlan(intent.place, intent.name, intent.mtu or Located(DEFAULT_MTU, intent.place))
        for intent in intents
    )


def resolve_ports(intents: Sequence[PortIntent], networks: Sequence[NetworkPlan]) -> tuple[PortPlan, ...]:
    """The cards of a partition, in the order of its file: device n of their PCI bus is the n-th."""
    names = [network.name.value for network in networks]
    return tuple(
        PortPlan(
            intent.place,
            intent.network,
            names.index(intent.network.value) if intent.network.value in names else None,
            intent.mac,
        )
        for intent in intents
    )
