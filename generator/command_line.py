# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The command line of the generator; its commands are in generator/commands."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from generator.commands import (
    check,
    corpus,
    diff,
    emit,
    esp,
    hardware,
    parameters,
    plan,
    policy,
    rules,
    scan,
    schema,
    show,
)
from generator.commands.command import Command
from generator.commands.output import abandon_output, fail, prepare_streams, print_problems, problems_json
from generator.dsdt.fragments import CompileError
from generator.errors import UserErrors
from generator.printable import SENTENCE, printable
from generator.scan import SnapshotError
from generator.version import version

COMMANDS: tuple[Command, ...] = (
    check.COMMAND,
    plan.COMMAND,
    emit.COMMAND,
    esp.ESP,
    esp.BLOB,
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

CHECKOUT, INSTALLED = "python -m generator", "mrm"
"""What help and messages call the program."""

STOPPED_READING, INTERRUPTED = 141, 130
"""Exit statuses as a shell gives them for SIGPIPE and SIGINT."""

MOST_LINES = 40
"""Lines of a tool's output that are repeated."""

DESCRIPTION = """\
Turn a partition file and the facts of a machine into a checked plan, and the plan into what a PC boots.
"""
EPILOG = """\
The machine file is platforms/NAME.yaml for `machine: NAME`, found in the folders above the partition file.
Messages are `file:line:column: severity: what is wrong; expected what; what to change [rule]`.
Exit status: 0 = all is well, 1 = the input is wrong, 2 = wrong usage,
3 = the plans of `diff --exit-code` differ, 130 = interrupted, 141 = whoever read the output stopped reading.
"""


class _Parser(argparse.ArgumentParser):
    """A parser whose messages repeat what was typed in a form that any terminal takes."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and end."""
        super().error(printable(message, SENTENCE))


class _Version(argparse.Action):
    """`--version`: looks for the version only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it, and end."""
        print(f"mrm {version()}")
        parser.exit()


def build_parser(program: str) -> argparse.ArgumentParser:
    """The argument parser, which calls the program by this name."""
    parser = _Parser(
        prog=program,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version of MRM and end")
    commands = parser.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        subparser = commands.add_parser(command.name, help=command.summary, description=command.summary)
        command.configure(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def run(arguments: Sequence[str] | None = None, program: str = CHECKOUT) -> int:
    """Run one command of the program, and end in order whatever comes; returns the exit status."""
    prepare_streams()
    try:
        status = _run(arguments, program)
        sys.stdout.flush()
    except BrokenPipeError:
        status = STOPPED_READING
    except KeyboardInterrupt:
        status = INTERRUPTED
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        fail(program, f"{where}{error.strerror or error}")
        status = 1
    except MemoryError:
        fail(program, "there is not enough memory")
        status = 1
    except Exception as error:  # noqa: BLE001 - a user has no use for a traceback, and can report this
        at = traceback.extract_tb(error.__traceback__)[-1]
        fail(
            program, f"internal error: {type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno})"
        )
        status = 1
    finally:
        abandon_output()
    return status


def _run(arguments: Sequence[str] | None, program: str) -> int:
    """Run one command, and tell what is wrong with its input."""
    options = build_parser(program).parse_args(arguments)
    try:
        return int(options.run(options))
    except UserErrors as errors:
        if getattr(options, "json", False):
            print(problems_json(errors.problems))
        else:
            print_problems(errors.problems)
    except SnapshotError as error:
        fail(program, error)
    except CompileError as error:
        for line in str(error).splitlines()[:MOST_LINES]:
            fail(program, f"internal error: {line}")
    return 1
