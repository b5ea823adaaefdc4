# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What people are told of a function that is memory (MrmFunctionLib)."""

from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

COME, GONE = "a driver has come", "its driver has gone"
REFUSED = "something that its driver asks for is refused (told once)"


def news(decide: Decide, rounds: list[tuple[bool, int]]) -> list[list[str]]:
    """What is told in each round; a round is whether a driver uses it, and how much was refused to it."""
    told = decide.ffi.new("MRM_FUNCTION_TOLD *")
    found = []
    for used, refused in rounds:
        words: list[str] = []
        while True:
            text = decide.call("MrmFunctionNews", told, used, refused)
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


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2**64 - 1)), max_size=20))
def test_only_what_is_new_is_told(decide: Decide, rounds: list[tuple[bool, int]]) -> None:
    told = [word for words in news(decide, rounds) for word in words]
    assert told.count(REFUSED) == any(refused for _, refused in rounds)
    changes = [word for word in told if word != REFUSED]
    assert changes == [COME, GONE] * (len(changes) // 2) + [COME] * (len(changes) % 2)
    assert (changes[-1:] == [COME]) == bool(rounds and rounds[-1][0])
