# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Foreign text in messages: printable, on one line, bounded, and recognisable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import MOST_TOLD, Problem, Severity, UserErrors, lines_of
from generator.places import Place
from generator.printable import PATH, SENTENCE, printable, quoted, some

ANY_TEXT = st.text(st.characters(), max_size=200)
"""Surrogates too: they stand for bytes of file names that are no text."""


@given(ANY_TEXT, st.integers(4, 120))
def test_any_text_becomes_printable_and_bounded(text: str, most: int) -> None:
    shown = printable(text, most)
    assert shown.isprintable() and len(shown) <= most
    assert printable(shown, most) == shown
    if text.isprintable() and len(text) <= most:
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("COM1", "COM1"),
        ("naïve ☃", "naïve ☃"),
        ("\x1b[31mX", "\\x1b[31mX"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("640\u00a0MiB", "640\\xa0MiB"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("ok\udcff.yaml", "ok\\xff.yaml"),
        ("a" * 100, "a" * 39 + "…" + "a" * 20),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_cut_value_tells_its_length() -> None:
    assert quoted("x") == "'x'"
    assert quoted("x" * 70_000).endswith("' (70000 characters)")
    assert some([1, 2, 3, "\x1b"], 2) == "1, 2 and 2 more"


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_problem_is_one_printable_line_whoever_makes_it(file: str, what: str, wanted: str, do: str) -> None:
    text = str(Problem(Place(file), "rule", what, wanted, do))
    assert text.isprintable()
    assert len(text) <= PATH + 3 * SENTENCE + 100


def test_not_more_problems_are_told_than_anybody_corrects() -> None:
    def problem(line: int, severity: Severity) -> Problem:
        return Problem(Place("f", line), "rule", f"what {line}", "x", "y", severity)

    problems = [problem(line, Severity.WARNING) for line in range(1, MOST_TOLD + 1)]
    problems += [problem(line, Severity.ERROR) for line in range(1000, 1007)]
    lines = lines_of(problems)
    assert len(lines) == MOST_TOLD + 1
    assert sum(": error: " in line for line in lines) == 7
    assert lines[-1] == "and at least 7 more problems"
    assert len(str(UserErrors(problems)).splitlines()) == MOST_TOLD + 1
