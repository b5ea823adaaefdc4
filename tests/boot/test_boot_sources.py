# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Each partition boots like a PC of its own: from its disk, over its network, or from what comes next."""

import asyncio
import os
import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.guests.loaders import FOLDER
from ci.images.esp import make_volume_image
from ci.images.loaders import Payload, lay_out_unified, make_loader_disk
from ci.progress import PROJECT
from ci.qemu import web
from ci.qemu.console import Console, Cursor
from ci.qemu.devices import Network
from tests.boot import efivars, probe
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import boot_of
from tests.generator.support import make_pe

pytestmark = [pytest.mark.boot(380), pytest.mark.timeout(1800)]

GUEST = PROJECT / "Build" / "guests" / "linux-6.12"
DISK, NETWORK = "PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0x8,0x0)"
EMPTY_DISK = "PciRoot(0x0)/Pci(0x5,0x0)"
WEB_SERVER = "10.0.2.100:80"
"""What the partition file's URI leads to."""
BOOT_SECONDS = 240.0
STEP_SECONDS = 60.0
CHECK, UNCORRECTED, FATAL_CHECK = 0x90 << 56, 0x60 << 56, 0xB2 << 56
"""IA32_MCi_STATUS: valid and enabled; over, uncorrected; valid, uncorrected, context corrupt."""
IN_PROGRESS = 5
"""IA32_MCG_STATUS: a machine check is in progress, the interrupted program can be resumed."""
FOREIGN_UARTS = {
    # What an installer asks for: the controller's UART. Linux is told to print nothing there.
    "disk": (0x3F8, "console=ttyS0,115200n8", "loglevel=0"),
    # Nobody's. Linux takes only the first early console that it is told of.
    "network": (0x5678, "earlycon=uart8250,io,0x5678,115200n8", ""),
}
"""What else each system drives, by which kernel parameter, and what more it is told."""
STRANGERS = {
    "ipxe": "No more network devices",
    "xen": "No configuration file found",
    "syslinux": "Failed to load ldlinux",
}
"""Other people's loaders, and what each says when there is nothing for it to do."""
RAM_DISK_SIZE = 4 * 2**20
LOADERS_SIZE = 64 * 2**20


def _payload(name: str, port: int) -> Payload:
    """A guest with its console at an I/O port and a foreign one, without the first needed parameter."""
    _, foreign, more = FOREIGN_UARTS[name]
    parameters = (
        f"8250.nr_uarts=1 console=uart8250,io,{port:#x},115200n8 tsc=reliable reserve=0xcf8,8 "
        "pci=noearly,realloc=off reboot=efi apic_extnmi=none modprobe.blacklist=pcspkr panic=10 "
        f"{foreign} {more}"
    )
    return Payload(GUEST / "vmlinuz", GUEST / "initrd.img", parameters, FOLDER)


def _deep() -> bytes:
    """A loader that does nothing but PUSH RAX."""
    return make_pe(code=b"\x50\xeb\xfd".ljust(0x200, b"\0"))


def _served(folder: Path, port: int, esp: Path, log: Path) -> Network:
    """A network with a web server: a unified kernel image, and a disk image with a shell that returns."""
    lay_out_unified(folder / "served", _payload("network", port))
    (folder / "disk/EFI/BOOT").mkdir(parents=True)
    shutil.copyfile(esp / "EFI/MRM/Shell.efi", folder / "disk/EFI/BOOT/BOOTX64.EFI")
    (folder / "disk/startup.nsh").write_text("echo this is a RAM disk\r\nexit\r\n")
    make_volume_image(folder / "disk", folder / "served/EFI/Linux/disk.img", RAM_DISK_SIZE)
    return Network({}, servers={WEB_SERVER: web.command(folder / "served/EFI/Linux", log)})


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of the web server."""
    return tmp_path_factory.mktemp("web") / "requests.log"


@pytest.fixture(scope="module")
def bench(built: Builder, requests: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("boot-sources")
    folder = tmp_path_factory.mktemp("run")
    ports = {p.name: p.console_port for p in result.plan.partitions if p.console_port is not None}
    disk = folder / "grub.img"
    make_loader_disk(disk, "grub", _payload("disk", ports["disk"]))
    (folder / "loaders").mkdir()
    (folder / "loaders/deep.efi").write_bytes(_deep())
    (folder / "loaders/probe.efi").write_bytes(probe.build(folder))
    for name in STRANGERS:
        shutil.copy(FOLDER / f"{name}.efi", folder / "loaders")
    empty = folder / "empty.img"
    make_volume_image(folder / "loaders", empty, LOADERS_SIZE)
    networks = {NETWORK: _served(folder, ports["network"], result.esp, requests)}
    disks = {DISK: disk, EMPTY_DISK: empty}
    with Bench(result.plan, result.esp, folder, disks=disks, networks=networks) as bench:
        yield bench


def _console(bench: Bench, name: str) -> Console:
    return bench.session.guests[name].console


def _shell(bench: Bench, command: str, seconds: float = STEP_SECONDS) -> None:
    """Type a command in the UEFI shell and wait for the next prompt."""
    console = _console(bench, "chain")
    begin = console.mark()
    console.send(f"{command}\n")
    bench.run(console.wait_for(r"\n[^\n]*Shell> $", seconds, begin))


def test_the_choice_is_offered(bench: Bench) -> None:
    console = _console(bench, "chain")
    lines = r"chain boots from\s+1  disk\s+2  disk \\EFI\\rescue\\rescue\.efi\s+3  shell"
    bench.run(console.wait_for(lines, BOOT_SECONDS, console.start()))
    bench.run(console.wait_for(r"Number, or Enter for the first; \d s left", STEP_SECONDS, console.start()))


def test_each_source_without_a_loader_is_told_and_the_next_one_tried(bench: Bench) -> None:
    console = _console(bench, "chain")
    told = (
        r"boot: disk: nothing bootable on any disk; trying disk",  # the terminal breaks long lines
        r"no disk has that file; trying shell",
        r"Shell> ",
    )
    for line in told:
        bench.run(console.wait_for(line, BOOT_SECONDS, console.start()))


def test_variables_survive_a_reset_of_the_partition(bench: Bench) -> None:
    console = _console(bench, "chain")
    guid = "3d4c1f0a-0000-4c8a-a657-1b906ed24f38"
    begin = console.mark()
    console.send(f"setvar kept -guid {guid} -nv -bs -rt =0x4D524D\n")
    bench.run(console.wait_for(r"Shell> ", STEP_SECONDS, begin))
    begin = console.mark()
    console.send("reset\n")
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, begin))
    begin = console.mark()
    console.send(f"setvar kept -guid {guid}\n")
    bench.run(console.wait_for(r"4D 52 4D|4d 52 4d", STEP_SECONDS, begin))


def _reset_with_timeout(bench: Bench, timeout: str) -> Cursor:
    """Set the variable Timeout, none deletes it, and reset; return the moment before."""
    _shell(bench, f"setvar Timeout -guid {efivars.GLOBAL} -nv -bs -rt ={timeout}")
    begin = _console(bench, "chain").mark()
    _console(bench, "chain").send("reset\n")
    return begin


def test_the_owner_s_variable_says_to_wait_for_a_key(bench: Bench) -> None:
    """UEFI 2.10 section 3.3: 0xFFFF. The key chooses the second source, which leads to the first."""
    console = _console(bench, "chain")
    begin = _reset_with_timeout(bench, "FFFF")
    bench.run(console.wait_for(r"Number, or Enter for the first$", BOOT_SECONDS, begin))
    bench.run(asyncio.sleep(6))
    assert re.search(r"Number, or Enter for the first$", console.since(begin))
    console.send("2")
    bench.run(console.wait_for(r"no disk has that file; trying disk", STEP_SECONDS, begin))
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, begin))


@pytest.mark.parametrize(("timeout", "seconds"), [("0200", 2), ("", 4)])
def test_the_owner_s_variable_says_how_long_the_choice_is_offered(
    bench: Bench, timeout: str, seconds: int
) -> None:
    """Without it, what the partition file says."""
    console = _console(bench, "chain")
    begin = _reset_with_timeout(bench, timeout)
    first = bench.run(console.wait_for(r"the first; (\d) s left", BOOT_SECONDS, begin)).match[1]
    assert int(first) == seconds
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, begin))


UNSUPPORTED, OUT_OF_RESOURCES, SUCCESS = 3, 9, 0
"""EFI_STATUS codes, without the bit of errors (UEFI 2.10 appendix D)."""


def _probe(bench: Bench, what: str) -> Cursor:
    """Start the probe from the shell; return the moment before."""
    console = _console(bench, "chain")
    port = next(p.console_port for p in bench.plan.partitions if p.name == "chain")
    begin = console.mark()
    console.send(f"fs0:\\probe.efi {what} {port:x}\n")
    return begin


def _probed(bench: Bench, what: str) -> list[tuple[str, int]]:
    """Start the probe from the shell; return what it told, when the next prompt is there."""
    console = _console(bench, "chain")
    begin = _probe(bench, what)
    bench.run(console.wait_for(r"PROBE end \w+\.", BOOT_SECONDS, begin))
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, begin))
    return probe.told(console.since(begin))


def test_a_program_that_nests_its_calls_for_each_of_many_variables(bench: Bench) -> None:
    """The shell's dmpstore does: with a full store it once used up its stack, and reset the PC."""
    said = dict(_probed(bench, "fill"))
    assert said["filled"] > 500 and said["filled-status"] == OUT_OF_RESOURCES
    console = _console(bench, "chain")
    begin = console.mark()
    _shell(bench, "dmpstore -all", BOOT_SECONDS)
    assert len(re.findall(r"Variable RT\+BS '\S+:V\d{4}'", console.since(begin))) == said["filled"]


def test_how_long_a_system_waits_for_a_variable(bench: Bench) -> None:
    """A figure: of 61 writes after ExitBootServices the shortest, the median and the longest."""
    said = dict(_probed(bench, "time"))
    controller = bench.session.controller
    rate = bench.run(controller.wait_for(r"tsc (\d+) kHz", STEP_SECONDS, controller.start())).match[1]
    times = [said[name] * 1000 // int(rate) for name in ("least", "half", "most")]
    least, half, most = times
    print(f"SetVariable takes {least} us at least, {half} us half of the time, {most} us at most")
    print(f"load of the host: {os.getloadavg()[0]:.1f}")
    assert times == sorted(times) and times[0] > 0 and "not-written" not in said


def test_a_full_store_before_and_after_a_system_has_begun(bench: Bench) -> None:
    """Room of what was deleted is free at once before ExitBootServices, and at the next start after it."""
    before, after = (told for told in _split(_probed(bench, "store"), "boot"))
    assert [value for name, value in before if name == "wrong"] == [0, 0]
    said = dict(before)
    assert said["filled"] > 40 and said["filled-status"] == OUT_OF_RESOURCES
    assert (said["replace"], said["delete"], said["one-more"]) == (SUCCESS, SUCCESS, SUCCESS)
    assert said["two-more"] == OUT_OF_RESOURCES
    assert (dict(after)["delete"], dict(after)["one-more"]) == (SUCCESS, OUT_OF_RESOURCES)
    # One more than fitted in, without the two that were deleted.
    assert dict(_probed(bench, "clean"))["cleaned"] == said["filled"] - 1
    for told in (before, after):
        services = [value for name, value in told if name.endswith("-capsule")]
        assert services == [UNSUPPORTED] * 4
    first, second = (value for name, value in after if name == "monotonic")
    assert second == first + 1


def _split(told: list[tuple[str, int]], name: str) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """What was told before a name, and after it."""
    at = [one for one, _ in told].index(name)
    return told[:at], told[at + 1 :]


def test_stray_interrupts_are_counted_by_vector(bench: Bench) -> None:
    """A shell has its local APIC send them to the boot processor (Intel SDM volume 3, section 11.6.1)."""
    controller = bench.session.controller
    begin = controller.mark()
    _shell(bench, "mm 0xFEE00310 0 -w 4 -MMIO -n")
    for _ in range(3):
        _shell(bench, "mm 0xFEE00300 0x4051 -w 4 -MMIO -n")
    said = r"MRM: stray interrupts to the boot processor, vector 0x51: \d, in all 3\n"
    bench.run(controller.wait_for(said, STEP_SECONDS, begin))


def test_low_memory_is_there_as_loaders_expect_it(bench: Bench) -> None:
    """Some write to address 0 (syslinux.efi), or look for the BIOS data area and for tables in the BIOS."""
    console = _console(bench, "chain")
    begin = console.mark()
    _shell(bench, "mm 0 0x4D524D42 -w 4 -n")
    for address in (0x0, 0x9F000, 0xB8000, 0xFF000):
        _shell(bench, f"mm {address:#x} -w 4 -n")
    assert len(re.findall(r"0x4D524D42\s*\n", console.since(begin))) == 4


@pytest.mark.parametrize("name", list(STRANGERS))
def test_other_people_s_loaders_find_a_pc_s_firmware_and_return(bench: Bench, name: str) -> None:
    """Of these one writes to address 0, one keeps addresses in 32 bits, one wants to be below 4 GiB."""
    console = _console(bench, "chain")
    begin = console.mark()
    _shell(bench, rf"fs0:\{name}.efi")
    assert STRANGERS[name] in console.since(begin)


def test_an_exception_is_a_failure_that_says_where(bench: Bench) -> None:
    """An address nobody owns is in no page table of the partition."""
    console, session = _console(bench, "chain"), bench.session
    since, begin, logged = session.count(), console.mark(), session.controller.mark()
    console.send("mm 0xF0000000 -n\n")
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    told = (
        r"exception 14 at 0x([0-9a-f]+) in \\EFI\\MRM\\Shell\.efi: it read 0xf0000000: "
        r"this partition has neither memory nor a device there; .*"
    )
    where = re.fullmatch(told, state.detail)
    assert where
    rip = where[1].upper()
    assert re.search(rf"RIP +- 0*{rip},.*CS", console.since(begin))
    says = rf"MRM: chain: says: exception 14: rip {rip} cr2 F0000000 error 0 rsp .* rdi [0-9A-F]+MRM: "
    # The console wraps at 80 columns.
    assert re.search(says, session.controller.since(logged).replace("\r", "").replace("\n", ""))


def test_a_stack_that_is_used_up_is_a_failure_of_one_partition(bench: Bench) -> None:
    """Without a guard it would overwrite tables of its processor, and reset the PC."""
    console, session = _console(bench, "chain"), bench.session
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, console.mark()))
    since = session.count()
    console.send("fs0:\\deep.efi\n")
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    told = r"exception 14 at 0x\w+ in \\deep\.efi: it wrote to 0x\w+: its stack of 512 KiB is used up; .*"
    assert re.fullmatch(told, state.detail)
    begun = {one.partition for one in session.history[since:] if one.state in ("starting", "restarting")}
    assert begun == {"chain"}


def test_page_tables_cannot_be_written(bench: Bench) -> None:
    console, session = _console(bench, "chain"), bench.session
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, console.mark()))
    root = re.findall(r"CR3 - ([0-9A-F]{16})", console.text)[-1]
    since = session.count()
    console.send(f"mm 0x{root} 0 -w 8 -n\n")
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    assert f"it wrote to 0x{int(root, 16):x}: page tables are there, which are read-only" in state.detail


def test_registers_of_devices_are_no_code_whoever_sets_their_cache_attributes(bench: Bench) -> None:
    console, session = _console(bench, "chain"), bench.session
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, console.mark()))
    since = session.count()
    begin = _probe(bench, "window")
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    said = dict(probe.told(console.since(begin)))
    assert said["uncached"] == SUCCESS and said["length"] >= 2**20
    told = rf"it jumped to {said['window']:#x}: registers of PCI segment \d are there, no code"
    assert re.search(told, state.detail)


def test_a_machine_check_is_a_failure_of_one_partition(bench: Bench) -> None:
    """Without a handler of its own it would shut the processor down, and reset the PC."""
    console, session = _console(bench, "chain"), bench.session
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, console.mark()))
    processor = next(p for p in bench.plan.partitions if p.name == "chain").apic_ids[0]
    since = session.count()
    bench.run(bench.machine.monitor(f"mce {processor} 3 {FATAL_CHECK:#x} {IN_PROGRESS:#x} 0x0 0x0"))
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    assert state.detail == f"machine check: fatal, bank 3, status {FATAL_CHECK:#x}"


def test_firmware_that_hangs_is_started_again(bench: Bench) -> None:
    """Nothing happens any more in a firmware whose timer is masked (Intel SDM volume 3, section 11.5.1)."""
    console, session = _console(bench, "chain"), bench.session
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, console.mark()))
    since = session.count()
    console.send("mm 0xFEE00320 0x10000 -w 4 -MMIO -n\n")
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    assert state.detail == "no sign of life from its firmware"


def test_a_machine_check_while_firmware_starts_is_no_more(bench: Bench) -> None:
    """The DXE core's own handlers leave it to those before them to tell the controller."""
    console, session = _console(bench, "chain"), bench.session
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, console.mark()))
    processor = next(p for p in bench.plan.partitions if p.name == "chain").apic_ids[0]
    since, begin = session.count(), console.mark()
    console.send("reset\n")
    bench.run(session.wait_state("chain", "firmware", STEP_SECONDS, since))
    since = session.count()
    bench.run(bench.machine.monitor(f"mce {processor} 3 {FATAL_CHECK:#x} {IN_PROGRESS:#x} 0x0 0x0"))
    state = bench.run(session.wait_state("chain", "restarting", STEP_SECONDS, since))
    assert state.detail == f"machine check: fatal, bank 3, status {FATAL_CHECK:#x}"
    bench.run(console.wait_for(r"Shell> $", BOOT_SECONDS, begin))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (CHECK | UNCORRECTED, "uncorrected, bank 2, status 0xf000000000000000"),
        (CHECK, "corrected, bank 2, status 0x9000000000000000"),
    ],
)
def test_a_machine_check_of_the_boot_processor_is_told(bench: Bench, status: int, said: str) -> None:
    controller = bench.session.controller
    begin = controller.mark()
    bench.run(bench.machine.monitor(f"mce 0 2 {status:#x} {IN_PROGRESS:#x} 0x0 0x0"))
    bench.run(controller.wait_for(rf"machine check on the boot processor: {said}", STEP_SECONDS, begin))
    bench.run(bench.session.guests["disk"].ticks_on(2))


@pytest.mark.parametrize("name", ["disk", "network"])
def test_a_guest_comes_up_through_its_own_loader(bench: Bench, name: str) -> None:
    guest = bench.session.guests[name]
    report = bench.run(guest.report(guest.console.start(), BOOT_SECONDS))
    assert report.data["kernel"].startswith("6.12.")


def test_all_partitions_were_started_before_any_system_ran(bench: Bench) -> None:
    """Firmware and loaders of all run at the same time: none waits for another's."""
    states = [(state.partition, state.state) for state in bench.session.history]
    running = min(index for index, (_, state) in enumerate(states) if state == "running")
    assert {name for name, state in states[:running] if state == "starting"} == {"disk", "network", "chain"}


def test_the_network_was_booted_from_by_http(bench: Bench, requests: Path) -> None:
    assert ">>Start HTTP Boot over IPv4" in _console(bench, "network").text
    assert '"GET /debian.efi HTTP/1.1" 200' in requests.read_text()


def test_a_disk_image_became_a_ram_disk(bench: Bench) -> None:
    assert "this is a RAM disk" in _console(bench, "network").text
    controller = bench.session.controller
    image = (
        r"network: says: boot: network http://10\.0\.2\.100/disk\.img: "
        r"\\EFI\\BOOT\\BOOTX64\.EFI returned: Success; trying"
    )
    bench.run(controller.wait_for(image, STEP_SECONDS, controller.start()))


@pytest.mark.parametrize("name", ["disk", "network"])
def test_a_missing_kernel_parameter_is_warned_of(bench: Bench, name: str) -> None:
    """However Linux was started: by GRUB, or by its stub in a unified kernel image."""
    controller = bench.session.controller
    warning = rf"^MRM: {name}: says: warning: Linux was started without no_ipi_broadcast=1$"
    bench.run(controller.wait_for(warning, STEP_SECONDS, controller.start()))


@pytest.mark.parametrize("name", ["disk", "network"])
def test_a_uart_of_somebody_else_is_warned_of(bench: Bench, name: str) -> None:
    controller = bench.session.controller
    own = next(partition.console_port for partition in bench.plan.partitions if partition.name == name)
    port, word, _ = FOREIGN_UARTS[name]
    assert own is not None and own != port
    warning = f"warning: {word} drives the UART at port 0x{port:X}; its own is uart8250,io,0x{own:X}"
    said = rf"^MRM: {name}: says: {re.escape(warning)}$"
    bench.run(controller.wait_for(said, STEP_SECONDS, controller.start()))
    assert len(re.findall(rf"MRM: {name}: says: warning: \S+ drives", controller.text)) == 1


def _write(bench: Bench, name: str, data: bytes) -> None:
    """Write a variable of the UEFI specification in the partition with a disk."""
    octal = "".join(f"\\{byte:03o}" for byte in (7).to_bytes(4, "little") + data)
    guest = bench.session.guests["disk"]
    done = bench.run(guest.run(f"printf '{octal}' | dd bs=300 of={efivars.FOLDER}/{name}-{efivars.GLOBAL}"))
    assert done.status == 0, done.output


def test_boot_next_is_booted_once(bench: Bench) -> None:
    """An entry that no BootOrder names, with nothing but a file for a path (UEFI 2.10 section 3.1)."""
    session = bench.session
    guest = session.guests["disk"]
    bench.run(efivars.mount(guest))
    file = "\\EFI\\BOOT\\BOOTX64.EFI\0".encode("utf-16-le")
    path = struct.pack("<BBH", 4, 4, 4 + len(file)) + file + b"\x7f\xff\x04\x00"
    _write(bench, "Boot0B0E", struct.pack("<IH", 1, len(path)) + "once\0".encode("utf-16-le") + path)
    _write(bench, "BootNext", struct.pack("<H", 0x0B0E))
    bench.run(session.reboot("disk", boot_of(session, "disk")))
    bench.run(efivars.mount(guest))
    look = f"cd {efivars.FOLDER}; cat BootCurrent-{efivars.GLOBAL} | od -An -tx1; ls | grep -c BootNext"
    assert re.search(r" 06 00 00 00 0e 0b\s+0\s", bench.run(guest.run(look)).output)
