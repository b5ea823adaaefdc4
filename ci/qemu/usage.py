# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What booted machines cost: one line a machine in the file that an environment variable names."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

LOG_VARIABLE = "MRM_USAGE_LOG"
"""Environment variable with the path of the log; without it nothing is noted."""
_TEST_VARIABLE = "PYTEST_CURRENT_TEST"


@dataclass(frozen=True)
class Usage:
    """What one machine took.

    Attributes:
        name: Name of the machine, `q35`.
        test: The test it was booted for, as pytest names it; empty if for none.
        seconds: From its start to its end.
        processor: Seconds of the host's processors, user and system.
    """

    name: str
    test: str
    seconds: float
    processor: float


def current_test() -> str:
    """Return the test that runs, without the part of it that pytest adds in parentheses."""
    return os.environ.get(_TEST_VARIABLE, "").partition(" (")[0]


def processor_seconds(process: int) -> float:
    """Return the processor time a process has taken so far, 0 if it has gone."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0
    # proc(5): utime and stime, counted after the name in parentheses.
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def note(usage: Usage) -> None:
    """Append a machine to the log, if there is one."""
    log = os.environ.get(LOG_VARIABLE)
    if log:
        with Path(log).open("a") as file:
            file.write(json.dumps(asdict(usage)) + "\n")


def read_log(log: Path) -> list[Usage]:
    """Return all machines of a log; none if there is no log."""
    if not log.is_file():
        return []
    return [Usage(**json.loads(line)) for line in log.read_text().splitlines()]
