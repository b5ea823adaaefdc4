# SPDX-License-Identifier: BSD-2-Clause-Patent
"""When and on what a section was measured, where its page does not say it for all.  Pure functions."""

from collections.abc import Iterator, Mapping

from bench.results import LOAD, Results


def apart(results: Results, part: str) -> bool:
    """Tell whether a part was measured on another day or machine than the page says at its top."""
    taken = results.taken.get(part)
    return taken is not None and (
        taken.date != results.date or bool(_others(results, taken.machine).keys() - {LOAD})
    )


def taken_on(results: Results, part: str, what: str = "Measured") -> Iterator[str]:
    """Yield a sentence about a part if it needs one: `what` begins it."""
    if apart(results, part):
        taken = results.taken[part]
        others = [f"{key}: {value}" for key, value in _others(results, taken.machine).items()]
        yield f"{'; '.join([f'{what} on {taken.date}', *others])}."


def boots(results: Results, part: str) -> Iterator[str]:
    """Yield of how many boots a part's counts are the least, if it was measured."""
    taken = results.taken.get(part)
    if taken is not None:
        yield "Of one boot each." if taken.rounds == 1 else f"The least of {taken.rounds} boots each."


def _others(results: Results, machine: Mapping[str, str]) -> dict[str, str]:
    """What is described otherwise than at the page's top."""
    return {key: value for key, value in machine.items() if results.machine.get(key) != value}
