# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The scan of a machine with what q35.yaml lacks: packages, threads, nodes, IOMMU, switch, a second root."""

import dataclasses
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.command import MachineDescription
from ci.qemu.description import load_description
from generator.model.device_path import parse_device_path
from generator.model.machine import Machine, PciFunction
from generator.places import Place
from tests.boot.collecting import UUID, scan_by_firmware, scan_machine

pytestmark = [pytest.mark.long, pytest.mark.boot(60), pytest.mark.timeout(1200)]

AT = Place("any")
GIBIBYTE = 2**30
MORE = [
    *("-smp", "sockets=2,cores=2,threads=2"),
    *("-object", "memory-backend-ram,id=near,size=3G", "-object", "memory-backend-ram,id=far,size=3G"),
    *("-numa", "node,nodeid=0,memdev=near", "-numa", "node,nodeid=1,memdev=far"),
    *("-numa", "cpu,node-id=0,socket-id=0", "-numa", "cpu,node-id=1,socket-id=1"),
    *("-device", "intel-iommu,intremap=off"),
    *("-device", "pxb-pcie,id=second,bus=pcie.0,addr=0x10,bus_nr=64,numa_node=1"),
    *("-device", "pcie-root-port,id=far-port,bus=second,chassis=64", "-device", "e1000e,bus=far-port"),
    *("-device", "pcie-root-port,id=switch,bus=pcie.0,addr=0x8,chassis=8"),
    *("-device", "x3130-upstream,id=up,bus=switch"),
    *("-device", "xio3130-downstream,id=down-0,bus=up,chassis=80,slot=0"),
    *("-device", "xio3130-downstream,id=down-1,bus=up,chassis=81,slot=1"),
    *("-device", "e1000e,bus=down-0", "-device", "qemu-xhci,bus=down-1"),
]


def large_machine(folder: Path) -> MachineDescription:
    """The machine of q35.yaml with more in it."""
    plain = load_description(PROJECT / "platforms" / "q35.yaml")
    program = folder / "qemu"
    program.write_text(f'#!/bin/sh\nexec {shutil.which(plain.binary)} "$@" {shlex.join(MORE)}\n')
    program.chmod(0o755)
    return dataclasses.replace(
        plain,
        binary=str(program),
        cpu="max,monitor=off,vendor=GenuineIntel",
        processors=8,
        uuid=UUID,
        root_ports=plain.root_ports[:1],
    )


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, str]:
    """The machine, and every second thread switched off by the kernel."""
    folder = tmp_path_factory.mktemp("large")
    # Eight emulated processors on few real ones are late for the kernel's test of its timer interrupt.
    # Linux 6.12 counts the cores of the second package from 65536 on (docs/traps.md).
    parameters = "nosmt intel_iommu=on no_timer_check"
    return scan_machine(large_machine(folder), folder, "large", parameters, "linux-6.1")


@pytest.fixture(scope="module")
def by_firmware(
    images: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Machine, str]:
    """The machine as its firmware shows it."""
    folder = tmp_path_factory.mktemp("large-firmware")
    return scan_by_firmware(large_machine(folder), images("RELEASE") / "Mrm.efi", folder, "large")[:2]


def function(machine: Machine, text: str) -> PciFunction:
    path = parse_device_path(text)
    assert path is not None
    return machine.functions_by_path()[path]


def test_packages_cores_threads_nodes(scanned: tuple[Machine, str]) -> None:
    """Threads that do not run have their places too, and the scan says so."""
    machine, findings = scanned
    assert [(p.apic_id, p.package, p.core, p.thread, p.node) for p in machine.processors] == [
        (number, number // 4, number // 2 % 2, number % 2, number // 4) for number in range(8)
    ]
    assert "not running: APIC IDs 1, 3, 5, 7 (SMT policy: off)" in findings
    assert machine.features.hidden_processors == 4


def test_memory_of_two_nodes(scanned: tuple[Machine, str]) -> None:
    """2 GiB below the hole and 1 GiB above it are near, 3 GiB far."""
    memory = scanned[0].memory
    assert [(m.base, m.size, m.node) for m in memory if m.base >= 4 * GIBIBYTE] == [
        (4 * GIBIBYTE, GIBIBYTE, 0),
        (5 * GIBIBYTE, 3 * GIBIBYTE, 1),
    ]
    assert {m.node for m in memory if m.base < 4 * GIBIBYTE} == {0}


def test_a_second_root_bridge(scanned: tuple[Machine, str]) -> None:
    machine = scanned[0]
    assert [(root.uid, root.bus, root.node) for root in machine.roots][1] == (64, 64, 1)
    card = function(machine, "PciRoot(0x40)/Pci(0x0,0x0)/Pci(0x0,0x0)")
    assert (card.vendor, card.device, card.class_code) == (0x8086, 0x10D3, 0x020000)
    assert card.msi and card.msix and card.reset == ("pm", "bus")


def test_a_switch(scanned: tuple[Machine, str]) -> None:
    machine = scanned[0]
    kinds = []
    path = "PciRoot(0x0)/Pci(0x8,0x0)"
    for step in ("", "/Pci(0x0,0x0)", "/Pci(0x1,0x0)"):
        path += step
        bridge = function(machine, path).bridge
        assert bridge is not None
        kinds.append(bridge.kind)
    assert kinds == ["root-port", "upstream-port", "downstream-port"]
    assert function(machine, path + "/Pci(0x0,0x0)").class_code == 0x0C0330


def test_the_iommu(scanned: tuple[Machine, str]) -> None:
    """Each function behind a root port has a group of its own."""
    machine = scanned[0]
    assert machine.acpi.iommu == "vt-d"
    drive = function(machine, "PciRoot(0x0)/Pci(0x3,0x0)/Pci(0x0,0x0)")
    card = function(machine, "PciRoot(0x40)/Pci(0x0,0x0)/Pci(0x0,0x0)")
    assert None not in (drive.iommu_group, card.iommu_group) and drive.iommu_group != card.iommu_group


def test_nothing_else_is_odd(scanned: tuple[Machine, str]) -> None:
    told = [line for line in scanned[1].splitlines() if not line.startswith("finding: firmware: ")]
    assert [line for line in told if "not running" not in line] == []


def test_the_rest_is_as_on_q35(scanned: tuple[Machine, str]) -> None:
    machine = scanned[0]
    assert [p.apic_id for p in machine.processors if p.bsp] == [0]
    assert [uart.name for uart in machine.uarts] == ["COM1", "COM2", "COM3", "COM4"]
    assert machine.ecam and machine.acpi.pm_timer


def test_the_firmware_shows_the_same(scanned: tuple[Machine, str], by_firmware: tuple[Machine, str]) -> None:
    """All but what only Linux tells: nodes of root bridges, ways to reset, groups, serial numbers."""
    linux, firmware = scanned[0], by_firmware[0]

    def bare(function: PciFunction) -> PciFunction:
        bridge = function.bridge
        if bridge is not None:
            # Linux opens windows that the firmware has left closed, for what may be plugged in.
            bridge = dataclasses.replace(bridge, prefetchable=None)
        behind = tuple(map(bare, function.behind))
        return dataclasses.replace(
            function, place=AT, serial=None, reset=None, iommu_group=None, bridge=bridge, behind=behind
        )

    for machine in (linux, firmware):
        assert [(p.apic_id, p.package, p.core, p.thread, p.node) for p in machine.processors] == [
            (number, number // 4, number // 2 % 2, number % 2, number // 4) for number in range(8)
        ]
    assert [(m.base, m.size, m.node) for m in firmware.memory] == [
        (m.base, m.size, m.node) for m in linux.memory
    ]
    assert [(r.uid, r.bus, tuple(map(bare, r.functions))) for r in firmware.roots] == [
        (r.uid, r.bus, tuple(map(bare, r.functions))) for r in linux.roots
    ]
    assert firmware.acpi == linux.acpi
    assert firmware.features.hidden_processors == 0
    assert by_firmware[1] == ""
