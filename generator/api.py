# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The generator as a library: what builds and tools call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from generator.check import check
from generator.emit import emit
from generator.errors import Problem, Problems, Severity, TooManyProblemsError, UserErrors, in_order
from generator.load.boot_files import load_boot_files
from generator.load.layers import folder_of, shown_path
from generator.load.machine_file import load_machine_file
from generator.load.partition_file import load_partition_file
from generator.model.intent import Intent
from generator.model.machine import Machine
from generator.model.plan import Plan
from generator.printable import PATH, printable, some
from generator.reading import is_folder, real_path, why_unreadable
from generator.resolve import resolve

PLATFORMS = "platforms"
_PACKAGED = Path(__file__).with_name(PLATFORMS)
_OURS = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).resolve().parent.parent / PLATFORMS
"""Machine files of a release, else of this checkout."""
MACHINE_SUFFIXES = (".yaml", ".yml")
MOST_NAMED = 20
"""Machine files that a message lists."""


def load_machine(machine_file: Path) -> Machine:
    """Facts of a machine; raises `UserErrors` if its file is not well-formed."""
    problems = Problems()
    machine = None
    with suppress(TooManyProblemsError):
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
    problems = Problems()
    intent = machine = None
    with suppress(TooManyProblemsError):
        intent = load_partition_file(partition_file, problems)
        if intent is not None:
            machine = _machine_of(intent, machine_file, problems)
    if intent is None or machine is None:
        return None, in_order(problems)
    plan = resolve(intent, machine, load_boot_files(intent), source_name(partition_file))
    return plan, in_order((*problems, *check(plan), *_problems_of_defaults(intent, machine)))


def _machine_of(intent: Intent, machine_file: Path | None, problems: list[Problem]) -> Machine | None:
    """The machine that is given, or that the partition file names; None, with problems, if there is none."""
    if machine_file is not None:
        return load_machine_file(machine_file, problems)
    found = _find_machine_file(intent, problems)
    return None if found is None else load_machine_file(found, problems, intent.machine.place)


def _problems_of_defaults(intent: Intent, machine: Machine) -> Iterator[Problem]:
    """The problems that defaults which no partition takes would have in a partition with only these."""
    if intent.defaults is not None:
        alone = replace(intent, partitions=(intent.defaults.partition,), beyond=None)
        plan = resolve(alone, machine, {}, "defaults")
        yield from (problem for problem in check(plan) if problem.place in intent.defaults.places)


def generate(partition_file: Path | Sequence[Path], machine_file: Path | None, output: Path) -> Plan:
    """Plan, check and write the generated files below `output`; `plan.esp_files` goes onto the ESP.

    Raises `UserErrors` (whose text is one `file:line:column: …` line for each problem) before anything is
    written if something is wrong with the input.
    """
    plan, _ = make_plan(partition_file, machine_file)
    emit(plan, output)
    return plan


def source_name(partition_file: Path | Sequence[Path]) -> str:
    """Partition files as generated files name them: relative to the project, no path of this host."""
    if not isinstance(partition_file, Path):
        return " + ".join(source_name(path) for path in partition_file)
    resolved = real_path(partition_file)
    root = _project_root(resolved)
    name = resolved.name if root is None else resolved.relative_to(root).as_posix()
    return printable(name, PATH)


def _project_root(partition_file: Path) -> Path | None:
    """The nearest folder above a file that has a folder of machine files."""
    return next((folder for folder in partition_file.parents if is_folder(folder / PLATFORMS)), None)


def _find_machine_file(intent: Intent, problems: list[Problem]) -> Path | None:
    """The machine file that `machine:` names; None, with a problem, if there is none."""
    wanted = intent.machine
    root = _project_root(real_path(intent.path))
    folder = _OURS if root is None else root / PLATFORMS
    if wanted.value.endswith(MACHINE_SUFFIXES):
        path = folder_of(wanted.place) / wanted.value
    else:
        path = folder / f"{wanted.value}.yaml"
    fault = why_unreadable(path)
    if fault is None or not fault.absent:
        return path
    known = sorted(found.stem for found in folder.glob("*.yaml"))
    problems.append(
        Problem(
            wanted.place,
            "machine-file-found",
            f"there is no machine file {printable(shown_path(path), PATH)}",
            f"a machine file, or one of: {some(known, MOST_NAMED) or 'none is there'}",
            "change 'machine', or pass --machine FILE",
        )
    )
    return None
