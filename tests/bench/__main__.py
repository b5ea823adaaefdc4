# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Print how long the generator takes: `python -m tests.bench`.  Figures, no judgement."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from generator.api import load_machine
from generator.check import check
from generator.emit import emit
from generator.load.boot_files import load_boot_files
from generator.load.partition_file import load_partition_file
from generator.picture import render_page
from generator.resolve import resolve
from tests.generator.large import large_machine, large_partitions
from tests.generator.support import make_project

T = TypeVar("T")

STEPS = ("read machine", "read partitions", "resolve", "check", "emit", "draw")
SIZES = ((64, 1088, 512), (64, 512, 512), (64, 1024, 1024), (64, 2048, 2048), (64, 4096, 4096))
"""Partitions, processors, PCI functions: the largest plan there is, then ever larger machines."""


def timed(run: Callable[[], T]) -> tuple[T, float]:
    """A result, and how many seconds it took."""
    start = time.perf_counter()
    result = run()
    return result, time.perf_counter() - start


def measure(project: Path, partitions: int, processors: int, functions: int) -> list[float]:
    """Seconds for each step."""
    ports = functions // 2
    machine_file = project / "platforms" / "large.yaml"
    machine_file.write_text(large_machine(processors, ports, partitions + 1), "utf-8")
    path = project / "partitions" / "large-plan.yaml"
    path.write_text(large_partitions(partitions, processors - 64, min(ports, 16 * partitions)), "utf-8")
    machine, reading_machine = timed(lambda: load_machine(machine_file))
    intent, reading = timed(lambda: load_partition_file(path, []))
    if intent is None:
        raise SystemExit("the partition file of the benchmark cannot be read")
    plan, resolving = timed(lambda: resolve(intent, machine, load_boot_files(intent), "bench"))
    _, checking = timed(lambda: check(plan))
    _, emitting = timed(lambda: emit(plan, project / f"out-{processors}"))
    _, drawing = timed(lambda: render_page(plan))
    return [reading_machine, reading, resolving, checking, emitting, drawing]


def main() -> None:
    """Print a table."""
    print("partitions  processors  functions" + "".join(f"{step:>17}" for step in (*STEPS, "together")))
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder))
        for partitions, processors, functions in SIZES:
            seconds = measure(project, partitions, processors, functions)
            figures = "".join(f"{1000 * second:14.0f} ms" for second in (*seconds, sum(seconds)))
            print(f"{partitions:10}  {processors:10}  {functions:9}{figures}", flush=True)


if __name__ == "__main__":
    main()
