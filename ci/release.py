# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Version and date of what is built."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

_EARLIEST = datetime(2023, 1, 1, tzinfo=UTC)
"""Linux takes PCI windows of a firmware of an earlier date for wrong, and cuts them."""


def version(declaration: Path) -> str:
    """Return the version that a package's declaration (.dec) states, such as 0.1.

    Raises:
        ValueError: It states none of two numbers.
    """
    found = re.search(
        r"^\s*PACKAGE_VERSION\s*=\s*(\d+\.\d+)\s*$", declaration.read_text("utf-8"), re.MULTILINE
    )
    if found is None:
        raise ValueError(f"{declaration}: no PACKAGE_VERSION of two numbers")
    return found[1]


def revision(declaration: Path) -> int:
    """Return the same as UEFI's system table has it: the first number in the upper 16 bits."""
    upper, _, lower = version(declaration).partition(".")
    return int(upper) << 16 | int(lower)


def date(repository: Path) -> str:
    """Return the date as SMBIOS has it, mm/dd/yyyy in UTC: the same whenever the same source is built.

    It is that of SOURCE_DATE_EPOCH (reproducible-builds.org), else of the last commit, else today.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or _commit_time(repository)
    when = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return max(when, _EARLIEST).strftime("%m/%d/%Y")


def _commit_time(repository: Path) -> str:
    """Return when the last commit was made; nothing outside a repository."""
    command = ["git", "-C", str(repository), "log", "-1", "--format=%ct"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
