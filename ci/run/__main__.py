# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boot a built Mrm.efi on the machine it was built for: `python -m ci.run --help`."""

import argparse
import asyncio
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from ci.guests.debian import build as whole
from ci.images.gpt import ImageError
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.run.batch import MRM, run_batch
from ci.run.command import add_build, exit_status
from ci.run.media import prepare_media
from ci.run.panes import run_panes
from ci.run.plan import load_plan


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ci.run",
        description="Boot the partitions of a build in QEMU: in panes on a terminal; otherwise, or with "
        "--batch, as prefixed lines followed by a table of promised and seen, with exit status 0 only if "
        "everything promised was seen.",
    )
    add_build(parser, Path("Build/run"), "images, logs and report.json")
    parser.add_argument(
        "--machine", type=Path, help="the machine file (platforms/ has the one the plan names)"
    )
    parser.add_argument("--batch", action="store_true", help="prefixed lines and report, even on a terminal")
    parser.add_argument(
        "--disk",
        action="append",
        default=[],
        metavar="PORT=IMAGE",
        help="raw image of the disk behind a root port, used and written to as it is; repeatable",
    )
    parser.add_argument(
        "--no-bare", dest="bare", action="store_false", help="leave out the comparison with the bare machine"
    )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> bool:
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Ended from outside: leave through the context managers, which end QEMU and the panes.
        asyncio.get_running_loop().add_signal_handler(number, task.cancel if task else lambda: None)
    plan = load_plan(arguments.plan, PROJECT)
    machine = arguments.machine or PROJECT / "platforms" / f"{plan.machine}.yaml"
    description = load_description(machine)
    if any(promise.chipset for promise in plan.partitions):
        # Who owns the chipset owns a screen: what nobody else has.
        description = replace(description, display="VGA")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if terminal and not arguments.batch and not shutil.which("tmux"):
        print("tmux is not installed: no panes, prefixed lines instead", file=sys.stderr)
        terminal = False
    folder = arguments.folder / MRM
    debian = whole.ensure() if any(promise.boot_disk for promise in plan.partitions) else None
    own = _own_disks(arguments.disk)
    media = prepare_media(description, plan, arguments.esp, folder, debian, own)
    if arguments.batch or not terminal:
        return await run_batch(description, media, arguments.esp, arguments.folder, bare=arguments.bare)
    await run_panes(description, media, folder)
    print(f"logs of all consoles: {folder}")
    return True


def _own_disks(options: list[str]) -> dict[str, Path]:
    """Read the options --disk; raises ImageError."""
    disks = {}
    for option in options:
        port, equals, name = option.partition("=")
        if not equals or not Path(name).is_file():
            raise ImageError(
                f"--disk {option}: expected a root port, =, and the name of an image that is there"
            )
        disks[port] = Path(name)
    return disks


def main() -> int:
    """Run the command line; return the exit status."""
    arguments = _arguments()
    return exit_status(lambda: 0 if asyncio.run(_run(arguments)) else 1, RuntimeError, ValueError)


if __name__ == "__main__":
    sys.exit(main())
