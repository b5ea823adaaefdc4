# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How long the generator takes for large machines, and how much memory.  Figures, no judgement."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from bench.results import PlannerTime
from generator.api import load_machine
from generator.check import check
from generator.emit import emit
from generator.errors import Severity
from generator.load.boot_files import load_boot_files
from generator.load.partition_file import load_partition_file
from generator.picture import render_page
from generator.resolve import resolve
from tests.generator.large import large_machine, large_partitions
from tests.generator.support import make_project

T = TypeVar("T")

STEPS = ("read machine", "read partitions", "resolve", "check", "emit", "draw")
SIZES = (
    (32, 1088, 512, "16 KiB"),
    (64, 1088, 512, "32 KiB"),
    (64, 512, 512, "32 KiB"),
    (64, 1024, 1024, "32 KiB"),
    (64, 2048, 2048, "32 KiB"),
    (64, 4096, 4096, "32 KiB"),
    (64, 8192, 5120, "32 KiB"),
)
"""Partitions, processors, PCI functions, low slice of each partition.

The first is the largest plan that is accepted: 512 KiB of low memory are 32 slices of 16 KiB, the least there
is.  The others take the same work and are refused for their low slices only; the last ones show how it grows.
A machine file may have 8,192 processors at most.
"""

SHOWN = (SIZES[1], SIZES[-2], SIZES[-1])
"""What the page tells."""


def timed(run: Callable[[], T]) -> tuple[T, float]:
    """A result, and how many seconds it took."""
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start


def measure(
    project: Path, partitions: int, processors: int, functions: int, low: str
) -> tuple[list[float], str]:
    """Seconds for each step, and by which rules the plan is refused."""
    ports = functions // 2
    machine_file = project / "platforms" / "large.yaml"
    machine_file.write_text(large_machine(processors, ports, partitions + 1), "utf-8")
    path = project / "partitions" / "large-plan.yaml"
    loader = "files/linux" if low == "32 KiB" else "files/app.efi"
    whole_cores = (processors - 64) // (2 * partitions) * 2 * partitions
    path.write_text(
        large_partitions(partitions, whole_cores, min(ports, 16 * partitions), low, loader), "utf-8"
    )
    machine, reading_machine = timed(lambda: load_machine(machine_file))
    intent, reading = timed(lambda: load_partition_file(path, []))
    if intent is None:
        raise SystemExit("the partition file of the benchmark cannot be read")
    plan, resolving = timed(lambda: resolve(intent, machine, load_boot_files(intent), "bench"))
    problems, checking = timed(lambda: check(plan))
    refused = sorted({problem.rule for problem in problems if problem.severity is Severity.ERROR})
    _, emitting = timed(lambda: emit(plan, project / f"out-{processors}"))
    _, drawing = timed(lambda: render_page(plan))
    seconds = [reading_machine, reading, resolving, checking, emitting, drawing]
    return seconds, ", ".join(refused) or "accepted"


def _plan(size: tuple[int, int, int, str]) -> PlannerTime:
    """Measure one size; in a process that does nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        seconds, _ = measure(make_project(Path(folder)), *size)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    return PlannerTime(*size[:3], round(sum(seconds), 2), most)


def plan_times(sizes: Sequence[tuple[int, int, int, str]] = SHOWN) -> list[PlannerTime]:
    """Return what plans of some sizes take, each in a process of its own."""
    found = []
    for size in sizes:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            found.append(pool.submit(_plan, size).result())
    return found


def main() -> None:
    """Print a table."""
    steps = "".join(f"{step:>17}" for step in (*STEPS, "together"))
    print(f"partitions  processors  functions{steps}  refused by")
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder))
        for partitions, processors, functions, low in SIZES:
            seconds, refused = measure(project, partitions, processors, functions, low)
            figures = "".join(f"{1000 * second:14.0f} ms" for second in (*seconds, sum(seconds)))
            print(f"{partitions:10}  {processors:10}  {functions:9}{figures}  {refused}", flush=True)
