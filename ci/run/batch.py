# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`make run` without a terminal: every console as prefixed lines, then promised against seen."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ci.qemu.command import MachineDescription
from ci.qemu.errors import QemuError
from ci.qemu.machine import Machine
from ci.qemu.stream import Report
from ci.run.bare import run_bare
from ci.run.controller_log import LineSplitter
from ci.run.figures import session_figures
from ci.run.judge import Observation, Verdict, judge
from ci.run.media import Media
from ci.run.plan import Plan
from ci.run.session import Session
from ci.run.table import figures_table, verdict_table

CONTROLLER = "controller"
BARE = "bare"
_IDLE_SECONDS = 10.0
MRM = "mrm"
"""Folder of the machine with MRM in the run folder."""

Printer = Callable[[str], None]


class PrefixedLines:
    """Prints what a console says line by line as `name | text`."""

    def __init__(self, name: str, width: int, printer: Printer) -> None:
        """`width` is the width of the longest name."""
        self._prefix = f"{name:<{width}} | "
        self._splitter = LineSplitter()
        self._print = printer

    def __call__(self, _terminal: bytes, text: str, _reports: list[Report]) -> None:
        """Take in what arrived on the console."""
        self._lines(self._splitter.feed(text))

    def flush(self) -> None:
        """Print an unfinished last line."""
        self._lines(self._splitter.flush())

    def _lines(self, lines: list[str]) -> None:
        for line in lines:
            self._print((self._prefix + line).rstrip())


def console_names(plan: Plan) -> dict[str, str]:
    """Return who owns each console: its name by the console's name."""
    owners = {p.console: p.name for p in plan.partitions if p.console is not None}
    return {plan.controller_console: CONTROLLER, **owners}


async def _watch(session: Session, printer: Printer) -> dict[str, Observation]:
    """Observe all partitions, power them off; a failure ends that and is printed, what was seen stays."""
    observations = session.observe({})
    try:
        await session.settle()
        observations = session.observe(await session.alive())
        for name in session.reports():
            await session.power_off(name)
            observations[name] = replace(observations[name], off=True)
    except QemuError as error:
        printer(f"\n{error}\n")
        if not any(o.ticks for o in observations.values()):
            observations = session.observe({})
    return observations


async def _idle(machine: Machine) -> float | None:
    """Return the idle boot processor's share of a host's processor; None if the machine has ended."""
    if machine.end is not None:
        return None
    before, began = await machine.processor_seconds(), time.monotonic()
    await asyncio.sleep(_IDLE_SECONDS)
    after, ended = await machine.processor_seconds(), time.monotonic()
    return (after[0] - before[0]) / (ended - began)


async def _run_mrm(
    description: MachineDescription, media: Media, folder: Path, printer: Printer
) -> tuple[Verdict, dict[str, dict[str, float]], float | None]:
    plan = media.plan
    machine = Machine(description, media.boot, folder)
    session = Session(machine, plan)
    names = console_names(plan)
    for name, command in media.ways_in.items():
        printer(f"{name}: {command}")
    for name, address in media.sites.items():
        printer(f"{name}: {address} leads to its port 80")
    width = max(len(name) for name in names.values())
    lines = [PrefixedLines(name, width, printer) for name in names.values()]
    for console, listener in zip(names, lines, strict=True):
        machine.console(console).listen(listener)
    async with machine:
        observations = await _watch(session, printer)
        figures = session_figures(session)
        idle = await _idle(machine)
    for listener in lines:
        listener.flush()
    return judge(plan, observations), figures, idle


async def _figures_of_bare(
    description: MachineDescription, plan: Plan, folder: Path, printer: Printer
) -> dict[str, dict[str, float]]:
    """Time the first kernel that is a boot file on the bare machine; nothing without one or when it fails."""
    promise = next((p for p in plan.partitions if p.kernel is not None and p.kernel_file), None)
    if promise is None:
        return {}
    printer(f"\nThe kernel of {promise.name}, {promise.kernel}, on the bare machine …")
    try:
        return {BARE: await run_bare(description, promise, folder)}
    except QemuError as error:
        printer(f"no figures of the bare machine: {error}")
        return {}


async def run_batch(
    description: MachineDescription,
    media: Media,
    esp: Path,
    folder: Path,
    *,
    bare: bool,
    printer: Printer = print,
) -> bool:
    """Run the machine, print everything, write `report.json` to `folder`; return whether all was as promised.

    Args:
        description: The machine.
        media: What was promised, and the machine's disks.
        esp: Folder tree of the ESP.
        folder: Where logs and report go.
        bare: Whether to time a kernel on the bare machine afterwards.
        printer: Prints one line.

    Raises:
        ci.images.gpt.ImageError: The bare machine's images could not be made.
        ci.qemu.errors.LaunchError: QEMU did not start.
    """
    flushing = partial(print, flush=True) if printer is print else printer
    report_file = folder / "report.json"
    report_file.unlink(missing_ok=True)  # an old report must not be taken for the one of a run that failed
    verdict, figures, idle = await _run_mrm(description, media, folder / MRM, flushing)
    if bare:
        figures |= await _figures_of_bare(description, media.plan, folder / "bare", flushing)
    binary = esp / "EFI" / "BOOT" / "BOOTX64.EFI"
    flushing(f"\n{verdict_table(verdict)}")
    flushing(figures_table(figures))
    if idle is not None:
        flushing(f"boot processor, all partitions off: {idle:.1%} of a host's processor")
    if binary.is_file():
        flushing(f"size of Mrm.efi: {binary.stat().st_size / 2**20:.2f} MiB")
    report: dict[str, Any] = {**verdict.to_json(figures), "idle": idle}
    report_file.write_text(json.dumps(report, indent=2) + "\n")
    flushing(f"report: {report_file}")
    flushing("everything promised was seen" if verdict.ok else "NOT everything promised was seen")
    return verdict.ok
