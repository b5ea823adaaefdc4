# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Shells complete the arguments of `mrm`."""

import argparse
import subprocess
from pathlib import Path

import pytest

from ci.release.completion import FILES, render_completion
from generator.command_line import COMMANDS, build_parser


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file for bash."""
    file = tmp_path_factory.mktemp("bash") / "mrm"
    file.write_text(render_completion(build_parser("mrm"), "bash"), "utf-8")
    return file


def complete(file: Path, *words: str) -> set[str]:
    """What bash offers for the last of these words, in the folder of the file."""
    script = f"""
      source {file.name}
      COMP_WORDS=(mrm "$@")
      COMP_CWORD=$#
      $(complete -p mrm | sed 's/.*-F \\([^ ]*\\).*/\\1/') mrm "${{@: -1}}" ""
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(
        ["bash", "-c", script, "bash", *words], cwd=file.parent, capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    return set(run.stdout.split())


def test_bash_offers_commands(bash: Path) -> None:
    assert complete(bash, "") >= {command.name for command in COMMANDS}
    assert complete(bash, "sc") == {"schema", "scan"}


def test_bash_offers_the_options_of_a_command(bash: Path) -> None:
    assert complete(bash, "esp", "--s") == {"--sign", "--startup"}
    assert complete(bash, "parameters", "--p") == {"--partition"}


def test_bash_offers_files_and_folders(bash: Path) -> None:
    (bash.parent / "plan.yaml").touch()
    (bash.parent / "plans").mkdir(exist_ok=True)
    assert complete(bash, "check", "pl") == {"plan.yaml", "plans"}
    assert complete(bash, "esp", "--output", "pl") == {"plans"}


@pytest.mark.parametrize("shell", sorted(FILES))
def test_every_shell_knows_all_commands_and_options(shell: str) -> None:
    text = render_completion(build_parser("mrm"), shell)
    for command in COMMANDS:
        assert command.name in text
        parser = argparse.ArgumentParser()
        command.configure(parser)
        for action in parser._actions:
            for option in action.option_strings:
                # fish has the name alone.
                assert option.lstrip("-") in text
