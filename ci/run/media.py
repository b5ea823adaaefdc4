# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is in the machine's disks and networks for one run, and what that adds to the plan's promises.

A partition that boots from a disk of its own finds a whole Debian on the first one, with the kernel
parameters its plan asks for. The disks of a live Debian have a partition for what it keeps. Every other disk
is empty and may be overwritten. Disks of one's own come in by name. The network behind the first network card
of a Debian, whole or live, leads from ports of this host to its ssh and its web server.
"""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ci.guests.debian.build import WholeDebian
from ci.guests.live.build import KEY_NAME, is_live
from ci.images.boot import prepare_boot
from ci.images.debian import make_debian_disk
from ci.images.gpt import MEBIBYTE, ImageError
from ci.images.live import make_live_disk
from ci.qemu.command import Boot, MachineDescription, RootPort
from ci.qemu.devices import Network
from ci.run.plan import PartitionPromise, Plan

FIRST_SSH_PORT = 2201
"""First port of the host that is tried for a way in, unless the environment names another one."""

SSH_PORT_VARIABLE = "MRM_SSH_PORT"
"""Names that variable: machines that are prepared at the same time need ports of their own."""


@dataclass(frozen=True)
class Media:
    """Everything prepared for a run.

    Attributes:
        boot: What the machine gets.
        plan: The plan, with what is known of the disks' contents.
        ways_in: Command that logs in over the network, by partition.
        sites: Address of its web server, by partition.
    """

    boot: Boot
    plan: Plan
    ways_in: Mapping[str, str]
    sites: Mapping[str, str]


def free_ports(count: int, first: int = FIRST_SSH_PORT) -> list[int]:
    """Return `count` ports of 127.0.0.1 that nobody listens on now, from `first` on; raises OSError."""
    found: list[int] = []
    port = first
    while len(found) < count:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                found.append(port)
            except OSError:
                if port >= first + 1000:
                    raise
        port += 1
    return found


def _free_ports(description: MachineDescription, plan: Plan) -> list[RootPort]:
    """Return the ports that no partition has by name, what is on the root bus itself first."""
    named = {_device(path) for promise in plan.partitions for path in promise.root_ports}
    free = [port for port in description.root_ports if _device(port.path) not in named]
    return sorted(free, key=lambda port: not port.bare)


def _device(path: str) -> str:
    """The device on a root bus that a device path leads through, whichever of its functions."""
    return "/".join(path.split("/")[:2]).rpartition(",")[0]


def own_ports(description: MachineDescription, plan: Plan, promise: PartitionPromise) -> list[str]:
    """Return the paths of a partition's ports; of the owner of the chipset all that nobody else has."""
    if not promise.chipset:
        return list(promise.root_ports)
    free = _free_ports(description, plan)
    return [path for port in free for path in (port.path, *(device.path for device in port.devices)) if path]


def boot_port(description: MachineDescription, plan: Plan, promise: PartitionPromise) -> str | None:
    """Return the root port whose disk a partition boots from, None when it boots from none."""
    source = promise.boot_disk
    if source is None:
        return None
    if promise.chipset:
        return next((port.path for port in _free_ports(description, plan) if port.holds_disk), None)
    ports = promise.root_ports if source.root_port is None else [source.root_port]
    return next((port.path for port in description.root_ports if port.leads_to_disk(ports)), None)


def ssh_command(key: Path, port: int) -> str:
    """Return the command that logs in as root; nobody is to remember the image's host key.

    The key is named relative to the current folder if it lies there: the command is for the title of a pane.
    """
    key = key.relative_to(Path.cwd()) if key.is_relative_to(Path.cwd()) else key
    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    return f"ssh -p {port} -i {key} {options} root@127.0.0.1"


def _parameters(promise: PartitionPromise) -> str:
    """What the owner writes into the boot configuration: what MRM needs, a console, an end of panics."""
    console = f"console=uart8250,io,{promise.console_port:#x},115200n8" if promise.console_port else ""
    if promise.chipset:
        return console  # a PC's owner who wants a serial console says as much
    return " ".join([promise.parameters, console, "systemd.mask=suspend.target", "panic=10"])


def prepare_media(
    description: MachineDescription,
    plan: Plan,
    esp: Path,
    folder: Path,
    debian: WholeDebian | None,
    own: Mapping[str, Path] | None = None,
) -> Media:
    """Make all disks in `folder`.

    Args:
        description: The machine.
        plan: What runs on it.
        esp: Folder tree of the controller's ESP.
        folder: Run folder.
        debian: The whole Debian; None if no partition boots from a disk that is to be made.
        own: Raw images used as they are, by root port.

    Raises:
        ImageError: An image could not be made.
    """
    own = own or {}
    boot = prepare_boot(description, folder, esp, spare=_esp_room(plan))
    disks = {**boot.disks, **own}
    networks: dict[str, Network] = {}
    ways_in: dict[str, str] = {}
    sites: dict[str, str] = {}
    partitions: list[PartitionPromise] = []
    first = int(os.environ.get(SSH_PORT_VARIABLE, FIRST_SSH_PORT))
    ports = iter(free_ports(2 * len(plan.partitions), first))
    for promise in plan.partitions:
        key, paths = _live_key(promise), own_ports(description, plan, promise)
        with_debian = boot_port(description, plan, promise)
        if with_debian is not None and with_debian not in own:
            if debian is None:
                raise ImageError("no whole Debian to put onto a disk; run `make setup`")
            disks[with_debian] = folder / f"{promise.name}.img"
            make_debian_disk(disks[with_debian], debian, _parameters(promise))
            promise, key = replace(promise, kernel=debian.release), debian.key
        elif key is not None:
            for port in _disk_ports(description, paths):
                if port not in own:
                    make_live_disk(disks[port])
        network = _first_network(description, paths)
        if key is not None and network is not None:
            ssh, web = next(ports), next(ports)
            networks[network] = Network({ssh: 22, web: 80})
            ways_in[promise.name] = ssh_command(key, ssh)
            sites[promise.name] = f"http://127.0.0.1:{web}/"
        serials = [
            port.serial for port in description.root_ports if port.path in disks and port.leads_to_disk(paths)
        ]
        partitions.append(replace(promise, disks=serials))
    boot = replace(boot, disks=disks, networks=networks)
    return Media(boot, replace(plan, partitions=partitions), ways_in, sites)


def _esp_room(plan: Plan) -> int:
    """How many bytes the files of served disks may take on the ESP; what several share counts for each."""
    return sum(-(-promise.esp_files // MEBIBYTE) * MEBIBYTE for promise in plan.partitions)


def _live_key(promise: PartitionPromise) -> Path | None:
    """Return the key that gets by ssh into the live Debian a partition boots, None if it boots none."""
    kernel = promise.kernel_file
    return kernel.with_name(KEY_NAME) if kernel is not None and is_live(kernel) else None


def _disk_ports(description: MachineDescription, paths: Sequence[str]) -> list[str]:
    return [port.path for port in description.root_ports if port.leads_to_disk(paths)]


def _first_network(description: MachineDescription, paths: Sequence[str]) -> str | None:
    cards = (port.path for port in description.root_ports if port.leads_to_network(paths))
    return next(cards, None)
