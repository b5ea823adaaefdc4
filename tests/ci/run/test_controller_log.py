# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the controller's lines mean."""

import re

import pytest

from ci.progress import PROJECT
from ci.run.controller_log import STATES, LineSplitter, State, Timing, parse_line

NAMES = ["steady", "realtime"]


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("MRM: steady: starting", State("steady", "starting", "")),
        ("MRM: steady: off: shutdown\r", State("steady", "off", "shutdown")),
        ("MRM: realtime: refused: loader: a: b", State("realtime", "refused", "loader: a: b")),
        ("MRM: stranger: running", None),
        ("MRM: steady: dancing", None),
        ("x MRM: steady: running", None),
        ("MRM: version 0.1", None),
        (
            "MRM: steady: timing: start->loader 412 ms, loader->os 3051 ms",
            Timing("steady", {"start->loader": 412, "loader->os": 3051}),
        ),
    ],
)
def test_lines(line: str, meaning: State | Timing | None) -> None:
    assert parse_line(line, NAMES) == meaning


def test_states_are_those_of_the_firmware() -> None:
    """The names in MrmLifecycleLib are the ones looked for here."""
    sources = (PROJECT / "MrmPkg/Library/MrmLifecycleLib").glob("*.c")
    text = "\n".join(source.read_text() for source in sources)
    for state in STATES:
        assert re.search(rf'"{state}"', text), state


def test_lines_arrive_in_pieces() -> None:
    splitter = LineSplitter()
    assert splitter.feed("MRM: st") == []
    assert splitter.feed("eady: running\nMRM") == ["MRM: steady: running"]
    assert splitter.flush() == ["MRM"]
    assert splitter.flush() == []
