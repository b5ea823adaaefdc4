# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The parts that can be asked for are those that there are, in the order in which they are measured."""

from bench.__main__ import PARTS
from bench.parts import PARTS as MEASURED


def test_each_part_can_be_asked_for() -> None:
    assert tuple(MEASURED) == PARTS
