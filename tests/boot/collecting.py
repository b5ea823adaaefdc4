# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Scan a machine in QEMU: a Linux on it runs the collector, or Mrm.efi writes what the firmware knows."""

import asyncio
import base64
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

from ci.guests import initrd
from ci.images.boot import prepare_boot
from ci.images.gpt import run_tool
from ci.progress import PROJECT
from ci.qemu.command import MachineDescription
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine as RunningMachine
from generator.api import load_machine
from generator.model.machine import Machine
from tests.boot.script import script_ends

GUESTS = PROJECT / "Build" / "guests"
NEWEST = "linux-6.12"
COLLECT_SECONDS = 180
FIRMWARE_SECONDS = 120
ESP_OFFSET = 2048 * 512
UUID = "4c4c4544-0035-5910-8052-b4c04f4d3233"
"""System UUID of the machines that are scanned."""
SCRIPT = """@echo -off
fs0:
\\EFI\\MRM\\Mrm.efi scan
echo STATUS %lasterror%
echo END
"""
"""For the firmware's own shell."""


async def collect(
    description: MachineDescription, folder: Path, parameters: str = "", kernel: str = NEWEST
) -> bytes:
    """Boot the bare machine with the collector in its initrd; return the archive it makes.

    parameters: more kernel parameters; kernel: name of the guest. Raises ci.qemu.errors.QemuError or
    ci.images.gpt.ImageError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    guest_files = GUESTS / kernel
    script = initrd.regular("bin/collect.sh", (PROJECT / "generator" / "collect.sh").read_bytes())
    # The kernel unpacks one archive after the other.
    with_script = folder / "initrd.img"
    with_script.write_bytes(
        (guest_files / "initrd.img").read_bytes() + initrd.compress(initrd.archive([script]))
    )
    port = description.serial_ports[0]
    boot = dataclasses.replace(
        prepare_boot(description, folder, None),
        kernel=guest_files / "vmlinuz",
        initrd=with_script,
        append=f"console=uart8250,io,{port.io_base:#x},115200n8 mrm.ticks=0 {parameters}",
    )
    async with RunningMachine(description, boot, folder) as machine:
        guest = Guest(machine.console(port.name), "bare")
        await guest.report(guest.console.start(), BOOT_SECONDS)
        done = await guest.run("dmesg -n 1; sh /bin/collect.sh /run/facts", COLLECT_SECONDS)
        assert (done.status, "/run/facts.tar.gz" in done.output) == (0, True), done.output
        done = await guest.run("echo BEGIN; base64 /run/facts.tar.gz; echo END", COLLECT_SECONDS)
    # The echo of the command, with its semicolons, may be there too, and more than once.
    text = re.search(r"BEGIN\s+([A-Za-z0-9+/=\s]+?)\s+END\s", done.output)
    assert text, done.output
    return base64.b64decode(text[1])


def scan_machine(
    description: MachineDescription, folder: Path, name: str, parameters: str = "", kernel: str = NEWEST
) -> tuple[Machine, str]:
    """Boot, collect, scan; return the machine file's facts and the findings told on standard error."""
    archive = folder / "facts.tar.gz"
    archive.write_bytes(asyncio.run(collect(description, folder / "run", parameters, kernel)))
    return _scanned(archive, folder, name)


async def ask_firmware(description: MachineDescription, mrm: Path, folder: Path) -> str:
    """Scan the bare machine from the firmware's shell, take the archive off its ESP; return what was said.

    mrm: a Mrm.efi, with a plan or without. Raises as `collect`.
    """
    esp = folder / "ESP"
    (esp / "EFI" / "MRM").mkdir(parents=True)
    (esp / "EFI" / "MRM" / "Mrm.efi").write_bytes(mrm.read_bytes())
    (esp / "startup.nsh").write_text(SCRIPT.replace("\n", "\r\n"), encoding="ascii")
    boot = prepare_boot(description, folder / "run", esp)
    async with RunningMachine(description, boot, folder / "run") as machine:
        console = machine.console(description.serial_ports[0].name)
        await script_ends(console, FIRMWARE_SECONDS)
        said = console.text.replace("\r", "")
    volume = f"{folder / 'run' / 'esp.img'}@@{ESP_OFFSET}"
    run_tool("mcopy", "-i", volume, "::/EFI/MRM/machine.tar", str(folder / "machine.tar"))
    return said


def scan_by_firmware(
    description: MachineDescription, mrm: Path, folder: Path, name: str
) -> tuple[Machine, str, str]:
    """Scan by the firmware; return the machine file's facts, the findings told, and what Mrm.efi said."""
    said = asyncio.run(ask_firmware(description, mrm, folder))
    return (*_scanned(folder / "machine.tar", folder, name), said)


def _scanned(archive: Path, folder: Path, name: str) -> tuple[Machine, str]:
    """The machine file that the generator makes of an archive, and the findings."""
    output = folder / "scanned.yaml"
    arguments = ["scan", "--from", str(archive), "--output", str(output), "--name", name]
    run = subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return load_machine(output), run.stderr
