# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The machines that are compared: the bare one, and one that MRM divides.

Both boot the same kernel and initrd, with the same number of processors, the same memory and the same disk.
All waits raise what `Machine.until` raises.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.counter.live import Counter
from bench.guest import make_guest
from ci.guests import initrd
from ci.images.boot import prepare_boot
from ci.progress import PROJECT, SetupError
from ci.qemu.command import Boot, MachineDescription
from ci.qemu.console import Event
from ci.qemu.description import load_description
from ci.qemu.devices import Network
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine
from ci.run.plan import PartitionPromise, Plan, load_plan
from ci.run.session import SETTLE_SECONDS, Session
from generator.command_line import run as generator

MEASURED = "measured"
"""The partition whose figures are taken."""

NEIGHBOUR = "neighbour"
PARTITIONS = Path(__file__).parent / "partitions"
_OUTPUT = PROJECT / "Build" / "bench"
_HEAD_ROOM = 5 << 20
"""Bytes that the bare machine's firmware keeps more than a partition's, so that both systems have as much.

Of 851,968 KiB OVMF 2022.11 gave 845,332 to a Linux 6.12; one in a partition was given 653,440 of 655,360.
"""


@dataclass(frozen=True)
class Build:
    """What boots of a partition file."""

    esp: Path
    plan: Plan


@dataclass(frozen=True)
class Subject:
    """A machine that is up.

    Attributes:
        machine: The machine.
        guest: The system that is measured.
        processors: The machine's processors that it runs on, its first one first.
        report: What it said of itself when it was up.
        counter: What counts its instructions, if anything does.
        session: The partitions; None on the bare machine.
    """

    machine: Machine
    guest: Guest
    processors: tuple[int, ...]
    report: Event
    counter: Counter | None = None
    session: Session | None = None


def build(
    name: str, *, ready: Path | None = None, more: Sequence[initrd.Entry] = (), behind: bytes = b""
) -> Build:
    """Make what boots of `bench/partitions/<name>.yaml`, of a `Mrm.efi` without a plan (`make ready`).

    Args:
        name: The partition file's.
        ready: Where that `Mrm.efi` is.
        more: What else is in the guest's initrd.
        behind: An archive that goes behind it.
    """
    make_guest(more=more, behind=behind)
    output = _OUTPUT / name
    words = ["esp", str(PARTITIONS / f"{name}.yaml"), "--output", str(output)]
    if generator([*words, *(["--ready", str(ready)] if ready else [])]) != 0:
        raise SetupError(f"no ESP could be made of bench/partitions/{name}.yaml")
    return Build(output / "ESP", load_plan(output / "MrmPlan.json", PROJECT))


def promise_of(plan: Plan, name: str = MEASURED) -> PartitionPromise:
    """Return what a partition was promised."""
    return next(promise for promise in plan.partitions if promise.name == name)


def bare_description(plan: Plan, name: str = MEASURED) -> MachineDescription:
    """Return a machine of a partition's size, with memory for what its firmware keeps."""
    promise = promise_of(plan, name)
    whole = load_description(PROJECT / "platforms" / f"{plan.machine}.yaml")
    return replace(whole, processors=promise.processors, memory=promise.memory + _HEAD_ROOM)


def only(boot: Boot, description: MachineDescription, disks: Mapping[str, Path]) -> Boot:
    """Have these disks behind root ports, and nothing else: no card that the PC's firmware would look at."""
    absent = [port.path for port in description.root_ports if port.path not in disks]
    return replace(boot, disks=disks, absent=absent)


def promised(
    boot: Boot,
    description: MachineDescription,
    promises: Sequence[PartitionPromise],
    networks: Mapping[str, Network],
) -> Boot:
    """Have behind root ports what partitions were promised, and nothing else: no second way into a network.

    Args:
        boot: What the machine boots, with disks for all ports.
        description: The machine.
        promises: Of partitions whose ports are root ports.
        networks: What cards are on, by root port.
    """
    wanted = [path for promise in promises for path in promise.root_ports]
    disks = {path: image for path, image in boot.disks.items() if path in wanted}
    absent = [port.path for port in description.root_ports if port.path not in wanted]
    return replace(boot, disks=disks, networks=networks, absent=absent)


@asynccontextmanager
async def running(
    description: MachineDescription, boot: Boot, folder: Path, counted: bool
) -> AsyncIterator[tuple[Machine, Counter | None]]:
    """Run a machine, counted or not."""
    async with AsyncExitStack() as stack:
        counter = None
        if counted:
            counter = stack.enter_context(Counter(folder, description))
            boot = replace(boot, plugin=counter.arguments)
        yield await stack.enter_async_context(Machine(description, boot, folder)), counter


async def bound(session: Session) -> None:
    """Wait until every partition could be started: for a plan that starts none by itself."""
    console = session.controller
    for promise in session.plan.partitions:
        await console.wait_for(rf"^MRM: {re.escape(promise.name)}: ready", SETTLE_SECONDS, console.start())


@asynccontextmanager
async def partition(
    build: Build, folder: Path, counted: bool = False, networks: Mapping[str, Network] | None = None
) -> AsyncIterator[Subject]:
    """Boot a plan; the subject is its partition `measured`, once all partitions are up.

    With `networks`, by root port, the machine has only what its partitions were promised.
    """
    description = load_description(PROJECT / "platforms" / f"{build.plan.machine}.yaml")
    room = sum(promise.esp_files for promise in build.plan.partitions)
    boot = prepare_boot(description, folder, build.esp, spare=2 * room)
    if networks is not None:
        boot = promised(boot, description, build.plan.partitions, networks)
    async with running(description, boot, folder, counted) as (machine, counter):
        session = Session(machine, build.plan)
        reports = await session.settle()
        processors = tuple(promise_of(build.plan).apic_ids)
        yield Subject(machine, session.guests[MEASURED], processors, reports[MEASURED], counter, session)


@asynccontextmanager
async def bare(
    build: Build,
    folder: Path,
    counted: bool = False,
    options: str = "",
    networks: Mapping[str, Network] | None = None,
) -> AsyncIterator[Subject]:
    """Boot the measured partition's kernel by the PC's own firmware, on a machine of its size.

    Behind root ports the machine has only what the partition was promised; `networks` says what cards are on.
    """
    promise = promise_of(build.plan)
    description = bare_description(build.plan)
    port = description.serial_ports[0]
    boot = replace(
        prepare_boot(description, folder, None, promise.root_ports),
        kernel=promise.kernel_file,
        initrd=promise.initrd_file,
        append=f"console=uart8250,io,{port.io_base:#x},115200n8 no_timer_check mrm.ticks=0 {options}",
    )
    boot = promised(boot, description, [promise], networks or {})
    async with running(description, boot, folder, counted) as (machine, counter):
        guest = Guest(machine.console(port.name), "bare")
        report = await guest.report(guest.console.start(), BOOT_SECONDS)
        yield Subject(machine, guest, tuple(range(promise.processors)), report, counter)
