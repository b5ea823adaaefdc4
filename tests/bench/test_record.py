# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The counter's records are read as they were written; what is not a record is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.counter.record import Entry, Image, Record, RecordError, read_records

TEXT = """\
record up
by 1
image 1 7f000000 6000 1234 0 500
processor 0 120
page 7f001000 100 1
page 7f002000 15 1
page 100000 5 0
entry 7f001040 3 1 115 20 50
written 1 4096
total 1 77
end
record unfinished
image 1 7f000000 6000 1234 0 500
"""


def test_a_record_is_read() -> None:
    (record,) = read_records(TEXT.splitlines())
    assert (record.name, record.by) == ("up", 1)
    assert record.images == {1: Image(1, 0x7F000000, 0x6000, 0x1234, 0, 500)}
    assert record.totals == {0: 120, 1: 77}
    assert record.processors[0].entries == {0x7F001040: Entry(0x7F001040, 3, 1, 115, 20, 50)}
    assert record.by_image(0) == {1: 115, 0: 5}
    assert record.processors[0].written == {1: 4096}


@pytest.mark.parametrize(
    "line",
    [
        "problem more than 512 entries",
        "page 1000 5 0",
        "record up\nby nobody",
        "nonsense",
        "record up\npage 10",
        "record up\nwritten 1",
        "record x\nend 1\nend",
    ],
)
def test_what_is_no_record_is_refused(line: str) -> None:
    with pytest.raises(RecordError, match="the counter wrote"):
        list(read_records(line.splitlines()))


numbers = st.integers(min_value=0, max_value=2**64 - 1)
pages = st.dictionaries(
    st.integers(0, 2**28).map(lambda page: page << 12), st.tuples(numbers, st.integers(0, 9))
)


@given(st.dictionaries(st.integers(0, 63), st.tuples(numbers, pages)))
def test_whatever_was_counted_is_read(processors: dict[int, tuple[int, dict[int, tuple[int, int]]]]) -> None:
    lines = ["record any name"]
    for number, (total, counted) in processors.items():
        lines.append(f"processor {number} {total}")
        lines += [f"page {page:x} {count} {image}" for page, (count, image) in counted.items()]
    (record,) = read_records([*lines, "end"])
    assert record.totals == {number: total for number, (total, _) in processors.items()}
    assert {number: found.pages for number, found in record.processors.items()} == {
        number: counted for number, (_, counted) in processors.items()
    }


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        records = list(read_records(text.splitlines()))
    except RecordError:
        return
    assert all(isinstance(record, Record) for record in records)
