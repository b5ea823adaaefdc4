# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Taking apart what a serial line carries: text, terminal control sequences and the guests' reports.

Guests report with OSC sequences, `ESC ] 5380 ; NAME JSON BEL` (ci/guests/lib), which terminals ignore. The
decoder separates three views of one byte stream:

- `terminal`: everything but the reports, for a terminal or a pane that shows the line to a person;
- `text`: the same without control sequences and carriage returns, for searching;
- `reports`: the reports, each with its place in `text`.

A report is one line without control characters. If one shows up inside (the kernel printed in the middle, or
the machine died half way), the report is garbled: it is counted as such and decoding goes on as text, so that
a broken report can hide nothing that follows it.
"""

import codecs
import json
import re
from dataclasses import dataclass, field
from typing import Any

GARBLED = "GARBLED"
"""Name of a report that could not be understood; its data is {"text": what was received}."""

MAXIMUM_REPORT = 256 * 1024
"""Bytes after which an unfinished report is given up."""

_ESCAPE = 0x1B
_OSC_PREFIX = b"\x1b]5380;"
_SEQUENCE = re.compile(
    rb"""
    \x1b\[ [0-?]* [ -/]* [@-~]             # control sequence (colours, cursor)
    | \x1b[\]PX^_] [^\x00-\x1f]* (?:\x07|\x1b\\)   # operating system command and other strings
    | \x1b [ -/]* [0-OQ-WYZ\\`-~]          # two-character and charset sequences
    """,
    re.VERBOSE,
)
_UNFINISHED = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x00-\x1f]*(?:\x1b)?|[ -/]*)\Z",
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Report:
    """One report of a guest.

    name: `MRM-GUEST` and the like, or GARBLED; data: its JSON object; offset: characters of `text` before it.
    """

    name: str
    data: dict[str, Any]
    offset: int


@dataclass
class Decoded:
    """What one piece of the stream contained; see the module's description."""

    terminal: bytes = b""
    text: str = ""
    reports: list[Report] = field(default_factory=list)


def _parse_report(body: bytes, offset: int) -> Report:
    """Turn the inside of a report sequence into a Report, GARBLED when it is not `NAME {JSON object}`."""
    text = body.decode("utf-8", errors="replace")
    name, _, rest = text.partition(" ")
    try:
        data = json.loads(rest)
    except ValueError:
        data = None
    if not isinstance(data, dict) or not re.fullmatch(r"MRM-[A-Z]+", name):
        return Report(GARBLED, {"text": text}, offset)
    return Report(name, data, offset)


class StreamDecoder:
    """Incremental decoder; feed it the bytes in the order they arrive, in pieces of any size."""

    def __init__(self) -> None:
        """Begin between two sequences."""
        self._pending = b""
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._offset = 0

    def feed(self, data: bytes) -> Decoded:
        """Decode the next piece; an unfinished sequence at its end is kept for the next call."""
        stream = self._pending + data
        self._pending = b""
        result = Decoded()
        position = 0
        while position < len(stream):
            escape = stream.find(_ESCAPE, position)
            if escape < 0:
                self._plain(stream[position:], result)
                break
            self._plain(stream[position:escape], result)
            sequence = _SEQUENCE.match(stream, escape)
            if sequence:
                self._sequence(sequence.group(), result)
                position = sequence.end()
            elif _UNFINISHED.match(stream, escape) and len(stream) - escape < MAXIMUM_REPORT:
                self._pending = stream[escape:]
                break
            else:
                position = self._broken(stream, escape, result)
        return result

    def _plain(self, data: bytes, result: Decoded) -> None:
        result.terminal += data
        text = _CONTROL.sub("", self._utf8.decode(data))
        result.text += text
        self._offset += len(text)

    def _sequence(self, sequence: bytes, result: Decoded) -> None:
        if sequence.startswith(_OSC_PREFIX):
            body = sequence[len(_OSC_PREFIX) :].rstrip(b"\x07").removesuffix(b"\x1b\\")
            result.reports.append(_parse_report(body, self._offset))
        else:
            result.terminal += sequence

    def _broken(self, stream: bytes, escape: int, result: Decoded) -> int:
        """Handle an escape that begins nothing known or a string that broke off; return where to go on."""
        if not stream.startswith(_OSC_PREFIX, escape):
            return escape + 1
        end = escape + 1
        while end < len(stream) and stream[end] >= 0x20:
            end += 1
        received = stream[escape + len(_OSC_PREFIX) : end]
        result.reports.append(Report(GARBLED, {"text": received.decode("utf-8", "replace")}, self._offset))
        return end
