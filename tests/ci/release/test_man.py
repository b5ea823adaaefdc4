# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The manual page says what the argument parser takes."""

import argparse
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ci.release.man import render_man_page
from generator.command_line import COMMANDS, build_parser

PAGE = render_man_page(build_parser("mrm"), "1.2", 1700000000)
REQUESTS = {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".br"}


def shown(page: str) -> str:
    """What a reader sees of a page: requests gone, escapes resolved."""
    text = re.sub(r"(?m)^\.(TH|SH|SS|PP|TP|B|br) ?", "", page)
    text = re.sub(r"\\f[A-Z]|\\&", "", text)
    for escape, character in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\e", "\\")):
        text = text.replace(escape, character)
    return text


def section(name: str) -> str:
    """What the page says of a command."""
    found = re.search(rf"^\.SS {name}\n(.*?)(?=^\.S[SH])", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return shown(found[1])


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_argument_of_a_command_is_on_the_page(command: str) -> None:
    text = section(command)
    parser = argparse.ArgumentParser()
    next(one for one in COMMANDS if one.name == command).configure(parser)
    for action in parser._actions[1:]:
        assert (action.help or "") in text
        for option in action.option_strings:
            assert option in text


def test_what_a_command_is_for_is_on_the_page() -> None:
    for command in COMMANDS:
        assert command.summary in section(command.name)
    assert "Exit status: 0 = all is well" in shown(PAGE)
    assert PAGE.startswith('.TH MRM 1 "2023-11-14" "MRM 1.2" "User Commands"\n')


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
@example(".PP")
@example("one\n\n.TP")
def test_no_text_is_a_request(summary: str) -> None:
    parser = argparse.ArgumentParser("mrm")
    parser.add_subparsers().add_parser("one", description=summary)
    page = render_man_page(parser, "0.1", 0)
    lines = [line for line in page.splitlines() if line.startswith((".", "'"))]
    assert {line.split(" ")[0] for line in lines} <= REQUESTS
    assert summary in shown(page)
