# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How many examples tests by hypothesis try: a quarter of what they ask for, unless all are wanted.

`make test` and `make quick` come after each change, and another run tries other examples. `make full` and
`make fuzz` try as many as a test asks for, or more.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import settings

VARIABLE = "MRM_EXAMPLES"
"""Environment variable that `make full` sets to `all`."""

SHARE, FEWEST = 4, 10


def all_wanted() -> bool:
    """Whether each test gets all examples that it asks for."""
    return os.environ.get(VARIABLE) == "all"


def fewer(asked: int) -> int:
    """Return how many of the examples that a test asks for this run tries."""
    return asked if all_wanted() else min(asked, max(FEWEST, asked // SHARE))


def give(item: pytest.Item, number: Callable[[int], int]) -> bool:
    """Give a test by hypothesis what `number` makes of the examples it asks for; say whether it is one."""
    function: Any = getattr(item, "obj", None)
    function = getattr(function, "__func__", function)  # of a method
    if not hasattr(function, "hypothesis"):
        return False
    if not hasattr(function, "mrm_asked"):  # parameters share one function
        function.mrm_asked = getattr(function, "_hypothesis_internal_use_settings", None) or settings.default
    asked: Any = function.mrm_asked
    function._hypothesis_internal_use_settings = settings(
        asked, max_examples=number(asked.max_examples), deadline=None
    )
    return True


def limit(items: Iterable[pytest.Item]) -> None:
    """Give tests by hypothesis their number of examples in this run."""
    for item in items:
        give(item, fewer)
