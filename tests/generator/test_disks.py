# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disks that the controller serves: keys, what is resolved, and what people and tools are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.api import judge, make_plan
from generator.blob.form import DISK_GRANULE, LIMITS
from generator.blob.read import read
from generator.check.disks import FILE_LARGEST, SIZE_LEAST
from generator.diff import compare
from generator.dsdt.assemble import make_dsdt
from generator.emit import make_blob
from generator.emit.plan_json import plan_to_json
from generator.errors import UserErrors
from generator.model.intent import DISK_LABEL, MAXIMUM_DISKS
from generator.picture.sheet import render_svg
from generator.resolve.memory import CHANNELS, MIB, controller_bytes
from generator.show import render_plan_text
from tests.generator.support import document, partition

Write = Callable[[str], Path]

UUID = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
LOG = r"{file: \EFI\MRM\disks\log.img, size: 64 MiB, mode: append-only}"
THREE = f"[{{memory: 16 MiB}}, {LOG}, {{gpt: {UUID}}}]"


def one(disks: str, **keys: str) -> str:
    """A file with a partition that has these disks."""
    return document(partition(disk=disks, **keys))


def plan_of(write: Write, text: str) -> dict[str, Any]:
    return plan_to_json(make_plan(write(text))[0])


def test_the_three_kinds(write: Write) -> None:
    told = plan_of(write, one(THREE))["partitions"][0]["disk"]
    assert told == [
        {
            "medium": "in memory",
            "serial": "memory",
            "segment": 1,
            "device": 0,
            "size": 16 * MIB,
            "mode": "read-write",
        },
        {
            "medium": r"file \EFI\MRM\disks\log.img",
            "serial": "log",
            "segment": 1,
            "device": 1,
            "size": 64 * MIB,
            "mode": "append-only",
        },
        {
            "medium": f"gpt {UUID.lower()}",
            "serial": UUID.lower()[-20:],
            "segment": 1,
            "device": 2,
            "size": None,
            "mode": "read-write",
        },
    ]


@pytest.mark.parametrize(
    ("text", "medium"),
    [
        ("{file: /EFI/MRM/a.img, mode: read-only}", r"file \EFI\MRM\a.img"),
        (r'{file: "\\EFI\\MRM\\a.img", mode: read-only}', r"file \EFI\MRM\a.img"),
        ("{gpt: Data 2}", "gpt Data 2"),
        ("{gpt: 1234}", "gpt 1234"),
    ],
)
def test_ways_to_write_a_name(write: Write, text: str, medium: str) -> None:
    assert plan_of(write, one(text))["partitions"][0]["disk"][0]["medium"] == medium


def test_they_follow_the_cards(write: Write) -> None:
    text = document(
        partition(network="[lan, back]", disk="{memory: 1 MiB}", pci="[03.0, 04.0]"),
        partition("two", network="[lan, back]"),
        head="networks: [lan, back]\n",
    )
    told = plan_of(write, text)["partitions"][0]
    assert [card["device"] for card in told["network"]] == [0, 1]
    assert (told["disk"][0]["segment"], told["disk"][0]["device"]) == (3, 2)


def test_without_disks_nothing_changes(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(pci="03.0"))))
    assert "disk" not in plan_to_json(plan)["partitions"][0]
    found = read(make_blob(plan))["Partitions"][0]
    assert (found["ChannelSegment"], found["Disks"]) == (0, [])
    assert "disk  " not in render_plan_text(plan)
    assert "served disk" not in render_svg(plan)
    assert controller_bytes(plan.partitions[0]) == plan.partitions[0].boot.copy_bytes


def test_the_controller_is_told(write: Write) -> None:
    plan, _ = make_plan(write(one(THREE, pci="03.0")))
    found = read(make_blob(plan))["Partitions"][0]
    assert found["ChannelSegment"] == 2
    assert found["Disks"] == [
        {
            "Kind": "MrmDiskMemory",
            "Mode": "MrmDiskReadWrite",
            "Size": 16 * MIB,
            "Medium": None,
            "Serial": "memory",
        },
        {
            "Kind": "MrmDiskFile",
            "Mode": "MrmDiskAppendOnly",
            "Size": 64 * MIB,
            "Medium": r"\EFI\MRM\disks\log.img",
            "Serial": "log",
        },
        {
            "Kind": "MrmDiskGpt",
            "Mode": "MrmDiskReadWrite",
            "Size": 0,
            "Medium": UUID.lower(),
            "Serial": UUID.lower()[-20:],
        },
    ]
    assert {patch["Index"] for patch in found["DsdtPatches"]} == {0, 1}, "one more host bridge"
    assert {patch.index for patch in make_dsdt(plan.partitions[0]).patches} == {0, 1}


def test_memory_of_disks_is_not_given_away(write: Write) -> None:
    plan, _ = make_plan(write(one("[{memory: 16 MiB}, {memory: 8 MiB}, {gpt: data}]")))
    assert controller_bytes(plan.partitions[0]) == plan.partitions[0].boot.copy_bytes + CHANNELS + 24 * MIB
    _, problems = judge(write(one("{memory: 100 GiB}")))
    assert "memory-fits" in {problem.rule for problem in problems}


def test_people_are_told(write: Write) -> None:
    plan, _ = make_plan(write(one(THREE)))
    text = render_plan_text(plan)
    assert "disk        in memory, 16 MiB, read-write, serial memory, as segment 1, device 0" in text
    assert (
        r"disk        file \EFI\MRM\disks\log.img, 64 MiB, append-only, serial log, as segment 1, device 1"
        in text
    )
    assert (
        f"disk        gpt {UUID.lower()}, read-write, serial {UUID.lower()[-20:]}, as segment 1, device 2"
        in text
    )
    assert "3 served disks" in render_svg(plan)


def test_differences_are_told(write: Write) -> None:
    before = plan_of(write, one(f"[{{memory: 16 MiB}}, {LOG}]"))
    after = plan_of(
        write, one(f"[{{memory: 32 MiB}}, {LOG.replace('append-only', 'read-only')}, {{gpt: data}}]")
    )
    assert [str(difference) for difference in compare(before, after)] == [
        "one.disk[device 0].size: 16 MiB → 32 MiB",
        "one.disk[device 1].mode: append-only → read-only",
        "one.disk[device 2].medium: nothing → gpt data",
        "one.disk[device 2].serial: nothing → data",
        "one.disk[device 2].segment: nothing → 1",
        "one.disk[device 2].device: nothing → 2",
        "one.disk[device 2].mode: nothing → read-write",
    ]


@pytest.mark.parametrize(
    ("disks", "words"),
    [
        ("data", "an entry of 'disk' is 'data'"),
        ("[[{memory: 1 MiB}]]", "an entry of 'disk' is a list"),
        ("{mode: read-only}", "an entry of 'disk' has no medium"),
        ("{memory: 1 MiB, gpt: data}", "an entry of 'disk' has 'memory' and 'gpt'"),
        ("{memory: much}", "'memory' is 'much'"),
        ("{memory: 1 MiB, size: 1 MiB}", "'size' of a disk with 'memory'"),
        ("{gpt: data, size: 1 MiB}", "'size' of a disk with 'gpt'"),
        (f"{{gpt: {'a' * (DISK_LABEL + 1)}}}", "'gpt' is "),
        ("{gpt: façade}", "'gpt' is "),
        ("{gpt: data, mode: append}", "'mode' is 'append'"),
        ("{gpt: data, label: data}", "unknown key 'label'"),
    ],
)
def test_what_is_not_right_is_said_at_its_place(write: Write, disks: str, words: str) -> None:
    with pytest.raises(UserErrors) as caught:
        make_plan(write(one(disks)))
    assert any(words in str(problem) for problem in caught.value.problems), str(caught.value)


def test_as_many_and_as_large_as_there_can_be(write: Write) -> None:
    disks = [f"{{file: /EFI/MRM/d{number}.img, size: {FILE_LARGEST}}}" for number in range(MAXIMUM_DISKS)]
    plan, problems = judge(write(one(f"[{', '.join(disks)}]")))
    assert plan is not None and not problems
    assert len(read(make_blob(plan))["Partitions"][0]["Disks"]) == MAXIMUM_DISKS
    assert {limit.name: limit.value for limit in LIMITS}["MRM_MAX_DISKS"] == MAXIMUM_DISKS
    assert FILE_LARGEST % DISK_GRANULE == 0 and SIZE_LEAST % DISK_GRANULE == 0


def test_serial_numbers_are_short_and_different(write: Write) -> None:
    names = ["memory: 1 MiB", "memory: 1 MiB", "gpt: log", "gpt: the-data-of-many-people", f"gpt: {UUID}"]
    files = [f"file: /EFI/MRM/{folder}/log.img, mode: read-only" for folder in "abc"]
    disks = ", ".join(f"{{{name}}}" for name in (*names, *files))
    told = plan_of(write, one(f"[{disks}]"))["partitions"][0]["disk"]
    assert [disk["serial"] for disk in told] == [
        "memory",
        "memory-2",
        "log",
        "e-data-of-many-people"[-20:],
        UUID.lower()[-20:],
        "log-2",
        "log-3",
        "log-4",
    ]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"boot": "disk", "disk": "{gpt: data}"}, set()),
        ({"boot": "disk"}, {"boot-disk-storage"}),
        ({"boot": '{disk: "PciRoot(0x0)/Pci(0x2,0x0)"}', "disk": "{gpt: data}"}, {"boot-root-port-own"}),
    ],
)
def test_a_partition_can_boot_from_a_served_disk(write: Write, keys: dict[str, str], told: set[str]) -> None:
    """Without a device of its own; but there is none behind a port."""
    _, problems = judge(write(document(partition(memory="{size: 512 MiB, below_1g: 192 MiB}", **keys))))
    assert {problem.rule for problem in problems} == told
