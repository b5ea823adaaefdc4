# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`parameters`: what an owner writes into the boot configuration of a Linux of their own."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from generator.api import make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_lines, print_problems, problems_json
from generator.errors import Problem, UserErrors
from generator.model.plan import PartitionPlan
from generator.printable import quoted
from generator.resolve.kernel_parameters import forbidden_parameters, is_live, owner_parameters


def _configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    takes_plan(parser)
    parser.add_argument("--partition", metavar="NAME", help="only this partition")


def _run(options: argparse.Namespace) -> int:
    """Print the lines."""
    plan, warnings = make_plan(options.files, options.machine)
    named = [p for p in plan.partitions if options.partition in (None, p.name.value)]
    if not named:
        known = ", ".join(partition.name.value for partition in plan.partitions)
        raise UserErrors(
            [
                Problem(
                    plan.place,
                    "partition-named",
                    f"there is no partition {quoted(options.partition)}",
                    f"one of {known}",
                    "change --partition",
                )
            ]
        )
    if options.json:
        told = {
            partition.name.value: [
                {"parameter": one.parameter, "why": one.why, "needed": one.needed}
                for one in owner_parameters(partition.console, partition.level)
            ]
            for partition in named
        }
        never = {
            partition.name.value: [
                {"parameter": parameter, "why": why}
                for parameter, why in forbidden_parameters(partition.console)
            ]
            for partition in named
        }
        print(problems_json(warnings, parameters=told, never=never))
    else:
        print_problems(warnings)
        for number, partition in enumerate(named):
            print_lines(["", *render_parameters(partition)] if number else render_parameters(partition))
    return 0


def render_parameters(partition: PartitionPlan) -> Iterator[str]:
    """The lines for one partition: reasons as comments, then the two forms of the configuration."""
    found = [one for one in owner_parameters(partition.console, partition.level) if not is_live(one)]
    width = max(len(one.parameter) for one in found)
    yield f"# {partition.name.value}: kernel parameters for a Linux that its own loader starts"
    for needed, title in (
        (True, "needed, or others are disturbed:"),
        (False, "not needed, but good for it:"),
    ):
        if not any(one.needed is needed for one in found):
            continue
        yield f"# {title}"
        for one in found:
            if one.needed is needed:
                yield f"#   {one.parameter:<{width}}  {one.why}"
    never = forbidden_parameters(partition.console)
    width = max(len(parameter) for parameter, _ in never)
    yield "# never:"
    for parameter, why in never:
        yield f"#   {parameter:<{width}}  {why}"
    line = " ".join(one.parameter for one in found if one.needed)
    if not line:
        return
    yield "# /etc/default/grub:"
    yield f'GRUB_CMDLINE_LINUX="{line}"'
    yield "# a loader entry (systemd-boot), or /etc/kernel/cmdline:"
    yield f"# options {line}"


COMMAND = Command(
    "parameters",
    "print the kernel parameters for the boot configuration of a partition's own Linux",
    _configure,
    _run,
)
