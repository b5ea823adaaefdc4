# SPDX-License-Identifier: BSD-2-Clause-Patent
"""From the facts in a machine file to what QEMU is to emulate, so that both are the same machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from ci.emulator.choice import emulator
from ci.qemu.command import MachineDescription, RootPort, SerialPort, identity
from ci.qemu.devices import KINDS, PciDevice
from generator.errors import Problem, in_order
from generator.hardware.pieces import BRIDGES
from generator.load.machine_file import load_machine_file
from generator.model.device_path import DevicePath
from generator.model.machine import Machine, PciFunction, PciRoot

ACCELERATOR_VARIABLE = "MRM_ACCELERATOR"
"""Environment variable that, unless empty, has QEMU's accelerator instead of the machine file."""
FIRMWARE_FOLDER = Path("/usr/share/OVMF")
"""Where Debian's package ovmf puts the files that the machine file names."""
_CHIPSET = (0x00, 0x1F)
"""Devices of a root bus that QEMU has without being asked: the host bridge, and the southbridge."""


class DescriptionError(Exception):
    """The machine file is wrong or describes something QEMU cannot be made to be; one message a line."""


def load_description(path: Path) -> MachineDescription:
    """Read a machine file with a `qemu:` section; raises DescriptionError."""
    problems: list[Problem] = []
    machine = load_machine_file(path, problems)
    if machine is None:
        raise DescriptionError("\n".join(str(problem) for problem in in_order(problems)))
    return describe(machine)


def describe(machine: Machine) -> MachineDescription:
    """Turn facts into a description; raises DescriptionError when there is no `qemu:` section."""
    qemu = machine.qemu
    if qemu is None:
        raise DescriptionError(f"{machine.path}: no section `qemu:`, so this machine cannot be emulated")
    ports = [
        _root_port(root, function)
        for root in machine.roots
        for function in root.functions
        if _is_root_port(function)
    ] + [bare for root in machine.roots for bare in _bare_devices(root)]
    return MachineDescription(
        name=machine.name,
        binary=emulator(),
        machine=qemu.machine,
        accelerator=os.environ.get(ACCELERATOR_VARIABLE) or qemu.accelerator,
        cpu=qemu.cpu,
        processors=len(machine.processors),
        memory=qemu.memory,
        firmware_code=FIRMWARE_FOLDER / qemu.firmware_code,
        firmware_variables=FIRMWARE_FOLDER / qemu.firmware_variables,
        esp_device=qemu.esp_device,
        esp_bus=qemu.esp_bus,
        disk_size=qemu.disk_size,
        root_ports=ports,
        serial_ports=[SerialPort(uart.name, uart.io_base) for uart in machine.uarts],
        uuid=str(machine.identity.uuid or ""),
        iommu=machine.acpi.iommu == "amd-vi",
    )


def _is_root_port(function: PciFunction) -> bool:
    return function.bridge is not None and function.bridge.kind == "root-port"


def _bare_devices(root: PciRoot) -> Iterator[RootPort]:
    """Describe the devices on a root bus itself; QEMU's chipset brings its own."""
    able = [f for f in root.functions if f.bridge is None and f.class_code >> 16 != BRIDGES]
    found = [function for function in able if function.path.nodes[-1][0] not in _CHIPSET]
    for device in dict.fromkeys(function.path.nodes[-1][0] for function in found):
        functions = [function for function in found if function.path.nodes[-1][0] == device]
        serials = [function.serial for function in functions if function.serial]
        yield RootPort(
            path=str(DevicePath(root.uid, ((device, 0),))),
            device=device,
            serial=serials[0] if serials else f"mrm-{identity(root.bus, device)}",
            devices=[_device(function) for function in functions],
            root=root.bus,
            bare=True,
        )


def _root_port(root: PciRoot, port: PciFunction) -> RootPort:
    """Describe a root port and what is behind it."""
    device, function = port.path.nodes[-1]
    if function != 0 or len(port.path.nodes) != 1:
        raise DescriptionError(f"{port.place}: {port.path}: expected a root port that is function 0")
    serials = [found.serial for found in port.below() if found.serial]
    return RootPort(
        path=str(port.path),
        device=device,
        serial=serials[0] if serials else f"mrm-{identity(root.bus, device)}",
        devices=[_device(found) for found in port.behind],
        root=root.bus,
    )


def _device(found: PciFunction) -> PciDevice:
    kind = KINDS.get((found.vendor, found.device))
    if kind is None:
        known = ", ".join(f"{v:04x}:{d:04x} {kind.driver}" for (v, d), kind in KINDS.items())
        raise DescriptionError(
            f"{found.place}: QEMU has no device {found.vendor:04x}:{found.device:04x} that is known here; "
            f"known: {known}"
        )
    device, function = found.path.nodes[-1]
    return PciDevice(kind, device, function, [_device(deeper) for deeper in found.behind], str(found.path))
