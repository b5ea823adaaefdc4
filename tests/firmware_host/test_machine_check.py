# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmMachineCheckLib: what the banks of a machine check mean (Intel SDM volume 3, section 16.3.2)."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide

VALID, UNCORRECTED, ADDRESS, CORRUPT = 1 << 63, 1 << 61, 1 << 58, 1 << 57
RESTARTABLE = 1
U64 = st.integers(0, (1 << 64) - 1)


def _judge(decide: Decide, status: int) -> int:
    return int(decide.call("MrmMachineCheckJudge", status))


def _judge_exception(decide: Decide, global_status: int, statuses: Sequence[int]) -> int:
    checks = decide.ffi.new("MRM_MACHINE_CHECK[]", max(1, len(statuses)))
    for index, status in enumerate(statuses):
        checks[index].Status = status
    return int(decide.call("MrmMachineCheckJudgeException", global_status, checks, len(statuses)))


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        (0, "MrmMachineCheckNone"),
        (UNCORRECTED | CORRUPT, "MrmMachineCheckNone"),
        (VALID, "MrmMachineCheckCorrected"),
        (VALID | UNCORRECTED, "MrmMachineCheckUncorrected"),
        (VALID | UNCORRECTED | CORRUPT, "MrmMachineCheckFatal"),
    ],
)
def test_one_bank(decide: Decide, status: int, severity: str) -> None:
    assert _judge(decide, status) == getattr(decide, severity)


@given(global_status=U64, statuses=st.lists(U64, max_size=8))
def test_an_exception_is_as_bad_as_its_worst_bank(
    decide: Decide, global_status: int, statuses: list[int]
) -> None:
    worst = max((_judge(decide, status) for status in statuses), default=decide.MrmMachineCheckNone)
    seen = _judge_exception(decide, global_status, statuses)
    if not global_status & RESTARTABLE or worst == decide.MrmMachineCheckNone:
        assert seen == decide.MrmMachineCheckFatal
    else:
        assert seen == worst


@pytest.mark.parametrize(
    ("status", "severity", "words"),
    [
        (VALID | 0x135, "MrmMachineCheckCorrected", "corrected, bank 9, status 0x8000000000000135"),
        (
            VALID | UNCORRECTED | ADDRESS,
            "MrmMachineCheckUncorrected",
            "uncorrected, bank 9, status 0xa400000000000000, address 0x12340000",
        ),
        (0, "MrmMachineCheckNone", "none, bank 9, status 0x0"),
    ],
)
def test_words(decide: Decide, status: int, severity: str, words: str) -> None:
    check = decide.ffi.new("MRM_MACHINE_CHECK *", {"Bank": 9, "Status": status, "Address": 0x12340000})
    buffer = decide.ffi.new("CHAR8[]", 128)
    text = decide.ffi.new("MRM_TEXT *")
    decide.call("MrmTextBegin", text, buffer, 128)
    decide.call("MrmMachineCheckRender", check, getattr(decide, severity), text)
    assert decide.ffi.string(decide.ffi.cast("char *", buffer)).decode() == words
