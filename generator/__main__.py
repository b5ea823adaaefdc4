# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The command line of the generator; its commands are in generator/commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from generator.commands import (
    check,
    corpus,
    diff,
    emit,
    hardware,
    parameters,
    plan,
    policy,
    rules,
    scan,
    schema,
    show,
)
from generator.commands.command import Command, print_problems, problems_json
from generator.emit.aml import CompileError
from generator.errors import UserErrors

COMMANDS: tuple[Command, ...] = (
    check.COMMAND,
    plan.COMMAND,
    emit.COMMAND,
    show.COMMAND,
    diff.COMMAND,
    parameters.COMMAND,
    policy.COMMAND,
    rules.COMMAND,
    schema.COMMAND,
    scan.COMMAND,
    hardware.COMMAND,
    corpus.COMMAND,
)
"""In the order of the help."""

DESCRIPTION = """\
Turn a partition file and the facts of a machine into a checked plan, and the plan into EDK2 source.

"""
EPILOG = """\
The machine file is platforms/NAME.yaml for `machine: NAME`, found in the folders above the partition file.
Messages are `file:line:column: what is wrong; what was expected; what to change [rule]`.
Exit status: 0 = all is well, 1 = the input is wrong, 2 = wrong usage.
"""


def build_parser() -> argparse.ArgumentParser:
    """The argument parser."""
    width = max(len(command.name) for command in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="python -m generator",
        description=DESCRIPTION + "\n".join(f"  {c.name:{width}}  {c.summary}" for c in COMMANDS),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        subparser = commands.add_parser(command.name, description=command.summary)
        command.configure(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UserErrors as errors:
        if getattr(options, "json", False):
            print(problems_json(errors.problems))
        else:
            print_problems(errors.problems)
    except CompileError as error:
        print(f"python -m generator: internal error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"python -m generator: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
