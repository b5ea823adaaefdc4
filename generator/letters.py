# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Letters that stand for partitions, and for what partitions could have."""

from __future__ import annotations


def letters(number: int) -> str:
    """A, B, … Z, AA, AB and so on, from number 0 on."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
