# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Served disks (MrmDiskLib): what a system finds, how a driver begins and ends, administrative commands."""

import struct
import uuid

import pytest

from tests.firmware_host import disk_driver as nvme
from tests.firmware_host.decide import Decide
from tests.firmware_host.disk_driver import ALL, PAGE, SUCCESS, UUID, Disk, ready
from tests.firmware_host.disk_medium import Medium

# What a system finds.


@pytest.mark.parametrize("cards", [0, 3])
def test_a_function_behind_the_cards(decide: Decide, cards: int) -> None:
    disk = Disk(decide, Medium(decide), cards=cards)
    assert [disk.config(0, device) for device in range(cards)] == [0x00421AE0] * cards
    assert disk.config(0, cards) == 0x001F1AE0
    assert disk.config(8, cards) >> 8 == 0x010802, "NVMe"
    assert [disk.config(0x10 + 4 * number, cards) for number in range(6)] == [0] * 6
    assert disk.config(0, cards + 1) == ALL
    place, capabilities = disk.config(0x34, cards), {}
    while place:
        capabilities[disk.config(place, cards) & 0xFF] = place
        place = disk.config(place, cards) >> 8 & 0xFF
    assert set(capabilities) == {0x10, 0x11, 0x14}
    table = capabilities[0x11]
    assert disk.config(table, cards) >> 16 == 8, "nine vectors, off"
    assert (disk.config(table + 4, cards), disk.config(table + 8, cards)) == (4, 0x804), "BAR 4"
    window, bars = nvme.BASE + (1 << 20) + 0x4000 * cards, {}
    for number in range(disk.config(capabilities[0x14], cards) >> 16):
        place = capabilities[0x14] + 4 + 12 * number
        word, base, last = (disk.config(place + 4 * index, cards) for index in range(3))
        bars[word >> 4 & 0xF] = (base, last | 3)
    assert bars == {0: (window, 0x1FFF), 4: (window + 0x2000, 0xFFF)}


def test_registers_that_never_change(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    low, high = disk.register(nvme.CAP), disk.register(nvme.CAP + 4)
    assert low & 0xFFFF == decide.MRM_DISK_ENTRIES - 1
    assert low >> 16 & 1 == 1, "queues are contiguous"
    assert low >> 24 >= 20, "ten seconds to begin, at least"
    assert high & 0xF == 4, "a doorbell has a cache line"
    assert high >> 5 & 1 == 1, "NVM commands"
    assert high >> 16 == 0, "pages of 4 KiB, no memory buffer"
    assert disk.register(nvme.VS) == 0x10400
    assert disk.register(nvme.CSTS) == 0


def test_what_it_says_of_itself(decide: Decide) -> None:
    disk = ready(decide, blocks=1000)
    data = disk.identify(1)
    assert data[:4] == struct.pack("<HH", 0x1AE0, 0x1AE0)
    assert data[4:24] == b"serial".ljust(20) and data[24:64] == b"MRM disk".ljust(40)
    assert data[77] == 5, "128 KiB"
    assert data[80:84] == struct.pack("<I", 0x10400)
    assert data[111] == 1, "an I/O controller"
    assert data[512:514] == b"\x66\x44"
    assert struct.unpack_from("<I", data, 516) == (1,)
    assert struct.unpack_from("<H", data, 520) == (0b1101,), "compare, deallocate, zeroes"
    assert data[525] == 7, "a cache; Flush may name every namespace"
    name = data[768:1024].rstrip(b"\0").decode()
    own = uuid.UUID(bytes_le=UUID)
    assert name == f"nqn.2014-08.org.nvmexpress:uuid:{own}"
    data = disk.identify(0, 1)
    assert struct.unpack_from("<QQQ", data) == (1000, 1000, 1000)
    assert data[25:27] == b"\0\0" and data[128:132] == b"\0\0\x09\0", "one format: 512 bytes"
    assert data[48:64] == struct.pack("<QQ", 512000, 0)
    assert data[99] == 0 and data[104:120] == own.bytes
    data = disk.identify(3, 1)
    assert data[:40] == b"\2\x10\0\0" + own.bytes + b"\3\x10\0\0" + own.bytes
    assert data[40:] == bytes(PAGE - 40)


@pytest.mark.parametrize(
    ("options", "cache", "protected", "shift"),
    [
        ({"cached": False}, 6, 0, 9),
        ({"block_size": 4096}, 7, 0, 12),
        ({"read_only": True}, 6, 1, 9),
    ],
)
def test_other_kinds_say_so(
    decide: Decide, options: dict[str, int], cache: int, protected: int, shift: int
) -> None:
    disk = ready(decide, **options)
    assert disk.identify(1)[525] == cache
    data = disk.identify(0, 1)
    assert (data[99], data[130]) == (protected, shift)


def test_namespaces(decide: Decide) -> None:
    disk = ready(decide)
    assert disk.identify(2, 0) == struct.pack("<I", 1) + bytes(PAGE - 4)
    assert disk.identify(2, 1) == bytes(PAGE)
    for kind, namespace, status in (
        (0, 0, nvme.NAMESPACE),
        (0, 2, nvme.NAMESPACE),
        (0, ALL, nvme.NAMESPACE),
        (3, 2, nvme.NAMESPACE),
        (2, ALL, nvme.NAMESPACE),
        (6, 0, nvme.FIELD),
        (0x10, 0, nvme.FIELD),
        (0xFF, 0, nvme.FIELD),
    ):
        done = disk.admin(nvme.IDENTIFY, kind, namespace=namespace, prp=(disk.at(nvme.BUFFER), 0))
        assert (done.status, done.retry) == (status, False)
    assert disk.c.Refused == 0, "a question without an answer is no attack"


# Begin and end.


def test_a_driver_comes_and_goes(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    assert not disk.used() and not disk.asked()
    for _ in range(3):
        disk.bring_up()
        assert disk.used() and not disk.asked()
        disk.write(0, bytes(512))
        disk.ring(1, 77)
        disk.set_register(nvme.CC, 0)
        assert disk.asked()
        assert disk.serve()
        assert disk.register(nvme.CSTS) == 0
        assert not disk.used() and not disk.asked()


def test_a_driver_says_good_bye(decide: Decide) -> None:
    """What it has written is durable when the controller says that it is shut down."""
    disk = ready(decide)
    assert disk.write(3, b"\x55" * 512) == SUCCESS
    assert disk.medium.durable[3 * 512] == 0
    disk.set_register(nvme.CC, nvme.ENABLE | nvme.SIZES | nvme.SHUTDOWN)
    assert disk.asked()
    disk.settle()
    assert disk.register(nvme.CSTS) & 0xC == nvme.SHUT_DOWN
    assert disk.medium.durable[3 * 512] == 0x55
    assert not disk.used()
    disk.submit(1, nvme.FLUSH)
    assert not disk.asked() and not disk.serve() and disk.take(1) == []
    disk.bring_up()
    assert disk.write(3, bytes(512)) == SUCCESS


@pytest.mark.parametrize(
    "cc",
    [0x10, 0x70, 0x80, 0x780, 0x800, 0x3800],
    ids=["command set", "admin only", "8 KiB", "128 MiB", "round robin", "own"],
)
def test_settings_that_are_not_there(decide: Decide, cc: int) -> None:
    disk = Disk(decide, Medium(decide))
    disk.set_admin()
    disk.set_register(nvme.CC, nvme.ENABLE | nvme.SIZES | cc)
    assert not disk.serve()
    assert disk.register(nvme.CSTS) == nvme.FATAL
    assert not disk.asked() and not disk.serve(), "told once"
    disk.enable()


def test_admin_queues_that_are_not_its_own(decide: Decide) -> None:
    disk = Disk(decide, Medium(decide))
    end = disk.base + nvme.PAGES * PAGE
    for bad in (0, disk.base - PAGE, end, end - PAGE, disk.base + 8, 2**64 - PAGE, 2**63):
        for which in ("sq", "cq"):
            disk.set_register(nvme.CC, 0)
            disk.serve()
            disk.set_admin(4096 if bad == end - PAGE else 32, **{which: bad})
            disk.set_register(nvme.CC, nvme.ENABLE | nvme.SIZES)
            assert not disk.serve()
            assert disk.register(nvme.CSTS) == nvme.FATAL and not disk.used()
    disk.set_register(nvme.CC, 0)
    disk.serve()
    disk.set_admin(1)
    disk.set_register(nvme.CC, nvme.ENABLE | nvme.SIZES)
    assert not disk.serve(), "a queue of one entry is none"
    assert disk.c.Refused == 15


def test_one_that_is_closed_is_not_touched(decide: Decide) -> None:
    disk = ready(decide)
    disk.submit(1, nvme.FLUSH)
    disk.submit(0, nvme.IDENTIFY, 1, prp=(disk.at(nvme.BUFFER), 0))
    decide.call("MrmDiskClose", disk.c)
    before = disk.memory.contents(), disk.area.contents()
    assert not disk.asked() and not disk.serve() and not disk.used()
    assert disk.interrupts() == []
    assert (disk.memory.contents(), disk.area.contents()) == before


# Interrupts and names.


def test_interrupts_follow_completions(decide: Decide) -> None:
    disk = ready(decide)
    disk.interrupts()
    assert disk.flush() == SUCCESS
    assert disk.interrupts() == [(3, 0x42)]
    assert disk.interrupts() == []
    disk.set_entry(1, data=0x42, mask=1)
    assert disk.flush() == SUCCESS
    assert disk.interrupts() == []
    disk.set_entry(1, address=0xFEE04000, data=0x42)
    assert disk.interrupts() == [], "another's processor"
    assert disk.c.Refused == 1
    assert disk.create_cq(2, flags=1) == SUCCESS, "a queue without interrupts"
    assert disk.create_sq(2) == SUCCESS
    disk.interrupts()
    assert disk.command(2, nvme.FLUSH).status == SUCCESS
    assert disk.interrupts() == []


def test_a_uuid_of_its_own(decide: Decide) -> None:
    """The same at each start, another one for each machine, partition and name; version 8."""
    seen: dict[tuple[bytes, str, str], uuid.UUID] = {}
    for machine in (bytes(16), bytes(range(16))):
        for partition in ("a", "ab", "b", ""):
            for name in ("ab", "data", "b", "a"):
                for _ in range(2):
                    key, made = decide.ffi.new("GUID *"), decide.ffi.new("GUID *")
                    decide.ffi.memmove(key, machine, 16)
                    decide.call("MrmDiskUuid", key, partition.encode(), name.encode(), made)
                    found = uuid.UUID(bytes_le=bytes(decide.ffi.buffer(made)))
                    assert (found.version, found.variant) == (8, uuid.RFC_4122)
                    assert seen.setdefault((machine, partition, name), found) == found
    assert len(set(seen.values())) == 32
