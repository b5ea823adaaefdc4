# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Starts of several partitions at a time, counted: does each cost what one costs?

The machine is that of platforms/q35.yaml with more processors. All waits raise what `Machine.until` raises;
analysis raises bench.analysis.AnalysisError.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from bench import analysis, modules, subject
from bench.guest import make_guest
from bench.results import StartCount
from bench.subject import Build
from ci.images.boot import prepare_boot
from ci.progress import PROJECT, SetupError
from ci.qemu.description import load_description
from ci.run.plan import load_plan
from ci.run.session import Session
from generator.command_line import run as generator

MOST = 8
"""So many partitions can be started at a time; the machine has a processor for each, and the controller's."""

_MEMORY = "448 MiB"
_START_SECONDS = 1200.0

_PROCESSOR = "  - {apic_id: APIC_ID, package: 0, core: APIC_ID, thread: 0, node: 0}\n"


def machine_file() -> str:
    """Return the facts of q35, with more processors."""
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    last = 4
    end = _PROCESSOR.replace("APIC_ID", str(last))
    if end not in text:
        raise SetupError(f"platforms/q35.yaml has no line {end!r}")
    more = (_PROCESSOR.replace("APIC_ID", str(number)) for number in range(last, MOST + 1))
    return text.replace(end, "".join(more))


def partition_file(kernel: Path, initrd: Path) -> str:
    """Return a partition file with as many partitions as there can be; their operator starts them."""
    lines = ["format: 1", "machine: machine.yaml", f"defaults: {{memory: {_MEMORY}, console: none}}"]
    lines.append("partitions:")
    for number in range(1, MOST + 1):
        lines += [
            f"  - name: number-{number}",
            f"    processors: {{apic_ids: [{number}]}}",
            "    autostart: false",
            f"    boot: {{file: {kernel}, initrd: {initrd}, options: mrm.ticks=0}}",
        ]
    return "\n".join(lines) + "\n"


def build() -> Build:
    """Write machine file and partition file, and make what boots of them; raises SetupError."""
    guest = make_guest()
    folder = PROJECT / "Build" / "bench" / "scale"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.yaml").write_text(machine_file(), "utf-8")
    file = folder / "partitions.yaml"
    file.write_text(partition_file(guest.kernel, guest.initrd), "utf-8")
    if generator(["esp", str(file), "--output", str(folder / "build")]) != 0:
        raise SetupError(f"no ESP could be made of {file}")
    return Build(folder / "build" / "ESP", load_plan(folder / "build" / "MrmPlan.json", PROJECT))


async def _starts(build: Build, count: int, folder: Path) -> StartCount:
    """Boot the machine, and have its operator start some partitions at once."""
    description = load_description(PROJECT / "Build" / "bench" / "scale" / "machine.yaml")
    boot = prepare_boot(description, folder, build.esp, ())
    boot = subject.only(boot, description, {})
    async with subject.running(description, boot, folder, True) as (machine, counter):
        assert counter
        session = Session(machine, build.plan)
        started = build.plan.partitions[:count]
        await subject.bound(session)
        session.controller.send("\n")
        idle = await counter.snapshot("idle")
        session.controller.send("".join(f"{number}s" for number in range(1, count + 1)))
        processors = [promise.apic_ids[0] for promise in started]
        await counter.phases(analysis.RUNNING, count, _START_SECONDS)
        return analysis.starts(list(counter.records()), idle, processors, modules.load(build.esp))


async def count_starts(
    folder: Path, counts: Sequence[int] = (1, 2, 4, MOST), say: Callable[[str], None] = print
) -> list[StartCount]:
    """Count starts of so many partitions at a time, each on a machine booted anew."""
    built = build()
    found = []
    for count in counts:
        say(f"counting {count} starts at a time")
        found.append(await _starts(built, count, folder / f"starts-{count}"))
    return found
