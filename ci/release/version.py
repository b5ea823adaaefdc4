# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Version and date of what is built."""

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from generator.version import stated

_EARLIEST = datetime(2023, 1, 1, tzinfo=UTC)
"""Linux takes PCI windows of a firmware of an earlier date for wrong, and cuts them."""


def version(declaration: Path) -> str:
    """Return the version that a package's declaration (.dec) states, such as 0.1.

    Raises:
        ValueError: It states none of two numbers.
    """
    return stated(declaration)


def revision(declaration: Path) -> int:
    """Return the same as UEFI's system table has it: the first number in the upper 16 bits."""
    upper, _, lower = version(declaration).partition(".")
    return int(upper) << 16 | int(lower)


def seconds(repository: Path) -> int:
    """Return when what is built was made, in seconds since 1970 began: the same for the same source.

    It is SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the last commit, else now.
    """
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _commit_time(repository) or time.time())


def date(repository: Path) -> str:
    """Return the date of that as SMBIOS has it, mm/dd/yyyy in UTC."""
    return max(datetime.fromtimestamp(seconds(repository), UTC), _EARLIEST).strftime("%m/%d/%Y")


def _commit_time(repository: Path) -> str:
    """Return when the last commit was made; nothing outside a repository."""
    command = ["git", "-C", str(repository), "log", "-1", "--format=%ct"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
