# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine that was scanned beside the one that is written down: what both kinds of scans must find."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from generator.model.machine import Machine, PciRoot
from generator.places import Place

ANYWHERE = Place("any")
FOUR_GIB = 4 << 30


def processors_are_the_same(found: Machine, written: Machine) -> None:
    """Assert that the processors are the same, with what they can do."""
    assert _bare(found.processors) == _bare(written.processors)
    assert found.physical_address_bits == written.physical_address_bits
    assert found.features == written.features


def trees_are_the_same(found: Machine, written: Machine, bare: Callable[[PciRoot], PciRoot]) -> None:
    """Assert that the PCI trees are the same in what `bare` leaves of them."""
    assert [bare(root) for root in found.roots] == [bare(root) for root in written.roots]
    assert _bare(found.ecam) == _bare(written.ecam)


def consoles_are_the_same(found: Machine, written: Machine, **unknown: None) -> None:
    """Assert that UARTs, the controller's console and ACPI are the same; `unknown` a scan cannot know."""
    assert _bare(found.uarts, **unknown) == _bare(written.uarts, **unknown)
    assert found.controller_console == written.controller_console
    assert found.acpi == written.acpi


def memory_is_the_same(found: Machine, written: Machine, most: int) -> None:
    """Assert that what is left out is below 4 GiB, and `most` bytes at the most."""
    kept = 0
    for memory in written.memory:
        inside = [m for m in found.memory if memory.base <= m.base and m.end <= memory.end]
        missing = memory.size - sum(m.size for m in inside)
        assert all(m.node == memory.node for m in inside)
        assert missing == 0 or memory.end <= FOUR_GIB
        kept += missing
    assert sum(m.size for m in found.memory) + kept == sum(m.size for m in written.memory)
    assert kept <= most


def holdings_are_the_same(found: Machine, written: Machine) -> None:
    """Assert that what is left out of the memory is held, and for what the file says."""
    assert _bare(found.firmware.holds) == _bare(written.firmware.holds)
    assert found.free == written.free


def firmware_is_the_same(found: Machine, written: Machine) -> None:
    """Assert that maker, version and interface of the firmware are the same."""
    ours, theirs = found.firmware, written.firmware
    assert (ours.vendor, ours.version, ours.interface) == (theirs.vendor, theirs.version, theirs.interface)


def _bare(items: Iterable[Any], **unknown: None) -> list[Any]:
    """Return copies without the place in the file, and without what is unknown."""
    return [dataclasses.replace(item, place=ANYWHERE, **unknown) for item in items]
