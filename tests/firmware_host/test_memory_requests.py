# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The order of memory requests, and what stays with the PC's firmware (MrmMachineLib)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.firmware_host.test_range import RangeSet

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
Request = tuple[int, int]
"""Limit and minimum."""


def order(decide: Decide, plans: list[list[Request]], out: set[int]) -> list[tuple[int, int]]:
    """Return the requests as (partition, number) in the order in which memory is taken for them."""
    new, native = decide.ffi.new, []
    requests = new("MRM_MEMORY_REQUESTS[]", max(len(plans), 1))
    for number, plan in enumerate(plans):
        memory = new("MRM_PLAN_MEMORY[]", max(len(plan), 1))
        for index, (limit, minimum) in enumerate(plan):
            memory[index].Limit, memory[index].Minimum = limit, minimum
        native.append((new("MRM_PLAN_PARTITION *", {"MemoryCount": len(plan), "Memory": memory}), memory))
        requests[number].Plan = decide.ffi.NULL if number in out else native[-1][0]
    partition, request = new("UINTN *"), new("UINTN *")
    found: list[tuple[int, int]] = []
    while decide.call("MrmMemoryNext", requests, len(plans), partition, request):
        found.append((partition[0], request[0]))
        requests[partition[0]].Judged |= 1 << request[0]
    return found


def test_what_may_lie_in_the_least_memory_comes_first(decide: Decide) -> None:
    anywhere, below_4g, low = (1 << 40, 0), (4 * GIB, MIB), (MIB, 4 * KIB)
    found = order(decide, [[low, anywhere], [low, below_4g, anywhere]], set())
    assert found == [(0, 0), (1, 0), (1, 1), (0, 1), (1, 2)]


PLANS = st.lists(
    st.lists(st.tuples(st.sampled_from([MIB, GIB, 4 * GIB, 1 << 40]), st.integers(0, 3)), max_size=5),
    max_size=5,
)


@given(plans=PLANS, out=st.sets(st.integers(0, 4)))
def test_each_request_comes_once_in_order(decide: Decide, plans: list[list[Request]], out: set[int]) -> None:
    wanted = [
        (limit, -minimum, partition, number)
        for partition, plan in enumerate(plans)
        for number, (limit, minimum) in enumerate(plan)
        if partition not in out
    ]
    assert order(decide, plans, out) == [(partition, number) for *_, partition, number in sorted(wanted)]


def choose(decide: Decide, free: RangeSet, size: int, limit: int, purpose: str) -> Any:
    """Return the status, and what is taken as (base, size)."""
    ffi = decide.ffi
    request = ffi.new("MRM_PLAN_MEMORY *")
    request.Size, request.Alignment, request.Limit = size, 4 * KIB, limit
    request.Purpose = getattr(decide, purpose)
    pieces, count = Guarded.array(ffi, "MRM_RANGE", [(0, 0)] * 4), ffi.new("UINTN *")
    array = ffi.cast("MRM_RANGE *", pieces.pointer)
    status = decide.call("MrmMemoryChoose", free.pointer, request, 4, array, count)
    return status, [(array[i].Base, array[i].Size) for i in range(count[0])]


def test_64_mib_below_4_gib_stay_with_the_firmware(decide: Decide) -> None:
    for size, granted in ((36 * MIB, True), (36 * MIB + 4 * KIB, False)):
        free = RangeSet(decide, [(GIB, 100 * MIB)], 8)
        status, pieces = choose(decide, free, size, 4 * GIB, "MrmMemoryMain")
        assert status == (decide.RETURN_SUCCESS if granted else decide.RETURN_OUT_OF_RESOURCES)
        if granted:
            assert pieces == [(GIB + 64 * MIB, size)]


def test_above_4_gib_and_below_1_mib_nothing_is_kept_for_it(decide: Decide) -> None:
    free = RangeSet(decide, [(64 * KIB, 64 * KIB), (4 * GIB, GIB)], 8)
    assert choose(decide, free, GIB, 1 << 40, "MrmMemoryMain") == (decide.RETURN_SUCCESS, [(4 * GIB, GIB)])
    low = choose(decide, free, 16 * KIB, MIB, "MrmMemoryLow")
    assert low == (decide.RETURN_SUCCESS, [(112 * KIB, 16 * KIB)])
