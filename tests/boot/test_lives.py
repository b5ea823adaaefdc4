# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a partition's end leads to by its policy, and the last one's end; policies that are reloaded and kept.

UEFI shells are soon there, so that the PC can have several lives on the same disks.
"""

import asyncio
import os
import random
import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ci.progress import PROJECT, program
from generator.api import make_plan
from generator.emit.policy_text import render_policy
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import MRM
from tests.boot.terminal import Terminal

pytestmark = [pytest.mark.boot(470), pytest.mark.timeout(1800)]

FILE = PROJECT / "tests" / "boot" / "partitions" / "lives.yaml"
OURS = "3d4c1f0a-0000-4c8a-a657-1b906ed24f38"
ESP_OFFSET = 2048 * 512
STEP_SECONDS = 60.0
BOOT_SECONDS = 120.0
CUTS = int(os.environ.get("MRM_POWER_CUTS", "3"))
SEED = int(os.environ.get("MRM_SEED", secrets.randbits(32)))
LONGEST_RELOAD = 0.3
"""Seconds after which a reload is over, on the ESP and in `Status`, when nothing else is to be done."""

UP = "\x1b[A"
MARK = 0x4D524D204D524D21
PROMPT = r"Shell> $"


class Shells:
    """A life of the PC, seen through the shells of its partitions."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.controller = bench.session.controller

    def shell(self, name: str) -> None:
        """Wait for the first prompt of a partition."""
        console = self.bench.session.guests[name].console
        self.bench.run(console.wait_for(PROMPT, BOOT_SECONDS, console.start()))

    def type(self, name: str, command: str) -> None:
        """Type a command that ends the shell."""
        self.bench.session.guests[name].type(command)

    def run(self, name: str, command: str) -> str:
        """Type a command and return what it printed."""
        console = self.bench.session.guests[name].console
        begin = console.mark()
        self.type(name, command)
        self.bench.run(console.wait_for(r"\n[^\n]*Shell> $", STEP_SECONDS, begin))
        return console.since(begin)

    def write(self, name: str, variable: str, text: str) -> str:
        """Write one of MRM's variables; return what the controller says became of it, on its first line."""
        begin = self.controller.mark()
        self.type(name, f"setvar {variable} -guid {MRM} -bs -rt =H{text.encode().hex()}")
        said = rf"MRM: {name}: asked: [^\n]*?: ((?:done|refused)[^\n]*)\n"
        return self.bench.run(self.controller.wait_for(said, STEP_SECONDS, begin)).match[1]

    def ends(self, name: str, command: str, state: str) -> str:
        """Type a command that ends a partition; return why the controller says it is in that state."""
        since = self.bench.session.count()
        self.type(name, command)
        history = self.bench.session.history
        self.bench.run(self.bench.session.wait_state(name, state, STEP_SECONDS, since))
        first = next(said for said in history[since:] if said.partition == name)
        assert first.state == state, history[since:]
        return first.detail

    def comes_back(self, name: str, command: str) -> str:
        """Type a command that ends a partition, which starts again; return why, when its shell is there."""
        console = self.bench.session.guests[name].console
        begin = console.mark()
        detail = self.ends(name, command, "restarting")
        self.bench.run(console.wait_for(PROMPT, BOOT_SECONDS, begin))
        return detail

    def start(self, asker: str, name: str) -> None:
        """Have one partition start another, and wait for its prompt."""
        console = self.bench.session.guests[name].console
        begin = console.mark()
        assert self.write(asker, "Request", f"start {name}") == "done"
        self.bench.run(console.wait_for(PROMPT, BOOT_SECONDS, begin))

    def said(self, pattern: str) -> None:
        """Wait for a line of the controller in this life."""
        self.bench.run(self.controller.wait_for(pattern, STEP_SECONDS, self.controller.start()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lives")


@pytest.fixture(scope="module")
def bench(built: Builder, folder: Path) -> Iterator[Bench]:
    result = built("lives")
    with Bench(result.plan, result.esp, folder) as bench:
        yield bench


@pytest.fixture(scope="module")
def first(bench: Bench) -> Shells:
    """The first life."""
    shells = Shells(bench)
    for name in ("never", "always"):
        shells.shell(name)
    return shells


def policy(all_off: str) -> str:
    """The policy of the partition file, with another end of the last partition."""
    plan, _ = make_plan(FILE)
    text = render_policy(plan)
    assert "all_off=reboot power_button=shutdown" in text
    return text.replace("all_off=reboot", f"all_off={all_off}")


@contextmanager
def life(
    bench: Bench, folder: Path, esp: Mapping[str, Any] | None = None, **differences: Any
) -> Iterator[Shells]:
    """Another life of the PC, up to the prompts of both partitions."""
    with bench.once_more(folder, esp, **differences) as again:
        shells = Shells(again)
        for name in ("never", "always"):
            shells.shell(name)
        yield shells


@pytest.mark.parametrize(
    ("command", "state", "detail"),
    [("reset", "off", "cold reset"), ("reset -w", "off", "warm reset"), ("reset -s", "off", "shutdown")],
)
def test_never_stays_off(first: Shells, command: str, state: str, detail: str) -> None:
    assert first.ends("never", command, state) == detail
    first.start("always", "never")


@pytest.mark.parametrize(
    ("command", "detail"), [("reset", "cold reset"), ("reset -w", "warm reset"), ("reset -s", "shutdown")]
)
def test_always_starts_again(first: Shells, command: str, detail: str) -> None:
    assert first.comes_back("always", command) == detail


def test_a_failure_is_one_by_each_policy(first: Shells) -> None:
    """A loader that comes back leaves nothing to boot; two of them in a row are too many for `always`."""
    first.comes_back("always", "exit")
    first.ends("always", "exit", "failed")
    first.said("MRM: always: failure 2 in a row: starts no more")
    first.start("never", "always")
    first.ends("never", "exit", "failed")
    first.start("always", "never")


def test_who_does_not_start_by_itself_waits_to_be_asked_for(first: Shells) -> None:
    assert "later" not in {said.partition for said in first.bench.session.history}
    first.start("never", "later")


def test_a_store_is_its_partition_s_own(first: Shells) -> None:
    first.run("always", f"setvar secret -guid {OURS} -nv -bs -rt =534543524554")
    look = f"dmpstore -guid {OURS} secret"
    assert "53 45 43 52 45 54" in first.run("always", look)
    for other in ("never", "later"):
        said = first.run(other, look)
        assert "No matching" in said and "53 45" not in said


@pytest.mark.parametrize(("name", "found"), [("always", MARK), ("later", 0)])
def test_memory_is_kept_between_two_starts_or_zeroed(first: Shells, name: str, found: int) -> None:
    """`scrub` is set for `later`. What is written lies in the middle of the largest free range."""
    ranges = re.findall(r"^Available +(\w+)-(\w+)", first.run(name, "memmap"), re.MULTILINE)
    begin, end = max(((int(b, 16), int(e, 16)) for b, e in ranges), key=lambda r: r[1] - r[0])
    place = (begin + end) // 2 & ~0xFFF
    first.run(name, f"mm {place:#x} {MARK:#x} -w 8 -MEM -n")

    def look() -> int:
        said = re.search(rf"MEM +0x0*{place:X} : 0x(\w+)", first.run(name, f"mm {place:#x} -w 8 -MEM -n"))
        assert said
        return int(said[1], 16)

    assert look() == MARK
    first.comes_back(name, "reset")
    assert look() == found


MONOTONIC = "eb704011-1402-11d3-8e77-00a0c969723b"


def test_the_monotonic_counter_does_not_repeat(first: Shells) -> None:
    """Its upper half, which EDK2 keeps in a variable, counts the starts."""

    def starts() -> int:
        said = re.search(r"00000000: ((\w\w )+)", first.run("always", f"dmpstore -guid {MONOTONIC} MTC"))
        assert said
        return int.from_bytes(bytes.fromhex(said[1]), "little")

    seen = [starts()]
    for _ in range(2):
        first.comes_back("always", "reset")
        seen.append(starts())
    assert seen == [seen[0], seen[0] + 1, seen[0] + 2]


def test_a_clock_is_its_partition_s_own_and_kept(first: Shells) -> None:
    for command in ("date 02/03/2031", "timezone -s 2:00", "time 04:05:06 -d 1"):
        first.run("always", command)
    first.comes_back("always", "reset")
    assert "02/03/2031" in first.run("always", "date")
    assert re.search(r"0[45]:\d\d:\d\d \(UTC\+02:00\) DST: Affected\s", first.run("always", "time -d"))
    assert "/2031" not in first.run("never", "date")


def test_who_was_asked_for_can_go_again(first: Shells) -> None:
    assert first.ends("later", "reset -s", "off") == "shutdown"


def test_an_nmi_of_the_machine_leaves_firmware_alone(first: Shells) -> None:
    begin = first.controller.mark()
    first.bench.run(first.bench.machine.execute("inject-nmi"))
    said = "MRM: NMI: 1 came, no running OS to send it on to"
    first.bench.run(first.controller.wait_for(said, STEP_SECONDS, begin))
    for name in ("never", "always"):
        assert "UEFI v2." in first.run(name, "ver")


def test_a_power_button_can_mean_nothing(first: Shells) -> None:
    text = policy("reboot").replace("power_button=shutdown", "power_button=ignore")
    assert first.write("never", "Reload", text) == "done"
    since = first.bench.session.count()
    first.bench.run(first.bench.machine.execute("system_powerdown"))
    first.said("MRM: the power button was pressed: ignored, as the partition file says")
    for name in ("never", "always"):
        assert "UEFI v2." in first.run(name, "ver")
    assert first.bench.session.history[since:] == []


def test_the_last_end_leads_to_the_menu_by_a_reloaded_policy(first: Shells) -> None:
    assert first.write("never", "Reload", policy("menu")) == "done"
    begin = first.controller.mark()
    assert first.write("never", "Request", "stop always") == "done"
    assert first.ends("never", "reset -s", "off") == "shutdown"
    first.said("MRM: all partitions are off: back to the PC's firmware")
    first.bench.run(first.controller.wait_for("Boot Maintenance Manager", STEP_SECONDS, begin))


def test_mrm_starts_again_from_the_menu(first: Shells) -> None:
    """The firmware has everything back: processors, memory, devices, and the stores are closed.

    The processor that serves channels is taken again, too.
    """
    consoles = {name: first.bench.session.guests[name].console for name in ("never", "always")}
    begins = {name: console.mark() for name, console in consoles.items()}
    begin = first.controller.mark()
    first.controller.send(f"{UP}{UP}\r")  # from below: Reset, Continue
    for name, console in consoles.items():
        first.bench.run(console.wait_for(PROMPT, BOOT_SECONDS, begins[name]))
    said = first.controller.since(begin)
    assert "MRM: policy: as reloaded by never" in said
    assert [name for name in ("never", "always", "later") if f"MRM: {name}: ready" not in said] == []
    assert "MRM: channels: served by the processor with APIC ID 4" in said
    assert "stands still" not in first.controller.text
    assert said.count("MRM: network lan: its way out is ") == 1, "the firmware had its network card back, too"
    first.bench.run(first.bench.machine.close())


def test_a_policy_is_kept_until_the_one_that_was_built_is_reloaded(first: Shells, folder: Path) -> None:
    with life(first.bench, folder / "second") as second:
        second.said("MRM: policy: as reloaded by never")
        second.run("always", f"setvar kept -guid {OURS} -nv -bs -rt =4D524D")
        assert second.write("never", "Reload", "built-in") == "done"
        second.said("MRM: policy: controller: all_off=reboot, was menu")
        assert second.write("never", "Request", "stop always") == "done"
        second.type("never", "reset -s")
        assert second.bench.run(second.bench.machine.wait_end(STEP_SECONDS)) == "guest-reset"
        second.said("MRM: all partitions are off: the PC starts anew")


def reload_and_cut(shells: Shells, text: str, seconds: float) -> bool:
    """Cut the power so long after a reload begins; return whether the controller had said that it is done."""

    async def cut() -> bool:
        console, begin = shells.bench.session.guests["never"].console, shells.controller.mark()
        command = f"setvar Reload -guid {MRM} -bs -rt =H{text.encode().hex()}"
        typed = console.mark()
        console.send(command)
        # A shell writes what is typed in pieces, wherever its line wraps; the end is the policy's.
        await console.wait_for(command[-8:], STEP_SECONDS, typed)
        console.send("\n")
        await asyncio.sleep(seconds)
        await shells.bench.machine.cut_power()
        return "MRM: never: asked: reload" in shells.controller.since(begin)

    return shells.bench.run(cut())


def changes(shells: Shells, text: str) -> int:
    """Reload a policy; return how many keys it changes."""
    begin = shells.controller.mark()
    assert shells.write("never", "Reload", text) == "done"
    found = re.search(r"MRM: policy: reloaded by never, (\d+) changes", shells.controller.since(begin))
    assert found
    return int(found[1])


def test_a_power_cut_amid_a_reload_leaves_the_old_policy_or_the_new_one(first: Shells, folder: Path) -> None:
    print(f"MRM_SEED={SEED}")
    chance = random.Random(SEED)
    texts, done = [policy("stay"), policy("menu")], False
    for cut in range(CUTS + 1):
        with life(first.bench, folder / f"cut-{cut}") as shells:
            assert changes(shells, texts[0]) in ((0,) if done else (0, 1))
            if cut == CUTS:
                assert shells.write("never", "Reload", "built-in") == "done"
                break
            texts.reverse()
            done = reload_and_cut(shells, texts[0], chance.uniform(0, LONGEST_RELOAD))


def nothing_can_be_kept(shells: Shells) -> None:
    """Nothing can be kept, and is said so; what is written holds for this life of the PC."""
    for name in ("never", "always"):
        shells.said(rf"MRM: {name}: its variables cannot be committed to the ESP: (.|\n)*?; they live")
    shells.run("always", f"setvar fresh -guid {OURS} -nv -bs -rt =4E4557")
    shells.comes_back("always", "reset")
    assert "4E 45 57" in shells.run("always", f"setvar fresh -guid {OURS}").upper()
    assert shells.write("never", "Reload", policy("menu")).startswith("done; until the PC is switched off")
    shells.said("MRM: policy: reloaded by never, 1 changes")


def operator_ends(shells: Shells, key: str, question: str) -> str:
    """Press a key at the console of the PC, answer its question with yes, and return how the PC ends."""

    async def operate() -> str:
        machine = shells.bench.machine
        terminal = Terminal(machine, shells.controller)
        await terminal.type("\n", r"^>  1 never +loading")
        await terminal.type(key, rf"^ {question}\? y/n$")
        shells.controller.send("y")
        return await machine.wait_end(STEP_SECONDS)

    return shells.bench.run(operate())


def test_an_esp_that_cannot_be_written(first: Shells, folder: Path) -> None:
    """What was committed while it could be is there."""
    disk = {"esp_device": "virtio-blk-pci", "esp_bus": "pcie.0"}
    with life(first.bench, folder / "third", {"esp_read_only": True}, **disk) as third:
        assert "4D 52 4D" in third.run("always", f"setvar kept -guid {OURS}").upper()
        third.said("MRM: the report cannot be written to the ESP: ")
        nothing_can_be_kept(third)
        third.type("never", f"setvar Request -guid {MRM} -bs -rt =H{b'pc power-off'.hex()}")
        assert third.bench.run(third.bench.machine.wait_end(STEP_SECONDS)) == "guest-shutdown"


def test_an_esp_without_room(first: Shells, folder: Path) -> None:
    """No file is left behind that is not whole."""
    volume = f"{folder / 'esp.img'}@@{ESP_OFFSET}"

    def mtools(name: str, *arguments: str | Path) -> str:
        command = [program(name), "-i", volume, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    mtools("mdel", "::/EFI/MRM/policy.*", "::/EFI/MRM/*/variables.*")
    free = re.search(r"([\d ]+) bytes free", mtools("mdir", "::"))
    assert free
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.truncate(int(free[1].replace(" ", "")))
    mtools("mcopy", filler, "::/filler")
    with life(first.bench, folder / "fourth") as fourth:
        nothing_can_be_kept(fourth)
        assert operator_ends(fourth, "o", "pc power-off") == "guest-shutdown"
    assert not re.search(
        r"^(policy|variab)", mtools("mdir", "-/", "::/EFI/MRM"), re.MULTILINE | re.IGNORECASE
    )


def test_an_operator_reboots_the_pc(first: Shells, folder: Path) -> None:
    with life(first.bench, folder / "fifth") as fifth:
        assert operator_ends(fifth, "b", "pc reboot") == "guest-reset"
    with life(first.bench, folder / "sixth") as sixth:
        assert operator_ends(sixth, "B", "pc reboot now") == "guest-reset"
