# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which PCI buses a partition gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from generator.model.device_path import DevicePath
from generator.model.machine import PciFunction
from generator.model.plan import PciGrant
from generator.places import Located

FIRST_SEGMENT = 1
"""Segment 0 is where Linux scans on its own and finds everyone's devices."""


def resolve_pci(
    root_ports: Sequence[Located[DevicePath]], functions: Mapping[DevicePath, PciFunction]
) -> tuple[PciGrant, ...]:
    """One segment for each root port, in the order of the partition file."""
    return tuple(
        PciGrant(root_port, segment, functions.get(root_port.value))
        for segment, root_port in enumerate(root_ports, FIRST_SEGMENT)
    )
