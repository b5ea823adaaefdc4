# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a kernel warns of in a partition, beside the same kernel on the bare machine and beside docs/acpi.md.

Levels up to 4 of the kernel's log, with all numbers made equal.
"""

import asyncio
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine
from ci.run.plan import PartitionPromise, Plan
from tests.boot.bench import Bench
from tests.boot.builds import OUTPUT
from tests.boot.conftest import alone, run_identifier

TABLE = "## What Linux warns of"
_ROW = re.compile(r"^\| `(?P<message>[^`]+)` \| (?P<kernels>[^|]+) \|", re.MULTILINE)


# What an emulated machine says when its host is busy, on both sides: timing never decides a test.
_SLOW = re.compile(
    r"(hrtimer|perf): interrupt took|rcu.*(stall|starved)|clocksource|not consistent with PM-Timer"
    r"|Unstable clock detected|keep using the local clock|trace_clock=local|on the kernel command line"
)


def same(message: str) -> str:
    """Return a message without its time stamp, its numbers made equal."""
    return re.sub(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f]*", "N", re.sub(r"^\[[ \d.]+\]\s*", "", message))


def documented(kernel: str) -> tuple[str, ...]:
    """Return the beginnings of messages that docs/acpi.md names for a kernel release."""
    table = (PROJECT / "docs" / "acpi.md").read_text("utf-8").partition(TABLE)[2]
    rows = list(_ROW.finditer(table))
    assert rows, f"docs/acpi.md: no table under {TABLE!r}"
    return tuple(
        same(row["message"]) for row in rows if row["kernels"] == "all" or kernel.startswith(row["kernels"])
    )


def unexpected(messages: Iterable[str], bare: Iterable[str], kernel: str) -> list[str]:
    """Return the messages of a partition that neither the bare machine nor the table has."""
    known = {same(message) for message in bare}
    named = documented(kernel)
    return [
        message
        for message in messages
        if same(message) not in known and not same(message).startswith(named) and not _SLOW.search(message)
    ]


def new_warnings(bench: Bench, name: str) -> list[str]:
    """Return what a partition's kernel warns of, and neither the bare machine nor docs/acpi.md has."""
    promise = next(promise for promise in bench.plan.partitions if promise.name == name)
    data = bench.session.reports()[name].data
    return unexpected(data["warnings"], _bare_warnings(bench.plan, promise), data["kernel"])


def _bare_warnings(plan: Plan, promise: PartitionPromise) -> list[str]:
    """Return what a partition's kernel warns of on the bare machine; it is booted once in a test run."""
    assert promise.kernel_file and promise.initrd_file
    folder = OUTPUT / "bare" / f"{promise.kernel_file.parent.name}-{promise.processors}"
    kept, run = folder / "warnings.json", run_identifier()
    with alone(folder):
        if not kept.is_file() or json.loads(kept.read_text())["run"] != run:
            lines = asyncio.run(_boot_bare(plan, promise, folder))
            kept.write_text(json.dumps({"run": run, "warnings": lines}))
        return [str(line) for line in json.loads(kept.read_text())["warnings"]]


async def _boot_bare(plan: Plan, promise: PartitionPromise, folder: Path) -> list[str]:
    description = load_description(PROJECT / "platforms" / f"{plan.machine}.yaml")
    port = description.serial_ports[0]
    boot = replace(
        prepare_boot(description, folder, None),
        kernel=promise.kernel_file,
        initrd=promise.initrd_file,
        append=f"console=uart8250,io,{port.io_base:#x},115200n8 nr_cpus={promise.processors} "
        "no_timer_check mrm.ticks=0",
    )
    async with Machine(description, boot, folder) as machine:
        guest = Guest(machine.console(port.name), "bare")
        report = await guest.report(guest.console.start(), BOOT_SECONDS)
        return [str(line) for line in report.data["warnings"]]
