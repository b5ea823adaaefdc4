# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Restarts: a partition's by its operator beside the PC's own by its reset button, with the same loaders.

Each loader is on a disk, with the same files for a bare machine and for a partition. All machines are up at
the same time, and all but one are paused: a restart of a partition is taken right after the PC's own with the
same loader.  Every restart goes on until the system is up, so each begins with a system that idles.
All waits raise what `Machine.until` raises.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import subject
from bench.guest import make_guest
from bench.results import ALONE, BARE, Restart
from bench.subject import Build
from ci.images.boot import prepare_boot
from ci.images.loaders import Payload, make_loader_disk
from ci.progress import PROJECT
from ci.qemu.command import MachineDescription
from ci.qemu.console import Console
from ci.qemu.description import load_description
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine
from ci.run.figures import KERNEL
from ci.run.plan import PartitionPromise
from ci.run.session import Session

LOADERS = ("alone", "systemd-boot", "grub")
"""Keys of ci.images.loaders.LOADERS: all that are measured."""

ANSWER_SECONDS = 60.0
_STARTS = r"BdsDxe: starting Boot"
"""What EDK2's boot manager says, as OVMF has it, when a loader has been read."""

_PARAMETERS = "mrm.ticks=0"


@dataclass(frozen=True)
class Restarted:
    """A system that can be restarted.

    Attributes:
        subject: BARE or ALONE.
        loader: What it is booted by, one of LOADERS.
        machine: Its machine.
        firmware: Console on which it is said that the loader is started.
        sign: How that is said.
        guest: The system.
        request: Restarts it, and returns the time at which it was asked to, time.monotonic() in seconds.
    """

    subject: str
    loader: str
    machine: Machine
    firmware: Console
    sign: str
    guest: Guest
    request: Callable[[], Awaitable[float]]

    async def restart(self, number: int) -> Restart:
        """Restart it, and wait until it is up; its machine is paused before and after."""
        await self.machine.resume()
        said, reports = self.firmware.mark(), self.guest.console.mark()
        begun = await self.request()
        started = await self.firmware.wait_for(self.sign, BOOT_SECONDS, said)
        kernel = await self.guest.console.wait_for(KERNEL, BOOT_SECONDS, reports)
        process = await self.guest.console.wait_for_event("MRM-BOOT", BOOT_SECONDS, reports)
        await self.guest.report(reports)
        await self.machine.pause()
        seconds = [round(at.at - begun, 3) for at in (started, kernel, process)]
        return Restart(self.subject, self.loader, number, *seconds)


def _disk(image: Path, loader: str, parameters: str, port: int) -> Path:
    guest = make_guest()
    words = f"{_PARAMETERS} {parameters} console=uart8250,io,{port:#x},115200n8"
    make_loader_disk(image, loader, Payload(guest.kernel, guest.initrd, words))
    return image


def port_of(description: MachineDescription, promise: PartitionPromise) -> str:
    """Return the root port with a partition's only disk."""
    return next(port.path for port in description.root_ports if port.leads_to_disk(promise.root_ports))


@asynccontextmanager
async def _pc(build: Build, loader: str, folder: Path) -> AsyncIterator[Restarted]:
    """Boot a bare machine of a partition's size by a loader."""
    promise = subject.promise_of(build.plan, loader)
    description = subject.bare_description(build.plan, loader)
    line = description.serial_ports[0]
    boot = prepare_boot(description, folder, None, ())
    disk = _disk(folder / "disk.img", loader, "no_timer_check", line.io_base)
    boot = subject.only(boot, description, {port_of(description, promise): disk})
    async with Machine(description, boot, folder) as machine:
        console = machine.console(line.name)
        guest = Guest(console, loader)
        await guest.report(console.start(), BOOT_SECONDS)
        await machine.pause()

        async def press() -> float:
            begun = time.monotonic()
            await machine.press_reset()
            return begun

        yield Restarted(BARE, loader, machine, console, _STARTS, guest, press)


@asynccontextmanager
async def _partitions(build: Build, loaders: Sequence[str], folder: Path) -> AsyncIterator[list[Restarted]]:
    """Boot a machine with a partition for each loader, and start these, one after the other."""
    description = load_description(PROJECT / "platforms" / f"{build.plan.machine}.yaml")
    boot = prepare_boot(description, folder, build.esp, ())
    disks = {
        port_of(description, promise): _disk(
            folder / f"{promise.name}.img", promise.name, promise.parameters, promise.console_port or 0
        )
        for promise in build.plan.partitions
    }
    async with Machine(description, subject.only(boot, description, disks), folder) as machine:
        session = Session(machine, build.plan)
        await subject.bound(session)
        found = []
        for number, promise in enumerate(build.plan.partitions, 1):
            guest = session.guests[promise.name]
            request = _operator(session.controller, number)
            if promise.name in loaders:
                sign = rf"MRM: {promise.name}: loading"
                found.append(
                    Restarted(ALONE, promise.name, machine, session.controller, sign, guest, request)
                )
        for one in found:
            # What does not run is started by an order to restart it.
            await one.restart(-1)
        yield found


def _operator(console: Console, number: int) -> Callable[[], Awaitable[float]]:
    """Return what presses the keys that restart a partition at once (docs/console.md).

    It opens the screen, and leaves it: then lines of the log come when they are written.
    """

    async def press() -> float:
        before = console.mark()
        console.send("\n")
        console.send(f"{number}R")
        await console.wait_for("y/n", ANSWER_SECONDS, before)
        begun = time.monotonic()
        console.send("yq")
        return begun

    return press


async def measure(
    folder: Path, loaders: Sequence[str], rounds: int, say: Callable[[str], None] = print
) -> Sequence[Restart]:
    """Take restarts; raises ci.qemu.errors.QemuError or SetupError.

    Args:
        folder: Receives images and logs.
        loaders: Names of LOADERS.
        rounds: How often each system is restarted.
        say: Is told how far it is.
    """
    build = subject.build("loaders")
    taken = []
    async with AsyncExitStack() as stack:
        say("booting a partition for each loader")
        partitions = await stack.enter_async_context(_partitions(build, loaders, folder / "loaders"))
        pairs = []
        for partition in partitions:
            say(f"booting the bare machine by {partition.loader}")
            place = folder / f"bare-{partition.loader}"
            pairs.append((await stack.enter_async_context(_pc(build, partition.loader, place)), partition))
        for number in range(rounds):
            say(f"restarts: round {number + 1} of {rounds}")
            for pair in pairs:
                taken += [await one.restart(number) for one in pair]
    return taken
