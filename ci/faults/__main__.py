# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`make faults`: a fault campaign on a build; see `python -m ci.faults --help`."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from ci.faults.campaign import run_campaign
from ci.faults.kinds import KINDS, by_name
from ci.faults.schedule import schedule
from ci.faults.verdict import Campaign, last_line, table, to_json
from ci.images.boot import prepare_boot
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.qemu.machine import Machine
from ci.run.command import add_build, exit_status
from ci.run.plan import load_plan
from ci.run.session import Session


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ci.faults",
        description="Inject faults into partitions in random order and watch their neighbours. The same "
        "seed, count and kinds give the same campaign again.",
    )
    add_build(parser, Path("Build/faults"), "logs and report.json")
    parser.add_argument("--seed", type=int, default=1, help="what the campaign is drawn from (%(default)s)")
    parser.add_argument("--count", type=int, default=200, help="how many faults (%(default)s)")
    parser.add_argument(
        "--kind",
        action="append",
        choices=[kind.name for kind in KINDS],
        help="only faults of this kind; may be given more than once (all)",
    )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> Campaign:
    plan = load_plan(arguments.plan, PROJECT)
    description = load_description(PROJECT / "platforms" / f"{plan.machine}.yaml")
    victims = {partition.name: partition.processors for partition in plan.partitions}
    kinds = [by_name(name) for name in arguments.kind] if arguments.kind else KINDS
    injections = schedule(arguments.seed, arguments.count, victims, kinds)
    machine = Machine(
        description, prepare_boot(description, arguments.folder, arguments.esp), arguments.folder
    )
    session = Session(machine, plan)

    def record(campaign: Campaign) -> None:
        """Also a campaign that is interrupted has a report."""
        print(last_line(campaign), flush=True)
        _report(arguments).write_text(json.dumps(to_json(campaign), indent=2) + "\n")

    async with machine:
        return await run_campaign(session, arguments.seed, injections, record)


def _report(arguments: argparse.Namespace) -> Path:
    return Path(arguments.folder) / "report.json"


def _replay(arguments: argparse.Namespace, campaign: Campaign) -> str:
    """The command that leads to the first failure again."""
    first = next(o.injection.number for o in campaign.outcomes if o.complaints)
    kinds = "".join(f" --kind {kind}" for kind in arguments.kind or ())
    return f'make faults ARGS="--seed {campaign.seed} --count {first}{kinds}"'


def _campaign(arguments: argparse.Namespace) -> int:
    """Run it and tell how it went."""
    campaign = asyncio.run(_run(arguments))
    print(f"\n{table(campaign)}\nreport: {_report(arguments)}")
    if campaign.ok:
        return 0
    print(f"again: {_replay(arguments, campaign)}")
    return 1


def main() -> int:
    """Run the command line; return the exit status."""
    arguments = _arguments()
    return exit_status(lambda: _campaign(arguments))


if __name__ == "__main__":
    sys.exit(main())
