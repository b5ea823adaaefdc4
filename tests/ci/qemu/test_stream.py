# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Decoding what a serial line carries."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ci.qemu.stream import GARBLED, MAXIMUM_REPORT, Decoded, StreamDecoder

TICK = b'\x1b]5380;MRM-TICK {"n":1}\x07'


def decode(*pieces: bytes) -> Decoded:
    decoder = StreamDecoder()
    total = Decoded()
    for piece in pieces:
        part = decoder.feed(piece)
        total.terminal += part.terminal
        total.text += part.text
        total.reports += part.reports
    return total


def names(decoded: Decoded) -> list[str]:
    return [report.name for report in decoded.reports]


def test_text_without_sequences() -> None:
    decoded = decode(b"one\r\ntwo\r\n")
    assert decoded.text == "one\ntwo\n"
    assert decoded.terminal == b"one\r\ntwo\r\n"
    assert decoded.reports == []


def test_report_between_text() -> None:
    decoded = decode(b"ab" + TICK + b"cd")
    assert decoded.text == "abcd"
    assert decoded.terminal == b"abcd"
    (report,) = decoded.reports
    assert (report.name, report.data, report.offset) == ("MRM-TICK", {"n": 1}, 2)


def test_report_ended_by_string_terminator() -> None:
    assert names(decode(b'\x1b]5380;MRM-TICK {"n":1}\x1b\\')) == ["MRM-TICK"]


def test_colours_and_cursor_go_to_the_terminal_only() -> None:
    decoded = decode(b"\x1b[2J\x1b[01;01H\x1b[=3h\x1b[1mhello\x1b[0m\x1b(B")
    assert decoded.text == "hello"
    assert decoded.terminal == b"\x1b[2J\x1b[01;01H\x1b[=3h\x1b[1mhello\x1b[0m\x1b(B"


def test_a_foreign_title_is_no_report() -> None:
    decoded = decode(b'\x1b]2;MRM-TICK {"n":1}\x07')
    assert decoded.reports == []
    assert decoded.text == ""


def test_report_printed_as_plain_text_is_no_report() -> None:
    decoded = decode(b'echo MRM-TICK {"n":1}\r\n')
    assert decoded.reports == []


def test_kernel_message_inside_a_report_garbles_it_and_is_kept() -> None:
    decoded = decode(b'\x1b]5380;MRM-TICK {"n"[  1.0] Oops\r\nCall Trace:\r\n' + TICK)
    assert names(decoded) == [GARBLED, "MRM-TICK"]
    assert "Oops" in decoded.reports[0].data["text"]
    assert "Call Trace:" in decoded.text


def test_report_cut_by_a_reset_hides_nothing() -> None:
    decoded = decode(b'\x1b]5380;MRM-TICK {"n"', b"\x1b[2JUEFI\r\n")
    assert names(decoded) == [GARBLED]
    assert decoded.text == "UEFI\n"


def test_broken_json_is_garbled() -> None:
    assert names(decode(b"\x1b]5380;MRM-TICK {n:1}\x07")) == [GARBLED]
    assert names(decode(b"\x1b]5380;MRM-TICK [1]\x07")) == [GARBLED]
    assert names(decode(b'\x1b]5380;nonsense {"n":1}\x07')) == [GARBLED]


def test_endless_report_is_given_up() -> None:
    decoded = decode(b"\x1b]5380;MRM-GUEST ", *([b"x" * 4096] * (MAXIMUM_REPORT // 4096 + 1)), b"\r\nafter")
    assert names(decoded)[0] == GARBLED
    assert decoded.text.endswith("after")


def test_lone_escape_is_dropped_from_text() -> None:
    assert decode(b"a\x1b\x01b").text == "ab"


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert decode(b"\xff\xc3", b"\xa4").text == "\ufffdä"


@given(
    st.lists(
        st.sampled_from([b"text", b"\r\n", b"\x1b[1;31m", TICK, "ä€".encode(), b"\x1b]2;title\x07", b"\x1bM"])
    ),
    st.lists(st.integers(0, 200)),
)
def test_pieces_do_not_matter(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert decode(*pieces) == decode(stream)
    assert len(decode(stream).reports) == parts.count(TICK)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([TICK, b"\x1b", b"\x1b]5380;", b"\x1b["]))))
def test_any_bytes_are_survived(parts: list[bytes]) -> None:
    data = b"".join(parts)
    whole = decode(data)
    assert decode(*(bytes([byte]) for byte in data)) == whole
    # Nothing is in the text that a console would not show, and nothing is made up.
    assert not [character for character in whole.text if ord(character) < 0x20 and character not in "\t\n"]
    assert all(0 <= report.offset <= len(whole.text) for report in whole.reports)
    remaining = iter(data)
    assert all(byte in remaining for byte in whole.terminal), "bytes for the terminal keep their order"
    # What follows is understood as ever, once a line's end has closed what was open.
    after = decode(data, b"\r\n", TICK, b"end")
    assert after.text.endswith("\nend") and after.reports[-1].name == "MRM-TICK"
