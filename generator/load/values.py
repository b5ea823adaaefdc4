# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What texts mean: integers, sizes, words.  Pure; None stands for "not one of these"."""

from __future__ import annotations

import re
from collections.abc import Callable

UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
"""IEC units of sizes and addresses."""

TIMES = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
"""Units of time, in milliseconds."""

_INTEGER = re.compile(r"0[xX][0-9a-fA-F]{1,16}|0|[1-9][0-9]{0,19}")
_SIZE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Za-z]+)")


def parse_integer(text: str) -> int | None:
    """A decimal or 0x-hexadecimal integer, 0 to 2^64 - 1."""
    if _INTEGER.fullmatch(text) is None:
        return None
    value = int(text, 16) if text[:2] in ("0x", "0X") else int(text)
    return value if value < 1 << 64 else None


def ranged(parse: Callable[[str], int | None], low: int, high: int) -> Callable[[str], int | None]:
    """`parse`, refusing what lies outside `low` to `high`."""

    def check(text: str) -> int | None:
        value = parse(text)
        return value if value is not None and low <= value <= high else None

    return check


def parse_size(text: str) -> int | None:
    """Bytes: `640 MiB`, `1.5 GiB`, `64KiB`, or a plain integer; a fraction must come out as whole bytes."""
    plain = parse_integer(text)
    if plain is not None:
        return plain
    match = _SIZE.fullmatch(text)
    if match is None or match[2] not in UNITS:
        return None
    whole, _, fraction = match[1].partition(".")
    scale = 10 ** len(fraction)
    bytes_scaled = int(whole + fraction) * UNITS[match[2]]
    value = bytes_scaled // scale
    return value if bytes_scaled % scale == 0 and value < 1 << 64 else None


def parse_duration(text: str) -> int | None:
    """Milliseconds: `500 ms`, `1.5 s`, `2 min`, or `0`."""
    match = _SIZE.fullmatch(text)
    if text == "0":
        return 0
    if match is None or match[2] not in TIMES:
        return None
    whole, _, fraction = match[1].partition(".")
    scaled, scale = int(whole + fraction) * TIMES[match[2]], 10 ** len(fraction)
    return scaled // scale if scaled % scale == 0 and scaled // scale < 1 << 32 else None


def format_duration(milliseconds: int) -> str:
    """A time in the largest unit that keeps it whole: 2 min, 90 s, 1500 ms."""
    for unit, factor in reversed(TIMES.items()):
        if milliseconds and milliseconds % factor == 0:
            return f"{milliseconds // factor} {unit}"
    return "0 s"


def parse_ranges(text: str, high: int, most: int = 4096) -> tuple[int, ...] | None:
    """`1-3,5`: numbers and ranges up to `high`, in this order, `most` of them at most."""
    found: list[int] = []
    for part in text.split(","):
        first_text, dash, last_text = part.strip().partition("-")
        first = parse_integer(first_text.strip())
        last = parse_integer(last_text.strip()) if dash else first
        if first is None or last is None or not first <= last <= high or last - first >= most:
            return None
        found.extend(range(first, last + 1))
    return tuple(found) if len(found) <= most else None


def parse_address_range(text: str) -> tuple[int, int] | None:
    """`2 GiB-6 GiB`: two addresses, the second one is the first beyond the range."""
    first_text, dash, last_text = text.partition("-")
    first, last = parse_size(first_text.strip()), parse_size(last_text.strip())
    return (first, last) if dash and first is not None and last is not None and first < last else None


def format_size(size: int) -> str:
    """A size in the largest unit that keeps it whole: 640 MiB, 64 KiB, 123 B."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]} {unit}"
    return f"{size} B"
