# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the commands that boot a build share: where the build is, and how they end."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from ci.images.gpt import ImageError
from ci.progress import SetupError
from ci.qemu.description import DescriptionError
from ci.qemu.errors import QemuError
from ci.run.plan import PlanError

_BUILD = Path("Build/q35")


def add_build(parser: argparse.ArgumentParser, folder: Path, kept: str) -> None:
    """Add the options that name a build, and the folder for what is kept of its run."""
    parser.add_argument(
        "--esp", type=Path, default=_BUILD / "ESP", help="folder tree of the ESP (%(default)s)"
    )
    parser.add_argument(
        "--plan",
        type=Path,
        default=_BUILD / "generated" / "MrmPlan.json",
        help="the plan it was built from (%(default)s)",
    )
    parser.add_argument("--folder", type=Path, default=folder, help=f"for {kept} (%(default)s)")


def exit_status(run: Callable[[], int], *more: type[Exception]) -> int:
    """Run a command and return its exit status; what a user can mend, or ended, is told in one line.

    more: what else this command tells so.
    """
    told: tuple[type[Exception], ...] = (
        PlanError,
        DescriptionError,
        ImageError,
        SetupError,
        QemuError,
        *more,
    )
    try:
        return run()
    except told as error:
        print(error, file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return 130
