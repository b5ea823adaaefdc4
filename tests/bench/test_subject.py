# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The bare machine is of a partition's size."""

from bench.subject import bare_description
from ci.run.plan import PartitionPromise, Plan

MEBIBYTE = 2**20
OVMF_KEEPS = 6636 << 10
"""Of the machine's memory, as its kernel told (bench/subject.py)."""
PARTITION_KEEPS = 1920 << 10


def test_both_systems_have_as_much_memory() -> None:
    promise = PartitionPromise("measured", 2, [1, 2], False, 640 << 20, [], [], None, None, None, None, None)
    found = bare_description(Plan("q35", "x.yaml", "COM1", [promise]))
    assert found.processors == 2 and found.memory % MEBIBYTE == 0
    assert abs((found.memory - OVMF_KEEPS) - (promise.memory - PARTITION_KEEPS)) < MEBIBYTE
