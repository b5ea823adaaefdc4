# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What shells need to complete the arguments of `mrm`, made of its argument parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import shtab

FILES = {
    "bash": "share/bash-completion/completions/mrm",
    "zsh": "share/zsh/site-functions/_mrm",
    "fish": "share/fish/vendor_completions.d/mrm.fish",
}
"""Where each shell looks, below /usr or what stands for it."""


def render_completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the text of a shell's file; `shell` is a key of FILES."""
    for action in _actions(parser):
        if isinstance(action.choices, dict) and not isinstance(action, argparse._SubParsersAction):
            # shtab takes a dictionary of choices for commands.
            action.choices = list(action.choices)
        if action.type is Path:
            names = [action.metavar] if isinstance(action.metavar, str) else action.metavar or ()
            folder = "DIR" in names
            action.complete = shtab.DIRECTORY if folder else shtab.FILE  # type: ignore[attr-defined]
    return shtab.complete(parser, shell=shell)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments, those of commands as well."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
