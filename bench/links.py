# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory and served disks, beside what a plain emulated PC has.

Two partitions are on a network in memory, which the boot processor serves, or a processor of the
controller's own. The bare machine has two virtio cards of the emulator on one cable, each in a network
namespace of its own. One of the partitions has a disk in memory and one in a file on the ESP; the bare
machine has the emulator's NVMe drive, and the PC's firmware reads a file of its own (bench.reader).

All machines are up, and all but one paused, as in bench.timing. All waits raise what `Machine.until` raises.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench import reader, subject
from bench.results import Link
from bench.subject import MEASURED, NEIGHBOUR, Build, Subject
from bench.timing import WorkError, read_lines
from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.command import MachineDescription
from ci.qemu.description import load_description
from ci.qemu.devices import KINDS, Network, PciDevice
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine

BOOT, OWN, VIRTIO = "channel-boot", "channel-own", "virtio"
"""Networks: in memory, served by the boot processor or by one of the controller's own; virtio cards."""

MEMORY, FILE, NVME = "served-memory", "served-file", "nvme"
"""Disks: in memory, in a file on the ESP, and the emulator's own drive."""

PAUSED, BUSY, STREAM = "round-trip-paused", "round-trip", "stream"
RANDOM, SEQUENTIAL = "disk-4k-random", "disk-1m-sequential"

CARD = "$(basename /sys/bus/pci/drivers/gv*/*:00.0/net/*)"
"""The card on the network in memory."""

SERVER, CLIENT = "10.77.0.2", "10.77.0.1"
PAUSE = 300
"""Milliseconds: longer than what the controller takes for traffic that goes on."""

_SECONDS = 300.0
_PATHS = ("PciRoot(0x0)/Pci(0x7,0x0)", "PciRoot(0x0)/Pci(0x8,0x0)")
_VIRTIO = PciDevice(KINDS[0x1AF4, 0x1041])
_UP = "for i in $(seq 100); do ping -c 1 -W 1 {to} >/dev/null && break; done; [ $i -lt 100 ]"
_APART = (
    "(unshare -n sh -c 'echo $$ >/run/apart; while [ ! -e /run/moved ]; do sleep 0.1; done; "
    "ip addr add {server}/24 dev eth1; ip link set eth1 up; exec wire serve' >/dev/null 2>&1 &); "
    "while ! [ -s /run/apart ]; do sleep 0.1; done; ip link set eth1 netns $(cat /run/apart) && "
    "touch /run/moved && ip addr add {client}/24 dev eth0 && ip link set eth0 up"
)
"""Put the second card into a namespace of its own, with somebody who answers."""


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        rounds: Samples of each row.
        paused: Round trips with a pause before each, in a sample.
        trips: Round trips without one.
        mebibytes: Data that is streamed.
        milliseconds: How long a sample of a disk takes at least.
        own: Whether a network is measured, too, that a processor of the controller's own serves.
    """

    rounds: int
    paused: int
    trips: int
    mebibytes: int
    milliseconds: int
    own: bool = True


async def _do(guest: Guest, command: str) -> str:
    done = await guest.run(command, _SECONDS)
    if done.status != 0:
        raise WorkError(f"{guest.name}: {command}: status {done.status}: {done.output}")
    return done.output


async def join(measured: Subject) -> None:
    """Have both partitions of a machine talk: the neighbour answers."""
    assert measured.session
    guests = measured.session.guests
    for name, address in ((NEIGHBOUR, SERVER), (MEASURED, CLIENT)):
        await _do(guests[name], f"ip addr add {address}/24 dev {CARD} && ip link set {CARD} up")
    await _do(guests[NEIGHBOUR], "(wire serve >/dev/null 2>&1 &)")
    await _do(guests[MEASURED], _UP.format(to=SERVER))


def pair_description(build: Build) -> MachineDescription:
    """Return a machine of a partition's size with a processor for each end, a drive, and two virtio cards."""
    whole = load_description(PROJECT / "platforms" / f"{build.plan.machine}.yaml")
    ports = [
        replace(port, devices=(_VIRTIO,)) if port.path in _PATHS else port
        for port in whole.root_ports
        if port.path in _PATHS or port.holds_disk
    ]
    return replace(subject.bare_description(build.plan), processors=2, root_ports=ports)


@asynccontextmanager
async def virtio_pair(build: Build, folder: Path) -> AsyncIterator[Subject]:
    """Boot the partitions' kernel on a machine of its own, with two cards on one cable."""
    promise = subject.promise_of(build.plan)
    description = pair_description(build)
    disk = next(port.path for port in description.root_ports if port.holds_disk)
    boot = prepare_boot(description, folder, None, [disk])
    boot = replace(
        boot,
        networks={path: Network({}, hub=1) for path in _PATHS},
        absent=[port.path for port in description.root_ports if port.path not in (*_PATHS, *boot.disks)],
        kernel=promise.kernel_file,
        initrd=promise.initrd_file,
        append="console=uart8250,io,0x3f8,115200n8 no_timer_check mrm.ticks=0",
    )
    async with subject.running(description, boot, folder, False) as (machine, _):
        guest = Guest(machine.console("COM1"), VIRTIO)
        report = await guest.report(guest.console.start(), BOOT_SECONDS)
        await _do(guest, _APART.format(server=SERVER, client=CLIENT))
        await _do(guest, _UP.format(to=SERVER))
        yield Subject(machine, guest, (0, 1), report)


def network_commands(extent: Extent) -> Mapping[str, str]:
    """Return what is typed for each row of a network."""
    return {
        PAUSED: f"wire round-trip {SERVER} {extent.paused} {PAUSE}",
        BUSY: f"wire round-trip {SERVER} {extent.trips} 0",
        STREAM: f"wire stream {SERVER} {extent.mebibytes}",
    }


def disk_command(extent: Extent, row: str, device: str) -> str:
    """Return what is typed for a row of a disk."""
    return f"work -t {extent.milliseconds} -d {device} {row}"


async def device_of(guest: Guest, serial: str) -> str:
    """Return a served disk by its serial number."""
    said = await _do(guest, f"grep -lx '{serial} *' /sys/block/nvme*/device/serial")
    found = re.search(r"/sys/block/(nvme\w+)/", said)
    if found is None:
        raise WorkError(f"{guest.name}: no disk has the serial number {serial}: {said}")
    return f"/dev/{found[1]}"


def read_sample(output: str, name: str, row: str, number: int) -> Link:
    """Return the sample of what was printed; raises WorkError."""
    lines = read_lines(output)
    if len(lines) != 1 or "value" not in lines[0]:
        raise WorkError(f"{name}: {row}: {output}")
    return Link(name, row, str(lines[0]["unit"]), float(str(lines[0]["value"])), number)


@dataclass(frozen=True)
class _Sampled:
    """A machine, and what takes the sample of a round while it runs."""

    machine: Machine
    take: Callable[[int], Awaitable[Link]]


async def _type(guest: Guest, command: str, name: str, row: str, number: int) -> Link:
    return read_sample(await _do(guest, command), name, row, number)


async def _sampled(subjects: Mapping[str, Subject], pc: Machine, extent: Extent) -> list[_Sampled]:
    found = [
        _Sampled(measured.machine, partial(_type, measured.guest, command, name, row))
        for row, command in network_commands(extent).items()
        for name, measured in subjects.items()
    ]
    guest = subjects[BOOT].guest
    await subjects[BOOT].machine.resume()
    disks = {
        MEMORY: (BOOT, await device_of(guest, "memory")),
        FILE: (BOOT, await device_of(guest, "bench")),
        NVME: (VIRTIO, "/dev/nvme0n1"),
    }
    await subjects[BOOT].machine.pause()
    for row in (RANDOM, SEQUENTIAL):
        for disk, (name, device) in disks.items():
            take = partial(_type, subjects[name].guest, disk_command(extent, row, device), disk, row)
            found.append(_Sampled(subjects[name].machine, take))
        found.append(_Sampled(pc, partial(reader.read, pc, row)))
    return found


async def measure(folder: Path, extent: Extent, say: Callable[[str], None] = print) -> Sequence[Link]:
    """Take samples; raises ci.qemu.errors.QemuError or SetupError.

    Args:
        folder: Receives images and logs.
        extent: How much is measured.
        say: Is told how far it is.
    """
    boot = subject.build("channels")
    starts = {BOOT: subject.partition(boot, folder / BOOT)}
    if extent.own:
        starts[OWN] = subject.partition(subject.build("channels-own"), folder / OWN)
    starts[VIRTIO] = virtio_pair(boot, folder / VIRTIO)
    async with AsyncExitStack() as stack:
        subjects: dict[str, Subject] = {}
        for name, start in starts.items():
            say(f"booting {name}")
            subjects[name] = await stack.enter_async_context(start)
            if name != VIRTIO:
                await join(subjects[name])
            await subjects[name].machine.pause()
        say(f"booting {reader.NAME}")
        pc = await stack.enter_async_context(reader.running(boot, folder / reader.NAME))
        await pc.pause()
        sampled = await _sampled(subjects, pc, extent)
        taken = []
        # The first round warms caches and the emulator's translations.
        for number in range(-1, extent.rounds):
            say(f"networks and served disks: round {number + 1} of {extent.rounds}")
            for one in sampled:
                await one.machine.resume()
                sample = await one.take(number)
                await one.machine.pause()
                taken += [sample] if number >= 0 else []
        return taken
