# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmLifecycleLib: what the controller does about each mailbox."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

U32 = (1 << 32) - 1
LIVE = ("Starting", "Firmware", "Loading", "Running", "Restarting")
DEAD = ("Absent", "Refused", "Off", "Failed")
STATE_OF_PHASE = {
    "Entry": "Firmware",
    "Dxe": "Firmware",
    "Bds": "Firmware",
    "Loader": "Loading",
    "Running": "Running",
}
PHASES = ("None", *STATE_OF_PHASE)
# Request: (state that follows, action)
REQUESTS = {
    "Shutdown": ("Off", "Stop"),
    "ColdReset": ("Restarting", "Restart"),
    "WarmReset": ("Restarting", "Restart"),
    "Failed": ("Failed", "Stop"),
}


def _mailbox(decide: Decide, **fields: int) -> Any:
    mailbox = decide.ffi.new("MRM_MAILBOX *")
    decide.call("MrmMailboxInitialize", mailbox)
    for name, value in fields.items():
        setattr(mailbox, name, value)
    return mailbox


def _state(decide: Decide, name: str) -> int:
    return int(getattr(decide, f"MrmState{name}"))


def _phase(decide: Decide, name: str) -> int:
    return int(getattr(decide, f"MrmPhase{name}"))


def _lifecycle(decide: Decide, state: str, phase: str = "None") -> Any:
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    lifecycle.State = _state(decide, state)
    lifecycle.Phase = _phase(decide, phase)
    return lifecycle


def _bytes(decide: Decide, structure: Any) -> bytes:
    return bytes(decide.ffi.buffer(structure))


def test_initialized_mailbox_is_blank(decide: Decide) -> None:
    mailbox = decide.ffi.new("MRM_MAILBOX *")
    decide.ffi.buffer(mailbox)[:] = b"\xa5" * decide.ffi.sizeof("MRM_MAILBOX")
    decide.call("MrmMailboxInitialize", mailbox)
    assert mailbox.Signature == decide.MRM_MAILBOX_SIGNATURE == int.from_bytes(b"MRMB", "little")
    assert mailbox.Version == decide.MRM_MAILBOX_VERSION
    assert not any(_bytes(decide, mailbox)[8:])


def test_a_whole_life(decide: Decide) -> None:
    lifecycle = decide.ffi.new("MRM_LIFECYCLE *")
    assert lifecycle.State == _state(decide, "Absent")
    for start, state in enumerate(("Starting", "Restarting"), 1):
        decide.call("MrmLifecycleStart", lifecycle)
        mailbox = _mailbox(decide)
        assert (lifecycle.State, lifecycle.Starts) == (_state(decide, state), start)
        assert decide.call("MrmLifecycleStep", lifecycle, mailbox) == decide.MrmActionNone
        seen = _state(decide, state)
        for phase, then in STATE_OF_PHASE.items():
            mailbox.Phase = _phase(decide, phase)
            expected = decide.MrmActionNone if seen == _state(decide, then) else decide.MrmActionReport
            assert decide.call("MrmLifecycleStep", lifecycle, mailbox) == expected
            assert decide.call("MrmLifecycleStep", lifecycle, mailbox) == decide.MrmActionNone
            seen = _state(decide, then)
            assert lifecycle.State == seen
        mailbox.Request = decide.MrmRequestColdReset
        assert decide.call("MrmLifecycleStep", lifecycle, mailbox) == decide.MrmActionRestart
        assert lifecycle.State == _state(decide, "Restarting")


@given(
    state=st.sampled_from(LIVE),
    before=st.sampled_from(PHASES),
    phase=st.sampled_from(PHASES),
    request=st.sampled_from(list(REQUESTS)),
    status=st.integers(0, (1 << 64) - 1),
)
def test_a_request_is_carried_out_in_every_phase(
    decide: Decide, state: str, before: str, phase: str, request: str, status: int
) -> None:
    if state in ("Starting", "Restarting"):
        before = "None"
    if PHASES.index(phase) < PHASES.index(before):
        phase = before
    lifecycle = _lifecycle(decide, state, before)
    number = getattr(decide, f"MrmRequest{request}")
    mailbox = _mailbox(decide, Phase=_phase(decide, phase), Request=number, Status=status)
    then, action = REQUESTS[request]
    assert decide.call("MrmLifecycleStep", lifecycle, mailbox) == getattr(decide, f"MrmAction{action}")
    assert lifecycle.State == _state(decide, then)
    assert (lifecycle.Request, lifecycle.Status) == (number, status)


@given(
    state=st.sampled_from(LIVE),
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
@example(state="Starting", before="Running", damage=("Phase", U32))
@example(state="Starting", before="None", damage=("Phase", 6))
@example(state="Starting", before="None", damage=("Request", 5))
def test_a_damaged_mailbox(decide: Decide, state: str, before: str, damage: tuple[str, int]) -> None:
    reached = 0 if state in ("Starting", "Restarting") else _phase(decide, before)
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
    action = decide.call("MrmLifecycleStep", lifecycle, mailbox)
    if sound:
        assert lifecycle.Status != decide.RETURN_COMPROMISED_DATA
    elif state == "Running":
        assert (action, _bytes(decide, lifecycle)) == (decide.MrmActionNone, untouched)
    else:
        assert (action, lifecycle.State) == (decide.MrmActionStop, _state(decide, "Failed"))
        assert (lifecycle.Request, lifecycle.Status) == (
            decide.MrmRequestNone,
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
    assert decide.call("MrmLifecycleStep", lifecycle, mailbox) == decide.MrmActionNone
    assert _bytes(decide, lifecycle) == untouched


@given(data=st.data(), start=st.sampled_from(LIVE))
def test_any_sequence_of_mailboxes(decide: Decide, data: st.DataObject, start: str) -> None:
    """Whatever the partition writes, the state stays one of the enumeration and fits the action."""
    lifecycle = _lifecycle(decide, start)
    words = st.integers(0, 8) | st.integers(0, U32)
    for _ in range(6):
        mailbox = _mailbox(decide, Phase=data.draw(words), Request=data.draw(words))
        if data.draw(st.booleans()):
            noise = data.draw(st.binary(max_size=64))
            decide.ffi.buffer(mailbox)[: len(noise)] = noise
        was = lifecycle.State
        copy = _bytes(decide, mailbox)
        action = decide.call("MrmLifecycleStep", lifecycle, mailbox)
        assert _bytes(decide, mailbox) == copy
        assert 0 <= lifecycle.State < decide.MrmStateMax
        if action == decide.MrmActionNone:
            assert lifecycle.State == was
        if action == decide.MrmActionStop:
            assert lifecycle.State in (_state(decide, "Off"), _state(decide, "Failed"))
        if action == decide.MrmActionRestart:
            assert lifecycle.State == _state(decide, "Restarting")


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
    names = ["absent", "refused", "starting", "firmware", "loading", "running", "off", "failed", "restarting"]
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
