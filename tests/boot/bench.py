# SPDX-License-Identifier: BSD-2-Clause-Patent
"""One booted machine for several tests: booting costs more than looking."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.machine import Machine
from ci.run.plan import Plan
from ci.run.session import Session

Result = TypeVar("Result")


class Bench:
    """A machine that tests look at one after the other, each with `run`.

    The machine itself runs all the time; its consoles are read while a test runs something, and what they
    said in between is read then.

    Attributes:
        plan: What was promised.
        machine: The machine.
        session: Its consoles by the plan's names.
    """

    def __init__(self, plan: Plan, esp: Path, folder: Path, **differences: Any) -> None:
        """Prepare a run of the ESP's tree `esp`; images and logs go to `folder`.

        `differences` replace attributes of the `MachineDescription` the plan was made for.
        """
        self._runner = asyncio.Runner()
        planned = load_description(PROJECT / "platforms" / f"{plan.machine}.yaml")
        description = replace(planned, **differences)
        self.plan = plan
        self.machine = Machine(description, prepare_boot(description, folder, esp), folder)
        self.session = Session(self.machine, plan)

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
