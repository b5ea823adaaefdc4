# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The generator as a library: what builds and tools call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.check import check
from generator.emit import emit
from generator.errors import Problem, Severity, UserErrors, in_order
from generator.load.boot_files import load_boot_files
from generator.load.layers import folder_of, shown_path
from generator.load.machine_file import load_machine_file
from generator.load.partition_file import load_partition_file
from generator.model.intent import Intent
from generator.model.machine import Machine
from generator.model.plan import Plan
from generator.resolve import resolve

PLATFORMS = "platforms"
MACHINE_SUFFIXES = (".yaml", ".yml")


def load_machine(machine_file: Path) -> Machine:
    """Facts of a machine; raises `UserErrors` if its file is not well-formed."""
    problems: list[Problem] = []
    machine = load_machine_file(machine_file, problems)
    if machine is None or problems:
        raise UserErrors(problems)
    return machine


def make_plan(
    partition_file: Path | Sequence[Path], machine_file: Path | None = None
) -> tuple[Plan, tuple[Problem, ...]]:
    """The checked plan for a partition file, and warnings; of several files the later override the earlier.

    Without `machine_file`, `machine: NAME` is looked up as platforms/NAME.yaml in the folders above the
    partition file.  Raises `UserErrors` with everything that is wrong with either file or the plan.
    """
    plan, problems = judge(partition_file, machine_file)
    if plan is None or any(problem.severity is Severity.ERROR for problem in problems):
        raise UserErrors(problems)
    return plan, problems


def judge(
    partition_file: Path | Sequence[Path], machine_file: Path | None = None
) -> tuple[Plan | None, tuple[Problem, ...]]:
    """The plan, if the files can be read at all, and everything that is wrong with it, in order of place.

    What of a partition can be read is planned and judged even if something else of it cannot be read.
    """
    problems: list[Problem] = []
    intent = load_partition_file(partition_file, problems)
    if intent is None:
        return None, tuple(problems)
    found = machine_file or _find_machine_file(intent, problems)
    machine = load_machine_file(found, problems) if found is not None else None
    if machine is None:
        return None, tuple(problems)
    plan = resolve(intent, machine, load_boot_files(intent), source_name(partition_file))
    return plan, in_order((*problems, *check(plan)))


def generate(
    partition_file: Path | Sequence[Path], machine_file: Path | None, output: Path, compile_asl: bool = True
) -> Plan:
    """Plan, check and write the generated files below `output`; `plan.esp_files` goes onto the ESP.

    Raises `UserErrors` (whose text is one `file:line:column: …` line for each problem) before anything is
    written if something is wrong with the input.
    """
    plan, _ = make_plan(partition_file, machine_file)
    emit(plan, output, compile_asl)
    return plan


def source_name(partition_file: Path | Sequence[Path]) -> str:
    """Partition files as generated files name them: relative to the project, no path of this host."""
    if not isinstance(partition_file, Path):
        return " + ".join(source_name(path) for path in partition_file)
    resolved = partition_file.resolve()
    root = _project_root(resolved)
    return resolved.name if root is None else resolved.relative_to(root).as_posix()


def _project_root(partition_file: Path) -> Path | None:
    """The nearest folder above a file that has a folder of machine files."""
    return next((folder for folder in partition_file.parents if (folder / PLATFORMS).is_dir()), None)


def _find_machine_file(intent: Intent, problems: list[Problem]) -> Path | None:
    """The machine file that `machine:` names; None, with a problem, if there is none."""
    wanted = intent.machine
    root = _project_root(intent.path.resolve())
    folder = root / PLATFORMS if root is not None else Path(__file__).resolve().parent.parent / PLATFORMS
    if wanted.value.endswith(MACHINE_SUFFIXES):
        path = folder_of(wanted.place) / wanted.value
    else:
        path = folder / f"{wanted.value}.yaml"
    if path.is_file():
        return path
    known = ", ".join(sorted(found.stem for found in folder.glob("*.yaml"))) or "none is there"
    problems.append(
        Problem(
            wanted.place,
            "machine-file-found",
            f"there is no machine file {shown_path(path)}",
            f"a machine file, or one of: {known}",
            "change 'machine', or pass --machine FILE",
        )
    )
    return None
