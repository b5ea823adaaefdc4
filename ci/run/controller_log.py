# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the controller says on its console about the partitions, as data (pure)."""

import re
from collections.abc import Collection
from dataclasses import dataclass

STATES = (
    *("absent", "refused", "starting", "firmware", "loading", "running", "stopping"),
    *("off", "failed", "restarting"),
)
"""The names of MrmStateName in MrmLifecycleLib."""

FINAL_STATES = ("refused", "off", "failed")
"""States a partition does not leave by itself."""

_STATE = re.compile(rf"MRM: ([^:]+): ({'|'.join(STATES)})(?:: (.*))?")
_TIMING = re.compile(r"MRM: ([^:]+): timing: (.*)")
_STEP = re.compile(r"([^,]+?) (\d+) ms")


@dataclass(frozen=True)
class State:
    """A partition's state with what the controller adds (`cold reset`, a reason); detail may be empty."""

    partition: str
    state: str
    detail: str


@dataclass(frozen=True)
class Timing:
    """How long steps of a partition's start took, in milliseconds by the step's name (`start->loader`)."""

    partition: str
    milliseconds: dict[str, int]


def parse_line(line: str, partitions: Collection[str]) -> State | Timing | None:
    """Understand one line of the controller's console; None when it is about no partition's state."""
    text = line.strip()
    if (match := _STATE.fullmatch(text)) and match[1] in partitions:
        return State(match[1], match[2], match[3] or "")
    if (match := _TIMING.fullmatch(text)) and match[1] in partitions:
        return Timing(match[1], {step.strip(): int(value) for step, value in _STEP.findall(match[2])})
    return None


class LineSplitter:
    """Cuts text that arrives in pieces into lines."""

    def __init__(self) -> None:
        """Begin at the start of a line."""
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        """Return the lines completed by `text`, without their newlines."""
        *lines, self._rest = (self._rest + text).split("\n")
        return lines

    def flush(self) -> list[str]:
        """Return what is left of an unfinished last line."""
        rest, self._rest = self._rest, ""
        return [rest] if rest.strip() else []
