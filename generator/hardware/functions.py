# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which functions could be given away one by one, where nested paging or an IOMMU tells them apart.

Without that a piece is everything behind a port (`generator.hardware.pieces`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.hardware.pieces import BRIDGES, is_useful, most_at_once, pieces_of
from generator.model.device_path import DevicePath
from generator.model.machine import Machine, PciFunction, PciRoot
from generator.model.ports import can_interrupt

_OWN_RESETS = {"device_specific", "flr", "af_flr", "pm", "acpi"}
"""Ways to reset one function and no other, by the names of Linux."""
_PAGE = 4096
_CHIPSET = (0x0780, 0x0C05, 0x0C80)
"""Classes and subclasses of what serves the chipset itself: management engine, SMBus, its flash memory."""


@dataclass(frozen=True, slots=True)
class Single:
    """A function by itself.

    `guarded` says why a guarded partition could not have it alone, `contained` the same of a contained one;
    None if it could.  `resets` is False if Linux knows no way to reset it, `own_reset` if it knows none that
    leaves its bus-mates alone.
    """

    root: PciRoot
    function: PciFunction
    guarded: str | None
    contained: str | None
    resets: bool
    own_reset: bool


def singles_of(machine: Machine) -> tuple[Single, ...]:
    """All functions but bridges, in the order of the machine file."""
    judge = _Judge(machine)
    return tuple(
        judge.single(root, function, bus, neighbours)
        for root in machine.roots
        for function, bus, neighbours in _everything(root.functions, root.bus, ())
    )


def gained(machine: Machine) -> tuple[Single, ...]:
    """The functions that somebody may ask for, that stay today, and that a guarded partition could have."""
    given = {
        function.path
        for piece in pieces_of(machine)
        if piece.stays is None
        for function in (*piece.functions, *piece.along)
    }
    return tuple(
        single
        for single in singles_of(machine)
        if single.guarded is None
        and is_useful(single.function)
        and single.function.class_code >> 8 not in _CHIPSET
        and single.function.path not in given
    )


def most_guarded(machine: Machine) -> int:
    """How many partitions could have devices at the same time: today's pieces, and what guarded adds."""
    return len(most_at_once(pieces_of(machine))) + len(gained(machine))


def _everything(
    functions: tuple[PciFunction, ...], bus: int, neighbours: tuple[PciFunction, ...]
) -> Iterator[tuple[PciFunction, int, tuple[PciFunction, ...]]]:
    """Functions that are no bridges, their buses, and those that a reset of their bus resets, too."""
    for function in functions:
        if function.bridge is not None:
            behind = function.behind
            yield from _everything(behind, function.bridge.secondary, behind)
        elif function.class_code >> 16 != BRIDGES:
            yield function, bus, tuple(other for other in neighbours if other is not function)


def _pages(function: PciFunction) -> Iterator[int]:
    """The pages of memory that a function's registers lie in."""
    for bar in function.bars:
        if bar.space == "memory" and bar.base and bar.size < _PAGE:
            yield bar.base // _PAGE


class _Judge:
    """What can be told of each function."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._boots = set(machine.firmware.boot_devices)
        self._on_page: dict[int, list[DevicePath]] = {}
        self._groups: dict[int, list[DevicePath]] = {}
        for path, function in machine.functions_by_path().items():
            for page in set(_pages(function)):
                self._on_page.setdefault(page, []).append(path)
            if function.iommu_group is not None:
                self._groups.setdefault(function.iommu_group, []).append(path)

    def single(
        self, root: PciRoot, function: PciFunction, bus: int, neighbours: tuple[PciFunction, ...]
    ) -> Single:
        """What can be told of one function."""
        resets = function.reset is None or bool(set(function.reset) & (_OWN_RESETS | {"bus"}))
        own_reset = function.reset is None or bool(set(function.reset) & _OWN_RESETS)
        guarded = self._alone(root, function, bus)
        if guarded is None and neighbours and not own_reset:
            guarded = f"only the reset of its bus resets it, and {neighbours[0].path} with it"
        return Single(root, function, guarded, guarded or self._confined(function), resets, own_reset)

    def _alone(self, root: PciRoot, function: PciFunction, bus: int) -> str | None:
        """Why nested paging does not give a function alone."""
        if function.path in self._boots:
            return "the controller is booted from it"
        if not can_interrupt(function):
            return "it has neither MSI nor MSI-X"
        if self._machine.acpi.msi is False:
            return "the FADT forbids MSI"
        if not any(
            e.segment == root.segment and e.first_bus <= bus <= e.last_bus for e in self._machine.ecam
        ):
            return f"no ECAM range covers bus {bus}"
        return self._other(self._on_page, _pages(function), function, "registers in one page of memory with")

    def _confined(self, function: PciFunction) -> str | None:
        """Why an IOMMU does not tell a function apart."""
        if self._machine.acpi.iommu == "none":
            return "the machine has no IOMMU"
        if function.iommu_group is None:
            return "its IOMMU group is not known"
        return self._other(self._groups, iter((function.iommu_group,)), function, "one IOMMU group with")

    @staticmethod
    def _other(
        shared: Mapping[int, list[DevicePath]], keys: Iterator[int], function: PciFunction, what: str
    ) -> str | None:
        """Which other function has the same page or group."""
        for key in keys:
            other = next((path for path in shared[key] if path != function.path), None)
            if other is not None:
                return f"it has {what} {other}"
        return None
