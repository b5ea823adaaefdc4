# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmLifecycleLib: an OS that listens is asked to shut down before it is stopped; what follows its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

START = 1000  # milliseconds
TIME = 60000
U32 = (1 << 32) - 1


class Partition:
    """A running partition whose OS has read its temperature at START, if it listens."""

    def __init__(
        self, decide: Decide, restart: str = "OnFailure", listens: bool = True, time: int = TIME
    ) -> None:
        self.decide = decide
        self.policy = decide.ffi.new("MRM_PLAN_POLICY *")
        self.policy.Restart = getattr(decide, f"MrmRestart{restart}")
        self.policy.ShutdownMilliseconds = time
        self.policy.Watchdog = 1
        self.life = decide.ffi.new("MRM_LIFECYCLE *")
        decide.call("MrmLifecycleStart", self.life, 0)
        self.mailbox = decide.ffi.new("MRM_MAILBOX *")
        decide.call("MrmMailboxInitialize", self.mailbox, 0)
        self.mailbox.Phase = decide.MrmPhaseRunning
        self.step(START)
        if listens:
            self.read(START)
        assert self.state == "Running"

    @property
    def state(self) -> str:
        names = ("Running", "Stopping", "Off", "Failed", "Restarting")
        return next(name for name in names if getattr(self.decide, f"MrmState{name}") == self.life.State)

    @property
    def ended(self) -> tuple[str, int]:
        return self.state, self.life.Cause

    def step(self, now: int) -> int:
        return int(self.decide.call("MrmLifecycleStep", self.life, self.policy, self.mailbox, now))

    def read(self, now: int) -> int:
        """The OS reads its temperature and the controller looks: what it finds next time."""
        self.mailbox.Thermal.Readings = (self.mailbox.Thermal.Readings + 1) & U32
        self.step(now)
        return int(self.life.Temperature)

    def order(self, verb: str, now: int = START, at_once: bool = False) -> tuple[int, int]:
        action = self.decide.ffi.new("MRM_ACTION *")
        number = getattr(self.decide, f"MrmVerb{verb}")
        status = self.decide.call("MrmLifecycleOrder", self.life, self.policy, number, at_once, now, action)
        return int(status), int(action[0])


def test_an_os_that_listens_is_asked(decide: Decide) -> None:
    partition = Partition(decide)
    assert partition.life.Temperature == decide.MRM_THERMAL_NORMAL
    assert partition.order("Stop", START + 5) == (decide.RETURN_SUCCESS, decide.MrmActionReport)
    assert (partition.ended, partition.life.Since) == (("Stopping", decide.MrmCauseOrder), START + 5)
    assert partition.step(START + 10) == decide.MrmActionNone
    assert partition.life.Temperature == decide.MRM_THERMAL_FATAL
    assert decide.call("MrmLifecycleIsLive", partition.life)


@pytest.mark.parametrize("period", [100, 1000, 10000])
def test_it_is_fatal_for_some_readings_and_some_seconds(decide: Decide, period: int) -> None:
    partition = Partition(decide, time=1 << 30)
    partition.order("Stop")
    for number in range(1, 100):
        told = number < decide.MRM_FATAL_READINGS or number * period < decide.MRM_FATAL_MILLISECONDS
        expected = decide.MRM_THERMAL_FATAL if told else decide.MRM_THERMAL_NORMAL
        assert partition.read(START + number * period) == expected
    assert partition.state == "Stopping"


@pytest.mark.parametrize("verb", ["Stop", "Restart"])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("why", ["asks for it", "never read", "long ago", "not by policy", "panicked"])
def test_an_os_that_cannot_or_need_not_be_asked_is_taken_back(
    decide: Decide, verb: str, at_once: bool, why: str
) -> None:
    if why == "asks for it":
        at_once = True
    partition = Partition(decide, listens=why != "never read", time=0 if why == "not by policy" else TIME)
    now = START + (decide.MRM_LISTENS_MILLISECONDS if why == "long ago" else 0)
    if why == "panicked":
        partition.mailbox.Panic = 1
        partition.step(START)
    assert partition.order(verb, now, at_once) == (decide.RETURN_SUCCESS, decide.MrmActionStop)
    assert partition.ended == ("Off" if verb == "Stop" else "Restarting", decide.MrmCauseOrder)


def test_one_that_read_just_now_listens(decide: Decide) -> None:
    partition = Partition(decide)
    partition.order("Stop", START + decide.MRM_LISTENS_MILLISECONDS - 1)
    assert partition.state == "Stopping"


def test_a_count_from_before_the_start_does_not_listen(decide: Decide) -> None:
    partition = Partition(decide)
    decide.call("MrmLifecycleStart", partition.life, START)
    decide.call("MrmMailboxInitialize", partition.mailbox, 0)
    partition.mailbox.Phase = decide.MrmPhaseRunning
    partition.step(START)
    assert partition.order("Stop")[1] == decide.MrmActionStop


ENDS = {"Shutdown": "Shutdown", "ColdReset": "ColdReset", "WarmReset": "WarmReset", "Failed": "Reported"}


@pytest.mark.parametrize("restart", ["Never", "OnFailure", "Always"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("verb", "state"), [("Stop", "Off"), ("Restart", "Restarting")])
def test_what_was_ordered_follows_whatever_way_it_ends(
    decide: Decide, restart: str, end: str, verb: str, state: str
) -> None:
    partition = Partition(decide, restart)
    partition.life.FailuresInRow = 3
    partition.order(verb)
    partition.mailbox.Request = getattr(decide, f"MrmRequest{end}")
    assert partition.step(START + 500) == decide.MrmActionStop
    assert partition.ended == (state, getattr(decide, f"MrmCause{ENDS[end]}"))
    assert partition.life.FailuresInRow == 0
    assert partition.life.StartWanted == (verb == "Restart")
    assert partition.life.Failures == (end == "Failed")
    if verb == "Restart":
        assert decide.call("MrmLifecycleIsDue", partition.life, partition.policy, 0, START + 500)


@pytest.mark.parametrize("damaged", [True, False])
@pytest.mark.parametrize(("verb", "state"), [("Stop", "Off"), ("Restart", "Restarting")])
def test_its_time_is_over_some_day(decide: Decide, verb: str, state: str, damaged: bool) -> None:
    partition = Partition(decide, "Always")
    partition.order(verb)
    if damaged:
        partition.mailbox.Signature = 0
    assert partition.step(START + TIME - 1) == decide.MrmActionNone
    assert partition.step(START + TIME) == decide.MrmActionStop
    assert partition.ended == (state, decide.MrmCauseOverdue)
    assert partition.life.Failures == 0


def test_panic_and_watchdog_end_it_too(decide: Decide) -> None:
    partition = Partition(decide, "Always")
    partition.order("Stop")
    partition.mailbox.Panic = 1
    partition.step(START + 1)
    assert partition.step(START + 1 + decide.MRM_PANIC_MILLISECONDS) == decide.MrmActionStop
    assert partition.ended == ("Off", decide.MrmCausePanic)
    partition = Partition(decide, "Always")
    partition.order("Stop")
    partition.mailbox.Watchdog.Running = 1
    partition.mailbox.Watchdog.Countdown = 20
    partition.step(START)
    assert partition.step(START + 2000) == decide.MrmActionStop
    assert (partition.ended, partition.life.Failures) == (("Off", decide.MrmCauseWatchdog), 1)


def test_the_last_order_counts_and_the_time_goes_on(decide: Decide) -> None:
    partition = Partition(decide)
    partition.order("Stop")
    assert partition.order("Restart", START + 5000) == (decide.RETURN_SUCCESS, decide.MrmActionReport)
    assert partition.order("Start", START + 6000)[0] == decide.RETURN_ALREADY_STARTED
    assert partition.order("Nmi", START + 6000) == (decide.RETURN_SUCCESS, decide.MrmActionNone)
    assert partition.life.AskedUntil == START + TIME
    partition.step(START + TIME)
    assert partition.ended == ("Restarting", decide.MrmCauseOverdue)
    partition = Partition(decide)
    partition.order("Restart")
    partition.order("Stop", START + 1)
    assert partition.order("Stop", START + 2, at_once=True) == (decide.RETURN_SUCCESS, decide.MrmActionStop)
    assert partition.ended == ("Off", decide.MrmCauseOrder)


def test_an_os_that_stops_reading_is_told_of_once_and_when_it_reads_again(decide: Decide) -> None:
    """It sleeps, which nothing in a partition ends, or is stuck; its state stays, and since when."""
    partition = Partition(decide)
    quiet = START + decide.MRM_UNHEARD_MILLISECONDS
    assert partition.step(quiet - 1) == decide.MrmActionNone
    assert partition.step(quiet) == decide.MrmActionReport
    assert partition.ended == ("Running", decide.MrmCauseUnheard)
    assert partition.life.Since == START
    text = decide.ffi.string(decide.call("MrmCauseText", decide.MrmCauseUnheard)).decode()
    assert f"{decide.MRM_UNHEARD_MILLISECONDS // 1000} s" in text
    assert partition.step(quiet + 1) == decide.MrmActionNone
    partition.mailbox.Thermal.Readings += 1
    assert partition.step(quiet + 2) == decide.MrmActionReport
    assert partition.ended == ("Running", decide.MrmCauseNone)
    assert partition.step(quiet + 3) == decide.MrmActionNone
    assert partition.order("Stop", quiet + 4)[1] == decide.MrmActionReport
    assert partition.step(quiet + 5 + decide.MRM_UNHEARD_MILLISECONDS) == decide.MrmActionNone
    assert partition.ended == ("Stopping", decide.MrmCauseOrder)


def test_an_os_that_never_read_is_not_missed(decide: Decide) -> None:
    partition = Partition(decide, listens=False)
    assert partition.step(1 << 40) == decide.MrmActionNone


@given(
    readings=st.lists(st.integers(0, U32) | st.integers(0, 9), max_size=8),
    verb=st.sampled_from(["Stop", "Restart"]),
    time=st.integers(0, U32),
)
def test_whatever_an_os_writes_there(decide: Decide, readings: list[int], verb: str, time: int) -> None:
    partition = Partition(decide, time=time)
    partition.order(verb)
    now = START
    for count in readings:
        now += 1000
        partition.mailbox.Thermal.Readings = count
        partition.mailbox.Thermal.Temperature = count
        partition.step(now)
        assert partition.life.Temperature in (decide.MRM_THERMAL_NORMAL, decide.MRM_THERMAL_FATAL)
    partition.step(START + time)
    assert partition.state in ("Off", "Restarting")
