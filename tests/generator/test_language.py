# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Every way to choose processors, memory and PCI buses, and files in layers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.progress import PROJECT
from generator.api import judge, make_plan
from generator.blob.read import read as read_blob
from generator.dsdt.assemble import make_dsdt
from generator.emit.blob import render_blob
from generator.emit.plan_json import plan_to_json
from generator.errors import Problem, Severity
from generator.load.values import parse_address_range, parse_ranges
from generator.model.plan import MemoryPurpose, Plan
from generator.show import render_plan_text
from tests.generator.support import document, partition

Write = Callable[[str], Path]

NUMA = "machines/numa.yaml"
THREADS = "machines/threads.yaml"
ODD_PCI = "machines/odd-pci.yaml"
ONE_BUS = "machines/one-bus.yaml"


def on(machine: str, *partitions: str) -> str:
    """A partition file for a machine."""
    return document(*partitions).replace("machine: q35", f"machine: {machine}")


def apic_ids(plan: Plan) -> list[list[int]]:
    return [[grant.apic_id for grant in p.processors.grants] for p in plan.partitions]


def errors_of(problems: tuple[Problem, ...]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def root_ports(plan: Plan) -> list[list[str]]:
    return [[str(grant.root_port.value) for grant in p.pci] for p in plan.partitions]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1-3,5", (1, 2, 3, 5)),
        ("7", (7,)),
        ("0x10-0x12, 4", (16, 17, 18, 4)),
        ("3-1", None),
        ("1-", None),
        ("", None),
        ("a", None),
        ("0-9999", None),
        ("0-4294967294", None),
        ("1000", None),
    ],
)
def test_numbers_and_ranges(text: str, numbers: tuple[int, ...] | None) -> None:
    assert parse_ranges(text, 999) == numbers


def test_address_ranges() -> None:
    assert parse_address_range("2 GiB-6GiB") == (2 << 30, 6 << 30)
    assert parse_address_range("6 GiB-2 GiB") is None
    assert parse_address_range("2 GiB") is None


@pytest.mark.parametrize("ids", ["1-3", "[1-2, 3]", "'1,2-3'", "[1, 2, 3]"])
def test_ranges_of_apic_ids(write: Write, ids: str) -> None:
    plan, _ = make_plan(write(document(partition(processors=f"{{apic_ids: {ids}}}"))))
    assert apic_ids(plan) == [[1, 2, 3]]
    assert not plan.partitions[0].processors.by_count


def test_a_list_cut_off_at_a_comma_says_how_to_write_it(write: Write) -> None:
    _, problems = judge(write(document(partition(processors="{apic_ids: 1-2,4}"))))
    assert [(p.rule, p.place.line, p.place.column) for p in problems] == [("yaml-type", 5, 32)]
    assert "[1-3, 5]" in problems[0].change


@pytest.mark.parametrize(
    ("processors", "machine", "chosen"),
    [
        ("{cores: 2-3}", NUMA, [2, 3]),
        ("{package: 1, cores: [1, 0]}", NUMA, [17, 16]),
        ("{package: 0}", NUMA, [1, 2, 3]),
        ("{node: 1, count: 2}", NUMA, [16, 17]),
        ("{package: 1, count: 1}", NUMA, [16]),
        ("{package: 0}", THREADS, [2, 3]),
        ("{cores: 1}", THREADS, [2, 3]),
    ],
)
def test_processors_by_core_package_and_node(
    write: Write, processors: str, machine: str, chosen: list[int]
) -> None:
    plan, problems = judge(write(on(machine, partition(processors=processors))))
    assert plan is not None
    assert apic_ids(plan) == [chosen]
    assert [problem.rule for problem in errors_of(problems)] == []
    assert not plan.partitions[0].processors.by_count


def test_a_package_with_the_bootstrap_core_alone_has_nothing_to_give(project: Path, write: Write) -> None:
    text = (project / "partitions" / THREADS).read_text("utf-8")
    moved = text.replace("core: 1, thread", "package: 1, core: 1, thread")
    (project / "partitions" / THREADS).write_text(moved, "utf-8")
    _, problems = judge(write(on(THREADS, partition(processors="{package: 0}"))))
    assert [problem.rule for problem in problems] == ["processor-enough"]


@pytest.mark.parametrize("processors", ["{cores: 9}", "{package: 3}", "{node: 7}", "{node: 7, count: 1}"])
def test_processors_that_are_not_there(write: Write, processors: str) -> None:
    _, problems = judge(write(on(NUMA, partition(processors=processors))))
    assert [problem.rule for problem in errors_of(problems)] == ["processor-exists"]


@pytest.mark.parametrize(
    "processors", ["{}", "{count: 1, apic_ids: [1]}", "{cores: 1, node: 0}", "{allow_shared_cores: true}"]
)
def test_processors_chosen_twice_or_not_at_all(write: Write, processors: str) -> None:
    _, problems = judge(write(document(partition(processors=processors))))
    assert "yaml-type" in [problem.rule for problem in problems]


def test_cores_are_shared_only_if_allowed(write: Write) -> None:
    shared = "{count: 1, allow_shared_cores: true}"
    plan, problems = judge(
        write(on(THREADS, *(partition(name, processors=shared) for name in ("one", "two", "three"))))
    )
    assert plan is not None
    assert [len(ids) for ids in apic_ids(plan)] == [1, 1, 1]
    assert not errors_of(problems)
    _, problems = judge(write(on(THREADS, partition("one"), partition("two"))))
    told = errors_of(problems)
    assert [problem.rule for problem in told] == ["processor-enough"]
    assert "allow_shared_cores" in told[0].change


def test_memory_near_the_processors(write: Write) -> None:
    """Node 1 has 6 GiB to 10 GiB; 128 MiB below 4 GiB are for 32-bit DMA."""
    plan, problems = make_plan(write(on(NUMA, partition(processors="{node: 1, count: 1}"))))
    found = [(r.size >> 20, r.minimum >> 30, r.limit >> 30) for r in plan.partitions[0].memory.requests]
    assert found == [(0, 0, 0), (128, 0, 4), (127, 6, 10)]
    assert plan.partitions[0].memory.node == 1
    assert problems == ()


def test_memory_by_address_range_and_alignment(write: Write) -> None:
    memory = (
        "{size: 256 MiB, at: 5 GiB}",
        "{size: 256 MiB, range: 6 GiB-7 GiB}",
        "{size: 256 MiB, alignment: 64 MiB}",
    )
    plan, _ = make_plan(write(document(*(partition(f"p{n}", memory=m) for n, m in enumerate(memory)))))
    main = [
        [r for r in p.memory.requests if r.purpose is MemoryPurpose.MrmMemoryMain] for p in plan.partitions
    ]
    assert [(r.minimum, r.limit) for r in main[0]] == [(5 << 30, (5 << 30) + (256 << 20) - 65536)]
    assert [(r.minimum, r.limit) for r in main[1]] == [(6 << 30, 7 << 30)]
    assert [(r.size, r.alignment) for r in main[2]] == [(192 << 20, 64 << 20), ((64 << 20) - 65536, 65536)]
    assert all(sum(r.size for r in p.memory.requests) == 256 << 20 for p in plan.partitions)


def test_only_one_word_on_addresses(write: Write) -> None:
    _, problems = judge(write(document(partition(memory="{size: 256 MiB, at: 4 GiB, node: 0}"))))
    assert [problem.rule for problem in problems] == ["yaml-type"]


def test_two_partitions_at_one_address(write: Write) -> None:
    memory = "{size: 256 MiB, at: 5 GiB, below_4g: 128 MiB}"
    _, problems = judge(write(document(partition(memory=memory), partition("two", memory=memory))))
    assert [problem.rule for problem in problems] == ["memory-fits"]


def test_scarce_low_slices_are_shared_out_by_need(write: Write) -> None:
    """Nine times 64 KiB are more than there is: what boots Linux gets 32 KiB."""
    boots = ["files/linux"] * 8 + ["files/app.efi"]
    text = document(*(partition(f"p{n}", console="none", boot=boot) for n, boot in enumerate(boots)))
    plan, problems = judge(write(text))
    assert plan is not None
    assert [p.memory.low.value >> 10 for p in plan.partitions] == [32] * 8 + [64]
    assert "memory-low-fits" not in [problem.rule for problem in problems]


@pytest.mark.parametrize(
    ("holds", "most", "room"),
    [
        ("[]", 7, 448),
        ("[{base: 0x87000, size: 4 KiB, what: code that wakes processors}]", 7, 448),
        ("[{base: 0x30000, size: 128 KiB, what: SMRAM}]", 6, 384),
    ],
)
def test_low_slices_leave_what_firmware_typically_keeps(
    write: Write, holds: str, most: int, room: int
) -> None:
    """64 KiB, of which some may be known; seven slices of 64 KiB fit beside it."""
    given = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    machine = re.sub(r"  holds:\n(    - .*\n)+", f"  holds: {holds}\n", given)
    for count in (most, most + 1):
        names = [partition(f"p{n}", console="none", boot="files/app.efi") for n in range(count)]
        path = write(on("kept.yaml", *names))
        path.with_name("kept.yaml").write_text(machine, "utf-8")
        _, problems = judge(path)
        told = [problem for problem in problems if problem.rule == "memory-low-fits"]
        assert len(told) == (count > most)
        if told:
            assert f"up to 'p{most}'" in told[0].what and f"at most {room} KiB" in told[0].expected
            assert "low: 32 KiB" in told[0].change


@pytest.mark.parametrize(
    ("pci", "ports"),
    [
        ("05.0", ["PciRoot(0x0)/Pci(0x5,0x0)"]),
        ("{root_port: 05.0}", ["PciRoot(0x0)/Pci(0x5,0x0)"]),
        ("[06.0, 03.0]", ["PciRoot(0x0)/Pci(0x6,0x0)", "PciRoot(0x0)/Pci(0x3,0x0)"]),
        ("{bus: 2}", ["PciRoot(0x0)/Pci(0x4,0x0)"]),
        ("{class: nvme, count: 2}", ["PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0x4,0x0)"]),
        ("{class: 0x01}", ["PciRoot(0x0)/Pci(0x3,0x0)"]),
        ("{vendor: 0x1B36, device: 0x0010, serial: mrm-rp6}", ["PciRoot(0x0)/Pci(0x6,0x0)"]),
        ('"PciRoot(0x0)/Pci(0x5,0x0)/Pci(0x0,0x0)"', ["PciRoot(0x0)/Pci(0x5,0x0)"]),
    ],
)
def test_forms_of_pci(write: Write, pci: str, ports: list[str]) -> None:
    plan, problems = make_plan(write(document(partition(pci=pci))))
    assert root_ports(plan) == [ports]
    assert problems == ()
    assert [grant.segment for grant in plan.partitions[0].pci] == list(range(1, len(ports) + 1))


def test_named_root_ports_go_before_matched_ones(write: Write) -> None:
    text = document(partition(pci="{class: nvme, count: 3}"), partition("two", pci="03.0"))
    plan, _ = make_plan(write(text))
    assert [path[-8:] for path in root_ports(plan)[0]] == ["0x4,0x0)", "0x5,0x0)", "0x6,0x0)"]


def test_the_disk_that_boots_the_controller_is_never_matched(write: Write) -> None:
    plan, _ = judge(write(on(ODD_PCI, partition(pci="{class: nvme}"))))
    assert plan is not None
    assert root_ports(plan) == [["PciRoot(0x0)/Pci(0x8,0x0)"]]


def test_bus_mates_are_named(write: Write) -> None:
    _, problems = judge(write(on(ODD_PCI, partition(pci='"PciRoot(0x0)/Pci(0x7,0x0)/Pci(0x0,0x1)"'))))
    told = errors_of(problems)
    assert [problem.rule for problem in told] == ["pci-is-port"]
    assert "first port" in told[0].what
    assert "name PciRoot(0x0)/Pci(0x7,0x0)" in told[0].change
    _, problems = judge(write(on(ODD_PCI, partition(pci="{device: 0x1521}"))))
    assert [problem.rule for problem in problems] == ["pci-bus-mates"]
    assert "second port" in problems[0].what


def test_single_functions_are_judged_by_the_level(write: Write) -> None:
    named = '"PciRoot(0x0)/Pci(0x7,0x0)/Pci(0x0,0x1)"'
    plan, problems = judge(write(on(ODD_PCI, partition(pci=named, isolation="guarded"))))
    assert plan is not None and not errors_of(problems)
    assert [(grant.alone, len(grant.functions)) for grant in plan.partitions[0].pci] == [(True, 1)]
    _, problems = judge(write(on(ODD_PCI, partition(pci=named))))
    assert [problem.rule for problem in errors_of(problems)] == ["pci-is-port"]
    assert "'isolation: guarded'" in errors_of(problems)[0].change
    _, problems = judge(
        write(on(ODD_PCI, partition(pci='"PciRoot(0x0)/Pci(0x1F,0x3)"', isolation="guarded")))
    )
    assert ["neither MSI nor MSI-X" in problem.what for problem in errors_of(problems)] == [True]
    # The disk that the controller is booted from has a rule of its own.
    boots = '"PciRoot(0x0)/Pci(0x3,0x0)/Pci(0x0,0x0)"'
    _, problems = judge(write(on(ODD_PCI, partition(pci=boots, isolation="guarded"))))
    assert [problem.rule for problem in errors_of(problems)] == ["pci-not-boot-device"]


@pytest.mark.parametrize(
    "pci",
    [
        "{}",
        "{count: 2}",
        "{bus: 1, class: nvme}",
        "{segment: 0}",
        "{root: 0}",
        "{class: fast}",
        "33.0",
        "03.8",
    ],
)
def test_entries_of_pci_that_say_nothing_or_too_much(write: Write, pci: str) -> None:
    _, problems = judge(write(document(partition(pci=pci))))
    assert {problem.rule for problem in problems} == {"yaml-type"}


def test_consoles_by_io_port(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(console="0x2E8"), head="controller: {console: 0x3f8}\n")))
    console = plan.partitions[0].console
    assert console is not None and console.uart is not None
    assert console.uart.name == "COM4"
    assert plan.controller_console.uart is not None
    assert plan.controller_console.uart.name == "COM1"


def test_the_plan_says_which_level_its_grants_need(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(pci="03.0", isolation="cooperative"))))
    told = plan_to_json(plan)["partitions"][0]
    assert told["isolation"] == "cooperative"
    assert told["pci"][0]["needs"] == "cooperative"
    assert told["boot"]["sources"][0]["signed"] is False


@pytest.mark.parametrize(
    ("level", "number"), [("guarded", "MrmIsolationGuarded"), ("contained", "MrmIsolationContained")]
)
def test_a_level_is_the_same_everywhere(write: Write, level: str, number: str) -> None:
    words = {"isolation": level, "dma": "trusted"}
    plan, problems = make_plan(write(document(partition(**words), partition("two"))))
    assert problems == ()
    held, other = plan_to_json(plan)["partitions"]
    assert (held["isolation"], other["isolation"]) == (level, "cooperative")
    assert held["dma"] == "trusted" and "dma" not in other
    text = render_plan_text(plan)
    assert f"isolation   {level}" in text and "dma         trusted" in text
    found = read_blob(render_blob(plan, [make_dsdt(each) for each in plan.partitions], 0))
    assert [each["Isolation"] for each in found["Partitions"]] == [number, "MrmIsolationCooperative"]


@pytest.mark.parametrize(
    ("iommu", "processors", "dma", "rules"),
    [
        ("amd-vi", "1", None, []),
        ("amd-vi", "2", None, []),
        ("amd-vi", "3", None, ["isolation-dma"]),
        ("amd-vi", "3", "trusted", []),
        ("vt-d", "1", None, ["isolation-dma"]),
        ("none", "1", "trusted", []),
    ],
)
def test_an_iommu_confines_what_need_not_be_trusted(
    project: Path, write: Write, iommu: str, processors: str, dma: str | None, rules: list[str]
) -> None:
    machine = project / "platforms" / "q35.yaml"
    machine.write_text(machine.read_text("utf-8").replace("iommu: none", f"iommu: {iommu}"), "utf-8")
    words = {"isolation": "contained", "processors": processors, "pci": "03.0"} | (
        {"dma": dma} if dma else {}
    )
    plan, problems = judge(write(document(partition(**words))))
    assert plan is not None
    assert [problem.rule for problem in errors_of(problems)] == rules
    found = read_blob(render_blob(plan, [make_dsdt(each) for each in plan.partitions], 0))
    assert [each["DmaTrusted"] for each in found["Partitions"]] == [dma is not None]


def test_functions_of_one_bus_are_one_segment(write: Write) -> None:
    first = partition(pci='["01.0", "02.0"]', isolation="guarded")
    plan, problems = judge(write(on(ONE_BUS, first, partition("two", pci='"03.0"', isolation="guarded"))))
    assert plan is not None and not errors_of(problems)
    assert [[grant.segment for grant in p.pci] for p in plan.partitions] == [[1, 1], [1]]
    told = plan_to_json(plan)["partitions"][0]["pci"]
    assert [(grant["needs"], len(grant["functions"])) for grant in told] == [("guarded", 1)] * 2
    found = read_blob(render_blob(plan, [make_dsdt(each) for each in plan.partitions], 0))
    buses = [each["PciBuses"] for each in found["Partitions"]]
    paths = [[[f["Path"] for f in bus["Functions"]] for bus in each] for each in buses]
    assert paths == [
        [["PciRoot(0x0)/Pci(0x1,0x0)", "PciRoot(0x0)/Pci(0x2,0x0)"]],
        [["PciRoot(0x0)/Pci(0x3,0x0)"]],
    ]
    assert [bus["RootPort"] for each in buses for bus in each] == [None, None]
    _, problems = judge(write(on(ONE_BUS, first, partition("two", pci='"02.0"', isolation="guarded"))))
    assert [problem.rule for problem in errors_of(problems)] == ["pci-owned-once"]


BASE = document(partition(boot="{file: files/linux, options: a}"), partition("two", memory="512 MiB"))


def layer(project: Path, name: str, text: str) -> Path:
    """Write a file into the project."""
    path = project / "partitions" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


OVER = """\
partitions:
  - name: two
    memory: {below_1g: 64 MiB}
    console: none
  - name: one
    boot: {options: b}
  - name: three
    processors: 1
    memory: 128 MiB
    boot: files/app.efi
"""


@pytest.mark.parametrize("by", ["order", "extends"])
def test_layers(project: Path, by: str) -> None:
    base = layer(project, "base.yaml", BASE)
    over = layer(project, "over.yaml", OVER if by == "order" else "extends: base.yaml\n" + OVER)
    plan, problems = make_plan([base, over] if by == "order" else over)
    assert problems == ()
    assert [p.name.value for p in plan.partitions] == ["one", "two", "three"]
    one, two, _ = plan.partitions
    assert one.boot.files[0].options.endswith(" b")
    assert (two.memory.size.value >> 20, two.memory.below_1g.value >> 20) == (512, 64)
    assert two.console is None
    assert Path(two.memory.size.place.file).name == "base.yaml"
    assert Path(two.memory.below_1g.place.file).name == "over.yaml"
    assert plan.source == ("partitions/base.yaml + " if by == "order" else "") + "partitions/over.yaml"


def test_paths_are_relative_to_the_file_they_are_written_in(project: Path) -> None:
    layer(project, "base.yaml", document(partition()))
    over = layer(project, "deeper/over.yaml", "extends: ../base.yaml\npartitions: []\n")
    plan, _ = make_plan(over)
    assert plan.partitions[0].boot.files[0].file.value.resolve() == project / "partitions" / "files" / "linux"


def test_messages_name_the_file_line_and_column_of_each_layer(project: Path) -> None:
    base = layer(project, "base.yaml", document(partition(console="COM9")))
    over = layer(project, "over.yaml", "partitions:\n  - name: one\n    colour: red\n    memory: 1\n")
    _, problems = judge([base, over])
    found = [
        (Path(p.place.file).name, p.place.line, p.place.column, p.rule)
        for p in problems
        if p.rule != "memory-minimum"
    ]
    assert ("over.yaml", 3, 5, "yaml-unknown-key") in found
    assert ("base.yaml", 8, 14, "console-exists") in found
    assert ("over.yaml", 4, 13, "memory-aligned") in found


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("extends: nothing.yaml\n", 1),
        ("format: 1\nextends: self.yaml\n", 2),
        ("extends: [base.yaml, round.yaml]\n", 1),
    ],
)
def test_what_cannot_be_extended(project: Path, text: str, line: int) -> None:
    layer(project, "base.yaml", BASE)
    layer(project, "round.yaml", "extends: self.yaml\n")
    path = layer(project, "self.yaml", text)
    _, problems = judge(path)
    assert "yaml-extends" in [problem.rule for problem in problems]
    assert all(problem.place.line == line for problem in problems if problem.rule == "yaml-extends")


def test_extending_without_end_is_refused(project: Path) -> None:
    for number in range(20):
        again = f"chain{number + 1}.yaml"
        layer(project, f"chain{number}.yaml", f"extends: [{again}, {again}]\n")
    layer(project, "chain20.yaml", BASE)
    _, problems = judge(project / "partitions" / "chain0.yaml")
    assert "yaml-extends" in [problem.rule for problem in problems]
    assert len(problems) < 200


def test_the_plan_of_layers_is_json(project: Path) -> None:
    base, over = layer(project, "base.yaml", BASE), layer(project, "over.yaml", OVER)
    assert json.loads(json.dumps(plan_to_json(make_plan([base, over])[0])))["format"] == 1
