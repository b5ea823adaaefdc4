# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Single functions of buses that others have functions on, too; a contained partition with two processors."""

import re
from collections.abc import Iterator

import pytest

from ci.qemu.guest import Guest
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import mount
from tests.boot.efivars import read as read_variable
from tests.boot.support import broken, reboot, undisturbed
from tests.boot.test_confined import exercise
from tests.boot.test_guard import FOREIGN, SECOND, told
from tests.boot.warnings import unexpected

pytestmark = [pytest.mark.long, pytest.mark.boot(200), pytest.mark.timeout(1800)]

NAME, NEIGHBOUR = "alone", "steady"
ENDS = {
    "reboot -f": "reset",
    "taskset 2 sh -c 'echo c >/proc/sysrq-trigger'": "panic",
    f"taskset 2 devmem {FOREIGN} 32 1": f"its own; address {FOREIGN}",
}
"""What ends it, and what is then said of that."""
CARD, PLACE = "0001:00:04.0", "Bus  0, device   4, function 0"
"""A function as `alone` sees it, and as QEMU's monitor tells of it."""

COMMAND, BAR, ROM = 0x04, 0x10, 0x30
DECODES = 3


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("functions")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), iommu=True) as bench:
        bench.run(bench.session.settle())
        bench.run(mount(bench.session.guests[NEIGHBOUR]))
        yield bench


async def read(guest: Guest, function: str, offset: int, width: int) -> int:
    """Read configuration space by the kernel."""
    file = f"/sys/bus/pci/devices/{function}/config"
    done = await guest.run(f"echo GOT=$(dd if={file} bs=1 skip={offset} count={width} | od -An -tx1)=")
    match = re.search(r"^GOT=([ 0-9a-f]+)=", done.output, re.MULTILINE)
    assert match, done.output
    return int.from_bytes(bytes.fromhex(match[1]), "little")


async def write(guest: Guest, function: str, offset: int, width: int, value: int) -> None:
    """Write configuration space by the kernel, which writes what it is told."""
    text = "".join(f"\\{byte:03o}" for byte in value.to_bytes(width, "little"))
    file = f"/sys/bus/pci/devices/{function}/config"
    done = await guest.run(f"printf '{text}' | dd of={file} bs={width} seek={offset // width} conv=notrunc")
    assert done.status == 0, done.output


async def decoded(bench: Bench) -> list[str]:
    """Return the memory that the function decodes, as the emulated hardware says."""
    text = (await bench.machine.monitor("info pci")).replace("\r", "")
    about = text.split(f"  {PLACE}:")[1].split("\n  Bus ")[0]
    return re.findall(r"BAR\d: .*memory.*", about)


def test_everything_promised_is_seen(bench: Bench) -> None:
    """The card has an address, the drive was written and read, and nobody sees a foreign function."""
    assert broken(bench.session, bench.session.observe({})) == []


def test_its_kernel_warns_of_nothing_that_its_neighbour_does_not(bench: Bench) -> None:
    reports = bench.session.reports()
    mine, other = reports[NAME].data, reports[NEIGHBOUR].data
    assert unexpected(mine["warnings"], other["warnings"], mine["kernel"]) == []


def test_their_interrupts_arrive_at_both_processors(bench: Bench) -> None:
    """Though its DMA is said to be trusted: what can be confined is."""

    async def work() -> None:
        guest = bench.session.guests[NAME]
        await mount(guest)
        expected = "kept: DMA of its PCI functions is confined, and their interrupts are, by AMD's IOMMU"
        assert expected in await read_variable(guest, "Audit")
        async with undisturbed(bench.session.guests[NEIGHBOUR]):
            await exercise(guest, ["e1000e"])

    bench.run(work())


@pytest.mark.parametrize("end", ENDS)
def test_it_restarts_with_them(bench: Bench, end: str) -> None:
    async def work() -> None:
        # Whatever the second processor does next, it does in guest mode.
        guest = bench.session.guests[NAME]
        done = await guest.run(f"echo 0 >{SECOND} && echo 1 >{SECOND} && nproc")
        assert done.status == 0 and done.output.split()[-1] == "2", done.output
        since = bench.session.count()
        await reboot(bench.session, NAME, NEIGHBOUR, end)
        assert ENDS[end] in bench.session.history[since].detail

    bench.run(work())


def test_a_function_is_not_moved(bench: Bench) -> None:
    async def work() -> None:
        guest = bench.session.guests[NAME]
        before, denied = await decoded(bench), (await told(bench, NAME))["denied"]
        home = await read(guest, CARD, BAR, 4)
        assert home and before
        async with undisturbed(bench.session.guests[NEIGHBOUR]):
            await guest.run(f"echo {CARD} >/sys/bus/pci/drivers/e1000e/unbind")
            for value in (0xFEE00000, 0xC0000000, 0xFFFFFFFF):
                await write(guest, CARD, COMMAND, 2, DECODES)
                await write(guest, CARD, BAR, 4, value)
                assert await read(guest, CARD, BAR, 4) == home
            assert await decoded(bench) == before
            # Switched off it tells its size, and cannot be switched on before it has its address back.
            await write(guest, CARD, COMMAND, 2, 0)
            await write(guest, CARD, BAR, 4, 0xFEE00000)
            assert await read(guest, CARD, BAR, 4) == home
            await write(guest, CARD, BAR, 4, 0xFFFFFFFF)
            assert await read(guest, CARD, BAR, 4) == 0xFFFE0000
            await write(guest, CARD, COMMAND, 2, DECODES)
            assert await read(guest, CARD, COMMAND, 2) & DECODES == 0
            await write(guest, CARD, BAR, 4, home)
            await write(guest, CARD, ROM, 4, 0xFEE00001)
            assert await read(guest, CARD, ROM, 4) == 0
            await write(guest, CARD, COMMAND, 2, DECODES)
            assert await read(guest, CARD, COMMAND, 2) & DECODES == DECODES
            assert await decoded(bench) == before
            done = await guest.run(f"echo {CARD} >/sys/bus/pci/drivers/e1000e/bind && ls /sys/class/net")
            assert done.status == 0 and re.search(r"\be(th|n)\w+", done.output), done.output
        assert (await told(bench, NAME))["denied"] > denied
        assert bench.session.states[NAME].state == "running"

    bench.run(work())
