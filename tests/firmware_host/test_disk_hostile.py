# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Served disks (MrmDiskLib): whatever one partition writes, wherever it can."""

import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware_host import disk_driver as nvme
from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_driver import PAGE, SUCCESS, Disk, pattern
from tests.firmware_host.disk_medium import Medium

WORD = st.one_of(
    st.integers(0, 2**32 - 1), st.integers(0, 300), st.sampled_from([2**32 - 1, 2**31, 255, 256, 257, 4096])
)
PLACES = ["register", "doorbell", "table", "config", "queue", "list", "completion"]
WRITES = st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 1023), WORD), max_size=25)
COMMANDS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(st.integers(0, 12), st.integers(0, 255)),
        st.sampled_from([0, 1, nvme.ALL]),
        st.lists(
            st.one_of(st.sampled_from(["buffer", "list", "foreign", "end"]), WORD), min_size=2, max_size=2
        ),
        st.lists(WORD, max_size=6),
    ),
    max_size=6,
)


def address(disk: Disk, kind: str | int) -> int:
    """An address a hostile driver names."""
    return {
        "buffer": disk.at(nvme.BUFFER),
        "list": disk.at(nvme.LIST),
        "foreign": disk.base + nvme.PAGES * PAGE,
        "end": disk.base + nvme.PAGES * PAGE - 8,
    }.get(str(kind), kind if isinstance(kind, int) else 0)


def scribble(disk: Disk, where: str, index: int, value: int) -> None:
    """Write a word where the partition can."""
    if where == "register":
        disk.set_register(index % 32 * 4, value)
    elif where == "doorbell":
        disk.ring(index % 9, value, completion=index % 2 == 1)
    elif where == "table":
        disk.set_entry(index % 9, value, index)
    elif where == "config":
        disk.set_config(0x50, value)
    else:
        page = {"queue": disk.queue_pages(index % 2)[0], "list": nvme.LIST}.get(where, nvme.ADMIN_CQ)
        disk.store(page, struct.pack("<I", value), index * 4)


@given(rounds=st.lists(st.tuples(WRITES, COMMANDS), min_size=1, max_size=5), append_only=st.booleans())
@settings(max_examples=120)
def test_whatever_one_partition_writes_the_others_go_on(
    decide: Decide, rounds: list[tuple[list[Any], list[Any]]], append_only: bool
) -> None:
    """Guard pages catch a touch outside its memory; its neighbour on the same medium works all the while."""
    medium = Medium(decide, 500, append_only=append_only)
    hostile, friend = Disk(decide, medium), Disk(decide, medium, apic_ids=(5,))
    friend.bring_up()
    assert friend.write(0, pattern(7)) == SUCCESS
    for writes, commands in rounds:
        hostile.set_register(nvme.CC, 0)
        hostile.serve()
        hostile.bring_up()
        for where, index, value in writes:
            scribble(hostile, where, index, value)
        for queue, opcode, namespace, prp, dwords in commands:
            first, second = (address(hostile, kind) for kind in prp)
            hostile.submit(queue, opcode, *dwords, namespace=namespace, prp=(first, second))
        for _ in range(20):
            medium.calls.clear()
            hostile.serve()
            moved = sum(count * 512 for name, _, count in medium.calls if name != "flush")
            assert moved < 2 * decide.MRM_DISK_TRANSFER + 512
            assert [name for name, *_ in medium.calls].count("flush") <= 2
        assert {processor for processor, _ in hostile.interrupts()} <= {3}
        if append_only:
            assert friend.read(0) == pattern(7)
        else:
            assert friend.write(0, pattern(7)) == SUCCESS
            assert friend.read(0) == pattern(7)
    hostile.start()
    hostile.bring_up()
    assert hostile.read(0) == pattern(7), "a new life of it works"


@given(words=st.lists(WORD, min_size=16, max_size=16), opcode=st.integers(0, 255), queue=st.integers(0, 1))
@settings(max_examples=200)
def test_any_command_is_answered_or_kept(decide: Decide, words: list[int], opcode: int, queue: int) -> None:
    medium = Medium(decide, 300)
    disk = Disk(decide, medium)
    disk.bring_up()
    command = bytearray(struct.pack("<16I", *words))
    command[0] = opcode
    disk.post(queue, bytes(command))
    disk.settle()
    found = disk.take(queue)
    if queue == 0 and opcode == nvme.EVENT_REQUEST and command[1] == 0:
        assert found == []
    else:
        assert [done.command for done in found] == [struct.unpack_from("<H", command, 2)[0]]
