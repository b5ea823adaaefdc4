# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a scan could not learn or found odd."""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.printable import SENTENCE, printable

MOST_NOTES = 1000


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One finding: the part of the machine file it is about, and what."""

    topic: str
    what: str

    def __str__(self) -> str:
        """`topic: what`."""
        return f"{self.topic}: {self.what}"


@dataclass(slots=True)
class Notes:
    """The findings of one scan, each once, in the order found; the first thousand of them."""

    found: dict[Note, None] = field(default_factory=dict)

    def add(self, topic: str, what: str) -> None:
        """Add a finding."""
        if len(self.found) < MOST_NOTES:
            self.found.setdefault(Note(topic, printable(what, SENTENCE)))
