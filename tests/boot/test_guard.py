# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Guarded and contained partitions beside a cooperative one: what they do beyond their own ends only them."""

import asyncio
import re
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from ci.progress import PROJECT
from ci.qemu.guest import Guest
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import FOLDER, FREE, ask, mount, read, read_json
from tests.boot.kexec import COMMAND, make_kexec_disk, mount_kexec_disk
from tests.boot.support import boot_of, broken, broken_after_reboot, reboot, undisturbed
from tests.boot.test_disk import Shell as DiskShell
from tests.boot.test_network import INTERFACE, MEBIBYTES, Shell, exchange
from tests.boot.warnings import unexpected

pytestmark = [pytest.mark.boot(380), pytest.mark.timeout(1800)]

NAME, NEIGHBOUR, CONTAINED = "guarded", "steady", "older"
KERNELS = {"PciRoot(0x0)/Pci(0x4,0x0)": "linux-6.12", "PciRoot(0x0)/Pci(0x5,0x0)": "linux-6.1"}
"""What is on a disk behind a port: the kernel that its partition runs."""

LOAD_SECONDS = 4
REFRESH_SECONDS = 2
"""After which `State` shows what has been counted."""

FOREIGN = "0x7EA74000"
"""An address of the PC's firmware (platforms/q35.yaml)."""

SECOND = "/sys/devices/system/cpu/cpu1/online"

VMMCALL = bytes.fromhex("0f01d9 31ff b83c000000 0f05")
"""A call of a hypervisor, and an end without an error."""

SIGILL = 4
COUNT_NMIS = "awk '/^ *NMI:/ { print $2 + $3 }' /proc/interrupts"

MESSAGES, MESSAGES_OF_NVME = 0xFEE00000, 0x2000
"""Where messages are sent; where QEMU's drives have their table of them."""
NMI, INIT = 0x400, 0x500
"""Data of a message that says so."""
TIMEOUT = "/sys/module/nvme_core/parameters/io_timeout"
READS = 20
READ_ONE = "echo 3 >/proc/sys/vm/drop_caches && dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=1 skip={}000"
COUNT_NVME = "awk '/nvme/ { sum += $2 } END { print sum }' /proc/interrupts"
READ_NVME = (
    f"echo 3 >/proc/sys/vm/drop_caches && for n in $(seq {READS}); do "
    "dd if=/dev/nvme0n1 of=/dev/null bs=4096 count=1 skip=$((n * 100)) || break; done"
)

WRITES = 20
COMMITS = rf"{CONTAINED}: (\d+) changes of its variables were committed, (\d+) of them at once"

ENDS = {
    "foreign memory": (f"taskset 2 devmem {FOREIGN} 32 1", f"its own; address {FOREIGN}"),
    "triple fault": ("echo triple >/sys/kernel/reboot/type; reboot -f", "triple fault"),
    "port CF9": (r"printf '\006' | dd of=/dev/port bs=1 seek=$((0xcf9))", "address 0xCF9"),
}
"""What a kernel can do, and what is then said of it."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("guarded")
    folder = tmp_path_factory.mktemp("run")
    disks = {}
    for port, guest in KERNELS.items():
        disks[port] = folder / f"{guest}.img"
        make_kexec_disk(disks[port], PROJECT / "Build" / "guests" / guest)
    with Bench(result.plan, result.esp, folder, disks=disks, iommu=True) as bench:
        bench.run(bench.session.settle())
        bench.run(mount(bench.session.guests[NEIGHBOUR]))
        yield bench


async def told(bench: Bench, name: str = NAME) -> dict[str, Any]:
    """Return what `State` tells its neighbour of a guarded partition."""
    await asyncio.sleep(REFRESH_SECONDS)
    state = await read_json(bench.session.guests[NEIGHBOUR], "State")
    return next(each for each in state["partitions"] if each["name"] == name)


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_its_kernel_warns_of_nothing_that_its_neighbour_does_not(bench: Bench) -> None:
    reports = bench.session.reports()
    mine, other = reports[NAME].data, reports[NEIGHBOUR].data
    assert mine["version"] == other["version"]
    assert unexpected(mine["warnings"], other["warnings"], mine["kernel"]) == []


@pytest.mark.parametrize("name", [NAME, CONTAINED])
def test_a_kernel_that_another_one_starts_is_held_as_well(bench: Bench, name: str) -> None:
    """What it does beyond its own ends it, too (ENDS)."""

    async def work() -> None:
        session = bench.session
        since, starts = session.count(), (await told(bench, name))["starts"]
        async with undisturbed(session.guests[NEIGHBOUR]):
            await mount_kexec_disk(session.guests[name])
            report = await session.reboot(name, boot_of(session, name), COMMAND)
            assert broken_after_reboot(session, name, report.data) == []
        # On a busy host it reads its temperature late, and the controller says so.
        assert (await told(bench, name))["starts"] == starts
        assert {state.state for state in session.history[since:] if state.partition == name} <= {"running"}

    bench.run(work())


def test_it_does_not_leave_guest_mode_under_load(bench: Bench) -> None:
    async def work() -> None:
        guest = bench.session.guests[NAME]
        before = await told(bench)
        assert before["exits"]["io"] > 0
        load = "while :; do cat /proc/stat; done >/dev/null"
        done = await guest.run(f"({load}) & ({load}) & sleep {LOAD_SECONDS}; kill %1 %2")
        assert done.status == 0, done.output
        assert (await told(bench))["exits"] == before["exits"]

    bench.run(work())


def test_devices_in_memory_need_no_exit(bench: Bench) -> None:
    """Frames, blocks of served disks and a memory in common move while it stays in guest mode."""
    guarded, steady, older = shells = [Shell(bench, name) for name in (NAME, NEIGHBOUR, CONTAINED)]
    before = bench.run(told(bench))
    for shell in shells:
        shell.bring_up()
    for shell in shells:
        shell.carrier("1")
    assert guarded.run(f"ls /sys/class/net/{INTERFACE}/queues").count("rx-") == 2, "one for each processor"
    for one, two in ((guarded, steady), (guarded, older), (older, steady)):
        one.ping(two)
        exchange(one, two)
    for serial in ("memory", NAME):
        DiskShell(bench, NAME).exercise(serial)
    for writer, reader, place in ((guarded, steady, 0), (steady, guarded, 15)):
        assert writer.write_board(place) == reader.read_board(place)
    after = bench.run(told(bench))
    assert (after["exits"], after["starts"]) == (before["exits"], before["starts"])
    assert after["cards"]["bytes"] - before["cards"]["bytes"] > 2 * MEBIBYTES << 20


def program(code: bytes) -> bytes:
    """Return a program: an ELF header, one segment of everything, and the code."""
    base, header = 0x400000, 64 + 56
    size = header + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    elf = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + header, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return ident + elf + struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 4096) + code


async def put(guest: Guest, data: bytes, file: str) -> None:
    """Write a program into a guest."""
    for at in range(0, len(data), 64):
        text = "".join(f"\\{byte:o}" for byte in data[at : at + 64])
        assert (await guest.run(f"printf '{text}' >>{file}")).status == 0
    assert (await guest.run(f"chmod +x {file}")).status == 0


def redirect(resource: str, address: int, data: int | None = None) -> bytes:
    """Return a program that has the first MSI-X messages of an NVMe drive sent elsewhere.

    It maps the drive's registers (open, mmap), writes the address of the first two, and ends. If `data` is
    said, that too, and of the second only: the first is for commands without which its driver cannot end.
    """
    begin = bytes.fromhex("b802000000 488d3d")
    after = bytes.fromhex(
        "be02000000 31d2 0f05 4989c0 b809000000 31ff be00400000 ba03000000 41ba01000000 4531c9 0f05"
    )
    for entry in range(0 if data is None else 1, 2):
        place = MESSAGES_OF_NVME + 16 * entry
        after += b"\xc7\x80" + struct.pack("<II", place, address)
        after += b"" if data is None else b"\xc7\x80" + struct.pack("<II", place + 8, data)
    after += bytes.fromhex("31ff b83c000000 0f05")
    return program(begin + struct.pack("<i", len(after)) + after + resource.encode() + b"\0")


def test_dma_of_functions_is_confined_and_disturbs_nobody(bench: Bench) -> None:
    async def work() -> None:
        for name in (NAME, CONTAINED):
            assert (await told(bench, name))["dma"] == {"denied": 0}
        assert "dma" not in await told(bench, NEIGHBOUR)
        guest = bench.session.guests[CONTAINED]
        await mount(guest)
        expected = "kept: DMA of its PCI functions is confined, and their interrupts are, by AMD's IOMMU"
        assert expected in await read(guest, "Audit")

    bench.run(work())


def test_interrupts_of_a_contained_ones_functions_stay_with_it(bench: Bench) -> None:
    """Also if its system has them sent to its neighbour's processor, or to the boot processor."""

    async def work() -> None:
        guest, neighbour = bench.session.guests[CONTAINED], bench.session.guests[NEIGHBOUR]
        foreign = next(p for p in bench.plan.partitions if p.name == NEIGHBOUR).apic_ids[0]
        found = await guest.run("ls -d /sys/bus/pci/drivers/nvme/*:*:*.*")
        resource = f"{found.output.split()[-1]}/resource0"
        for number, apic_id in enumerate((foreign, 0)):
            await put(guest, redirect(resource, MESSAGES | apic_id << 12), f"/run/redirect{number}")
            async with undisturbed(neighbour):
                before = int((await guest.run(COUNT_NVME)).output.split()[-1])
                done = await guest.run(f"/run/redirect{number} && {READ_NVME}")
                assert done.status == 0, done.output
                assert int((await guest.run(COUNT_NVME)).output.split()[-1]) >= before + READS
        warned = await guest.run("dmesg | grep -c 'completion polled'")
        assert warned.output.split()[-1] == "0"
        assert (await told(bench, CONTAINED))["dma"] == {"denied": 0}

    bench.run(work())


def test_no_message_of_a_contained_ones_functions_is_an_nmi(bench: Bench) -> None:
    """Nor an INIT, which would stop the boot processor. The driver gets no interrupt, and looks by itself."""

    async def work() -> None:
        guest, neighbour = bench.session.guests[CONTAINED], bench.session.guests[NEIGHBOUR]
        foreign = next(p for p in bench.plan.partitions if p.name == NEIGHBOUR).apic_ids[0]
        folder = (await guest.run("ls -d /sys/bus/pci/drivers/nvme/*:*:*.*")).output.split()[-1]
        anew = "; ".join(
            f"echo {folder.rsplit('/', 1)[1]} >/sys/bus/pci/drivers/nvme/{w}" for w in ("unbind", "bind")
        )
        await guest.run(f"echo 3 >{TIMEOUT}; {anew}")
        assert (await guest.run("until [ -b /dev/nvme0n1 ]; do sleep 0.1; done")).status == 0
        nmis = (await neighbour.run(COUNT_NMIS)).output.split()[-1]
        for number, (mode, apic_id) in enumerate(((NMI, foreign), (INIT, 0))):
            await put(
                guest, redirect(f"{folder}/resource0", MESSAGES | apic_id << 12, mode), f"/run/mode{number}"
            )
            async with undisturbed(neighbour):
                assert (await guest.run(f"/run/mode{number} && {READ_ONE.format(1 + number)}")).status == 0
        lost = await guest.run("dmesg | grep -c 'completion polled'")
        assert int(lost.output.split()[-1]) >= 2, lost.output
        assert (await neighbour.run(COUNT_NMIS)).output.split()[-1] == nmis
        assert (await guest.run(f"echo 30 >{TIMEOUT}; {anew}")).status == 0

    bench.run(work())


def test_a_program_cannot_end_it(bench: Bench) -> None:
    async def work() -> None:
        guest = bench.session.guests[NAME]
        await put(guest, program(VMMCALL), "/run/call")
        done = await guest.run("/run/call")
        assert done.status == 128 + SIGILL, done.output

    bench.run(work())


def test_an_nmi_reaches_its_kernel(bench: Bench) -> None:
    async def work() -> None:
        guest = bench.session.guests[NAME]
        before = int((await guest.run(COUNT_NMIS)).output.split()[-1])
        assert (await ask(bench.session.guests[NEIGHBOUR], f"nmi {NAME}"))[1]["result"] == "done"
        assert int((await guest.run(COUNT_NMIS)).output.split()[-1]) == before + 1

    bench.run(work())


def test_a_processor_that_comes_back_is_held_as_well(bench: Bench) -> None:
    async def work() -> None:
        guest = bench.session.guests[NAME]
        before = await told(bench)
        done = await guest.run(f"echo 0 >{SECOND} && echo 1 >{SECOND} && nproc")
        assert done.status == 0 and done.output.split()[-1] == "2", done.output
        after = await told(bench)
        assert after["exits"]["caches"] > before["exits"]["caches"]
        assert after["starts"] == before["starts"]

    # What it does next on that processor ends it (ENDS): a processor that got away would do it.
    bench.run(work())


def test_a_contained_one_wakes_the_controller_and_restarts_as_it_is_used_to(bench: Bench) -> None:
    """6.1 would execute an instruction of SVM before, if it saw that SVM is on: that ends a partition."""

    async def work() -> None:
        session = bench.session
        guest = session.guests[CONTAINED]
        await mount(guest)
        before = (await told(bench, CONTAINED))["denied"]
        each = rf"printf '\007\000\000\000%s' $n >{FOLDER}/Timed-{FREE}"
        assert (await guest.run(f"for n in $(seq {WRITES}); do {each} || break; done")).status == 0
        assert (await told(bench, CONTAINED))["denied"] == before
        since = session.count()
        await reboot(session, CONTAINED, NEIGHBOUR)
        assert "guard" not in session.history[since].detail
        commits = re.findall(COMMITS, session.controller.text)
        print(f"of {commits[0][0]} changes of its variables {commits[0][1]} were committed at once")
        # Its firmware's own changes may have met a controller that others had woken.
        assert 0 < int(commits[0][0]) - WRITES < int(commits[0][1])

    bench.run(work())


def test_a_kernel_needs_few_parameters(bench: Bench) -> None:
    """Configuration space by ports, early scans, and UARTs that are not there: the guard answers."""
    reports = bench.session.reports()
    for name in (NAME, CONTAINED):
        words = reports[name].data["cmdline"].split()
        assert ("no_ipi_broadcast=1" in words) == (name == NAME)
        assert not [word for word in words if word.startswith(("8250.", "reserve=", "pci=noearly"))]
        assert not [line for line in reports[name].data["warnings"] if "config space access" in line]


@pytest.mark.parametrize("end", ENDS)
def test_what_it_must_not_do_ends_it_alone(bench: Bench, end: str) -> None:
    async def work() -> None:
        command, words = ENDS[end]
        session = bench.session
        since = session.count()
        async with undisturbed(session.guests[NEIGHBOUR]):
            report = await session.reboot(NAME, boot_of(session, NAME), command)
            await session.wait_state(NAME, "running", 30, since)
            assert broken_after_reboot(session, NAME, report.data) == []
        first = session.history[since]
        assert (first.partition, first.state) == (NAME, "restarting"), first
        assert words in first.detail, first.detail

    bench.run(work())
