# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Fewer examples after each change, all of them when asked for."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import VARIABLE, limit


@pytest.mark.parametrize(
    ("wanted", "asked", "tried"), [("", 400, 100), ("", 24, 10), ("", 4, 4), ("all", 400, 400)]
)
def test_how_many_are_tried(monkeypatch: pytest.MonkeyPatch, wanted: str, asked: int, tried: int) -> None:
    monkeypatch.setenv(VARIABLE, wanted)
    seen: list[int] = []

    @settings(max_examples=asked, database=None)
    @given(st.integers())
    def body(number: int) -> None:
        seen.append(number)

    items: Any = [SimpleNamespace(obj=body), SimpleNamespace(obj=body)]  # one function with two parameters
    limit(items)
    body()
    assert len(seen) == tried
