# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmLifecycleLib: what the controller does about each mailbox, failure and order."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

U32 = (1 << 32) - 1
LIVE = ("Starting", "Firmware", "Loading", "Running", "Stopping", "Restarting")
ALONE = tuple(state for state in LIVE if state != "Stopping")  # those nobody has asked to end
DEAD = ("Absent", "Refused", "Off", "Failed")
STATE_OF_PHASE = {
    "Entry": "Firmware",
    "Dxe": "Firmware",
    "Bds": "Firmware",
    "Loader": "Loading",
    "Running": "Running",
}
PHASES = ("None", *STATE_OF_PHASE)
POLICIES = ("Never", "OnFailure", "Always")
# Request: state that follows under each policy, cause. The table of MrmPlan.h.
REQUESTS = {
    "Shutdown": (("Off", "Off", "Restarting"), "Shutdown"),
    "ColdReset": (("Off", "Restarting", "Restarting"), "ColdReset"),
    "WarmReset": (("Off", "Restarting", "Restarting"), "WarmReset"),
    "Failed": (("Failed", "Restarting", "Restarting"), "Reported"),
}
START = 1000  # milliseconds


def _mailbox(decide: Decide, **fields: int) -> Any:
    mailbox = decide.ffi.new("MRM_MAILBOX *")
    decide.call("MrmMailboxInitialize", mailbox, 0)
    for name, value in fields.items():
        setattr(mailbox, name, value)
    return mailbox


def _state(decide: Decide, name: str) -> int:
    return int(getattr(decide, f"MrmState{name}"))


def _cause(decide: Decide, name: str) -> int:
    return int(getattr(decide, f"MrmCause{name}"))


def _phase(decide: Decide, name: str) -> int:
    return int(getattr(decide, f"MrmPhase{name}"))


def _policy(decide: Decide, restart: str = "OnFailure", **fields: int) -> Any:
    policy = decide.ffi.new("MRM_PLAN_POLICY *")
    policy.Restart = getattr(decide, f"MrmRestart{restart}")
    for name, value in fields.items():
        setattr(policy, name, value)
    return policy


def _lifecycle(decide: Decide, state: str, phase: str = "None") -> Any:
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    decide.call("MrmLifecycleStart", lifecycle, START)
    lifecycle.State = _state(decide, state)
    lifecycle.Phase = _phase(decide, phase)
    return lifecycle


def _step(decide: Decide, lifecycle: Any, mailbox: Any, now: int = START, policy: Any = None) -> int:
    action = decide.call("MrmLifecycleStep", lifecycle, policy or _policy(decide), mailbox, now)
    return int(action)


def _bytes(decide: Decide, structure: Any) -> bytes:
    return bytes(decide.ffi.buffer(structure))


def test_initialized_mailbox_is_blank(decide: Decide) -> None:
    for fired in (0, 1):
        mailbox = decide.ffi.new("MRM_MAILBOX *")
        decide.ffi.buffer(mailbox)[:] = b"\xa5" * decide.ffi.sizeof("MRM_MAILBOX")
        decide.call("MrmMailboxInitialize", mailbox, fired)
        assert mailbox.Signature == decide.MRM_MAILBOX_SIGNATURE == int.from_bytes(b"MRMB", "little")
        assert mailbox.Version == decide.MRM_MAILBOX_VERSION
        watchdog = mailbox.Watchdog
        assert (watchdog.Running, watchdog.Ping, watchdog.Fired) == (0, 0, fired)
        assert watchdog.Countdown == watchdog.Remaining == 300
        assert mailbox.Panic == decide.MRM_PANIC_NONE
        assert mailbox.Thermal.Temperature == decide.MRM_THERMAL_NORMAL
        watchdog.Countdown = watchdog.Remaining = watchdog.Fired = mailbox.Panic = 0
        assert mailbox.Sleep.Pm1Low == 1
        mailbox.Thermal.Temperature = mailbox.Sleep.Pm1Low = 0
        assert not any(_bytes(decide, mailbox)[8:])


def test_a_whole_life(decide: Decide) -> None:
    policy = _policy(decide, AutoStart=1)
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    assert lifecycle.State == _state(decide, "Absent")
    decide.call("MrmLifecycleBound", lifecycle, policy, 0)
    now = 0
    for start, state in enumerate(("Starting", "Restarting"), 1):
        assert decide.call("MrmLifecycleIsDue", lifecycle, policy, 1, now)
        decide.call("MrmLifecycleStart", lifecycle, now)
        assert not decide.call("MrmLifecycleIsDue", lifecycle, policy, 1, now)
        mailbox = _mailbox(decide)
        assert (lifecycle.State, lifecycle.Starts) == (_state(decide, state), start)
        assert _step(decide, lifecycle, mailbox, now) == decide.MrmActionNone
        seen = _state(decide, state)
        for phase, then in STATE_OF_PHASE.items():
            now += 10
            mailbox.Phase = _phase(decide, phase)
            changes = seen != _state(decide, then)
            expected = decide.MrmActionReport if changes else decide.MrmActionNone
            assert _step(decide, lifecycle, mailbox, now) == expected
            assert _step(decide, lifecycle, mailbox, now + 1) == decide.MrmActionNone
            seen = _state(decide, then)
            assert lifecycle.State == seen
            if changes:
                assert lifecycle.Since == now
        mailbox.Request = decide.MrmRequestColdReset
        assert _step(decide, lifecycle, mailbox, now) == decide.MrmActionStop
        assert lifecycle.State == _state(decide, "Restarting")
        assert not decide.call("MrmLifecycleIsLive", lifecycle)


@given(
    state=st.sampled_from(ALONE),
    before=st.sampled_from(PHASES),
    phase=st.sampled_from(PHASES),
    request=st.sampled_from(list(REQUESTS)),
    restart=st.sampled_from(POLICIES),
    status=st.integers(0, (1 << 64) - 1),
)
def test_a_request_is_carried_out_in_every_phase(
    decide: Decide, state: str, before: str, phase: str, request: str, restart: str, status: int
) -> None:
    if PHASES.index(phase) < PHASES.index(before):
        phase = before
    lifecycle = _lifecycle(decide, state, before)
    number = getattr(decide, f"MrmRequest{request}")
    mailbox = _mailbox(decide, Phase=_phase(decide, phase), Request=number, Status=status)
    policy = _policy(decide, restart, BackOffMilliseconds=500)
    states, cause = REQUESTS[request]
    then = states[POLICIES.index(restart)]
    assert _step(decide, lifecycle, mailbox, START, policy) == decide.MrmActionStop
    assert (lifecycle.State, lifecycle.Cause) == (_state(decide, then), _cause(decide, cause))
    assert lifecycle.Failures == (request == "Failed")
    assert lifecycle.StartWanted == (then == "Restarting")
    if request == "Failed":
        assert lifecycle.Status == status
    if then == "Restarting":
        assert lifecycle.StartAt == START + (500 if request == "Failed" else 0)


@given(
    state=st.sampled_from(ALONE),
    before=st.sampled_from(PHASES),
    damage=st.one_of(
        st.tuples(st.just("Signature"), st.integers(0, U32)),
        st.tuples(st.just("Version"), st.integers(0, U32)),
        st.tuples(st.just("Phase"), st.integers(0, U32)),
        st.tuples(st.just("Request"), st.integers(0, U32)),
    ),
)
@example(state="Loading", before="Loader", damage=("Phase", 0))
@example(state="Running", before="Running", damage=("Phase", 1))
@example(state="Starting", before="None", damage=("Phase", 6))
@example(state="Starting", before="None", damage=("Request", 5))
def test_a_damaged_mailbox(decide: Decide, state: str, before: str, damage: tuple[str, int]) -> None:
    reached = _phase(decide, before)
    mailbox = _mailbox(decide, Phase=reached)
    field, value = damage
    sound = {
        "Signature": value == decide.MRM_MAILBOX_SIGNATURE,
        "Version": value == decide.MRM_MAILBOX_VERSION,
        "Phase": reached <= value < decide.MrmPhaseMax,
        "Request": value < decide.MrmRequestMax,
    }[field]
    setattr(mailbox, field, value)
    lifecycle = _lifecycle(decide, state, before)
    untouched = _bytes(decide, lifecycle)
    action = _step(decide, lifecycle, mailbox, policy=_policy(decide, "Never"))
    if sound:
        assert lifecycle.Cause != _cause(decide, "Mailbox")
    elif state == "Running":
        assert (action, _bytes(decide, lifecycle)) == (decide.MrmActionNone, untouched)
    else:
        assert (action, lifecycle.State) == (decide.MrmActionStop, _state(decide, "Failed"))
        assert (lifecycle.Cause, lifecycle.Status) == (
            _cause(decide, "Mailbox"),
            decide.RETURN_COMPROMISED_DATA,
        )


@given(state=st.sampled_from(DEAD), contents=st.binary(max_size=128))
def test_the_mailbox_of_a_partition_without_processors_means_nothing(
    decide: Decide, state: str, contents: bytes
) -> None:
    mailbox = _mailbox(decide, Request=1)
    decide.ffi.buffer(mailbox)[: len(contents)] = contents
    lifecycle = _lifecycle(decide, state)
    untouched = _bytes(decide, lifecycle)
    assert _step(decide, lifecycle, mailbox) == decide.MrmActionNone
    assert _bytes(decide, lifecycle) == untouched


@given(data=st.data(), start=st.sampled_from(LIVE))
def test_any_sequence_of_mailboxes(decide: Decide, data: st.DataObject, start: str) -> None:
    """Whatever the partition writes, the state stays one of the enumeration and fits the action."""
    lifecycle = _lifecycle(decide, start)
    words = st.integers(0, 8) | st.integers(0, U32)
    policy = _policy(
        decide,
        data.draw(st.sampled_from(POLICIES)),
        RestartLimit=data.draw(st.integers(0, 3)),
        BackOffMilliseconds=data.draw(words),
        FirmwareMilliseconds=data.draw(words),
        Watchdog=data.draw(st.integers(0, 1)),
    )
    now = START
    for _ in range(6):
        now += data.draw(words)
        mailbox = _mailbox(
            decide, Phase=data.draw(words), Request=data.draw(words), Heartbeat=data.draw(words)
        )
        for register in ("Ping", "Countdown", "Remaining", "Running", "Fired"):
            setattr(mailbox.Watchdog, register, data.draw(words))
        if data.draw(st.booleans()):
            noise = data.draw(st.binary(max_size=64))
            decide.ffi.buffer(mailbox)[: len(noise)] = noise
        was = lifecycle.State
        copy = _bytes(decide, mailbox)
        action = _step(decide, lifecycle, mailbox, now, policy)
        assert _bytes(decide, mailbox) == copy
        assert 0 <= lifecycle.State < decide.MrmStateMax
        assert lifecycle.WatchdogRemaining <= decide.MRM_WATCHDOG_MAXIMUM
        if action == decide.MrmActionNone:
            assert lifecycle.State == was
        if action == decide.MrmActionStop:
            assert not decide.call("MrmLifecycleIsLive", lifecycle)
            assert lifecycle.StartWanted == (lifecycle.State == _state(decide, "Restarting"))
            if lifecycle.StartWanted and data.draw(st.booleans()):
                decide.call("MrmLifecycleStart", lifecycle, now)


def test_failures_in_a_row_are_waited_for_and_limited(decide: Decide) -> None:
    policy = _policy(decide, RestartLimit=5, BackOffMilliseconds=1000)
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    now = START
    for row, wait in enumerate((1000, 2000, 4000, 8000), 1):
        decide.call("MrmLifecycleStart", lifecycle, now)
        decide.call("MrmLifecycleFail", lifecycle, policy, decide.MrmCauseReported, 7, now)
        assert (lifecycle.State, lifecycle.FailuresInRow) == (_state(decide, "Restarting"), row)
        assert not decide.call("MrmLifecycleIsDue", lifecycle, policy, 0, now + wait - 1)
        assert decide.call("MrmLifecycleIsDue", lifecycle, policy, 0, now + wait)
        now += wait
    decide.call("MrmLifecycleStart", lifecycle, now)
    decide.call("MrmLifecycleFail", lifecycle, policy, decide.MrmCauseReported, 7, now)
    assert lifecycle.State == _state(decide, "Failed")
    assert not decide.call("MrmLifecycleIsDue", lifecycle, policy, 1, 1 << 60)


@given(
    wait=st.integers(0, U32) | st.integers(0, 5000),
    row=st.integers(0, 40) | st.integers(0, U32),
    failures=st.integers(0, U32),
)
def test_back_off_grows_to_its_maximum(decide: Decide, wait: int, row: int, failures: int) -> None:
    policy = _policy(decide, BackOffMilliseconds=wait)
    lifecycle = _lifecycle(decide, "Firmware")
    lifecycle.FailuresInRow = row
    lifecycle.Failures = failures
    decide.call("MrmLifecycleFail", lifecycle, policy, decide.MrmCauseSilence, 0, START)
    row = min(row + 1, U32)
    assert (lifecycle.FailuresInRow, lifecycle.Failures) == (row, min(failures + 1, U32))
    most = max(wait, decide.MRM_BACK_OFF_MAXIMUM)
    expected = min(wait << min(row - 1, 40), most)
    assert lifecycle.StartAt - START == expected


def test_an_os_that_settles_begins_a_new_row(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Loading", "Loader")
    lifecycle.FailuresInRow = 4
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"))
    assert _step(decide, lifecycle, mailbox, 5000) == decide.MrmActionReport
    _step(decide, lifecycle, mailbox, 5000 + decide.MRM_SETTLED_MILLISECONDS - 1)
    assert lifecycle.FailuresInRow == 4
    _step(decide, lifecycle, mailbox, 5000 + decide.MRM_SETTLED_MILLISECONDS)
    assert lifecycle.FailuresInRow == 0


@pytest.mark.parametrize("phase", PHASES[:-1])
def test_silent_firmware_has_failed(decide: Decide, phase: str) -> None:
    policy = _policy(decide, FirmwareMilliseconds=60000)
    lifecycle = _lifecycle(decide, "Starting")
    now = START
    for beat in range(3):
        mailbox = _mailbox(decide, Phase=_phase(decide, phase), Heartbeat=beat)
        _step(decide, lifecycle, mailbox, now, policy)
        assert _step(decide, lifecycle, mailbox, now + 59999, policy) == decide.MrmActionNone
        now += 59999
    last = now - 59999
    assert _step(decide, lifecycle, mailbox, last + 60000, policy) == decide.MrmActionStop
    assert (lifecycle.State, lifecycle.Cause) == (
        _state(decide, "Restarting"),
        _cause(decide, "Silence"),
    )


def test_an_os_needs_no_heartbeat_nor_does_firmware_without_limit(decide: Decide) -> None:
    running = _lifecycle(decide, "Running", "Running")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"))
    policy = _policy(decide, FirmwareMilliseconds=1)
    assert _step(decide, running, mailbox, 1 << 40, policy) == decide.MrmActionNone
    firmware = _lifecycle(decide, "Firmware", "Dxe")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Dxe"))
    assert _step(decide, firmware, mailbox, 1 << 40) == decide.MrmActionNone


@pytest.mark.parametrize("written", [1, 0xFFFFFF01])
def test_a_panic_has_its_last_words_and_is_a_failure(decide: Decide, written: int) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"), Panic=written)
    policy = _policy(decide, "Never")
    assert _step(decide, lifecycle, mailbox, START, policy) == decide.MrmActionNone
    mailbox.Panic = 0
    last = START + decide.MRM_PANIC_MILLISECONDS
    assert _step(decide, lifecycle, mailbox, last - 1, policy) == decide.MrmActionNone
    assert _step(decide, lifecycle, mailbox, last, policy) == decide.MrmActionStop
    assert (lifecycle.State, lifecycle.Cause) == (_state(decide, "Failed"), _cause(decide, "Panic"))


@pytest.mark.parametrize("written", [0x34, 0x20, 0xFF])
def test_sleep_enable_is_the_end_of_a_running_os(decide: Decide, written: int) -> None:
    for policy, state in (("OnFailure", "Off"), ("Always", "Restarting")):
        lifecycle = _lifecycle(decide, "Running", "Running")
        mailbox = _mailbox(decide, Phase=_phase(decide, "Running"))
        mailbox.Sleep.Control = written & ~0x20
        mailbox.Sleep.Status = 0xFF
        assert _step(decide, lifecycle, mailbox, START, _policy(decide, policy)) == decide.MrmActionNone
        mailbox.Sleep.Control = written
        assert _step(decide, lifecycle, mailbox, START, _policy(decide, policy)) == decide.MrmActionStop
        assert (lifecycle.State, lifecycle.Cause) == (_state(decide, state), _cause(decide, "Shutdown"))


def test_the_reset_register_resets_a_running_os(decide: Decide) -> None:
    for written in (0, 1, 0xFF, 0x52):
        lifecycle = _lifecycle(decide, "Running", "Running")
        mailbox = _mailbox(decide, Phase=_phase(decide, "Running"))
        mailbox.Sleep.Reset = written
        done = _step(decide, lifecycle, mailbox, START, _policy(decide, "OnFailure"))
        assert done == (decide.MrmActionStop if written == 0x52 else decide.MrmActionNone)
    assert (lifecycle.State, lifecycle.Cause) == (_state(decide, "Restarting"), _cause(decide, "ColdReset"))


def test_firmware_has_no_sleep_register(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Loading", "Loader")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Loader"))
    mailbox.Sleep.Control = 0x34
    assert _step(decide, lifecycle, mailbox) == decide.MrmActionNone


@pytest.mark.parametrize("phase", ["Dxe", "Loader", "Running"])
def test_a_reset_seen_elsewhere_is_a_reset(decide: Decide, phase: str) -> None:
    cause = _cause(decide, "ResetEntry")
    for policy, state in (("Never", "Off"), ("OnFailure", "Restarting")):
        lifecycle = _lifecycle(decide, STATE_OF_PHASE[phase], phase)
        action = decide.call("MrmLifecycleReset", lifecycle, _policy(decide, policy), cause, START)
        assert action == decide.MrmActionStop
        assert (lifecycle.State, lifecycle.Cause) == (_state(decide, state), cause)
        assert (lifecycle.Failures, lifecycle.FailuresInRow) == (0, 0)
        before = _bytes(decide, lifecycle)
        if state == "Off":
            action = decide.call("MrmLifecycleReset", lifecycle, _policy(decide, policy), cause, START)
            assert (action, _bytes(decide, lifecycle)) == (decide.MrmActionNone, before)


@pytest.mark.parametrize("written", [0, 2, 3, 4, 6])
def test_what_is_no_panic_or_saves_a_dump_is_left_alone(decide: Decide, written: int) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"), Panic=written)
    for now in (START, START + 2 * decide.MRM_PANIC_MILLISECONDS):
        assert _step(decide, lifecycle, mailbox, now) == decide.MrmActionNone


@pytest.mark.parametrize("told_before", [False, True])
@pytest.mark.parametrize("way", ["ColdReset", "WarmReset", "register", "elsewhere"])
def test_a_panicked_os_that_resets_itself_has_failed(decide: Decide, way: str, told_before: bool) -> None:
    """It has `panic=1`, for instance: last words that are over sooner are no reason to forget the panic."""
    lifecycle, policy = _lifecycle(decide, "Running", "Running"), _policy(decide, "OnFailure")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"), Panic=1)
    if told_before or way == "elsewhere":
        assert _step(decide, lifecycle, mailbox, START, policy) == decide.MrmActionNone
    if way == "register":
        mailbox.Sleep.Reset = 0x52
    elif way != "elsewhere":
        mailbox.Request = getattr(decide, f"MrmRequest{way}")
    if way == "elsewhere":
        cause = _cause(decide, "ResetEntry")
        action = decide.call("MrmLifecycleReset", lifecycle, policy, cause, START + 10)
    else:
        action = _step(decide, lifecycle, mailbox, START + 10, policy)
    assert action == decide.MrmActionStop
    assert (lifecycle.State, lifecycle.Cause) == (_state(decide, "Restarting"), _cause(decide, "Panic"))
    assert (lifecycle.Failures, lifecycle.FailuresInRow) == (1, 1)


def test_a_panicked_os_that_switches_itself_off_is_off(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"), Panic=1, Request=decide.MrmRequestShutdown)
    assert _step(decide, lifecycle, mailbox) == decide.MrmActionStop
    assert (lifecycle.State, lifecycle.Cause) == (_state(decide, "Off"), _cause(decide, "Shutdown"))


def _fed(decide: Decide, lifecycle: Any, now: int, **registers: int) -> int:
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"))
    for name, value in registers.items():
        setattr(mailbox.Watchdog, name, value)
    return _step(decide, lifecycle, mailbox, now, _policy(decide, "Never", Watchdog=1))


def test_watchdog_that_is_pinged_is_quiet(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    assert _fed(decide, lifecycle, START, Running=1, Countdown=50) == decide.MrmActionNone
    for now in range(START + 4900, START + 100000, 4900):
        assert _fed(decide, lifecycle, now, Running=1, Countdown=50) == decide.MrmActionNone
        assert lifecycle.WatchdogRemaining == 1
        assert _fed(decide, lifecycle, now, Running=1, Countdown=50, Ping=1) == decide.MrmActionNone
        assert lifecycle.WatchdogRemaining == 50


def test_watchdog_that_runs_out_is_a_failure(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    assert _fed(decide, lifecycle, START, Running=1, Countdown=50) == decide.MrmActionNone
    assert _fed(decide, lifecycle, START + 4999, Running=1, Countdown=50) == decide.MrmActionNone
    assert _fed(decide, lifecycle, START + 5000, Running=1, Countdown=50) == decide.MrmActionStop
    assert (lifecycle.State, lifecycle.Cause) == (_state(decide, "Failed"), _cause(decide, "Watchdog"))


def test_watchdog_that_is_stopped_or_not_offered_does_nothing(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    assert _fed(decide, lifecycle, START, Running=1, Countdown=50) == decide.MrmActionNone
    assert _fed(decide, lifecycle, START + 4000, Running=0, Countdown=50) == decide.MrmActionNone
    assert _fed(decide, lifecycle, START + 90000, Running=0, Countdown=50) == decide.MrmActionNone
    assert _fed(decide, lifecycle, START + 90000, Running=1, Countdown=50) == decide.MrmActionNone
    assert lifecycle.WatchdogRemaining == 50
    mailbox = _mailbox(decide, Phase=_phase(decide, "Running"))
    mailbox.Watchdog.Running = 1
    assert _step(decide, lifecycle, mailbox, 1 << 40) == decide.MrmActionNone


@pytest.mark.parametrize(("written", "meant"), [(0, 10), (9, 10), (36000, 36000), (U32, 36000)])
def test_countdown_is_kept_in_its_range(decide: Decide, written: int, meant: int) -> None:
    lifecycle = _lifecycle(decide, "Running", "Running")
    assert _fed(decide, lifecycle, START, Running=1, Countdown=written) == decide.MrmActionNone
    assert lifecycle.WatchdogRemaining == meant
    last = START + meant * decide.MRM_WATCHDOG_PERIOD
    assert _fed(decide, lifecycle, last - 1, Running=1, Countdown=written) == decide.MrmActionNone
    assert _fed(decide, lifecycle, last, Running=1, Countdown=written) == decide.MrmActionStop


def test_first_start_waits_for_others_then_for_its_delay(decide: Decide) -> None:
    policy = _policy(decide, AutoStart=1, DelayMilliseconds=300)
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    decide.call("MrmLifecycleBound", lifecycle, policy, 0)
    due = [
        decide.call("MrmLifecycleIsDue", lifecycle, policy, others, now)
        for others, now in ((0, 0), (0, 5000), (1, 6000), (0, 6299), (0, 6300))
    ]
    assert due == [0, 0, 0, 0, 1]


def test_without_autostart_only_an_order_starts(decide: Decide) -> None:
    policy = _policy(decide, AutoStart=0, DelayMilliseconds=300)
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    decide.call("MrmLifecycleBound", lifecycle, policy, 0)
    assert not decide.call("MrmLifecycleIsDue", lifecycle, policy, 1, 1 << 40)
    status, action = _order(decide, lifecycle, "Start")
    assert (status, action) == (decide.RETURN_SUCCESS, decide.MrmActionReport)
    assert lifecycle.State == _state(decide, "Off")
    assert decide.call("MrmLifecycleIsDue", lifecycle, policy, 0, START)


def _order(decide: Decide, lifecycle: Any, verb: str, at_once: bool = True) -> tuple[int, int]:
    action = decide.ffi.new("MRM_ACTION *")
    number = getattr(decide, f"MrmVerb{verb}")
    policy = _policy(decide, ShutdownMilliseconds=60000)
    return decide.call("MrmLifecycleOrder", lifecycle, policy, number, at_once, START, action), action[0]


@pytest.mark.parametrize("state", ["Off", "Failed", "Refused", "Restarting"])
@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
def test_what_a_partition_is_ordered_that_another_plan_has_too(
    decide: Decide, state: str, ended: bool, stopped: bool
) -> None:
    """It starts again if it ran or was about to; who has ordered to stop it since has the last word."""
    verb = decide.call("MrmLifecycleAnew", _lifecycle(decide, state), ended, stopped)
    ran = ended or state == "Restarting"
    assert verb == (decide.MrmVerbStop if stopped else decide.MrmVerbStart if ran else decide.MrmVerbMax)
    policy = _policy(decide, AutoStart=1)
    anew = decide.ffi.new("MRM_LIFECYCLE *")
    decide.call("MrmLifecycleBound", anew, policy, 0)
    if stopped:
        assert _order(decide, anew, "Stop")[0] == decide.RETURN_SUCCESS
        assert not decide.call("MrmLifecycleIsDue", anew, policy, 1, 1 << 40)


@pytest.mark.parametrize("state", [*LIVE, *DEAD])
@pytest.mark.parametrize("verb", ["Start", "Stop", "Restart", "Nmi"])
def test_orders(decide: Decide, state: str, verb: str) -> None:
    lifecycle = _lifecycle(decide, state)
    lifecycle.FailuresInRow = 3
    live = state in LIVE
    before = _bytes(decide, lifecycle)
    status, action = _order(decide, lifecycle, verb)
    if state in ("Absent", "Refused"):
        expected = (decide.RETURN_UNSUPPORTED, decide.MrmActionNone)
    elif verb == "Start" and live:
        expected = (decide.RETURN_ALREADY_STARTED, decide.MrmActionNone)
    elif verb in ("Stop", "Nmi") and not live:
        expected = (decide.RETURN_NOT_STARTED, decide.MrmActionNone)
    elif verb == "Nmi":
        expected = (decide.RETURN_SUCCESS, decide.MrmActionNone)
    else:
        expected = (decide.RETURN_SUCCESS, decide.MrmActionStop if live else decide.MrmActionReport)
    assert (status, action) == expected
    if action == decide.MrmActionNone:
        assert _bytes(decide, lifecycle) == before
        return
    assert not decide.call("MrmLifecycleIsLive", lifecycle)
    assert lifecycle.Cause == _cause(decide, "Order")
    assert lifecycle.StartWanted == (verb != "Stop")
    assert lifecycle.State == _state(decide, "Off" if verb == "Stop" else "Restarting")
    if verb != "Stop":
        assert (lifecycle.FailuresInRow, lifecycle.StartAt) == (0, START)


def test_stop_ends_the_wait_for_a_restart(decide: Decide) -> None:
    lifecycle = _lifecycle(decide, "Firmware")
    decide.call(
        "MrmLifecycleFail",
        lifecycle,
        _policy(decide, BackOffMilliseconds=9000),
        decide.MrmCauseSilence,
        0,
        START,
    )
    assert _order(decide, lifecycle, "Start") == (decide.RETURN_SUCCESS, decide.MrmActionReport)
    assert _order(decide, lifecycle, "Stop") == (decide.RETURN_SUCCESS, decide.MrmActionReport)
    assert _order(decide, lifecycle, "Stop") == (decide.RETURN_NOT_STARTED, decide.MrmActionNone)


def test_all_off(decide: Decide) -> None:
    def all_off(*lifecycles: Any) -> bool:
        array = decide.ffi.new("MRM_LIFECYCLE *[]", list(lifecycles))
        return bool(decide.call("MrmLifecycleAllOff", array, len(lifecycles)))

    off = _lifecycle(decide, "Off")
    never_started = decide.ffi.new("MRM_LIFECYCLE *")
    waiting = decide.ffi.new("MRM_LIFECYCLE *")
    decide.call("MrmLifecycleBound", waiting, _policy(decide, AutoStart=1), 0)
    backing_off = _lifecycle(decide, "Firmware")
    decide.call("MrmLifecycleFail", backing_off, _policy(decide), decide.MrmCauseSilence, 0, START)
    assert not all_off(never_started)
    assert all_off(off, _lifecycle(decide, "Failed"), never_started, waiting)
    assert not all_off(off, backing_off)
    decide.call("MrmLifecycleIsDue", waiting, _policy(decide), 1, 0)
    assert not all_off(off, waiting)
    for state in LIVE:
        assert not all_off(off, _lifecycle(decide, state))


@given(
    text=st.binary(max_size=1024),
    length=st.integers(0, U32) | st.integers(0, 1100),
    size=st.integers(1, 1100),
)
def test_text_is_printable_and_bounded(decide: Decide, text: bytes, length: int, size: int) -> None:
    mailbox = _mailbox(decide, TextLength=length)
    decide.ffi.buffer(mailbox.Text)[: len(text)] = text
    room = decide.ffi.new("CHAR8[]", b"\xa5" * (size + 4))
    decide.call("MrmMailboxText", mailbox, room, size)
    padded = text.ljust(decide.MRM_MAILBOX_TEXT_SIZE, b"\0")[: min(length, size - 1)]
    expected = bytes(byte if 0x20 <= byte <= 0x7E else ord("?") for byte in padded)
    assert decide.ffi.string(room) == expected
    assert bytes(decide.ffi.buffer(room))[size : size + 4] == b"\xa5" * 4


def test_every_state_has_a_name(decide: Decide) -> None:
    names = ["absent", "refused", "starting", "firmware", "loading", "running"]
    names += ["stopping", "off", "failed", "restarting"]
    assert len(names) == decide.MrmStateMax
    names += ["unknown"] * 3
    for state, name in (*enumerate(names), (0x7FFFFFFF, "unknown"), (U32, "unknown")):
        assert decide.ffi.string(decide.call("MrmStateName", state)).decode() == name


def test_every_byte_of_a_text(decide: Decide) -> None:
    mailbox = _mailbox(decide, TextLength=256)
    decide.ffi.buffer(mailbox.Text)[:256] = bytes(range(256))
    room = decide.ffi.new("CHAR8[]", 257)
    decide.call("MrmMailboxText", mailbox, room, 257)
    printable = bytes(range(0x20, 0x7F))
    assert decide.ffi.string(room) == b"?" * 0x20 + printable + b"?" * (256 - 0x7F)


def test_states_are_named_after_their_constants(decide: Decide) -> None:
    for name in (*LIVE, *DEAD):
        assert decide.ffi.string(decide.call("MrmStateName", _state(decide, name))).decode() == name.lower()


def test_every_cause_has_its_words(decide: Decide) -> None:
    texts = [decide.ffi.string(decide.call("MrmCauseText", cause)).decode() for cause in range(15)]
    assert texts[decide.MrmCauseColdReset] == "cold reset"
    assert texts[decide.MrmCauseSilence] == "no sign of life from its firmware"
    assert [cause for cause, text in enumerate(texts) if not text] == [
        decide.MrmCauseNone,
        decide.MrmCauseReported,
        *range(decide.MrmCauseMax, 15),
    ]
