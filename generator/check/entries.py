# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What holds for all that a partition file names, and that partitions then have: networks, shared memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from generator.check.registry import Finding
from generator.places import Located, Place
from generator.printable import quoted
from generator.suggest import closest

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def badly_named(names: Iterable[Located[str]], what: str) -> Iterator[Finding]:
    """The names that no partition could have; `what` is the kind of thing, for people."""
    for name in names:
        if _NAME.fullmatch(name.value) is None:
            yield Finding(
                name.place,
                f"the {what} {quoted(name.value)}",
                "a lower-case letter, then up to 30 of a-z, 0-9 and -",
                f"rename the {what}",
            )


def named_again(names: Iterable[Located[str]], what: str) -> Iterator[Finding]:
    """The names that have been given before."""
    first: dict[str, Place] = {}
    for name in names:
        if name.value in first:
            again = f"a second {what} '{name.value}' (the first is in line {first[name.value].line})"
            yield Finding(name.place, again, "a name of its own", "rename one of them")
        first.setdefault(name.value, name.place)


def unknown(used: Located[str], names: Sequence[str], wrong: str, key: str) -> Finding:
    """A name that nothing in the file has; `wrong` says so, `key` is where it would be at the top of it."""
    near = closest(used.value, names, 1)
    return Finding(
        used.place,
        wrong,
        f"one of: {', '.join(names)}" if names else f"an entry of '{key}' at the top of the file",
        f"did you mean '{near[0]}'?" if near else f"add it to '{key}' at the top of the file",
    )


def used_twice(used: Iterable[Located[str]], user: str) -> Iterator[Finding]:
    """The names that one partition uses twice; `user` says who, and what it does with them."""
    seen: set[str] = set()
    for name in used:
        if name.value in seen:
            yield Finding(name.place, f"{user} '{name.value}' twice", "once", "remove one of them")
        seen.add(name.value)
