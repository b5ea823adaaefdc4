# SPDX-License-Identifier: BSD-2-Clause-Patent
"""One booted machine for several tests: booting costs more than looking."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from ci.guests.debian.build import ensure
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.devices import Network
from ci.qemu.machine import STALL_SECONDS, Machine
from ci.run.media import prepare_media
from ci.run.plan import Plan
from ci.run.session import Session

Result = TypeVar("Result")


class Bench:
    """A machine that tests look at one after the other, each with `run`.

    The machine itself runs all the time; its consoles are read while a test runs something, and what they
    said in between is read then.

    Attributes:
        plan: What was promised.
        ways_in: Command that logs in over the network, by partition.
        sites: Address of its web server, by partition.
        machine: The machine.
        session: Its consoles by the plan's names.
    """

    def __init__(
        self,
        plan: Plan,
        esp: Path,
        folder: Path,
        disks: Mapping[str, Path] | None = None,
        networks: Mapping[str, Network] | None = None,
        absent: Collection[str] = (),
        large_blocks: Collection[str] = (),
        stall_seconds: float = STALL_SECONDS,
        **differences: Any,
    ) -> None:
        """Prepare a run of the ESP's tree `esp`; images and logs go to `folder`.

        `disks` and `networks` say what is behind root ports, `absent` behind which there is nothing,
        `large_blocks` which of the disks have blocks of 4096 bytes, `stall_seconds` how long all consoles may
        be silent; `differences` replace attributes of the `MachineDescription` the plan was made for.
        """
        self._runner = asyncio.Runner()
        planned = load_description(PROJECT / "platforms" / f"{plan.machine}.yaml")
        description = replace(planned, **differences)
        debian = ensure() if any(promise.boot_disk for promise in plan.partitions) else None
        media = prepare_media(description, plan, esp, folder, debian, disks)
        wired = {**media.boot.networks, **(networks or {})}
        boot = replace(media.boot, networks=wired, absent=absent, large_blocks=large_blocks)
        self.plan = media.plan
        self.ways_in = media.ways_in
        self.sites = media.sites
        self.machine = Machine(description, boot, folder, stall_seconds)
        self.session = Session(self.machine, self.plan)

    def once_more(self, folder: Path, boot: Mapping[str, Any] | None = None, **differences: Any) -> "Bench":
        """Return the same machine with the same disks for another life of the PC; this one has ended.

        `boot` and `differences` replace attributes of its `Boot` and `MachineDescription`.
        """
        other = copy(self)
        other._runner = asyncio.Runner()
        description = replace(self.machine.description, **differences)
        other.machine = Machine(description, replace(self.machine.boot, **(boot or {})), folder)
        other.session = Session(other.machine, self.plan)
        return other

    def __enter__(self) -> Self:
        """Start the machine."""
        self.run(self.machine.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        """End the machine."""
        try:
            self.run(self.machine.close())
        finally:
            self._runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end, reading all consoles meanwhile."""
        return self._runner.run(work)
