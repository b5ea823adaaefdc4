# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Served disks (MrmDiskLib): queues."""

import struct

import pytest

from tests.firmware_host import disk_driver as nvme
from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_driver import ALL, PAGE, SUCCESS, Disk, ready
from tests.firmware_host.disk_medium import Medium


def test_several_queues(decide: Decide) -> None:
    disk = ready(decide)
    for number in range(2, decide.MRM_DISK_QUEUES + 1):
        assert disk.create_cq(number, vector=number) == SUCCESS
        assert disk.create_sq(number) == SUCCESS
    for number in range(1, decide.MRM_DISK_QUEUES + 1):
        assert disk.write(number, bytes([number]) * 512, queue=number) == SUCCESS
    assert disk.read(1, 8, queue=8)[::512] == bytes(range(1, 9))
    assert {vector for _, vector in disk.interrupts()} == set(range(0x41, 0x4A))


def test_two_queues_complete_to_one(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    assert disk.create_cq(1) == SUCCESS
    assert (disk.create_sq(1), disk.create_sq(2, cq=1)) == (SUCCESS, SUCCESS)
    commands = [disk.submit(number, nvme.FLUSH) for number in (1, 2)]
    disk.settle()
    assert {(done.command, done.queue) for done in disk.take(1)} == set(zip(commands, (1, 2), strict=True))
    for number, status in ((1, SUCCESS), (2, SUCCESS)):
        assert disk.admin(nvme.DELETE_CQ, 1).status == nvme.IN_USE
        assert disk.admin(nvme.DELETE_SQ, number).status == status
    assert disk.admin(nvme.DELETE_CQ, 1).status == SUCCESS
    assert disk.admin(nvme.DELETE_CQ, 1).status == nvme.QUEUE_NUMBER
    assert (disk.create_cq(1), disk.create_sq(1)) == (SUCCESS, SUCCESS)
    assert disk.flush() == SUCCESS


def test_queues_that_cannot_be(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    size = 255 << 16
    own, foreign = (disk.at(nvme.QUEUES), 0), (disk.at(nvme.PAGES - 3), 0)
    for opcode, words, prp, status in (
        (nvme.CREATE_CQ, (size | 0, 3), own, nvme.QUEUE_NUMBER),
        (nvme.CREATE_CQ, (size | 9, 3), own, nvme.QUEUE_NUMBER),
        (nvme.CREATE_CQ, (size | 0xFFFF, 3), own, nvme.QUEUE_NUMBER),
        (nvme.CREATE_CQ, (1, 3), own, nvme.QUEUE_SIZE),
        (nvme.CREATE_CQ, (256 << 16 | 1, 3), own, nvme.QUEUE_SIZE),
        (nvme.CREATE_CQ, (size | 1, 9 << 16 | 3), own, nvme.VECTOR),
        (nvme.CREATE_CQ, (size | 1, 2), own, nvme.FIELD),
        (nvme.CREATE_CQ, (size | 1, 3), (own[0] + 8, 0), nvme.PRP_OFFSET),
        (nvme.CREATE_CQ, (size | 1, 3), (disk.base - PAGE, 0), nvme.FIELD),
        (nvme.CREATE_CQ, (size | 1, 3), (0, 0), nvme.FIELD),
        (nvme.CREATE_SQ, (size | 1, 1 << 16 | 1), own, nvme.NO_COMPLETION),
        (nvme.CREATE_SQ, (size | 1, 1), own, nvme.NO_COMPLETION),
        (nvme.CREATE_SQ, (size | 1, 9 << 16 | 1), own, nvme.NO_COMPLETION),
        (nvme.DELETE_SQ, (1,), own, nvme.QUEUE_NUMBER),
        (nvme.DELETE_SQ, (0,), own, nvme.QUEUE_NUMBER),
        (nvme.DELETE_CQ, (0,), own, nvme.QUEUE_NUMBER),
        (nvme.DELETE_CQ, (0xFFFF,), own, nvme.QUEUE_NUMBER),
    ):
        assert disk.admin(opcode, *words, prp=prp).status == status
    assert disk.create_cq(1) == SUCCESS
    assert disk.create_cq(1) == nvme.QUEUE_NUMBER
    assert disk.admin(nvme.CREATE_SQ, size | 1, 1 << 16 | 1, prp=foreign).status == nvme.FIELD
    assert disk.create_sq(1) == SUCCESS, "the right one is still taken"
    assert disk.create_sq(1) == nvme.QUEUE_NUMBER
    assert disk.flush() == SUCCESS


def test_entry_sizes_that_are_not_there(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    for sizes in (0, 0x450000, 0x360000):
        disk.set_register(nvme.CC, nvme.ENABLE | sizes)
        assert disk.create_cq(1) == nvme.FIELD


@pytest.mark.parametrize(("completion", "value"), [(False, 256), (False, ALL), (True, 256), (True, 1 << 16)])
def test_a_doorbell_far_away(decide: Decide, completion: bool, value: int) -> None:
    """The queue is used no more, the driver is told, and the other queues go on."""
    disk = ready(decide)
    assert (disk.create_cq(2, vector=2), disk.create_sq(2)) == (SUCCESS, SUCCESS)
    request = disk.submit(0, nvme.EVENT_REQUEST)
    disk.settle()
    assert disk.take(0) == [], "it is kept"
    disk.submit(1, nvme.FLUSH)
    disk.ring(1, value, completion=completion)
    disk.settle()
    assert disk.take(1) == []
    (event,) = disk.take(0)
    assert (event.command, event.status, event.result) == (request, SUCCESS, 0x10100)
    disk.ring(1, 1, completion=completion)
    disk.settle()
    assert disk.take(1) == [] and not disk.asked()
    assert disk.write(0, bytes(512), queue=2) == SUCCESS
    assert disk.c.Refused == 1
    log = disk.admin(nvme.LOG_PAGE, 15 << 16 | 1, namespace=ALL, prp=(disk.at(nvme.BUFFER), 0))
    assert log.status == SUCCESS
    assert struct.unpack("<QHHH", disk.load(nvme.BUFFER, 14)) == (1, 1, 0xFFFF, 0)


def test_a_completion_queue_that_is_full(decide: Decide) -> None:
    """Nothing is lost, and nothing is asked for ever."""
    disk = Disk(decide, Medium(decide))
    disk.enable()
    assert (disk.create_cq(1, entries=4), disk.create_sq(1)) == (SUCCESS, SUCCESS)
    commands = [disk.submit(1, nvme.FLUSH) for _ in range(10)]
    found = []
    for count in (3, 3, 3, 1):
        disk.settle()
        assert not disk.asked()
        done = disk.take(1)
        assert len(done) == count
        found += done
    assert [each.command for each in found] == commands
    assert [each.head for each in found] == list(range(1, 11))
