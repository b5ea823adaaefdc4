# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Memory: what a partition's firmware holds of it, and what the controller takes of the PC.

A kernel with `efi=debug` prints the memory map of the end of boot services, and `/proc/iomem` tells what the
OS has after it. The controller says how much memory of the PC is free when it begins, and when all partitions
are bound. All waits raise what `Machine.until` raises.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import modules, scale, subject
from bench.analysis import AnalysisError
from bench.subject import Build
from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.run.plan import PartitionPromise, Plan
from ci.run.session import Session

BEFORE = "a partition's firmware when its loader ends boot services"
AFTER = "the same when its OS runs"
IMAGE = "Mrm.efi, loaded"
FIRST = "what the controller takes besides, with one partition"
FURTHER = "the same for each further partition"

_SECONDS = 60.0
_PAGE = 4096
_LEFT_TO_LOADER = ("Conventional", "Loader Code", "Loader Data")


def map_of(log: str) -> Mapping[str, int]:
    """Return bytes by type of memory, from a kernel's log with `efi=debug`; raises AnalysisError.

    The log has two maps: the first is that of the end of boot services, the other what the kernel keeps.
    """
    found: dict[str, int] = {}
    line = r"efi: mem(\d+): \[([A-Za-z ]+?) *\|.*range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]"
    for number, kind, first, last in re.findall(line, log):
        if found and int(number) == 0:
            break
        found[kind] = found.get(kind, 0) + int(last, 16) + 1 - int(first, 16)
    if "Conventional" not in found:
        raise AnalysisError(f"the kernel tells no memory map: {log[:200]}")
    return found


def system_ram(iomem: str) -> int:
    """Return the bytes that an OS has for itself, from `/proc/iomem`; raises AnalysisError."""
    found = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM", iomem, re.MULTILINE)
    if not found:
        raise AnalysisError(f"the OS tells no memory of its own: {iomem[:200]}")
    return sum(int(last, 16) + 1 - int(first, 16) for first, last in found)


def files_of(promise: PartitionPromise) -> int:
    """Return the bytes that a partition's boot files take, in whole pages."""
    files = [path for path in (promise.kernel_file, promise.initrd_file) if path]
    return sum(-(-path.stat().st_size // _PAGE) * _PAGE for path in files)


def held(promise: PartitionPromise, log: str, iomem: str) -> dict[str, int]:
    """Return what a partition's firmware holds, before the end of boot services and after it.

    Its boot files are no part of it: the controller has laid them into the partition's memory.
    """
    types = map_of(log)
    left = sum(types.get(kind, 0) for kind in _LEFT_TO_LOADER)
    return {
        BEFORE: promise.memory - left - files_of(promise),
        AFTER: promise.memory - system_ram(iomem),
    }


def taken(plan: Plan, said: str) -> int:
    """Return what the controller took until all partitions were bound, besides their memory and boot files.

    Args:
        plan: What was bound.
        said: What the controller has said until then.

    Raises:
        AnalysisError: It has not said how much memory is free.
    """
    free = [int(size) << 10 for size in re.findall(r"MRM: machine: (\d+) KiB of memory are free", said)]
    if len(free) < 2:
        raise AnalysisError(f"the controller does not say twice how much memory is free: {said[:200]}")
    promised = sum(promise.memory + files_of(promise) for promise in plan.partitions)
    return free[0] - free[1] - promised


async def _one(folder: Path) -> dict[str, int]:
    """Boot one partition."""
    build = subject.build("size")
    async with subject.partition(build, folder / "size") as measured:
        assert measured.session
        log = await measured.guest.run("dmesg | grep 'efi: mem'", _SECONDS)
        iomem = await measured.guest.run("cat /proc/iomem", _SECONDS)
        console = measured.session.controller
        found = held(subject.promise_of(build.plan), log.output, iomem.output)
        image, _ = modules.signature(build.esp / "EFI" / "BOOT" / "BOOTX64.EFI")
        return {**found, IMAGE: image, FIRST: taken(build.plan, console.since(console.start()))}


async def _several(build: Build, folder: Path) -> int:
    """Bind several partitions, and start none."""
    description = load_description(PROJECT / "Build" / "bench" / "scale" / "machine.yaml")
    boot = subject.only(prepare_boot(description, folder, build.esp, ()), description, {})
    async with subject.running(description, boot, folder, False) as (machine, _):
        session = Session(machine, build.plan)
        await subject.bound(session)
        console = session.controller
        await console.wait_for(r"(?s)of memory are free.*of memory are free", _SECONDS, console.start())
        return taken(build.plan, console.since(console.start()))


async def measure(folder: Path, say: Callable[[str], None] = print) -> dict[str, int]:
    """Return bytes by what they are of; raises ci.qemu.errors.QemuError, SetupError, or AnalysisError.

    Args:
        folder: Receives images and logs.
        say: Is told how far it is.
    """
    say("looking at the memory of a partition and of the controller")
    found = await _one(folder)
    all_of_them = await _several(scale.build(), folder / "size-several")
    return {**found, FURTHER: (all_of_them - found[FIRST]) // (scale.MOST - 1)}
