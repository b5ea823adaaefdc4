# SPDX-License-Identifier: BSD-2-Clause-Patent
"""PCI devices of a machine as QEMU's options: which of its devices a function of the machine file is.

A function is known by its vendor and device numbers. What is behind it in the machine file is created below
it; what it carries (a disk, a network) is said for each run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """A kind of QEMU device.

    Attributes:
        driver: Name of the device.
        disk: The device that carries a disk and hangs on this one's bus; the device itself if that is "".
            None if it carries none.
        bus: Suffix of this device's own bus, where a disk or what is behind it goes.
        network: Whether it is a network card.
        ports: Whether it needs I/O ports, of which the PC has too few for every root port.
        companions: Other devices on this one's own bus.
    """

    driver: str
    disk: str | None = None
    bus: str = ""
    network: bool = False
    ports: bool = False
    companions: Sequence[str] = ()


SERIAL_CARD = "pci-serial"

IMAGE = "format=raw,cache.no-flush=on"
"""How an image is opened. A power cut ends QEMU, not its host: what QEMU has written to a file is there. A
guest's flush would wait for the host's disk otherwise, for seconds when the host is busy with it."""

KINDS: Mapping[tuple[int, int], Kind] = {
    (0x1B36, 0x0010): Kind("nvme", disk=""),
    (0x8086, 0x2922): Kind("ich9-ahci", disk="ide-hd", bus=".0", ports=True),
    (0x1AF4, 0x1042): Kind("virtio-blk-pci", disk=""),
    (0x1AF4, 0x1048): Kind("virtio-scsi-pci", disk="scsi-hd", bus=".0"),
    (0x1B36, 0x000D): Kind("qemu-xhci", disk="usb-storage", bus=".0", companions=("usb-kbd",)),
    (0x8086, 0x24CD): Kind("usb-ehci"),
    (0x1AF4, 0x1041): Kind("virtio-net-pci", network=True),
    (0x8086, 0x10D3): Kind("e1000e", network=True, ports=True),
    (0x8086, 0x10C9): Kind("igb", network=True, ports=True),
    (0x1234, 0x1111): Kind("bochs-display"),
    (0x1AF4, 0x1050): Kind("virtio-gpu-pci"),
    (0x1B36, 0x0002): Kind(SERIAL_CARD, ports=True),
    (0x104C, 0x8232): Kind("x3130-upstream"),
    (0x104C, 0x8233): Kind("xio3130-downstream"),
}
"""Every device that may be behind a root port, by vendor and device number."""


@dataclass(frozen=True)
class PciDevice:
    """A PCI function behind a root port.

    Attributes:
        kind: Which of QEMU's devices it is.
        device: Its device number on its bus.
        function: Its function number.
        behind: What is on the bus below it.
        path: Its UEFI device path, which names the console of a serial card.
    """

    kind: Kind
    device: int = 0
    function: int = 0
    behind: Sequence["PciDevice"] = ()
    path: str = ""

    def all(self) -> Iterator["PciDevice"]:
        """This function and those behind it, at any depth."""
        yield self
        for device in self.behind:
            yield from device.all()


@dataclass(frozen=True)
class Network:
    """The network behind all network cards of one root port: QEMU's own, with DHCP at 10.0.2.2.

    Attributes:
        forwards: Port of the partition's system by port of this host, 127.0.0.1 only.
        tftp: Folder served by TFTP, or None.
        boot_file: What DHCP names to network boot: a file in that folder, or a URL.
        servers: Commands that serve one TCP connection each over standard input and output, by address and
            port inside the network, such as `10.0.2.100:80`.
        open: Whether the network leads to the host and beyond.
        boot_index: When the PC's firmware boots from the card; the ESP's disk is 0. None: as it will.
        hub: Instead of all that, the number of a hub: all cards on it are on one cable. None: there is none.
    """

    forwards: Mapping[int, int]
    tftp: Path | None = None
    boot_file: str = ""
    servers: Mapping[str, str] | None = None
    open: bool = False
    boot_index: int | None = None
    hub: int | None = None


def option(text: Path | str) -> str:
    """Escape a value inside a comma-separated QEMU option."""
    return str(text).replace(",", ",,")


def network_backend(identity: str, network: Network) -> list[str]:
    """Return the arguments that create a network."""
    if network.hub is not None:
        return ["-netdev", f"hubport,id={identity},hubid={network.hub}"]
    words = [f"user,id={identity}", f"restrict={'off' if network.open else 'on'}", "ipv6=off"]
    words += [f"hostfwd=tcp:127.0.0.1:{host}-:{guest}" for host, guest in sorted(network.forwards.items())]
    if network.tftp:
        words.append(f"tftp={option(network.tftp)}")
    if network.boot_file:
        words.append(f"bootfile={option(network.boot_file)}")
    for address, command in sorted((network.servers or {}).items()):
        words.append(f"guestfwd=tcp:{address}-cmd:{option(command)}")
    return ["-netdev", ",".join(words)]


def network_card(identity: str, network: Network) -> list[str]:
    """Return the options of a card that put it on its network."""
    index = [] if network.boot_index is None else [f"bootindex={network.boot_index}"]
    return [f"netdev=net-{identity}", *index]


class Slots:
    """Turns the functions behind one root port into arguments, giving each an identity of its own."""

    def __init__(
        self,
        port: str,
        chassis: int,
        serial: str,
        image: Path | None,
        large_blocks: bool,
        network: Network,
        lines: Mapping[str, str],
    ) -> None:
        """Take the root port's identity and chassis, serial number and image of its disk, its network.

        `large_blocks`: the disk's blocks have 4096 bytes, not 512.
        `lines` are the character devices of serial cards by the cards' paths.
        """
        self._lines = lines
        self._port = port
        self._chassis = chassis
        self._serial = serial
        self._image = image
        self._blocks = ",logical_block_size=4096,physical_block_size=4096" if large_blocks else ""
        self._network = network
        self._count = 0

    def arguments(self, devices: Sequence[PciDevice], bus: str) -> list[str]:
        """Return the arguments that put `devices` on `bus`."""
        several = len(devices) > 1
        return [word for device in devices for word in self._device(device, bus, several)]

    def _device(self, device: PciDevice, bus: str, several: bool) -> list[str]:
        kind = device.kind
        identity = f"{self._port}-{self._count}" if self._count else f"{self._port}-device"
        self._count += 1
        if kind.driver == "nvme" and not self._image:
            return []  # QEMU has no such drive without a medium
        words = [kind.driver, f"id={identity}", f"bus={bus}"]
        if several or device.device or device.function:
            words.append(f"addr={device.device:#x}.{device.function}")
        if several and device.function == 0:
            words.append("multifunction=on")
        if kind.driver == "xio3130-downstream":
            words.append(f"chassis={127 + self._count},slot={self._chassis}")
        arguments: list[str] = []
        below: list[str] = []
        if kind.disk is not None and self._image:
            drive = f"disk-{self._port}"
            arguments += ["-drive", f"if=none,id={drive},{IMAGE},file={option(self._image)}"]
            carried = f"drive={drive},serial={option(self._serial)}{self._blocks}"
            if kind.disk:
                below += ["-device", f"{kind.disk},{carried},bus={identity}{kind.bus}"]
            else:
                words.append(carried)
            self._image = None  # one disk for each root port
        if kind.network:
            arguments += network_backend(f"net-{identity}", self._network)
            words += network_card(identity, self._network)
        if device.path in self._lines:
            words.append(f"chardev={self._lines[device.path]}")
        for companion in kind.companions:
            below += ["-device", f"{companion},bus={identity}{kind.bus}"]
        arguments += ["-device", ",".join(words)]
        return [*arguments, *below, *self.arguments(device.behind, identity)]
