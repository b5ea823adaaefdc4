# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Linux's command line, word by word."""

from __future__ import annotations

import re

_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')


def split_words(options: str) -> list[str]:
    """The parameters of a command line; quotes keep spaces together, as Linux has it."""
    return _WORD.findall(options)


def kernel_words(options: str) -> list[str]:
    """The parameters that are the kernel's own: what comes after `--` is the first process's."""
    words = split_words(options)
    return words[: words.index("--")] if "--" in words else words


def canonical(word: str) -> tuple[str, str]:
    """Name and value of a parameter; Linux takes - and _ in names for the same."""
    name, _, value = word.partition("=")
    return name.replace("-", "_"), value.strip('"')
