# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which fault hits whom, and when: a pure function of a seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci.faults.kinds import KINDS, Kind


@dataclass(frozen=True)
class Injection:
    """Fault number `number` (from 1): `kind` hits `victim` after `pause` seconds of quiet."""

    number: int
    victim: str
    kind: Kind
    pause: float

    def __str__(self) -> str:
        """Name it in a line."""
        return f"{self.number} {self.victim} {self.kind.name}"


def schedule(
    seed: int, count: int, victims: Mapping[str, int], kinds: Sequence[Kind] = KINDS
) -> tuple[Injection, ...]:
    """Draw `count` injections: the same for the same arguments, on every machine.

    All kinds come up before one comes up again, so that a short campaign is a broad one; who is hit and how
    long it is quiet before is drawn anew each time. `victims` are partitions with their number of processors.
    Raises ValueError when there is nobody or nothing to draw.
    """
    possible = {kind.name: [v for v, count in victims.items() if count >= kind.processors] for kind in kinds}
    if not kinds or count < 0 or not all(possible.values()):
        raise ValueError("a campaign needs a count, kinds, and for each kind a partition it can hit")
    generator = random.Random(seed)
    drawn: list[Injection] = []
    deck: list[Kind] = []
    for number in range(1, count + 1):
        if not deck:
            deck = list(kinds)
            generator.shuffle(deck)
        pause = round(generator.uniform(0.0, 3.0), 2)
        kind = deck.pop()
        drawn.append(Injection(number, generator.choice(possible[kind.name]), kind, pause))
    return tuple(drawn)
