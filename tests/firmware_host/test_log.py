# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmLogLib: text that fits, words, the last lines, rates."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

U32 = (1 << 32) - 1
ASCII = st.text(st.characters(min_codepoint=1, max_codepoint=127))


class Text:
    """An MRM_TEXT in memory that ends where it ends."""

    def __init__(self, decide: Decide, size: int) -> None:
        self._decide = decide
        self._memory = Guarded(decide.ffi, b"\xa5" * size)
        self.c = decide.ffi.new("MRM_TEXT *")
        decide.call("MrmTextBegin", self.c, decide.ffi.cast("CHAR8 *", self._memory.pointer), size)

    @property
    def value(self) -> str:
        """What is in it."""
        text = self._memory.contents().split(b"\0")[0].decode("ascii")
        assert len(text) == self.c.Length
        return text


def _printable(text: bytes | str) -> str:
    numbers = text if isinstance(text, bytes) else text.encode("latin-1")
    return "".join(chr(number) if 0x20 <= number <= 0x7E else "?" for number in numbers)


@given(pieces=st.lists(ASCII), size=st.integers(1, 60))
def test_text_is_cut_and_stays_cut(decide: Decide, pieces: list[str], size: int) -> None:
    text = Text(decide, size)
    for piece in pieces:
        decide.call("MrmTextAdd", text.c, piece.encode())
    whole = "".join(pieces)
    assert text.value == whole[: size - 1]
    assert text.c.Cut == (len(whole) > size - 1)


def words(decide: Decide, text: bytes, function: str, separators: bytes) -> list[bytes]:
    """What one of the functions takes out of a text, until nothing is left of it."""
    memory = Guarded(decide.ffi, text)
    rest = decide.ffi.new("MRM_WORD *", {"Start": memory.pointer, "Length": len(text)})
    found = []
    while rest.Length:
        word = decide.call(function, rest, separators)
        found.append(bytes(decide.ffi.buffer(word.Start, word.Length)))
    return found


@given(text=st.text(" \ta,\0", max_size=30))
def test_words(decide: Decide, text: str) -> None:
    found = words(decide, text.encode(), "MrmWordNext", b" \t")
    assert [word for word in found if word] == re.findall(rb"[^ \t]+", text.encode())
    assert b"" not in found[:-1], "nothing but what blanks at the end leave is empty"


@given(text=st.text(" \ta,\0", max_size=30))
def test_pieces_between_separators(decide: Decide, text: str) -> None:
    pieces = text.encode().split(b",")
    # Nothing is left behind a separator at the end.
    assert words(decide, text.encode(), "MrmWordCut", b",") == (pieces if pieces[-1] else pieces[:-1])


@given(word=st.text("ab\0", max_size=3), string=st.text("ab", max_size=3))
def test_a_word_is_a_string_or_not(decide: Decide, word: str, string: str) -> None:
    memory = Guarded(decide.ffi, word.encode())
    c = decide.ffi.new("MRM_WORD *", {"Start": memory.pointer, "Length": len(word)})
    assert bool(decide.call("MrmWordIs", c, string.encode())) == (word == string)


@given(
    number=st.integers(0, (1 << 64) - 1),
    width=st.integers(0, 20),
    fill=st.sampled_from(" 0"),
)
def test_numbers(decide: Decide, number: int, width: int, fill: str) -> None:
    text = Text(decide, 64)
    decide.call("MrmTextAddNumber", text.c, number, width, fill.encode())
    assert text.value == str(number).rjust(width, fill)


@given(string=ASCII, width=st.integers(0, 30))
def test_columns(decide: Decide, string: str, width: int) -> None:
    text = Text(decide, 64)
    decide.call("MrmTextAddColumn", text.c, string.encode(), width)
    assert text.value == string[:width].ljust(width)


@given(string=st.binary(max_size=40).filter(lambda raw: b"\0" not in raw))
def test_json_strings(decide: Decide, string: bytes) -> None:
    text = Text(decide, 128)
    decide.call("MrmTextAddJson", text.c, string)
    assert json.loads(text.value) == _printable(string)


class Log:
    """An MRM_LOG."""

    def __init__(self, decide: Decide, capacity: int) -> None:
        self._decide = decide
        size = capacity * decide.ffi.sizeof("MRM_LOG_ENTRY")
        self._memory = Guarded(decide.ffi, bytes(size))
        entries = decide.ffi.cast("MRM_LOG_ENTRY *", self._memory.pointer)
        self.c = decide.ffi.new("MRM_LOG *", {"Capacity": capacity, "Entries": entries})

    def lines(self) -> list[tuple[int, str]]:
        """Return the entries, oldest first."""
        found: list[tuple[int, str]] = []
        while (entry := self._decide.call("MrmLogEntry", self.c, len(found))) != self._decide.ffi.NULL:
            found.append((entry.Time, self._decide.ffi.string(entry.Text).decode()))
        return found[::-1]


@given(
    capacity=st.integers(1, 5),
    lines=st.lists(st.tuples(st.integers(0, (1 << 64) - 1), ASCII)),
    size=st.integers(1, 400),
)
def test_log_keeps_the_last_lines(
    decide: Decide, capacity: int, lines: list[tuple[int, str]], size: int
) -> None:
    log = Log(decide, capacity)
    for time, line in lines:
        decide.call("MrmLogAdd", log.c, time, line.encode())
    kept = [(time, _printable(line)[: decide.MRM_LOG_TEXT_SIZE - 1]) for time, line in lines[-capacity:]]
    assert log.lines() == kept
    text = Text(decide, size)
    decide.call("MrmLogRender", log.c, text.c)
    rendered = [f"{time // 1000:7}.{time % 1000:03} {line}\n" for time, line in kept]
    while len("".join(rendered)) > size - 1:
        rendered.pop(0)
    assert (text.value, text.c.Cut) == ("".join(rendered), False)


@pytest.mark.parametrize(("at_once", "period"), [(1, 1000), (5, 1000), (20, 250)])
def test_rate(decide: Decide, at_once: int, period: int) -> None:
    rate = decide.ffi.new("MRM_RATE *")
    now = 12345678
    assert sum(decide.call("MrmRateTake", rate, now, at_once, period) for _ in range(100)) == at_once
    taken = sum(decide.call("MrmRateTake", rate, now + ms, at_once, period) for ms in range(20 * period + 1))
    assert taken == 20
    later = now + 100 * at_once * period
    assert sum(decide.call("MrmRateTake", rate, later, at_once, period) for _ in range(100)) == at_once


@given(times=st.lists(st.integers(0, 5000), max_size=60), at_once=st.integers(1, 5))
def test_rate_in_any_window(decide: Decide, times: list[int], at_once: int) -> None:
    """In no window of n periods more than n + at_once + 1 are let through."""
    rate = decide.ffi.new("MRM_RATE *")
    passed = [now for now in sorted(times) if decide.call("MrmRateTake", rate, now, at_once, 100)]
    for first, start in enumerate(passed):
        for count, end in enumerate(passed[first:], 1):
            assert count <= (end - start) // 100 + at_once + 1
