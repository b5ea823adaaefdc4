# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The counter's records: what each processor had executed at a moment, by page and by image.

A record is lines of words, as `counter.c` writes them; numbers are decimal but for addresses and sizes of
images:

    record NAME
    by PROCESSOR                                            who brought it about, if one did
    image NUMBER BASE SIZE ENTRY PROCESSOR INSTRUCTIONS     who ran it first, and how far that processor was
    total PROCESSOR INSTRUCTIONS                            a processor that is not told further
    processor PROCESSOR INSTRUCTIONS                        the lines that follow are about it
    page ADDRESS INSTRUCTIONS IMAGE                         IMAGE 0: none
    entry ADDRESS CALLS RESUMED INSTRUCTIONS LEAST MOST     where it came into images, what it ran there
    written IMAGE BYTES                                     what code of an image wrote to memory there
    end
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


class RecordError(Exception):
    """The counter has written something else, or could not count all."""


@dataclass(frozen=True)
class Image:
    """A PE image whose code has run.

    Attributes:
        number: The counter's number of it.
        base: Physical address.
        size: Bytes in memory.
        entry: Offset of its entry point.
        first_by: The processor that ran it first.
        first_at: How many instructions that processor had executed then.
    """

    number: int
    base: int
    size: int
    entry: int
    first_by: int
    first_at: int

    def holds(self, address: int) -> bool:
        """Whether an address is the image's."""
        return self.base <= address < self.base + self.size


@dataclass(frozen=True)
class Entry:
    """An address at which a processor came into an image from elsewhere.

    Attributes:
        calls: How often; a call that goes on after an interrupt counts once.
        resumed: How often a call went on.
        instructions: Executed in images, in all these calls.
        least: Of one call; 0 if no call has ended.
        most: Of one call.
    """

    address: int
    calls: int
    resumed: int
    instructions: int
    least: int
    most: int


@dataclass
class Processor:
    """What a processor has executed.

    Attributes:
        total: Instructions.
        pages: Instructions by page, and the image that the page belongs to (0: none).
        entries: Where it came into images, by address.
        written: Bytes that code of images wrote to memory, by image.
    """

    total: int = 0
    pages: dict[int, tuple[int, int]] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    written: dict[int, int] = field(default_factory=dict)


@dataclass
class Record:
    """What the counter knew at a moment.

    Attributes:
        name: What was asked for, `phase-N`, or `mark-N`.
        images: By number.
        totals: Instructions of every processor.
        processors: Those that are told in full.
        by: The processor that brought it about, None if it was asked for.
    """

    name: str
    images: dict[int, Image] = field(default_factory=dict)
    totals: dict[int, int] = field(default_factory=dict)
    processors: dict[int, Processor] = field(default_factory=dict)
    by: int | None = None

    def by_image(self, processor: int) -> dict[int, int]:
        """Return how many instructions a processor has executed in each image (0: in none)."""
        found: dict[int, int] = {}
        for count, image in self.processors[processor].pages.values():
            found[image] = found.get(image, 0) + count
        return found


def read_records(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the records in lines of text, oldest first; one that is not finished is left out.

    Raises:
        RecordError: A line is not a record's, or the counter has met a limit of its own.
    """
    record: Record | None = None
    processor = Processor()
    for line in lines:
        kind, *words = line.split() or [""]
        if kind == "record":
            record = Record(" ".join(words))
        elif record is None or kind not in _WORDS:
            raise RecordError(f"the counter wrote {line.strip()!r}")
        elif kind == "end":
            yield record
            record = None
        else:
            try:
                processor = _WORDS[kind](record, processor, words)
            except (ValueError, IndexError) as error:
                raise RecordError(f"the counter wrote {line.strip()!r}: {error}") from error


def _image(record: Record, processor: Processor, words: Sequence[str]) -> Processor:
    number, first_by, first_at = int(words[0]), int(words[4]), int(words[5])
    base, size, entry = (int(word, 16) for word in words[1:4])
    record.images[number] = Image(number, base, size, entry, first_by, first_at)
    return processor


def _by(record: Record, processor: Processor, words: Sequence[str]) -> Processor:
    record.by = int(words[0])
    return processor


def _total(record: Record, processor: Processor, words: Sequence[str]) -> Processor:
    record.totals[int(words[0])] = int(words[1])
    return processor


def _processor(record: Record, _: Processor, words: Sequence[str]) -> Processor:
    number, total = int(words[0]), int(words[1])
    record.totals[number] = total
    record.processors[number] = Processor(total)
    return record.processors[number]


def _page(_: Record, processor: Processor, words: Sequence[str]) -> Processor:
    processor.pages[int(words[0], 16)] = (int(words[1]), int(words[2]))
    return processor


def _entry(_: Record, processor: Processor, words: Sequence[str]) -> Processor:
    address = int(words[0], 16)
    calls, resumed, instructions, least, most = (int(word) for word in words[1:6])
    processor.entries[address] = Entry(address, calls, resumed, instructions, least, most)
    return processor


def _written(_: Record, processor: Processor, words: Sequence[str]) -> Processor:
    processor.written[int(words[0])] = int(words[1])
    return processor


def _end(_: Record, processor: Processor, __: Sequence[str]) -> Processor:
    return processor


_Reader = Callable[[Record, Processor, Sequence[str]], Processor]
_WORDS: Mapping[str, _Reader] = {
    "by": _by,
    "image": _image,
    "total": _total,
    "processor": _processor,
    "page": _page,
    "entry": _entry,
    "written": _written,
    "end": _end,
}
