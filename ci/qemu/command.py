# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The QEMU command line of a machine, as a pure function of its description.

`MachineDescription` holds what the machine *is* (ci/qemu/description.py reads it from the machine file),
`Boot` what it is to boot from this time, `Channels` the open sockets QEMU inherits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class RootPort:
    """A PCI Express root port on bus 0 with one NVMe drive behind it.

    path: UEFI device path text of the port, `PciRoot(0x0)/Pci(0x3,0x0)`; device: its device number on bus 0
    (0–31); serial: serial number of the drive.
    """

    path: str
    device: int
    serial: str


@dataclass(frozen=True)
class SerialPort:
    """A 16550 UART at a legacy address: `COM1` at 0x3f8 and so on."""

    name: str
    io_base: int


@dataclass(frozen=True)
class MachineDescription:
    """What QEMU needs to know to be the machine.

    Attributes:
        name: Name of the machine, `q35`.
        binary: QEMU's program.
        machine: QEMU's machine type.
        accelerator: QEMU's accelerator with its options.
        cpu: QEMU's processor model.
        processors: Number of processors.
        topology: What else `-smp` is told, `,sockets=2` for example.
        memory: Bytes of RAM.
        firmware_code: The PC firmware's read-only flash.
        firmware_variables: The pristine variable store that each run starts with a copy of.
        esp_device: QEMU device that carries the ESP's disk.
        esp_bus: The bus that device is on.
        disk_size: Bytes of each NVMe drive.
        root_ports: In the order they are created.
        serial_ports: In the order they are created.
    """

    name: str
    binary: str
    machine: str
    accelerator: str
    cpu: str
    processors: int
    memory: int
    firmware_code: Path
    firmware_variables: Path
    esp_device: str
    esp_bus: str
    disk_size: int
    root_ports: Sequence[RootPort]
    serial_ports: Sequence[SerialPort]
    topology: str = ""


@dataclass(frozen=True)
class Boot:
    """What the machine boots and which images are in it this time.

    Attributes:
        variables: Private, writable copy of the firmware's variable store.
        esp: Image of the disk that holds the ESP, or None.
        disks: Image of the drive behind each root port, by the port's path; a port without one is empty.
        kernel: A kernel the firmware starts directly through its EFI stub (the bare machine), or None.
        initrd: That kernel's initrd.
        append: That kernel's command line.
    """

    variables: Path
    esp: Path | None = None
    disks: Mapping[str, Path] = field(default_factory=dict)
    kernel: Path | None = None
    initrd: Path | None = None
    append: str = ""


@dataclass(frozen=True)
class Channels:
    """Connected sockets QEMU inherits, as file descriptors; the serial ports by name."""

    qmp: int
    serial: Mapping[str, int]


def _option(text: Path | str) -> str:
    """Escape a value inside a comma-separated QEMU option."""
    return str(text).replace(",", ",,")


def command_line(machine: MachineDescription, boot: Boot, channels: Channels) -> list[str]:
    """Return the argument vector that starts the machine, paused until QMP says `cont`.

    A reset or power-off of the whole machine pauses it instead (`-no-reboot`, `-no-shutdown`), so that it is
    noticed and can be looked at. Raises ValueError when `boot.disks` names a root port the machine lacks.
    """
    unknown = set(boot.disks) - {port.path for port in machine.root_ports}
    if unknown:
        raise ValueError(f"no such root port on {machine.name}: {', '.join(sorted(unknown))}")
    arguments = [machine.binary, "-name", f"mrm-{machine.name}", "-nodefaults", "-no-user-config"]
    arguments += ["-machine", machine.machine, "-accel", machine.accelerator, "-cpu", machine.cpu]
    arguments += ["-smp", f"{machine.processors}{machine.topology}", "-m", f"{machine.memory // 2**20}M"]
    arguments += ["-display", "none", "-S", "-no-reboot", "-no-shutdown"]
    for unit, image, read_only in ((0, machine.firmware_code, "on"), (1, boot.variables, "off")):
        arguments += [
            "-drive",
            f"if=pflash,format=raw,unit={unit},readonly={read_only},file={_option(image)}",
        ]
    arguments += ["-chardev", f"socket,id=qmp,fd={channels.qmp}", "-mon", "chardev=qmp,mode=control"]
    for index, port in enumerate(machine.serial_ports):
        arguments += ["-chardev", f"socket,id=serial{index},fd={channels.serial[port.name]}"]
        arguments += ["-device", f"isa-serial,chardev=serial{index},index={index},iobase={port.io_base:#x}"]
    if boot.esp:
        arguments += ["-drive", f"if=none,id=esp,format=raw,file={_option(boot.esp)}"]
        arguments += ["-device", f"{machine.esp_device},drive=esp,bus={machine.esp_bus},bootindex=0"]
    for root_port in machine.root_ports:
        arguments += _root_port(root_port, boot.disks.get(root_port.path))
    if boot.kernel:
        arguments += ["-kernel", str(boot.kernel), "-append", boot.append]
        if boot.initrd:
            arguments += ["-initrd", str(boot.initrd)]
    return arguments


def _root_port(port: RootPort, image: Path | None) -> list[str]:
    name = f"rp{port.device}"
    arguments = [
        "-device",
        f"pcie-root-port,id={name},bus=pcie.0,addr={port.device:#x},chassis={port.device}",
    ]
    if image:
        arguments += ["-drive", f"if=none,id=disk-{name},format=raw,file={_option(image)}"]
        arguments += ["-device", f"nvme,drive=disk-{name},serial={_option(port.serial)},bus={name}"]
    return arguments
