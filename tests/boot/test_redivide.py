# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Another plan while partitions run: what is the same goes on untouched, the rest is divided anew."""

import asyncio
import os
import random
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from ci.images.esp import make_esp_image
from ci.qemu.guest import Guest
from generator.blob.read import read as read_plan
from generator.blob.write import write
from generator.esp.image import SECTION, plan_image, plan_of
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import FOLDER, FREE, MRM, mount, read, read_json
from tests.boot.support import boot_of, undisturbed
from tests.boot.terminal import Terminal

ROUNDS = int(os.environ.get("MRM_ROUNDS", "2"))
CUTS = int(os.environ.get("MRM_POWER_CUTS", "2"))
pytestmark = [pytest.mark.boot(150), pytest.mark.timeout(1800 + 180 * (ROUNDS + CUTS))]
SEED = int(os.environ.get("MRM_SEED", secrets.randbits(32)))
LONGEST_RELOAD = 1.0
"""Seconds after which a plan is kept on the ESP and in force, when nothing has to shut down."""
QUICK = 8
"""How often two plans follow each other; one in six comes in the very round in which a partition starts."""
PAGES = 16
"""KiB."""
SECONDS = 180.0
PORT = "PciRoot(0x0)/Pci(0x3,0x0)"
SERVED = 72 << 20
"""Bytes of the file that the new partition is served as a disk; its other one has 64 MiB."""
SLOT = 128 << 10
"""Bytes of the keeper's disk for each file."""
FOREIGN = UUID("4c4c4544-0035-5910-8052-b4c04f4d3233")
"""Of another PC."""
CARD = "$(basename /sys/bus/pci/drivers/gv*/*:*/net/*)"
"""The interface of a partition's card on a network."""
AUDIT = f"cat {FOLDER}/Audit-{MRM}"
"""What a partition was promised, and what was found."""
FILES = ("before", "after", "damaged", "circle", "foreign", "bare", "off", "other", "next", "smaller")


@dataclass
class Machine:
    """A PC with two plans: bytes by name, on the keeper's disk."""

    bench: Bench
    sizes: dict[str, int]

    @property
    def keeper(self) -> Guest:
        """The partition that goes on."""
        return self.bench.session.guests["keeper"]

    def text(self, since: int) -> str:
        """What the controller has said since then."""
        return self.bench.session.controller.text[since:].replace("\r", "")

    async def fetch(self) -> None:
        """Have the keeper copy the files from its disk."""
        await mount(self.keeper)
        for number, (name, size) in enumerate(self.sizes.items()):
            blocks = f"bs=4096 skip={number * SLOT // 4096} count={-(-size // 4096)}"
            command = f"dd if=/dev/nvme0n1 {blocks} 2>/dev/null | head -c {size} >/run/{name}"
            assert (await self.keeper.run(command)).status == 0

    async def reload(self, name: str, restart: bool = False) -> tuple[int, str]:
        """Put a file in force; return mrmctl's status and what it says."""
        await self.keeper.ticks_on(1)  # a second a request
        done = await self.keeper.run(f"mrmctl reload {'--restart ' if restart else ''}/run/{name}")
        return done.status, done.output.replace("\r", "").splitlines()[-1]

    async def restarts(self, name: str) -> None:
        """Put a plan in force, for which what runs and changes is shut down."""
        status, said = await self.reload(name, restart=True)
        assert (status, said.split(";")[0]) == (0, "done"), said

    async def states(self) -> dict[str, str]:
        """State of all partitions, as the keeper sees them."""
        told = await read_json(self.keeper, "State")
        return {partition["name"]: partition["state"] for partition in told["partitions"]}

    async def divided(self, title: str, since: int) -> str:
        """Wait until a plan is in force; return what the controller says of it."""
        async with asyncio.timeout(SECONDS):
            while not re.search(rf"{title}[^\n]* reloaded by keeper(?s:.*)memory are free", self.text(since)):
                await self.keeper.ticks_on(1)
        return self.text(since)


async def bring_up(guest: Guest, number: int) -> None:
    """Give a partition's card on the network an address."""
    command = f"ip addr replace 10.78.0.{number}/24 dev {CARD} && ip link set {CARD} up"
    assert (await guest.run(command)).status == 0


async def link(guest: Guest, wanted: int) -> None:
    """Wait until the link of a partition's card is up (1) or down (0)."""
    look = f"[ $(cat /sys/class/net/{CARD}/carrier) = {wanted} ]"
    assert (await guest.run(f"for i in $(seq 100); do {look} && break; sleep 0.2; done; {look}")).status == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redivide")


@pytest.fixture(scope="module")
def machine(built: Builder, folder: Path) -> Iterator[Machine]:
    """Boot the first plan, on an ESP with the boot files of both."""
    before, after = built("redivide"), built("redivided")
    esp = folder / "ESP"
    shutil.copytree(before.esp, esp)
    shutil.copytree(after.esp / "EFI" / "MRM" / "third", esp / "EFI" / "MRM" / "third")
    blobs = [plan_of((result.esp / "EFI/MRM/Mrm.efi").read_bytes()) or b"" for result in (before, after)]
    circle = read_plan(blobs[1])
    for number, partition in enumerate(circle["Partitions"]):
        partition["Policy"]["After"] = [1 - number]
    damaged = blobs[1][:-1] + bytes([blobs[1][-1] ^ 1])
    elsewhere = read_plan(blobs[1])
    elsewhere["Identity"]["Uuid"] = FOREIGN.bytes_le
    bare = plan_image(b"").replace(SECTION, b".nothing")
    off, other, following, smaller = (read_plan(blobs[number]) for number in (0, 0, 1, 0))
    smaller["Partitions"][1]["Memory"][-1]["Size"] -= 4 << 20
    # One has no console in it: its UART is the PC's again.
    other["Partitions"][1]["Console"] = other["Partitions"][2]["Console"]
    for values in (off, other):
        values["AllOff"] = "MrmAllOffPowerOff"
        for partition in values["Partitions"]:
            partition["Policy"]["ShutdownMilliseconds"] = 0
    for partition in (*other["Partitions"], *following["Partitions"]):
        partition["Boot"]["TimeoutSeconds"] = 1
    more = (write(values) for values in (off, other, following, smaller))
    contents = dict(zip(FILES, (*blobs, damaged, write(circle), write(elsewhere), bare, *more), strict=True))
    disk = folder / "plans.img"
    disk.write_bytes(
        b"".join(content.ljust(SLOT, b"\0") for content in contents.values()).ljust(16 << 20, b"\0")
    )
    prepared = Bench(before.plan, esp, folder / "run", {PORT: disk})
    assert prepared.machine.boot.esp is not None
    make_esp_image(esp, prepared.machine.boot.esp, spare=2 * SERVED)
    with prepared as bench:
        made = Machine(bench, {name: len(content) for name, content in contents.items()})
        console = bench.session.guests["one"].console
        bench.run(
            bench.session.guests["keeper"].report(bench.session.guests["keeper"].console.start(), SECONDS)
        )
        bench.run(console.wait_for(r"Shell> $", SECONDS, console.start()))
        bench.run(made.fetch())
        yield made


def memory(text: str, name: str) -> list[str]:
    """The last ranges of memory that a partition was given."""
    found = re.findall(rf"MRM: {name}: kept: (\d+ KiB at 0x[0-9a-fA-F]+)", text)
    requests = 3 if name == "keeper" else len(found)
    return found[-requests:]


def free_memory(text: str) -> int:
    """The KiB that were free when the PC had been divided last."""
    return int(re.findall(r"machine: (\d+) KiB of memory are free", text)[-1])


async def new_shared_memory(machine: Machine, third: Guest) -> None:
    """What the new plan shares is zero, whoever had that memory; who does not name it sees nothing of it."""
    seen = await third.run("tr -d '\\0' </dev/pmem0 | wc -c")
    assert seen.output.split()[-1] == "0", seen.output
    filled = await third.run(
        "tr '\\0' 'x' </dev/zero | dd of=/dev/pmem0 bs=1M count=4 iflag=fullblock oflag=direct"
    )
    assert filled.status == 0, filled.output
    table, ranges = "/sys/firmware/acpi/tables/NFIT", "grep 'Persistent Memory' /proc/iomem"
    assert (await third.run(f"test -e {table} && {ranges}")).status == 0
    assert (await machine.keeper.run(f"test -e {table} || test -e /dev/pmem0 || {ranges}")).status != 0


async def a_disk_of_its_own(third: Guest, said: str, new: bool) -> None:
    """A served disk; its file was made while everybody was served still."""
    size = f"grep -lx {SERVED >> 9} /sys/block/nvme*/size"
    assert (await third.run(size)).status == 0
    made = "third.img: 72 MiB of zeros are written"
    assert (made in said) == new
    assert not new or said.index(made) < said.index("redivided.yaml for q35, reloaded by keeper")


async def the_same_was_promised_and_found(machine: Machine) -> None:
    """Of the keeper, byte for byte."""
    seen = await machine.keeper.run(f'[ "$({AUDIT})" = "$(cat /run/audit)" ]')
    assert seen.status == 0, await read(machine.keeper, "Audit")


async def an_nmi_comes(machine: Machine, then: str) -> None:
    """An NMI of the machine is told of, with what becomes of it."""
    controller = machine.bench.session.controller
    said = controller.mark()
    await machine.bench.machine.execute("inject-nmi")
    await controller.wait_for(f"MRM: NMI: 1 came, {then}", SECONDS, said)


async def resets_through_the_bios_entry(machine: Machine, third: Guest) -> None:
    """The reset entry of the PC knows the processors of a partition that came with another plan."""
    controller = machine.bench.session.controller
    said = controller.mark()
    third.type("echo bios >/sys/kernel/reboot/type; reboot -f")
    await controller.wait_for("MRM: third: off: restart through the BIOS reset entry", SECONDS, said)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("after", "refused: one runs and would change: stop it first, or reload with 'restart'"),
        ("damaged", "refused: it is damaged: its checksum is another one"),
        ("bare", "refused: it is an image without a plan"),
        ("circle", "refused: partition 0 (third): it waits for a partition that waits for it"),
        ("foreign", f"refused: it is for another PC: that has the UUID {FOREIGN}, this one tells none"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(machine: Machine, name: str, reason: str) -> None:
    async def ask() -> None:
        assert await machine.reload(name) == (1, reason)
        assert await machine.states() == {"keeper": "running", "one": "loading", "two": "loading"}

    machine.bench.run(ask())


def test_the_same_plan_changes_nothing(machine: Machine) -> None:
    async def ask() -> None:
        since = len(machine.bench.session.controller.text)
        async with undisturbed(machine.keeper):
            assert await machine.reload("before") == (0, "done")
            said = await machine.divided("redivide.yaml", since)
        assert "3 partitions go on" in said and "is given up" not in said and ": kept:" not in said
        assert await machine.states() == {"keeper": "running", "one": "loading", "two": "loading"}

    machine.bench.run(ask())


def test_a_write_that_has_failed_does_not_end_what_can_be_asked(machine: Machine) -> None:
    """Linux keeps the file and protects it; there is no `chattr` here."""
    file = f"{FOLDER}/Reload-{MRM}"

    async def ask() -> None:
        left = await machine.keeper.run(
            f"! echo >{file} && [ -e {file} ] && ! printf '\\006\\000\\000\\000x' >{file}"
        )
        assert left.status == 0, left.output
        assert await machine.reload("before") == (0, "done")

    machine.bench.run(ask())


def test_another_os_gets_what_two_had_and_gives_it_back(machine: Machine) -> None:
    """The keeper's clock ticks on in the same boot; the same memory, zeroed; nothing is lost in any round.

    What it was promised and what was found is the same to the byte.

    Its card on a network goes on, too: it reaches the card of the new partition, until that is gone.
    NMIs of the machine go to whom the plan in force says. In the last round the new one ends by the BIOS
    reset entry.
    """

    async def rounds() -> None:
        session = machine.bench.session
        boot, start = boot_of(session, "keeper"), session.controller.text.replace("\r", "")
        await bring_up(machine.keeper, 1)
        free: list[int] = []
        third: list[list[str]] = []
        assert (await machine.keeper.run(f"{AUDIT} >/run/audit; grep 'KiB at 0x' /run/audit")).status == 0
        async with undisturbed(machine.keeper):
            await an_nmi_comes(machine, "no running OS to send it on to")
        for number in range(ROUNDS):
            console = session.guests["one"].console
            since, begin = len(session.controller.text), console.mark()
            async with undisturbed(machine.keeper):
                await machine.restarts("after")
                said = await machine.divided("redivided.yaml", since)
                assert "1 partitions go on" in said and "MRM: one: is given up" in said
                await console.wait_for(r"Linux version 6\.12", SECONDS, begin)
                # It runs to its first process, on the processors of both and on one that nobody had.
                await console.wait_for(r"third: Linux 6\.12\S*-amd64, APIC IDs \d+ \d+ \d+", SECONDS, begin)
                assert await machine.states() == {"keeper": "running", "third": "running"}
                await new_shared_memory(machine, session.guests["one"])
                await a_disk_of_its_own(session.guests["one"], said, number == 0)
                await bring_up(session.guests["one"], 3)
                await link(machine.keeper, 1)
                assert (await machine.keeper.run("ping -c 5 -W 5 10.78.0.3")).status == 0
                await an_nmi_comes(machine, "sent on to third")
                if number == ROUNDS - 1:
                    await resets_through_the_bios_entry(machine, session.guests["one"])
            third.append(memory(said, "third"))
            await the_same_was_promised_and_found(machine)
            since, begin = len(session.controller.text), console.mark()
            async with undisturbed(machine.keeper):
                await machine.restarts("before")
                said = await machine.divided("redivide.yaml", since)
                assert "MRM: third: is given up" in said
                await console.wait_for(r"Shell> $", SECONDS, begin)
                await link(machine.keeper, 0)
            await the_same_was_promised_and_found(machine)
            free.append(free_memory(said))
            for name in ("one", "two"):
                assert memory(said, name) == memory(start, name), name
        assert boot_of(session, "keeper") == boot
        assert all(ranges == third[0] for ranges in third) and third[0]
        # The PC's firmware takes and gives a page by itself now and then.
        assert max(free) - min(free) <= PAGES, free
        before = free_memory(start)
        print(f"{ROUNDS} rounds, {before} KiB free before, {min(free)} to {max(free)} after each")

    machine.bench.run(rounds())


def test_plans_may_come_while_partitions_start(machine: Machine) -> None:
    """Who is stopped at once after its start has stopped before its memory is used again."""

    async def ask() -> None:
        console = machine.bench.session.guests["one"].console
        async with undisturbed(machine.keeper):
            for name in ("smaller", "before") * QUICK:
                begin = console.mark()
                await machine.restarts(name)
            await console.wait_for(r"Shell> $", SECONDS, begin)

    machine.bench.run(ask())


def test_all_that_runs_may_end_at_once(machine: Machine) -> None:
    """Nobody is asked to shut down, and the PC is to go off with the last partition: it is divided anew.

    The partition that asked comes back, and finds its variables. A serial line that no partition has any
    more is a console of the PC again, with the status screen.
    """
    variable = f"{FOLDER}/Kept-{FREE}"

    async def ask() -> None:
        session, keeper = machine.bench.session, machine.keeper
        since = len(session.controller.text)
        assert await machine.reload("off") == (0, "done")
        await machine.divided("redivide.yaml", since)
        command = rf"printf '\007\000\000\000kept' >/run/kept; cat /run/kept >{variable}"
        assert (await keeper.run(command)).status == 0
        boot, since, begin = boot_of(session, "keeper"), len(session.controller.text), keeper.console.mark()
        keeper.type("mrmctl reload --restart /run/other")
        await keeper.next_boot(boot, begin, SECONDS)
        said = machine.text(since)
        assert "0 partitions go on" in said and "all partitions are off" not in said
        await machine.fetch()
        assert (await read(keeper, "Kept", FREE)).endswith("kept")
        terminal = Terminal(machine.bench.machine, session.guests["one"].console)
        await terminal.type("\n", r"^>? +1 keeper +running")

    machine.bench.run(ask())


async def the_pc_ends(machine: Machine) -> None:
    """While the PC ends, no other plan is taken.  The keeper is asked to shut down, and takes its time."""
    keeper, controller = machine.keeper, machine.bench.session.controller
    assert (await keeper.run("echo /bin/true >/proc/sys/kernel/poweroff_cmd")).status == 0
    said = controller.mark()
    keeper.type("mrmctl pc power-off")
    await controller.wait_for("MRM: keeper: stopping: asked to shut down, ordered by keeper", SECONDS, said)
    keeper.type("mrmctl reload /run/before")
    await controller.wait_for("MRM: keeper: asked: reload: refused: the PC is about to end", SECONDS, said)
    keeper.type("poweroff -f")
    assert await machine.bench.machine.wait_end(SECONDS) == "guest-shutdown"


def test_a_plan_that_was_reloaded_is_carried_out_at_the_next_start(machine: Machine, folder: Path) -> None:
    """With its own policy; and a power cut amid a reload leaves the old plan or the new one."""
    print(f"MRM_SEED={SEED}")
    chance = random.Random(SEED)

    async def kept() -> None:
        since = len(machine.bench.session.controller.text)
        console = machine.bench.session.guests["one"].console
        begin = console.mark()
        # What the keeper has been promised by the test before, it is promised by this one.
        await machine.restarts("next")
        await machine.divided("redivided.yaml", since)
        # The serial line is a partition's again.
        await console.wait_for(r"Linux version 6\.12", SECONDS, begin)
        # A policy that is reloaded now is forgotten under the plan that is reloaded then.
        change = "mrmctl policy >/run/built; sed 's/limit=[0-9]*/limit=77/' /run/built >/run/changed"
        assert (await machine.keeper.run(change)).status == 0
        assert await machine.reload("changed") == (0, "done")
        assert (await machine.keeper.run("mrmctl policy | grep limit=77")).status == 0
        since = len(machine.bench.session.controller.text)
        assert await machine.reload("next") == (0, "done")
        await machine.divided("redivided.yaml", since)
        assert (await machine.keeper.run("mrmctl policy | grep limit=77")).status == 1
        await the_pc_ends(machine)
        await machine.bench.machine.cut_power()

    machine.bench.run(kept())
    bench, now, done = machine.bench, "after", True
    for cut in range(CUTS + 1):
        with bench.once_more(folder / f"cut-{cut}") as bench:
            controller = bench.session.controller
            line = bench.run(
                controller.wait_for(
                    r"MRM: plan (\S+) for q35, (\d) partitions, ([^\r\n]+)", SECONDS, controller.start()
                )
            )
            found = {"3": "before", "2": "after"}[line.match[2]]
            assert line.match[3] in ("as it was reloaded", "in this image")
            assert found == now or not done, f"cut {cut}"
            if cut == CUTS:
                break
            again = Machine(bench, machine.sizes)

            async def cut_amid(
                again: Machine = again, name: str = "before" if found == "after" else "after"
            ) -> bool:
                keeper = again.keeper
                await keeper.report(keeper.console.start(), SECONDS)
                assert "policy: as reloaded" not in again.bench.session.controller.text
                await again.fetch()
                begin = again.bench.session.controller.mark()
                keeper.type(f"mrmctl reload --restart /run/{name}")
                await asyncio.sleep(chance.uniform(0, LONGEST_RELOAD))
                await again.bench.machine.cut_power()
                return "MRM: keeper: asked: reload: done" in again.bench.session.controller.since(begin)

            now = "before" if found == "after" else "after"
            done = bench.run(cut_amid())
