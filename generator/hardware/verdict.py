# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a requirement is and how a machine meets it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from generator.model.machine import Machine
from generator.scan import Scan


class Level(enum.Enum):
    """Whether MRM needs it."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class State(enum.Enum):
    """Whether the machine has it."""

    FOUND = "found"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """A machine, and which parts of it are known at all; those of a machine file all are.

    `tables`: ACPI tables could be read; `fadt`, `madt`: that table among them; `capabilities`: those of every
    PCI function; `uarts`: there was a list of them, maybe empty.  `no_timer`: why there is no PM timer, where
    there is none.
    """

    machine: Machine
    tables: bool = True
    fadt: bool = True
    madt: bool = True
    capabilities: bool = True
    uarts: bool = True
    no_timer: str = "the machine file names none"

    @classmethod
    def of_scan(cls, scan: Scan) -> Facts:
        """The facts of a scan."""
        tables = scan.tables
        return cls(
            scan.machine,
            tables=tables.readable,
            fadt=tables.fadt is not None,
            madt=tables.madt is not None,
            capabilities="capabilities" not in scan.unknown,
            uarts="uarts" not in scan.unknown,
            no_timer=tables.fadt.why_no_timer if tables.fadt is not None else "",
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a machine meets a requirement: state, the value found; `level` if it differs on this machine."""

    state: State
    value: str
    level: Level | None = None


def found(value: str, level: Level | None = None) -> Verdict:
    """The machine has it."""
    return Verdict(State.FOUND, value, level)


def missing(value: str, level: Level | None = None) -> Verdict:
    """The machine does not have it."""
    return Verdict(State.MISSING, value, level)


def unknown(value: str) -> Verdict:
    """Nobody knows."""
    return Verdict(State.UNKNOWN, value)


Judge = Callable[[Facts], Verdict]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement: its name is that of its function, `why` it matters is the function's docstring."""

    name: str
    level: Level
    why: str
    judge: Judge


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the answer."""

    name: str
    level: Level
    state: State
    value: str
    why: str

    def to_json(self) -> dict[str, str]:
        """Plain data, for tools."""
        return {
            "name": self.name,
            "level": self.level.value,
            "state": self.state.value,
            "value": self.value,
            "why": self.why,
        }


def exit_status(rows: Iterable[Row]) -> int:
    """0 if all that is required was found, 1 if some is missing, 3 if none is missing but some is unknown."""
    states = {row.state for row in rows if row.level is Level.REQUIRED}
    if State.MISSING in states:
        return 1
    return 3 if State.UNKNOWN in states else 0
