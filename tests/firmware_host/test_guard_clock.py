# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The clock and CMOS memory that a guarded partition has instead of the PC's."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.guard import Cpu

SECOND, MINUTE, HOUR, WEEKDAY, DAY, MONTH, YEAR, CENTURY = 0, 2, 4, 6, 7, 8, 9, 0x32
FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, CENTURY)
LATEST = 253402300799
times = st.integers(0, LATEST)


def read(cpu: Cpu, register: int) -> int:
    cpu.out(0x70, register)
    return cpu.inp(0x71)


def write(cpu: Cpu, register: int, value: int) -> None:
    cpu.out(0x70, register | 0x80)
    assert not cpu.out(0x71, value).Denied


def bcd(number: int) -> int:
    return int(str(number), 16)


def told(cpu: Cpu) -> datetime:
    """The time as an OS reads it."""
    second, minute, hour, day, month, year, century = (int(f"{read(cpu, each):x}") for each in FIELDS)
    return datetime(century * 100 + year, month, day, hour, minute, second, tzinfo=UTC)


def set_clock(cpu: Cpu, when: datetime) -> None:
    """As Linux sets it."""
    write(cpu, 0x0B, 0x82)
    for register, number in zip(
        FIELDS,
        (when.second, when.minute, when.hour, when.day, when.month, when.year % 100, when.year // 100),
        strict=True,
    ):
        write(cpu, register, bcd(number))
    write(cpu, 0x0B, 0x02)


@given(now=times)
def test_it_tells_the_time_of_the_pc(decide: Decide, now: int) -> None:
    cpu = Cpu(decide, now=now)
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=now)
    assert told(cpu) == when
    assert read(cpu, WEEKDAY) == when.isoweekday() % 7 + 1


@given(now=times, other=times, later=st.integers(0, 1 << 33))
def test_a_clock_that_was_set_goes_on(decide: Decide, now: int, other: int, later: int) -> None:
    cpu = Cpu(decide, now=now)
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=other)
    set_clock(cpu, when)
    assert told(cpu) == when
    cpu.now = min(now + later, LATEST)
    expected = min(other + cpu.now - now, LATEST)
    assert told(cpu) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=expected)


@pytest.mark.parametrize(
    ("register", "value"), [(MONTH, 0x13), (MONTH, 0), (DAY, 0x31), (HOUR, 0x24), (SECOND, 0x5A)]
)
def test_a_date_that_does_not_exist_changes_nothing(decide: Decide, register: int, value: int) -> None:
    cpu = Cpu(decide, now=calendar.timegm((2026, 11, 30, 1, 2, 3)))
    write(cpu, 0x0B, 0x82)
    write(cpu, register, value)
    assert read(cpu, register) == value
    write(cpu, 0x0B, 0x02)
    assert told(cpu) == datetime(2026, 11, 30, 1, 2, 3, tzinfo=UTC)


def test_it_stands_still_while_it_is_set(decide: Decide) -> None:
    cpu = Cpu(decide)
    before = told(cpu)
    write(cpu, 0x0B, 0x82)
    cpu.now += 100
    assert told(cpu) == before
    write(cpu, 0x0B, 0x02)
    assert told(cpu) == before


def test_status_and_memory(decide: Decide) -> None:
    cpu = Cpu(decide)
    # No update in progress; 24 hours in BCD; no interrupt; the battery is good.
    assert [read(cpu, number) for number in (0x0A, 0x0B, 0x0C, 0x0D)] == [0x26, 0x02, 0, 0x80]
    write(cpu, 0x0B, 0x7F)
    assert read(cpu, 0x0B) == 0x02
    write(cpu, 0x0F, 0x0A)
    write(cpu, 0x40, 0x55)
    assert (read(cpu, 0x0F), read(cpu, 0x40), read(cpu, 0xC0)) == (0x0A, 0x55, 0x55)
    # Index and data in one access.
    assert not cpu.out(0x70, 0x6641, 2).Denied
    assert read(cpu, 0x41) == 0x66


@given(accesses=st.lists(st.tuples(st.booleans(), st.integers(0, 255), st.integers(0, 255)), max_size=30))
def test_whatever_is_written(decide: Decide, accesses: list[tuple[bool, int, int]]) -> None:
    cpu = Cpu(decide)
    for writes, register, value in accesses:
        if writes:
            write(cpu, register, value)
        else:
            assert 0 <= read(cpu, register) <= 255
    cpu.devices.CmosOffset = -(1 << 63)
    assert told(Cpu(decide)) and read(cpu, YEAR) >= 0
