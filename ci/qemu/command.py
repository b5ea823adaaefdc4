# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The QEMU command line of a machine, as a pure function of its description.

`MachineDescription` holds what the machine *is* (ci/qemu/description.py reads it from the machine file),
`Boot` what it is to boot from this time, `Channels` the open sockets QEMU inherits.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci.qemu import trace
from ci.qemu.devices import IMAGE, KINDS, SERIAL_CARD, Network, PciDevice, Slots, option

NODE_DISTANCE = 21
"""Between any two NUMA nodes, as SLIT has it (10: none)."""

IOMMU = [
    *("-device", "AMDVI-PCI,id=iommu,bus=pcie.0,addr=0x1e"),
    *("-device", "amd-iommu,intremap=on,xtsup=on,dma-remap=on,pci-id=iommu"),
]
"""An AMD IOMMU, its function where no other device of the machine is."""

NVME = PciDevice(KINDS[0x1B36, 0x0010])


def identity(root: int, device: int) -> str:
    """Return QEMU's name of a root port: `rp3`, or `rp40-3` on the root bridge whose first bus is 0x40."""
    return f"rp{device}" if root == 0 else f"rp{root:x}-{device}"


@dataclass(frozen=True)
class RootPort:
    """A PCI Express root port and what is behind it.

    Attributes:
        path: UEFI device path text of the port, `PciRoot(0x0)/Pci(0x3,0x0)`.
        device: Its device number on the root bus (0–31).
        serial: Serial number of the disk behind it.
        devices: The functions behind it.
        root: First bus of the root bridge it belongs to; 0 is the machine's own.
        bare: There is no port: the functions are a device on the root bus itself.
    """

    path: str
    device: int
    serial: str
    devices: Sequence[PciDevice] = (NVME,)
    root: int = 0
    bare: bool = False

    @property
    def identity(self) -> str:
        """QEMU's name of it."""
        return identity(self.root, self.device)

    @property
    def holds_disk(self) -> bool:
        """Whether a disk can be behind it."""
        return any(found.kind.disk is not None for found in self._functions())

    def leads_to_disk(self, ports: Collection[str]) -> bool:
        """Whether one of these ports, this one or one of a switch behind it, leads to its disk."""
        carriers = [found.path or self.path for found in self._functions() if found.kind.disk is not None]
        return any(_leads(port, carrier) for port in ports for carrier in carriers[:1])

    def leads_to_network(self, ports: Collection[str]) -> bool:
        """Whether one of these ports, this one or one of a switch behind it, leads to a network card."""
        cards = [found.path or self.path for found in self._functions() if found.kind.network]
        return any(_leads(port, card) for port in ports for card in cards)

    def _functions(self) -> Iterator[PciDevice]:
        """All functions behind it."""
        return (found for device in self.devices for found in device.all())


def _leads(port: str, path: str) -> bool:
    """Whether a function, by its device path, is a port or behind it."""
    return f"{path}/".startswith(f"{port}/")


@dataclass(frozen=True)
class SerialPort:
    """A 16550 UART at a legacy address: `COM1` at 0x3f8 and so on."""

    name: str
    io_base: int


@dataclass(frozen=True)
class NumaNode:
    """A NUMA node: its processors as QEMU numbers them, `0-2`, and bytes of RAM."""

    processors: str
    memory: int


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
        disk_size: Bytes of each disk.
        root_ports: In the order they are created.
        serial_ports: In the order they are created.
        nodes: What RAM and processors are near each other; none if that makes no difference.
        display: QEMU device that is the PC's own display, on its first root bus; none if empty.
        uuid: System UUID that its SMBIOS tells; none if empty.
        iommu: Whether it has an AMD IOMMU.
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
    nodes: Sequence[NumaNode] = ()
    display: str = ""
    uuid: str = ""
    iommu: bool = False

    @property
    def serial_cards(self) -> list[str]:
        """Device paths of the serial cards behind root ports, which are consoles too."""
        functions = (found for port in self.root_ports for device in port.devices for found in device.all())
        return [found.path for found in functions if found.kind.driver == SERIAL_CARD]

    @property
    def consoles(self) -> list[str]:
        """Names of all serial lines."""
        return [*(port.name for port in self.serial_ports), *self.serial_cards]


@dataclass(frozen=True)
class Boot:
    """What the machine boots and which images are in it this time.

    Attributes:
        variables: Private, writable copy of the firmware's variable store.
        esp: Image of the disk that holds the ESP, or None.
        esp_read_only: Whether that disk cannot be written; not every `esp_device` can be that.
        disks: Image of the disk behind each root port, by the port's path; no NVMe drive is without one.
        networks: What is different about the network behind a root port, by the port's path.
        large_blocks: Paths of the root ports whose disk has blocks of 4096 bytes.
        absent: Paths of the root ports with nothing behind them.
        kernel: A kernel the firmware starts directly through its EFI stub (the bare machine), or None.
        initrd: That kernel's initrd.
        append: That kernel's command line.
        trace: Receives the time of each write to PCI configuration space (`ci.qemu.trace`), or None.
        plugin: A plugin of QEMU's translator with its arguments, as `-plugin` takes it, or empty.
    """

    variables: Path
    esp: Path | None = None
    disks: Mapping[str, Path] = field(default_factory=dict)
    networks: Mapping[str, Network] = field(default_factory=dict)
    large_blocks: Collection[str] = ()
    absent: Collection[str] = ()
    kernel: Path | None = None
    initrd: Path | None = None
    append: str = ""
    trace: Path | None = None
    esp_read_only: bool = False
    plugin: str = ""


@dataclass(frozen=True)
class Channels:
    """Connected sockets QEMU inherits, as file descriptors; the serial lines by name."""

    qmp: int
    serial: Mapping[str, int]


def command_line(machine: MachineDescription, boot: Boot, channels: Channels) -> list[str]:
    """Return the argument vector that starts the machine, paused until QMP says `cont`.

    A reset or power-off of the whole machine pauses it instead (`-no-reboot`, `-no-shutdown`), so that it is
    noticed and can be looked at. Raises ValueError when `boot` names a root port the machine lacks.
    """
    named = {*boot.disks, *boot.networks, *boot.large_blocks, *boot.absent}
    unknown = named - {port.path for port in machine.root_ports}
    if unknown:
        raise ValueError(f"no such root port on {machine.name}: {', '.join(sorted(unknown))}")
    arguments = [machine.binary, "-name", f"mrm-{machine.name}", "-nodefaults", "-no-user-config"]
    arguments += ["-machine", machine.machine, "-accel", machine.accelerator, "-cpu", machine.cpu]
    arguments += ["-smp", f"{machine.processors}{machine.topology}", "-m", f"{machine.memory // 2**20}M"]
    arguments += ["-uuid", machine.uuid] if machine.uuid else []
    arguments += _nodes(machine.nodes)
    arguments += ["-display", "none", "-S", "-no-reboot", "-no-shutdown"]
    for unit, image, read_only in ((0, machine.firmware_code, "on"), (1, boot.variables, "off")):
        arguments += [
            "-drive",
            f"if=pflash,format=raw,unit={unit},readonly={read_only},file={option(image)}",
        ]
    arguments += ["-chardev", f"socket,id=qmp,fd={channels.qmp}", "-qmp", "chardev:qmp"]
    lines = {
        card: f"card{index}" for index, card in enumerate(machine.serial_cards) if card in channels.serial
    }
    arguments += _serial_lines(machine, channels, lines)
    if machine.display:
        arguments += ["-device", f"{machine.display},bus=pcie.0"]
    arguments += IOMMU if machine.iommu else []
    for bus in sorted({port.root for port in machine.root_ports} - {0}):
        arguments += ["-device", f"pxb-pcie,id=root{bus:x},bus=pcie.0,bus_nr={bus}"]
    for root_port in machine.root_ports:
        arguments += _root_port(root_port, boot, lines)
    if boot.esp:
        read_only = "on" if boot.esp_read_only else "off"
        arguments += ["-drive", f"if=none,id=esp,{IMAGE},readonly={read_only},file={option(boot.esp)}"]
        arguments += ["-device", f"{machine.esp_device},drive=esp,bus={machine.esp_bus},bootindex=0"]
    if boot.kernel:
        arguments += ["-kernel", str(boot.kernel), "-append", boot.append]
        if boot.initrd:
            arguments += ["-initrd", str(boot.initrd)]
    if boot.trace:
        arguments += trace.arguments(boot.trace)
    arguments += ["-plugin", boot.plugin] if boot.plugin else []
    return arguments


def _nodes(nodes: Sequence[NumaNode]) -> list[str]:
    arguments = []
    for index, node in enumerate(nodes):
        arguments += ["-object", f"memory-backend-ram,id=node{index},size={node.memory}"]
        arguments += ["-numa", f"node,nodeid={index},cpus={node.processors},memdev=node{index}"]
    for first, second in itertools.combinations(range(len(nodes)), 2):
        arguments += ["-numa", f"dist,src={first},dst={second},val={NODE_DISTANCE}"]
    return arguments


def _serial_lines(machine: MachineDescription, channels: Channels, cards: Mapping[str, str]) -> list[str]:
    arguments = []
    for index, port in enumerate(machine.serial_ports):
        arguments += ["-chardev", f"socket,id=serial{index},fd={channels.serial[port.name]}"]
        arguments += ["-device", f"isa-serial,chardev=serial{index},index={index},iobase={port.io_base:#x}"]
    for card, line in cards.items():
        arguments += ["-chardev", f"socket,id={line},fd={channels.serial[card]}"]
    return arguments


def _root_port(port: RootPort, boot: Boot, lines: Mapping[str, str]) -> list[str]:
    bus = f"root{port.root:x}" if port.root else "pcie.0"
    # Chassis and slot must differ on the whole machine.
    chassis = port.device + 32 * (port.root != 0)
    words = ["pcie-root-port", f"id={port.identity}", f"bus={bus}", f"addr={port.device:#x}"]
    words.append(f"chassis={chassis}")
    if not any(found.kind.ports for device in port.devices for found in device.all()):
        words.append("io-reserve=0")
    arguments = [] if port.bare else ["-device", ",".join(words)]
    if port.path in boot.absent:
        return arguments
    network = boot.networks.get(port.path, Network({}))
    disk = boot.disks.get(port.path)
    slots = Slots(port.identity, chassis, port.serial, disk, port.path in boot.large_blocks, network, lines)
    return [*arguments, *slots.arguments(port.devices, bus if port.bare else port.identity)]
