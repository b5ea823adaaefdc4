# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which functions each isolation level could tell apart, and why others stay together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.api import load_machine
from generator.hardware.functions import Single, gained, most_guarded, singles_of
from generator.hardware.pieces import most_at_once, pieces_of
from generator.hardware.text import render_pieces
from generator.model.device_path import DevicePath
from generator.model.machine import Bar, Bridge, Machine, PciFunction
from generator.model.ports import ROOT_PORT

REAL = sorted((Path(__file__).parent / "real").glob("*.yaml"))


@pytest.fixture(scope="module")
def real() -> Machine:
    return load_machine(Path(__file__).parent / "real" / "n100-mini.yaml")


def function(machine: Machine, *way: int, **told: object) -> PciFunction:
    """A function that a guarded partition could have; device numbers on the way to it, the last with .0."""
    bare = PciFunction(
        machine.place,
        DevicePath(0, tuple((device, 0) for device in way)),
        0x8086,
        0x1000,
        0x010802,
        "drive",
        None,
        msi=True,
        msix=False,
        bridge=None,
        behind=(),
        reset=("flr", "bus"),
        iommu_group=way[-1],
        interrupt_pin=1,
    )
    return replace(bare, **told)  # type: ignore[arg-type]


def on(machine: Machine, *functions: PciFunction, iommu: str = "intel") -> Machine:
    """A machine with these functions on its root bus."""
    acpi = replace(machine.acpi, iommu=iommu)
    return replace(machine, roots=(replace(machine.roots[0], functions=functions),), acpi=acpi)


def single(machine: Machine, *way: int) -> Single:
    path = DevicePath(0, tuple((device, 0) for device in way))
    return next(each for each in singles_of(machine) if each.function.path == path)


def memory(base: int, size: int) -> tuple[Bar, ...]:
    return (Bar(0, "memory", 32, False, base, size),)


def test_functions_of_a_root_bus_can_be_told_apart(real: Machine) -> None:
    machine = on(real, function(real, 2), function(real, 3))
    assert [(each.guarded, each.contained, each.resets) for each in singles_of(machine)] == [
        (None, None, True)
    ] * 2
    assert len(gained(machine)) == most_guarded(machine) == 2


@pytest.mark.parametrize(
    ("told", "lacks"),
    [
        ({"msi": False}, "neither MSI nor MSI-X"),
        ({"msi": False, "msix": True}, None),
        ({"msi": False, "interrupt_pin": 0}, None),
        ({"reset": ()}, None),
        ({"bars": memory(0xC0000000, 256)}, "one page of memory with PciRoot(0x0)/Pci(0x3,0x0)"),
        ({"bars": memory(0xC0000F00, 256)}, "one page of memory with PciRoot(0x0)/Pci(0x3,0x0)"),
        ({"bars": memory(0xC0001000, 256)}, None),
        ({"bars": memory(0, 256)}, None),
    ],
)
def test_what_a_function_lacks(real: Machine, told: dict[str, object], lacks: str | None) -> None:
    other = function(real, 3, bars=memory(0xC0000800, 1024))
    found = single(on(real, function(real, 2, **told), other), 2)
    assert (found.guarded is None) == (lacks is None)
    assert lacks is None or lacks in (found.guarded or "")
    assert found.resets == (told.get("reset") != ())


def test_what_only_a_contained_partition_lacks(real: Machine) -> None:
    machine = on(
        real, function(real, 2), function(real, 3, iommu_group=2), function(real, 4, iommu_group=None)
    )
    assert single(machine, 2).contained == "it has one IOMMU group with PciRoot(0x0)/Pci(0x3,0x0)"
    assert single(machine, 4).contained == "its IOMMU group is not known"
    assert {each.guarded for each in singles_of(machine)} == {None}
    without = on(real, function(real, 2), iommu="none")
    assert single(without, 2).contained == "the machine has no IOMMU"


def test_a_reset_that_neighbours_share(real: Machine) -> None:
    bridge = Bridge(ROOT_PORT, 1, 1, None, None)
    behind = (function(real, 2, 0, reset=("bus",)), function(real, 2, 1))
    port = function(real, 2, bridge=bridge, behind=behind, class_code=0x060400)
    machine = on(real, port)
    assert "only the reset of its bus" in (single(machine, 2, 0).guarded or "")
    assert single(machine, 2, 1).guarded is None
    alone = on(real, replace(port, behind=behind[:1]))
    assert single(alone, 2, 0).guarded is None


def test_what_stays_whatever_the_level(real: Machine) -> None:
    machine = on(real, function(real, 2), function(real, 31, class_code=0x060100))
    firmware = replace(machine.firmware, boot_devices=(machine.roots[0].functions[0].path,))
    booted = replace(machine, firmware=firmware)
    assert [each.guarded for each in singles_of(booted)] == ["the controller is booted from it"]
    assert gained(booted) == ()
    bare = replace(machine, ecam=())
    assert single(bare, 2).guarded == "no ECAM range covers bus 0"


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_guarded_only_adds(path: Path) -> None:
    machine = load_machine(path)
    pieces = pieces_of(machine)
    given = {function.path for piece in pieces if piece.stays is None for function in piece.functions}
    assert not given & {each.function.path for each in gained(machine)}
    assert most_guarded(machine) >= len(most_at_once(pieces))
    told = "\n".join(render_pieces(machine))
    assert all(f"    {each.function.path} " in told for each in gained(machine))
