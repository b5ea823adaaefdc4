# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Served disks (MrmDiskLib): features, logs and other administrative commands."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host import disk_driver as nvme
from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_driver import ALL, PAGE, SUCCESS, Disk, ready
from tests.firmware_host.disk_medium import Medium


def test_features(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    for feature, asked, told in ((1, 3, 3), (5, 7, 7), (8, 0x1234, 0x1234), (0xA, 1, 1), (0xB, 0xFF, 0xFF)):
        assert disk.admin(nvme.SET_FEATURES, feature, asked).status == SUCCESS
        assert disk.admin(nvme.GET_FEATURES, feature).result == told
    assert disk.admin(nvme.SET_FEATURES, 7, 0xFFFF_FFFF)[1:3] == (SUCCESS, 0x70007)
    assert disk.admin(nvme.GET_FEATURES, 7).result == 0x70007
    assert disk.admin(nvme.GET_FEATURES, 4).result == 0xFFFF
    assert disk.admin(nvme.SET_FEATURES, 4, 1 << 20 | 9).status == SUCCESS
    assert disk.admin(nvme.GET_FEATURES, 4, 1 << 20).result == 9
    assert disk.admin(nvme.SET_FEATURES, 9, 1 << 16 | 2).status == SUCCESS
    assert [disk.admin(nvme.GET_FEATURES, 9, vector).result for vector in (1, 2)] == [1, 0x10002]
    assert disk.admin(nvme.SET_FEATURES, 2, 0).status == SUCCESS
    for opcode, words, status in (
        (nvme.SET_FEATURES, (2, 1), nvme.FIELD),
        (nvme.SET_FEATURES, (4, 1 << 16), nvme.FIELD),
        (nvme.SET_FEATURES, (5, 1 << 16), nvme.FIELD),
        (nvme.SET_FEATURES, (9, 9), nvme.FIELD),
        (nvme.SET_FEATURES, (1 << 31 | 1, 3), nvme.NOT_SAVEABLE),
        (nvme.SET_FEATURES, (0xE, 0), nvme.FIELD),
        (nvme.SET_FEATURES, (0xFF, 0), nvme.FIELD),
        (nvme.GET_FEATURES, (0x106,), nvme.FIELD),
        (nvme.GET_FEATURES, (4, 1 << 16), nvme.FIELD),
        (nvme.GET_FEATURES, (9, 9), nvme.FIELD),
        (nvme.GET_FEATURES, (0xE,), nvme.FIELD),
        (nvme.GET_FEATURES, (0xFF,), nvme.FIELD),
    ):
        assert disk.admin(opcode, *words).status == status
    assert disk.create_cq(1) == SUCCESS
    assert disk.admin(nvme.SET_FEATURES, 7, 0).status == nvme.SEQUENCE


def test_a_driver_that_wants_no_cache(decide: Decide) -> None:
    disk = ready(decide)
    assert disk.admin(nvme.GET_FEATURES, 6).result == 1
    assert disk.admin(nvme.SET_FEATURES, 6, 0).status == SUCCESS
    assert disk.admin(nvme.GET_FEATURES, 6).result == 0
    assert disk.write(1, b"\x11" * 512) == SUCCESS
    assert disk.medium.durable[512:1024] == b"\x11" * 512
    other = ready(decide, cached=False)
    assert other.admin(nvme.SET_FEATURES, 6, 1).status == nvme.FIELD
    assert other.admin(nvme.GET_FEATURES, 6).status == nvme.FIELD


def test_logs(decide: Decide) -> None:
    disk = ready(decide)
    buffer = (disk.at(nvme.BUFFER), 0)
    for number in range(5):
        disk.write(number, bytes(512))
    disk.read(0, 5)
    disk.medium.fail["read"] = decide.RETURN_DEVICE_ERROR
    assert disk.data(nvme.READ, 7, 1).status == nvme.READ_ERROR
    assert disk.admin(nvme.LOG_PAGE, 127 << 16 | 2, namespace=ALL, prp=buffer).status == SUCCESS
    health = disk.load(nvme.BUFFER, 512)
    assert health[:6] == b"\0\0\0\x64\0\0", "no warning, no thermometer, nothing wears"
    assert [struct.unpack_from("<Q", health, 32 + 16 * number)[0] for number in range(4)] == [1, 1, 1, 5]
    assert [struct.unpack_from("<Q", health, place)[0] for place in (160, 176)] == [1, 1]
    assert disk.admin(nvme.LOG_PAGE, 63 << 16 | 1, namespace=ALL, prp=buffer).status == SUCCESS
    entry = struct.unpack("<QHHHHQI", disk.load(nvme.BUFFER, 28))
    assert (entry[:2], entry[3] >> 1 & 0x7FF, entry[5:]) == ((1, 1), nvme.READ_ERROR, (7, 1))
    assert disk.load(nvme.BUFFER, 192, 64) == bytes(192)
    assert disk.admin(nvme.LOG_PAGE, 127 << 16 | 3, prp=buffer).status == SUCCESS
    assert disk.load(nvme.BUFFER, 16) == b"\1" + bytes(7) + b"1".ljust(8)
    assert disk.admin(nvme.LOG_PAGE, 1023 << 16 | 4, prp=buffer).status == SUCCESS
    assert disk.load(nvme.BUFFER, PAGE) == bytes(PAGE)
    disk.store(nvme.BUFFER, b"\xaa" * 16)
    assert disk.admin(nvme.LOG_PAGE, 1 << 16 | 3, 0, 8, prp=buffer).status == SUCCESS
    assert disk.load(nvme.BUFFER, 16) == b"1".ljust(8) + b"\xaa" * 8, "as much as was asked for"
    for words, namespace, status in (
        ((127 << 16 | 2, 0, 516), ALL, nvme.FIELD),
        ((127 << 16 | 2, 0, 0, 1), ALL, nvme.FIELD),
        ((127 << 16 | 2, 0, 2), ALL, nvme.FIELD),
        ((127 << 16 | 2,), 1, nvme.FIELD),
        ((127 << 16 | 2,), 2, nvme.NAMESPACE),
        ((127 << 16 | 5,), 0, nvme.LOG),
        ((127 << 16 | 0xFF,), 0, nvme.LOG),
    ):
        assert disk.admin(nvme.LOG_PAGE, *words, namespace=namespace, prp=buffer).status == status
    assert disk.admin(nvme.LOG_PAGE, 0xFFFF << 16 | 4, 0xFFFF, prp=buffer).status == SUCCESS, "cut"


def test_the_error_log_keeps_the_latest(decide: Decide) -> None:
    disk = ready(decide, read_only=True)
    for number in range(6):
        assert disk.write(number, bytes(512)) == nvme.PROTECTED
    disk.admin(nvme.LOG_PAGE, 63 << 16 | 1, namespace=ALL, prp=(disk.at(nvme.BUFFER), 0))
    found = [struct.unpack("<Q8xQ", disk.load(nvme.BUFFER, 24, 64 * number)) for number in range(4)]
    assert found == [(6, 5), (5, 4), (4, 3), (3, 2)]


def test_requests_for_events_are_kept(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    for _ in range(decide.MRM_DISK_EVENTS):
        disk.submit(0, nvme.EVENT_REQUEST)
    disk.settle()
    assert disk.take(0) == []
    assert disk.admin(nvme.EVENT_REQUEST).status == nvme.TOO_MANY_EVENTS
    disk.enable()
    disk.submit(0, nvme.EVENT_REQUEST)
    disk.settle()
    assert disk.take(0) == [], "a reset forgets them"


def test_commands_there_are_not(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    assert disk.admin(nvme.ABORT, 7 << 16 | 1)[1:3] == (SUCCESS, 1), "it was too late"
    known = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12}
    for opcode in range(256):
        if opcode not in known:
            assert disk.admin(opcode).status == nvme.OPCODE
    assert disk.admin(nvme.IDENTIFY, 1, flags=0x40, prp=(disk.at(nvme.BUFFER), 0)).status == nvme.FIELD
    assert disk.c.Refused == 0


@given(bad=st.sampled_from([0, 1 << 12, -1, 0x50, 2**63, 2**64 - PAGE]))
def test_no_address_of_an_answer_is_believed(decide: Decide, bad: int) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable()
    address = {-1: disk.base - PAGE, 0x50: disk.base + nvme.PAGES * PAGE}.get(bad, bad)
    for opcode, words in ((nvme.IDENTIFY, (1,)), (nvme.LOG_PAGE, (127 << 16 | 2,))):
        assert disk.admin(opcode, *words, prp=(address, 0)).status == nvme.TRANSFER
    second = disk.admin(nvme.IDENTIFY, 1, prp=(disk.at(nvme.BUFFER, 8), address))
    assert second.status == nvme.TRANSFER
    assert disk.c.Refused == 3


def test_commands_are_bounded(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    disk.enable(64)
    for _ in range(60):
        disk.submit(0, nvme.ABORT)
    assert disk.serve()
    assert len(disk.take(0)) == decide.MRM_DISK_COMMANDS
    disk.settle()
    assert len(disk.take(0)) == 60 - decide.MRM_DISK_COMMANDS
