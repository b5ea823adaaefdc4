# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The scan of the running q35 machine finds what platforms/q35.yaml says, in everything a scan can know."""

import asyncio
import base64
import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ci.guests import initrd
from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine as RunningMachine
from generator.api import load_machine
from generator.model.machine import Machine, PciFunction, PciRoot
from generator.places import Place

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1200)]

Q35 = PROJECT / "platforms" / "q35.yaml"
GUEST = PROJECT / "Build" / "guests" / "linux-6.1"
COLLECT_SECONDS = 180
FOUR_GIB = 4 << 30
ANYWHERE = Place("any")


async def collect(folder: Path) -> bytes:
    """Boot the bare machine with the collector in its initrd; return the archive it makes."""
    description = load_description(Q35)
    folder.mkdir(parents=True, exist_ok=True)
    script = initrd.regular("bin/collect.sh", (PROJECT / "generator" / "collect.sh").read_bytes())
    # The kernel unpacks one archive after the other.
    with_script = folder / "initrd.img"
    with_script.write_bytes((GUEST / "initrd.img").read_bytes() + initrd.compress(initrd.archive([script])))
    port = description.serial_ports[0]
    boot = dataclasses.replace(
        prepare_boot(description, folder, None),
        kernel=GUEST / "vmlinuz",
        initrd=with_script,
        append=f"console=uart8250,io,{port.io_base:#x},115200n8 mrm.ticks=0",
    )
    async with RunningMachine(description, boot, folder) as machine:
        guest = Guest(machine.console(port.name), "bare")
        await guest.report(guest.console.start(), BOOT_SECONDS)
        done = await guest.run("dmesg -n 1; sh /bin/collect.sh /run/facts", COLLECT_SECONDS)
        assert (done.status, "/run/facts.tar.gz" in done.output) == (0, True), done.output
        done = await guest.run("echo BEGIN; base64 /run/facts.tar.gz; echo END", COLLECT_SECONDS)
    text = re.search(
        r"BEGIN\s+([A-Za-z0-9+/=\s]+?)\s+END", done.output.rpartition("BEGIN; ")[2] or done.output
    )
    assert text, done.output
    return base64.b64decode(text[1])


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, str]:
    """The machine file of a scan, and the findings it was made with."""
    folder = tmp_path_factory.mktemp("q35")
    archive = folder / "facts.tar.gz"
    archive.write_bytes(asyncio.run(collect(folder / "run")))
    output = folder / "scanned.yaml"
    arguments = ["scan", "--from", str(archive), "--output", str(output), "--name", "q35"]
    run = subprocess.run(
        [sys.executable, "-m", "generator", *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return load_machine(output), run.stderr


@pytest.fixture(scope="module")
def written() -> Machine:
    return load_machine(Q35)


def bare_function(function: PciFunction) -> PciFunction:
    """A function without what people write for people and where in the file it stands."""
    behind = tuple(bare_function(f) for f in function.behind)
    return dataclasses.replace(function, place=ANYWHERE, title=None, behind=behind)


def bare_root(root: PciRoot) -> PciRoot:
    return dataclasses.replace(
        root, place=ANYWHERE, functions=tuple(bare_function(f) for f in root.functions)
    )


def test_processors(scanned: tuple[Machine, str], written: Machine) -> None:
    found, expected = (
        [dataclasses.replace(p, place=ANYWHERE) for p in machine.processors]
        for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].physical_address_bits == written.physical_address_bits
    assert scanned[0].features == written.features


def test_pci_tree(scanned: tuple[Machine, str], written: Machine) -> None:
    """Bridges, windows, BARs, MSI, reset methods, serial numbers: everything but the titles."""
    found, expected = ([bare_root(r) for r in machine.roots] for machine in (scanned[0], written))
    assert found == expected
    ecams = ([dataclasses.replace(e, place=ANYWHERE) for e in m.ecam] for m in (scanned[0], written))
    assert next(ecams) == next(ecams)


def test_uarts_and_acpi(scanned: tuple[Machine, str], written: Machine) -> None:
    found, expected = (
        [dataclasses.replace(u, place=ANYWHERE) for u in machine.uarts] for machine in (scanned[0], written)
    )
    assert found == expected
    assert scanned[0].controller_console == written.controller_console
    assert scanned[0].acpi == written.acpi


def test_memory(scanned: tuple[Machine, str], written: Machine) -> None:
    """The scan leaves out what the firmware keeps: below 4 GiB, and no more than the file allows for."""
    kept = 0
    for memory in written.memory:
        inside = [m for m in scanned[0].memory if memory.base <= m.base and m.end <= memory.end]
        missing = memory.size - sum(m.size for m in inside)
        assert all(m.node == memory.node for m in inside)
        assert missing == 0 or memory.end <= FOUR_GIB
        kept += missing
    total = sum(m.size for m in written.memory)
    assert sum(m.size for m in scanned[0].memory) + kept == total
    assert kept <= written.firmware.memory


def test_firmware(scanned: tuple[Machine, str], written: Machine) -> None:
    """What no running system can see is told as a finding."""
    found, findings = scanned
    assert (found.firmware.vendor, found.firmware.version, found.firmware.interface) == (
        written.firmware.vendor,
        written.firmware.version,
        written.firmware.interface,
    )
    assert found.firmware.memory == written.firmware.memory
    assert "finding: firmware: boot_device not known" in findings
    told = [line for line in findings.splitlines() if not line.startswith("finding: firmware:")]
    assert told == []
