# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Functions of a contained partition with two processors, whose interrupts an IOMMU confines to both."""

import re
from collections.abc import Iterator, Sequence

import pytest

from ci.qemu.description import load_description
from ci.qemu.guest import Guest
from tests.boot.bench import Bench
from tests.boot.builds import partition_file
from tests.boot.confined import NAME, NEIGHBOUR
from tests.boot.conftest import Builder
from tests.boot.efivars import mount, read
from tests.boot.support import broken, reboot, undisturbed
from tests.boot.test_guard import COUNT_NMIS, INIT, MESSAGES, NMI, READ_ONE, TIMEOUT, put, redirect, told
from tests.boot.warnings import new_warnings

pytestmark = [pytest.mark.long, pytest.mark.boot(200), pytest.mark.timeout(1800)]

PROCESSORS = (0, 1)
DRIVERS = {"ahci": "msi", "e1000e": "msix", "virtio-pci": "msix", "nvme": "msix"}
"""What each driver's function interrupts by."""
READS = 20
LEASES = 4
OF_THE_DISK = re.compile(r"\bata\d+\.00: ")
"""What libata says of QEMU's disk. The bare machine beside it has none behind AHCI."""
LOST = "dmesg | grep -c 'completion polled\\|No irq handler\\|NETDEV WATCHDOG'"
ENDS = ("reboot -f", "taskset 2 sh -c 'echo c >/proc/sysrq-trigger'")


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("confined")
    ports = load_description(partition_file("confined").with_name("machine.yaml")).root_ports
    folder = tmp_path_factory.mktemp("run")
    with Bench(result.plan, result.esp, folder, iommu=True, root_ports=ports) as bench:
        bench.run(bench.session.settle())
        bench.run(mount(bench.session.guests[NEIGHBOUR]))
        yield bench


async def words(guest: Guest, command: str) -> list[str]:
    """What a command prints; it must succeed."""
    done = await guest.run(f"echo GOT=$({command})=")
    match = re.search(r"^GOT=(.*)=", done.output, re.MULTILINE)
    assert done.status == 0 and match, done.output
    return match[1].split()


async def interrupts(guest: Guest, driver: str) -> list[int]:
    """Return the interrupts of the function that a driver has, which are of the kind that it should have."""
    folder = f"/sys/bus/pci/drivers/{driver}/*:*:*.*/msi_irqs"
    assert set(await words(guest, f"cat {folder}/*")) == {DRIVERS[driver]}
    return [int(number) for number in await words(guest, f"ls {folder}")]


async def counts(guest: Guest, numbers: Sequence[int]) -> list[int]:
    """Return how many of some interrupts each processor has got."""
    either = "|".join(f"{number}:" for number in numbers)
    program = f"$1 ~ /^({either})$/ {{ a += $2; b += $3 }} END {{ print a, b }}"
    return [int(count) for count in await words(guest, f"awk '{program}' /proc/interrupts")]


async def at_work(guest: Guest, numbers: Sequence[int], command: str) -> list[int]:
    """Return how many interrupts each processor gets while a command runs."""
    before = await counts(guest, numbers)
    done = await guest.run(command)
    assert done.status == 0, done.output
    return [now - then for now, then in zip(await counts(guest, numbers), before, strict=True)]


def reading(processor: int, first: int = 0, disk: str = "nvme0n1") -> str:
    """A command that reads a disk on one processor; a queue of NVMe has an interrupt of its own for it."""
    one = f"taskset {1 << processor} dd if=/dev/{disk} of=/dev/null bs=4096 count=1"
    return (
        f"echo 3 >/proc/sys/vm/drop_caches && for n in $(seq {READS}); do "
        f"{one} skip=$(({first} + n * 100)) || break; done"
    )


async def working(guest: Guest, driver: str) -> str:
    """A command that has a function with one interrupt for all processors send some of it."""
    if driver == "ahci":
        return reading(0, disk="sda")
    folder = f"/sys/bus/pci/drivers/{driver}/*:*:*.*"
    place = (await words(guest, f"ls -d {folder}/net/* {folder}/virtio*/net/* 2>/dev/null"))[-1]
    lease = f"udhcpc -i {place.rsplit('/', 1)[1]} -n -q -t 8 -T 1 -s /lib/mrm/lease"
    return f"for n in $(seq {LEASES}); do {lease} >/dev/null 2>&1 || break; done"


async def exercise(guest: Guest, drivers: Sequence[str] = ("ahci", "virtio-pci")) -> None:
    """Interrupts of drive and others arrive at either processor, wherever the system wants them."""
    drive, lost = await interrupts(guest, "nvme"), await words(guest, LOST)
    for processor in PROCESSORS:
        got = await at_work(guest, drive, reading(processor))
        assert got[processor] >= READS and got[1 - processor] < READS, got
    for driver in drivers:
        numbers, work = await interrupts(guest, driver), await working(guest, driver)
        for processor in (*reversed(PROCESSORS), *reversed(PROCESSORS)):
            for number in numbers:
                await guest.run(f"echo {1 << processor} >/proc/irq/{number}/smp_affinity")
            # An interrupt moves when the next one comes.
            await at_work(guest, numbers, work)
            got = await at_work(guest, numbers, work)
            assert got[processor] > LEASES and got[1 - processor] == 0, (driver, processor, got)
    assert await words(guest, LOST) == lost


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_nothing_is_trusted(bench: Bench) -> None:
    async def work() -> None:
        guest = bench.session.guests[NAME]
        await mount(guest)
        expected = "kept: DMA of its PCI functions is confined, and their interrupts are, by AMD's IOMMU"
        audit = await read(guest, "Audit")
        assert expected in audit and "trusted" not in audit

    bench.run(work())


def test_its_kernel_warns_of_nothing_new(bench: Bench) -> None:
    found = new_warnings(bench, NAME)
    assert [warning for warning in found if not OF_THE_DISK.search(warning)] == []


def test_interrupts_arrive_at_both_processors(bench: Bench) -> None:
    async def work() -> None:
        async with undisturbed(bench.session.guests[NEIGHBOUR]):
            await exercise(bench.session.guests[NAME])
        assert (await told(bench, NAME))["dma"] == {"denied": 0}

    bench.run(work())


@pytest.mark.parametrize("end", ENDS)
def test_the_same_after_a_restart(bench: Bench, end: str) -> None:
    async def work() -> None:
        await reboot(bench.session, NAME, NEIGHBOUR, end)
        async with undisturbed(bench.session.guests[NEIGHBOUR]):
            await exercise(bench.session.guests[NAME])

    bench.run(work())


def test_messages_to_foreign_processors_arrive_at_its_own(bench: Bench) -> None:
    async def work() -> None:
        guest, neighbour = bench.session.guests[NAME], bench.session.guests[NEIGHBOUR]
        foreign = next(p for p in bench.plan.partitions if p.name == NEIGHBOUR).apic_ids[0]
        resource = f"{(await words(guest, 'ls -d /sys/bus/pci/drivers/nvme/*:*:*.*'))[-1]}/resource0"
        drive = await interrupts(guest, "nvme")
        for number, apic_id in enumerate((foreign, 0)):
            await put(guest, redirect(resource, MESSAGES | apic_id << 12), f"/run/redirect{number}")
            async with undisturbed(neighbour):
                command = f"/run/redirect{number} && {reading(0, 7 + number)}"
                got = await at_work(guest, drive, command)
                assert got[0] >= READS, got
        assert await words(guest, "dmesg | grep -c 'completion polled'") == ["0"]
        assert (await told(bench, NAME))["dma"] == {"denied": 0}

    bench.run(work())


def test_no_message_is_an_nmi_and_the_guard_counts_it(bench: Bench) -> None:
    """Nor an INIT. The driver gets no interrupt, and looks by itself."""

    async def work() -> None:
        guest, neighbour = bench.session.guests[NAME], bench.session.guests[NEIGHBOUR]
        foreign = next(p for p in bench.plan.partitions if p.name == NEIGHBOUR).apic_ids[0]
        folder = (await words(guest, "ls -d /sys/bus/pci/drivers/nvme/*:*:*.*"))[-1]
        anew = "; ".join(
            f"echo {folder.rsplit('/', 1)[1]} >/sys/bus/pci/drivers/nvme/{w}" for w in ("unbind", "bind")
        )
        await guest.run(f"echo 3 >{TIMEOUT}; {anew}")
        assert (await guest.run("until [ -b /dev/nvme0n1 ]; do sleep 0.1; done")).status == 0
        nmis = await words(neighbour, COUNT_NMIS)
        denied = (await told(bench, NAME))["denied"]
        for number, (mode, apic_id) in enumerate(((NMI, foreign), (INIT, 0))):
            program = redirect(f"{folder}/resource0", MESSAGES | apic_id << 12, mode)
            await put(guest, program, f"/run/mode{number}")
            async with undisturbed(neighbour):
                one = f"taskset 1 sh -c '/run/mode{number} && {READ_ONE.format(1 + number)}'"
                assert (await guest.run(one)).status == 0
        lost = await words(guest, "dmesg | grep -c 'completion polled'")
        assert int(lost[0]) >= 2, lost
        assert await words(neighbour, COUNT_NMIS) == nmis
        assert (await told(bench, NAME))["denied"] >= denied + 2
        assert (await guest.run(f"echo 30 >{TIMEOUT}; {anew}")).status == 0
        assert (await guest.run("until [ -b /dev/nvme0n1 ]; do sleep 0.1; done")).status == 0
        await exercise(bench.session.guests[NAME])

    bench.run(work())
