# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Devices of all kinds from firmware to OS, each with its stock driver; neighbours notice nothing."""

import asyncio
import base64
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ci.images.loaders import Payload, lay_out_unified
from ci.progress import PROJECT
from ci.qemu.console import Cursor, Event
from ci.qemu.devices import Network
from ci.qemu.guest import BOOT_SECONDS, Guest
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.messages import config_spaces, message_targets
from tests.boot.screen import lit, press
from tests.boot.support import boot_of, broken, broken_after_reboot, undisturbed
from tests.boot.terminal import Terminal

pytestmark = [pytest.mark.boot(390), pytest.mark.timeout(1800)]

GUEST = PROJECT / "Build" / "guests" / "linux-6.12"
FILE = PROJECT / "tests" / "boot" / "partitions" / "devices.yaml"
MENU = r"Number, or Enter for the first"
PROMPT = r"\n[^\n]*Shell> $"
DISABLED = "24CD"
"""Device number of the EHCI controller, which has no message interrupts."""
BUS_MASTER = 4
"""Bit of the command register (PCI 3.0 section 6.2.2)."""
RUNNING = ("zoo", "net", "third", "steady")
NEIGHBOURS = ("net", "third", "steady")
HARDWARE_WAIT = 60.0
DISPLAY = "rp8-device"
"""QEMU's name of the display (ci/qemu/devices.py)."""

DRIVERS = {
    "zoo": [
        ("0x1234", "0x1111", "bochs-drm"),
        ("0x1af4", "0x1042", "virtio-pci"),
        ("0x1af4", "0x1048", "virtio-pci"),
        ("0x1b36", "0x0002", ""),  # its UART is the one that ACPI describes
        ("0x1b36", "0x000d", "xhci_hcd"),
        ("0x1b36", "0x0010", "nvme"),
        ("0x1b36", "0x0010", "nvme"),
        ("0x8086", "0x24cd", ""),  # without MSI: it stays disabled
    ],
    "net": [("0x8086", "0x10d3", "e1000e"), ("0x8086", "0x10d3", "e1000e")],
    "third": [
        ("0x1af4", "0x1041", "virtio-pci"),
        ("0x8086", "0x10c9", "igb"),
        ("0x8086", "0x2922", "ahci"),
    ],
    "steady": [],
}
"""Vendor, device and driver of every function each partition sees."""


def port(device: int) -> str:
    """Return the device path of a root port of the first root complex."""
    return f"PciRoot(0x0)/Pci(0x{device:X},0x0)"


async def choose(bench: Bench, since: Cursor, source: str) -> None:
    """Choose a boot source of `zoo` on its USB keyboard once its firmware asks."""
    await bench.session.guests["zoo"].console.wait_for(MENU, BOOT_SECONDS, since)
    await press(bench.machine, source)


async def functions_in_shell(bench: Bench, since: Cursor) -> str:
    """Start the UEFI shell in `zoo` once its firmware asks; return what `pci` lists there, and reset."""
    console = bench.session.guests["zoo"].console
    await choose(bench, since, "2")
    await console.wait_for(PROMPT, BOOT_SECONDS, since)
    begin = console.mark()
    console.send("pci\n")
    await console.wait_for(PROMPT, HARDWARE_WAIT, begin)
    console.send("reset\n")
    return console.since(begin)


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("devices")
    folder = tmp_path_factory.mktemp("run")
    net = next(promise for promise in result.plan.partitions if promise.name == "net")
    console = f"console=uart8250,io,{net.console_port:#x},115200n8"
    lay_out_unified(
        folder / "served", Payload(GUEST / "vmlinuz", GUEST / "initrd.img", f"{net.parameters} {console}")
    )
    served = Network({}, tftp=folder / "served/EFI/Linux", boot_file="debian.efi")
    with Bench(result.plan, result.esp, folder, networks={port(7): served}, absent=[port(10)]) as bench:
        yield bench


@pytest.fixture(scope="module")
def firmware_screen(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a picture of the screen while the firmware of `zoo` offers its choice."""
    console = bench.session.guests["zoo"].console
    bench.run(console.wait_for(MENU, BOOT_SECONDS, console.start()))
    picture = tmp_path_factory.mktemp("screen") / "firmware.ppm"
    bench.run(bench.machine.screenshot(picture))
    return picture


@pytest.fixture(scope="module")
def started(bench: Bench, firmware_screen: Path) -> Bench:
    """All partitions up: a key on the USB keyboard has let the firmware of `zoo` go on."""
    assert firmware_screen.exists()
    bench.run(press(bench.machine, "1"))
    bench.run(bench.session.settle())
    return bench


def test_the_firmware_of_the_display_s_owner_shows_its_choice(firmware_screen: Path) -> None:
    assert lit(firmware_screen) > 500


def test_the_controller_shows_what_firmware_has_written(bench: Bench, firmware_screen: Path) -> None:
    assert firmware_screen.exists()

    async def look() -> None:
        terminal = Terminal(bench.machine, bench.session.controller)
        await terminal.type("\n", "^>  1 zoo +(firmware|loading) ")
        await terminal.type("c", MENU)
        await terminal.wait_for(r"^ MRM 0\.1  zoo: what its firmware wrote")
        bench.session.controller.send("qq")

    bench.run(look())


def test_everything_promised_is_seen(started: Bench) -> None:
    assert broken(started.session, started.session.observe({}), *RUNNING) == []


def drivers(report: Event) -> list[tuple[str, str, str]]:
    return sorted((f["vendor"], f["device"], f["driver"]) for f in report.data["pci"])


@pytest.mark.parametrize("name", RUNNING)
def test_every_function_has_its_driver(started: Bench, name: str) -> None:
    assert drivers(started.session.reports()[name]) == DRIVERS[name]


def test_an_empty_root_port_refuses_its_partition_only(started: Bench) -> None:
    state = started.session.states["absent"]
    assert state.state == "refused"
    assert port(10) in state.detail and "[pci-populated]" in state.detail


def test_the_network_was_booted_from(started: Bench) -> None:
    """By the driver in the ROM of the card: the partition firmware has none of its own for it."""
    assert "debian.efi" in started.session.guests["net"].console.text
    assert started.session.reports()["net"].data["kernel"].startswith("6.12.")


async def echoes(guest: Guest) -> list[str]:
    """Ping the gateway over each network card; return the cards that got an answer."""
    ping = "ping -c 3 -W 5 -I ${i##*/} 10.0.2.2 >/run/ping"
    command = f"for i in /sys/class/net/e*; do {ping} && echo GOT=${{i##*/}}=; done"
    done = await guest.run(command, 60)
    return re.findall(r"GOT=(\w+)=", done.output)


@pytest.mark.parametrize(("name", "cards"), [("third", 2), ("net", 2)])
def test_each_network_card_gets_an_echo(started: Bench, name: str, cards: int) -> None:
    report = started.session.reports()[name].data
    assert started.run(echoes(started.session.guests[name])) == [card["name"] for card in report["network"]]
    assert len(report["network"]) == cards


def test_64_bit_bars_stay_above_4_gib(started: Bench) -> None:
    command = "cat /sys/bus/pci/devices/*/resource | sed 's/^/BAR=/'"
    done = started.run(started.session.guests["zoo"].run(command))
    first = [int(match, 16) for match in re.findall(r"BAR=(0x[0-9a-f]{16})", done.output)]
    assert [address for address in first if address >= 1 << 32], done.output


@pytest.mark.parametrize("name", ["zoo", "net", "third"])
def test_messages_go_to_the_partition_s_own_processors(started: Bench, name: str) -> None:
    async def targets() -> dict[str, list[int]]:
        configs = await config_spaces(started.session.guests[name])
        return {address: await message_targets(started.machine, data) for address, data in configs.items()}

    report = started.session.reports()[name].data
    found = started.run(targets())
    assert sorted(found) == [function["address"] for function in report["pci"]]
    for function in report["pci"]:
        seen = found[function["address"]]
        assert set(seen) <= set(report["apic_ids"]), (function, seen)
        assert bool(seen) == (function["interrupts"] != "none"), (function, seen)


def test_the_framebuffer_is_the_owner_s_only(started: Bench) -> None:
    found = {name: started.session.reports()[name].data["framebuffer"] for name in RUNNING}
    assert found == {"zoo": "bochs-drmdrmfb", "net": None, "third": None, "steady": None}


@pytest.mark.parametrize("name", RUNNING)
def test_the_firmware_s_framebuffer_is_described_to_its_owner_only(started: Bench, name: str) -> None:
    """The kernel's own driver for it draws until the one of the display takes over."""
    done = started.run(started.session.guests[name].run("dmesg | grep -c 'efifb: framebuffer at 0x'"))
    assert done.output.split()[-1] == str(int(name == "zoo")), done.output


def test_option_roms_can_be_read_by_the_system(started: Bench) -> None:
    """They have no address until it gives them one, in the window of their root port."""
    look = "for f in /sys/bus/pci/devices/*/rom; do echo 1 >$f; echo ROM=$(head -c 2 $f | od -An -tx1)=; done"
    done = started.run(started.session.guests["net"].run(look))
    assert re.findall(r"^ROM= (55 aa)=$", done.output, re.MULTILINE) == ["55 aa"] * 2, done.output


@pytest.mark.parametrize("name", RUNNING)
def test_tables_say_who_is_headless(started: Bench, name: str) -> None:
    """FADT (ACPI 6.3 section 5.2.9): VGA Not Present, and HEADLESS."""
    done = started.run(
        started.session.guests[name].run(
            "echo FADT=$(base64 /sys/firmware/acpi/tables/FACP | tr -d '\\n')=END"
        )
    )
    match = re.search(r"FADT=([A-Za-z0-9+/\s]+={0,2})=END", done.output)
    assert match, done.output
    fadt = base64.b64decode(match[1])
    no_vga = bool(fadt[109] & 1 << 2)
    headless = bool(int.from_bytes(fadt[112:116], "little") & 1 << 12)
    assert (no_vga, headless) == (name != "zoo", name != "zoo")


def test_the_system_draws_on_the_screen(started: Bench, tmp_path: Path) -> None:
    guest = started.session.guests["zoo"]
    text = "for i in 1 2 3 4 5 6 7 8 9; do echo a partition with a display of its own; done >/dev/tty1"
    started.run(guest.run(text))
    started.run(started.machine.screenshot(tmp_path / "system.ppm"))
    assert lit(tmp_path / "system.ppm") > 2000


def test_the_system_reads_the_usb_keyboard(started: Bench) -> None:
    async def typed() -> str:
        guest = started.session.guests["zoo"]
        begin = guest.console.mark()
        reading = asyncio.create_task(guest.run("echo READING=; read -r line </dev/tty1; echo LINE=$line="))
        await guest.console.wait_for(r"^READING=$", HARDWARE_WAIT, begin)
        await asyncio.sleep(1)
        await press(started.machine, "m", "r", "m", "ret")
        return (await reading).output

    assert "LINE=mrm=" in started.run(typed())


def test_a_fed_watchdog_keeps_quiet(started: Bench) -> None:
    async def feed() -> None:
        session = started.session
        guest = session.guests["steady"]
        boot = boot_of(session, "steady")
        done = await guest.run(
            "modprobe wdat_wdt; watchdog -T 6 -t 1 /dev/watchdog; cat /sys/class/watchdog/watchdog0/identity"
        )
        assert "wdat_wdt" in done.output
        ticks = await guest.ticks_on(15)
        assert {tick.boot for tick in ticks} == {boot}
        # The magic character stops it.
        await guest.run("killall watchdog; sleep 1; printf V >/dev/watchdog")
        assert session.states["steady"].state == "running"

    started.run(feed())


def test_a_function_without_messages_is_told_of_and_left_switched_off(started: Bench) -> None:
    """Its system sees it, and it cannot master the bus.

    Linux takes every USB controller from the firmware before it looks for drivers; for that it turns
    its memory on.
    """

    async def commands() -> list[int]:
        configs = await config_spaces(started.session.guests["zoo"])
        found = [data for data in configs.values() if data[2:4] == bytes.fromhex(DISABLED)[::-1]]
        return [int.from_bytes(data[4:6], "little") & BUS_MASTER for data in found]

    assert started.run(commands()) == [0]
    said = r"MRM: zoo: kept: PCI function [0-9A-F:.]+ \(8086:24CD\) stays disabled: .* \[pci-disabled\]"
    # The console wraps at 80 columns.
    lines = started.session.controller.text.replace("\r", "").replace("\n", "")
    assert re.search(said, lines, re.IGNORECASE)


async def pinging(guest: Guest) -> None:
    """Have a guest ping its gateway over its virtio card, five times a second, until told to stop."""
    card = "$(ls /sys/bus/virtio/drivers/virtio_net/virtio*/net)"
    await guest.run(f"ping -i 0.2 -I {card} 10.0.2.2 >/run/pings & echo $! >/run/pinging; sleep 1")


async def lost(guest: Guest) -> tuple[int, int]:
    """Stop the pings; return how many were sent, and how many of them had no answer."""
    done = await guest.run("kill -INT $(cat /run/pinging); sleep 1; tail -n 4 /run/pings", 60)
    match = re.search(r"(\d+) packets transmitted, (\d+) packets received", done.output)
    assert match, done.output
    return int(match[1]), int(match[1]) - int(match[2])


def test_every_device_is_found_again_after_a_reboot(started: Bench) -> None:
    """By way of the shell: partition firmware does not see what stays disabled.

    Behind another port of the same switch a neighbour goes on using its network card.
    """

    async def again() -> tuple[str, tuple[int, int]]:
        session = started.session
        guest = session.guests["zoo"]
        old, since = boot_of(session, "zoo"), guest.console.mark()
        async with AsyncExitStack() as stack:
            for name in NEIGHBOURS:
                await stack.enter_async_context(undisturbed(session.guests[name]))
            await pinging(session.guests["third"])
            guest.type("reboot -f")
            listed = await functions_in_shell(started, since)
            since = guest.console.mark()
            await choose(started, since, "1")
            report = await guest.next_boot(old, since)
            pings = await lost(session.guests["third"])
        assert broken_after_reboot(session, "zoo", report.data) == []
        assert drivers(report) == DRIVERS["zoo"]
        assert report.data["framebuffer"] == "bochs-drmdrmfb"
        return listed, pings

    listed, (sent, missing) = started.run(again())
    devices = re.findall(r"Vendor ([0-9A-F]{4}) Device ([0-9A-F]{4})", listed)
    seen = {(vendor.lower(), device.lower()) for vendor, device, _ in DRIVERS["zoo"]}
    expected = {(f"0x{vendor.lower()}", f"0x{device.lower()}") for vendor, device in devices}
    assert expected == seen - {("0x8086", f"0x{DISABLED.lower()}")}, listed
    # The answer to the last one may have been on its way.
    assert sent > 0 and missing <= 1


def test_a_restart_behind_one_port_of_a_switch_leaves_the_other_alone(started: Bench) -> None:
    """The drive behind it works meanwhile: written, read back and found equal."""

    async def restart() -> str:
        session = started.session
        guest, neighbour = session.guests["third"], session.guests["zoo"]
        old, since = boot_of(session, "third"), guest.console.mark()
        lived = boot_of(session, "zoo")
        command = "for i in 1 2 3; do report; done | tr ',' '\\n' | grep -c '\"ok\":true'"
        guest.type("reboot -f")
        working = asyncio.create_task(neighbour.run(command, 240))
        report = await guest.next_boot(old, since)
        done = await working
        assert broken_after_reboot(session, "third", report.data) == []
        assert (await neighbour.tick()).boot == lived
        assert await echoes(guest) == [card["name"] for card in report.data["network"]]
        return done.output.split()[-1]

    disks = len(started.session.reports()["zoo"].data["disks"])
    assert started.run(restart()) == str(3 * disks)


def test_a_device_that_has_gone_fails_the_next_start_only(started: Bench) -> None:
    """The display goes without a word; its partition learns of it when it starts again."""

    async def vanish() -> None:
        session = started.session
        begin, since = session.controller.mark(), session.count()
        display = f"/machine/peripheral/{DISPLAY}"
        async with AsyncExitStack() as stack:
            for name in NEIGHBOURS:
                await stack.enter_async_context(undisturbed(session.guests[name]))
            await started.machine.execute("qom-set", path=display, property="realized", value=False)
            session.guests["zoo"].type("reboot -f")
            await session.wait_state("zoo", "failed", HARDWARE_WAIT, since)
        said = session.controller.since(begin)
        assert re.search(r"MRM: zoo: [0-9A-F:.]+ \(1234:1111\) did not come back from its reset", said), said
        assert session.states["zoo"].detail == "a device did not come back from its reset"

    started.run(vanish())
