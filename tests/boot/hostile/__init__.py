# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Partitions that try from ring 0 what is not theirs (`hostile.c`), beside one that is to notice nothing."""

import re
from dataclasses import dataclass
from pathlib import Path

from ci.progress import PROJECT
from ci.qemu.console import Cursor
from ci.run.controller_log import State
from ci.run.session import Session
from tests.boot import efi_code

NEIGHBOUR = "steady"
PORTS = {"wild": 0x3E8, "held": 0x2E8}
"""The hostile partitions, and the first port of each console."""

PARTITIONS = """\
format: 1
machine: PROJECT/platforms/q35-devices.yaml
partitions:
  - name: steady
    processors: 1
    memory: 384 MiB
    console: COM2
    permissions: {stop: all, start: all, restart: all}
    boot: {file: PROJECT/Build/guests/linux-6.12/vmlinuz, initrd: PROJECT/Build/guests/linux-6.12/initrd.img}
  - name: wild
    isolation: guarded
    processors: 2
    memory: 256 MiB
    pci: PciRoot(0x0)/Pci(0x3,0x0)
    console: COM3
    restart: {policy: on-failure, limit: 0, backoff: 0}
    boot: {file: hostile.efi, options: 3e8}
  - name: held
    isolation: contained
    dma: trusted
    processors: 2
    memory: 256 MiB
    pci: PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)/Pci(0x0,0x0)
    console: COM4
    restart: {policy: on-failure, limit: 0, backoff: 0}
    boot: {file: hostile.efi, options: 2e8}
"""

SECONDS = 300.0
"""Everything comes long before, also on a busy host."""

LOCAL_APIC = 0xFEE00000
COMMAND_LOW, COMMAND_HIGH = LOCAL_APIC + 0x300, LOCAL_APIC + 0x310
INIT, STARTUP = 0x4500, 0x4600
COUNTER = 0x10
"""Where, in the page of the code for other processors, those are counted that run it."""

_ANSWER = r"HOSTILE {name} ([0-9a-f]{{16}}) ([0-9a-f]{{16}})\."


def make(folder: Path) -> Path:
    """Write the application and the partition file to a folder, which is made; return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hostile.efi").write_bytes(efi_code.build(Path(__file__).with_name("hostile.c"), folder))
    file = folder / "hostile.yaml"
    file.write_text(PARTITIONS.replace("PROJECT", str(PROJECT)), "utf-8")
    return file


@dataclass(frozen=True)
class Told:
    """What the application answered to a command: a value, and the vector of an exception, or 0."""

    value: int
    vector: int


class Hostile:
    """A hostile partition, which does what it is told."""

    def __init__(self, session: Session, name: str) -> None:
        """Speak with the partition `name`."""
        self.session = session
        self.name = name
        self.console = session.guests[name].console

    async def ready(self, since: Cursor) -> None:
        """Wait until the application waits for commands."""
        await self.console.wait_for(_ANSWER.format(name="!"), SECONDS, since)

    async def do(self, command: str) -> Told:
        """Have it do something that does not end it."""
        since = self.console.mark()
        self.console.send(f"{command}\n")
        found = await self.console.wait_for(_ANSWER.format(name=re.escape(command[0])), SECONDS, since)
        return Told(int(found.match[1], 16), int(found.match[2], 16))

    async def ended(self, command: str) -> State:
        """Have it do what ends it; return the state that the controller names, when it is back."""
        begin, since = self.session.count(), self.console.mark()
        self.console.send(f"{command}\n")
        state = await self.session.wait_state(self.name, "restarting", SECONDS, begin)
        await self.ready(since)
        return state

    async def send_ipi(self, destination: int, command: int) -> Told:
        """Write an interrupt command to the page of the local APIC."""
        await self.do(f"w {COMMAND_HIGH:x} 4 {destination << 24:x}")
        return await self.do(f"w {COMMAND_LOW:x} 4 {command:x}")

    async def page(self) -> int:
        """Return the address of the code for other processors."""
        return (await self.do("p")).value

    async def start_other(self, apic_id: int) -> int:
        """Start another processor of its own, which loops then; return how many ran that code."""
        page = await self.page()
        await self.do(f"w {page + COUNTER:x} 2 0")
        await self.send_ipi(apic_id, INIT)
        await self.send_ipi(apic_id, STARTUP | page >> 12)
        for _ in range(100):
            if (count := (await self.do(f"r {page + COUNTER:x} 2")).value) > 0:
                return count
        return 0
