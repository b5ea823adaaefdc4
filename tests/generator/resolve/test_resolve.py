# SPDX-License-Identifier: BSD-2-Clause-Patent
"""From intent to plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.api import judge, make_plan
from generator.model.files import LinuxFacts
from generator.model.intent import Isolation
from generator.model.machine import Uart
from generator.model.plan import ConsolePlan, MemoryPurpose
from generator.places import Located, Place
from generator.resolve.allocation import allocate_memory
from generator.resolve.kernel_parameters import (
    KERNEL_PARAMETERS,
    Situation,
    added_parameters,
    expected_parameters,
    harmful_parameters,
)
from generator.resolve.memory import capacity
from generator.resolve.words import split_words
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]

LINUX = LinuxFacts("6.1.0 x", "6.1.0", (6, 1), 1 << 20, True, 2047)
COM2 = ConsolePlan(Located("COM2", Place("m")), Uart(Place("m"), "COM2", 0x2F8, 115200, None))


def test_named_processors_go_before_counted_ones(write: Write) -> None:
    plan, _ = make_plan(
        write(document(partition(processors="2"), partition("two", processors="{apic_ids: [2, 1]}")))
    )
    first, second = (p.processors for p in plan.partitions)
    assert [grant.apic_id for grant in first.grants] == [3, 4]
    assert [grant.apic_id for grant in second.grants] == [2, 1]
    assert (first.by_count, second.by_count) == (True, False)


def test_counted_processors_are_whole_cores_if_possible(project: Path, write: Write) -> None:
    machine = project / "partitions" / "machines" / "threads.yaml"
    plan, warnings = make_plan(write(document(partition(processors="2"))), machine)
    assert [grant.apic_id for grant in plan.partitions[0].processors.grants] == [2, 3]
    assert warnings == ()


def test_memory_is_cut_in_requests_that_add_up(write: Write) -> None:
    memory = "{size: 1 GiB, low: 128 KiB, below_1g: 256 MiB, above: 4 GiB}"
    plan, _ = make_plan(write(document(partition(memory=memory))))
    requests = plan.partitions[0].memory.requests
    assert [(r.purpose, r.minimum, r.limit) for r in requests] == [
        (MemoryPurpose.MrmMemoryLow, 0x10000, 0x90000),
        (MemoryPurpose.MrmMemoryBelow1G, 1 << 20, 0x38000000),
        (MemoryPurpose.MrmMemoryMain, 4 << 30, 1 << 40),
    ]
    assert sum(r.size for r in requests) == 1 << 30
    assert all(r.size % r.alignment == 0 and r.alignment & (r.alignment - 1) == 0 for r in requests)


def main_memory(write: Write, *memory: str) -> list[list[tuple[int, int, int]]]:
    """MiB, minimum and limit (GiB) of the main requests of partitions with such memory."""
    names = ("one", "two", "three", "four")
    plan, _ = make_plan(
        write(document(*(partition(n, memory=m) for n, m in zip(names, memory, strict=False))))
    )
    return [
        [
            (round(r.size / 2**20), r.minimum >> 30, r.limit >> 30)
            for r in p.memory.requests
            if r.purpose is MemoryPurpose.MrmMemoryMain
        ]
        for p in plan.partitions
    ]


def test_what_the_firmware_holds_is_named_where_it_is_in_the_way(project: Path, write: Write) -> None:
    """In the window of the low slices, at an address, above one that leaves little else."""
    machine = project / "partitions" / "machines" / "held.yaml"
    wishes = (
        "{size: 256 MiB, low: 448 KiB, at: 321 MiB}",
        "128 MiB",
        "{size: 70 MiB, above: 2100 MiB, below_4g: 0}",
    )
    text = document(*(partition(f"p{n}", memory=memory) for n, memory in enumerate(wishes)))
    _, problems = judge(write(text), machine)
    found = {problem.rule: f"{problem.what}: {problem.expected}" for problem in problems}
    assert set(found) >= {"memory-low-fits", "memory-not-firmwares", "memory-fits"}
    assert "at most 448 KiB in 0x10000 to 0x8ffff" in found["memory-low-fits"]
    assert "0x80000-0x9ffff (processors that wait)" in found["memory-low-fits"]
    assert (
        "of 0x83400000 to 0xffffffffff the firmware holds 0x84000000-0x87ffffff (reserved)"
        in (found["memory-not-firmwares"])
    )


def test_held_memory_is_taken_by_nobody_and_counted_once(project: Path, write: Write) -> None:
    """It is a part of what the firmware keeps: as much fits as without knowing where a part of that lies."""
    machine = project / "partitions" / "machines" / "held.yaml"
    known = machine.read_text("utf-8").replace("memory: 64 MiB", "memory: 192 MiB")
    unknown = re.sub("  holds:\n(    - .*\n)+", "", known)
    assert "holds:" not in unknown
    left = []
    for text in (known, unknown):
        machine.write_text(text, "utf-8")
        plan, _ = make_plan(write(document(partition(memory="1 GiB"))), machine)
        allocation = allocate_memory(plan.machine, plan.partitions)
        held = {(one.base, one.end) for one in allocation.held}
        ranges = [r for allocated in allocation.partitions for part in allocated for r in part.ranges]
        for start, end in (*allocation.reserved, *ranges):
            assert all(end <= base or start >= after for base, after in held)
        kept = sum(end - start for start, end in allocation.reserved if start >= 1 << 20)
        left.append(capacity(plan.machine, 1 << 20, 4 << 30) - kept)
    assert left[0] == left[1]


def test_memory_lies_below_4g_if_it_fits(write: Write) -> None:
    assert main_memory(write, "640 MiB", "768 MiB") == [[(640, 0, 4)], [(768, 0, 4)]]


def test_the_smallest_partitions_go_below_4g_first(write: Write) -> None:
    """2047 MiB, less 192 MiB for the firmware: the largest keeps a share for 32-bit DMA."""
    found = main_memory(write, "1.5 GiB", "1 GiB", "512 MiB")
    assert found == [[(128, 0, 4), (1408, 0, 1024)], [(1024, 0, 4)], [(512, 0, 4)]]


def test_what_is_said_about_addresses_holds(write: Write) -> None:
    named = ("{size: 1 GiB, above: 4 GiB}", "{size: 1 GiB, below_4g: 0}", "{size: 1 GiB, below_4g: 256 MiB}")
    found = main_memory(write, *named, "512 MiB")
    assert found == [
        [(1024, 4, 1024)],
        [(1024, 0, 1024)],
        [(256, 0, 4), (768, 0, 1024)],
        [(512, 0, 4)],
    ]


def test_consoles_are_chosen_from_those_nobody_names(write: Write) -> None:
    text = document(partition(), partition("two", console="COM2"), partition("three", console="none"))
    plan, _ = make_plan(write(text))
    assert [p.console.uart.name if p.console and p.console.uart else None for p in plan.partitions] == [
        "COM3",
        "COM2",
        None,
    ]


def test_the_controller_can_have_another_console(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(console="COM1"), head="controller: {console: COM4}\n")))
    assert plan.controller_console.name.value == "COM4"


def test_each_root_port_is_a_segment_of_its_own(write: Write) -> None:
    pci = '["PciRoot(0x0)/Pci(0x6,0x0)", "PciRoot(0x0)/Pci(0x3,0x0)"]'
    plan, _ = make_plan(write(document(partition(pci=pci))))
    assert [(str(g.root_port.value), g.segment) for g in plan.partitions[0].pci] == [
        ("PciRoot(0x0)/Pci(0x6,0x0)", 1),
        ("PciRoot(0x0)/Pci(0x3,0x0)", 2),
    ]


def test_kernel_parameters_come_first_and_can_be_turned_off(write: Write) -> None:
    boot = "{file: files/linux, options: quiet splash}"
    off = "{file: files/linux, options: quiet splash, kernel_parameters: off}"
    plan, _ = make_plan(write(document(partition(boot=boot), partition("two", boot=off))))
    first, second = (p.boot.files[0] for p in plan.partitions)
    assert first.options.startswith("no_ipi_broadcast=1 8250.nr_uarts=1 reserve=0xcf8,8 pci=noearly ")
    assert first.options.endswith(" panic=10 quiet splash")
    assert first.options.count("tsc_early_khz={tsc_khz}") == 1
    assert " console=uart8250,io,0x2f8,115200n8 " in first.options
    assert second.options == "quiet splash"
    assert second.added_parameters == ()


def test_other_loaders_get_the_owners_options_alone(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(boot="{file: files/app.efi, options: a b}"))))
    assert plan.partitions[0].boot.files[0].options == "a b"


@pytest.mark.parametrize(
    ("options", "missing", "kept"),
    [
        ("panic=0", "panic=10", "tsc=reliable"),
        ("no-ipi-broadcast=0", "no_ipi_broadcast=1", "panic=10"),
        ("tsc=unstable", "tsc=reliable", "panic=10"),
        ("quiet", "", "panic=10"),
    ],
)
def test_the_owners_parameters_replace_ours(options: str, missing: str, kept: str) -> None:
    words = [added.parameter for added in added_parameters(Situation(LINUX, COM2), options)]
    assert missing not in words
    assert kept in words


@pytest.mark.parametrize(
    "options", ["console=tty0", "pci=pcie_bus_safe", "reserve=0x100,8", "modprobe.blacklist=x"]
)
def test_parameters_that_add_up_stay(options: str) -> None:
    words = [added.parameter for added in added_parameters(Situation(LINUX, COM2), options)]
    assert any(word.startswith(options.partition("=")[0] + "=") for word in words)


def test_without_console_no_console_is_named() -> None:
    words = [added.parameter for added in added_parameters(Situation(LINUX, None), "")]
    assert "8250.nr_uarts=0" in words
    assert not any(word.startswith("console=") for word in words)


def test_every_kernel_parameter_says_why() -> None:
    assert all(parameter.why and parameter.condition for parameter in KERNEL_PARAMETERS)
    for console in (None, COM2):
        added = added_parameters(Situation(None, console), "")
        assert not harmful_parameters(" ".join(one.parameter for one in added), console)


def test_words_and_quotes() -> None:
    assert split_words('a="b c" d  e') == ['a="b c"', "d", "e"]
    assert [word for word, _ in harmful_parameters("pci=realloc,nommconf noapic x=noapic", None)] == [
        "pci=realloc,nommconf",
        "noapic",
    ]


@pytest.mark.parametrize("path", sorted((PROJECT / "partitions").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_projects_own_partition_files_are_valid(path: Path) -> None:
    plan, warnings = make_plan(path)
    rules = ["memory-dma32"] if path.stem == "above-4g" else []
    assert [warning.rule for warning in warnings] == rules
    assert plan.source == f"partitions/{path.name}"
    assert len(plan.partitions) >= 2
    for wanted in plan.partitions:
        # The owner of the chipset, contained, needs no parameter.
        assert wanted.boot.files or wanted.boot.expected or wanted.owns_chipset
        assert all(file.added_parameters for file in wanted.boot.files)


def test_the_demonstration_takes_ten_lines() -> None:
    lines = (PROJECT / "partitions" / "two-kernels.yaml").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.lstrip().startswith("#")]) == 10


def test_files_for_the_esp() -> None:
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml")
    assert [name for _, name in plan.esp_files] == [
        "EFI/MRM/steady/vmlinuz",
        "EFI/MRM/steady/initrd.img",
        "EFI/MRM/realtime/vmlinuz",
        "EFI/MRM/realtime/initrd.img",
    ]
    assert all(host.is_file() for host, _ in plan.esp_files)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("8250.nr_uarts=4", ["8250.nr_uarts=4"]),
        ("8250.nr_uarts=0 no_ipi_broadcast=1", []),
        ("no_ipi_broadcast=0", ["no_ipi_broadcast=0"]),
        ('no-ipi-broadcast=1 no-ipi-broadcast="0"', ['no-ipi-broadcast="0"']),
        ("quiet -- noapic no_ipi_broadcast=0 reboot=pci", []),
        (
            "reboot=pci reboot=w,t reboot=panic_cold,kbd",
            ["reboot=pci", "reboot=w,t", "reboot=panic_cold,kbd"],
        ),
        ("reboot=efi reboot=warm reboot=e,force", []),
    ],
)
def test_parameters_that_undo_what_others_need(options: str, found: list[str]) -> None:
    assert [word for word, _ in harmful_parameters(options, None)] == found


def test_how_many_uarts_are_right_depends_on_the_console() -> None:
    options = "8250.nr_uarts=0 8250.nr_uarts=1"
    for console, found in ((None, "8250.nr_uarts=1"), (COM2, "8250.nr_uarts=0")):
        assert [word for word, _ in harmful_parameters(options, console)] == [found]


def test_what_a_guard_answers_needs_no_parameter() -> None:
    def needed(level: Isolation) -> list[str]:
        return [one.parameter for one in expected_parameters(COM2, level)]

    assert needed("cooperative") == [
        "no_ipi_broadcast=1",
        "8250.nr_uarts=1",
        "reserve=0xcf8,8",
        "pci=noearly",
    ]
    assert needed("guarded") == ["no_ipi_broadcast=1"]
    assert needed("contained") == []
    # What undoes a parameter is harmful only where that is needed.
    assert harmful_parameters("8250.nr_uarts=4", COM2)
    assert not harmful_parameters("8250.nr_uarts=4", COM2, "guarded")
