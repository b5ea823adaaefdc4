# SPDX-License-Identifier: BSD-2-Clause-Patent
"""NMIs of a partition: none between one and the return from it, and one more is remembered."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

CODE, RETURN, HANDLER = 0x1000, 0x2000, 0x3000
"""Where a system was interrupted, where its handler returns, and where that begins."""


class Processor:
    """A processor whose guard gives it NMIs as MrmGuardLib says, beside one that has none beneath it."""

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self.nmi: Any = decide.ffi.new("MRM_GUARD_NMI *")
        self.rip = CODE
        self.looked_at = False
        """IRET ends in an exit."""
        self.handling = self.latched = False
        """What a processor by itself keeps: it is in its handler, and another NMI waits."""
        self.given = 0

    def exit(self, stepped: bool = False) -> None:
        self.decide.call("MrmGuardNoteNmi", self.nmi, self.rip, stepped)
        if self.nmi.Waits and not self.nmi.Masked:
            self.take()

    def take(self) -> None:
        if self.decide.call("MrmGuardTakeNmi", self.nmi):
            assert not self.handling
            self.given += 1
            self.handling, self.latched, self.looked_at, self.rip = True, False, True, HANDLER

    def interrupt(self) -> None:
        self.latched = self.handling
        self.exit()
        self.take()
        assert self.handling

    def reach_return(self) -> None:
        self.rip = RETURN
        if self.looked_at:
            self.exit()
            self.looked_at = False
            self.decide.call("MrmGuardReturnFromNmi", self.nmi, self.rip)

    def execute_return(self, to: int = CODE) -> None:
        was_handling, latched = self.handling, self.latched
        self.rip, self.handling = to, False
        if self.nmi.Steps:
            self.exit(stepped=True)
        assert self.handling == (was_handling and latched)


@given(st.lists(st.sampled_from(("interrupt", "work", "return", "interrupt in return"))))
def test_nmis_come_as_to_a_processor_by_itself(decide: Decide, events: list[str]) -> None:
    processor, taken = Processor(decide), 0
    for event in events:
        if event == "interrupt":
            taken += not (processor.handling and processor.latched)
            processor.interrupt()
        elif event == "work":
            processor.rip += 1
        elif processor.handling:
            processor.reach_return()
            if event == "interrupt in return":
                # Behind the exit, and before the IRET is executed.
                taken += not processor.latched
                processor.interrupt()
            processor.execute_return()
    assert processor.given + processor.latched == taken


def test_a_return_to_itself_is_seen_by_the_step(decide: Decide) -> None:
    processor = Processor(decide)
    processor.interrupt()
    processor.interrupt()
    processor.reach_return()
    assert processor.nmi.Steps and processor.nmi.Masked
    # Another exit before it is executed changes nothing.
    processor.exit()
    assert processor.nmi.Steps and processor.given == 1
    processor.execute_return(to=RETURN)
    assert processor.given == 2 and not processor.nmi.Steps and not processor.nmi.Waits


def test_a_return_that_fails_gives_the_next_one_at_the_next_exit(decide: Decide) -> None:
    processor = Processor(decide)
    processor.interrupt()
    processor.interrupt()
    processor.reach_return()
    processor.rip, processor.handling = CODE + 8, False
    processor.exit()
    assert processor.given == 2 and not processor.nmi.Steps
