# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What people are told of a function that is memory (MrmFunctionLib)."""

from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

COME, GONE = "a driver has come", "its driver has gone"
REFUSED = "something that its driver asks for is refused (told once)"


def news(decide: Decide, rounds: list[tuple[bool, int]], period: int = 10_000) -> list[list[str]]:
    """What is told in each round; a round is whether a driver uses it, and how much was refused to it.

    So many milliseconds are from one round to the next.
    """
    told = decide.ffi.new("MRM_FUNCTION_TOLD *")
    found = []
    for number, (used, refused) in enumerate(rounds):
        words: list[str] = []
        while True:
            text = decide.call("MrmFunctionNews", told, used, refused, number * period)
            if text == decide.ffi.NULL:
                break
            words.append(decide.ffi.string(text).decode())
        found.append(words)
    return found


def test_a_driver_comes_is_refused_something_and_goes(decide: Decide) -> None:
    assert news(decide, [(False, 0), (True, 0), (True, 0), (True, 1), (True, 9), (False, 9)]) == [
        [],
        [COME],
        [],
        [REFUSED],
        [],
        [GONE],
    ]


def test_a_driver_that_comes_and_goes_without_end_is_told_of_now_and_then(decide: Decide) -> None:
    """And what it is in the end is told, too."""
    rounds = 20_000
    told = news(decide, [(number % 2 == 0, 0) for number in range(rounds)] + [(True, 0)] * 10_000, period=1)
    lines = [word for words in told for word in words]
    most = decide.MRM_FUNCTION_NEWS + rounds // decide.MRM_FUNCTION_NEWS_PERIOD + 1
    assert decide.MRM_FUNCTION_NEWS < len(lines) <= most
    assert lines == ([COME, GONE] * len(lines))[: len(lines)]
    assert lines[-1] == COME


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2**64 - 1)), max_size=20))
def test_only_what_is_new_is_told(decide: Decide, rounds: list[tuple[bool, int]]) -> None:
    told = [word for words in news(decide, rounds) for word in words]
    assert told.count(REFUSED) == any(refused for _, refused in rounds)
    changes = [word for word in told if word != REFUSED]
    assert changes == [COME, GONE] * (len(changes) // 2) + [COME] * (len(changes) % 2)
    assert (changes[-1:] == [COME]) == bool(rounds and rounds[-1][0])
