# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where memory lies: on the promised node, above 4 GiB and below 1 GiB; the OS is told which node that is."""

import base64
import re
from collections.abc import Iterator

import pytest

from ci.qemu.command import NODE_DISTANCE, NumaNode
from ci.run.judge import ram_ranges
from generator.acpi.numa import Slit, Srat, parse_slit, parse_srat
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.numa import PROCESSORS
from tests.boot.support import broken, reboot

pytestmark = [pytest.mark.boot(50), pytest.mark.timeout(1800)]

MEBIBYTE = 2**20
GIBIBYTE = 2**30
NODES = (NumaNode("0-2", 3 * GIBIBYTE), NumaNode("3-4", 3 * GIBIBYTE))
SECOND_NODE = 5 * GIBIBYTE
"""First address of the second node's RAM; below 4 GiB there are 2 GiB of the first one's."""
LOW = MEBIBYTE
"""Below that is the slice that starts processors, which is on the first node for everybody."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("numa")
    topology = ",sockets=5,cores=1,threads=1"
    run = tmp_path_factory.mktemp("run")
    with Bench(result.plan, result.esp, run, nodes=NODES, topology=topology) as bench:
        bench.run(bench.session.settle())
        yield bench


def tables(bench: Bench, name: str) -> tuple[Srat, Slit]:
    """Return SRAT and SLIT as a partition's OS has them."""
    command = "for t in SRAT SLIT; do echo $t=$(base64 /sys/firmware/acpi/tables/$t | tr -d '\\n')=END; done"
    output = bench.run(bench.session.guests[name].run(command)).output
    found = {
        match[1]: base64.b64decode(match[2])
        for match in re.finditer(r"(SRAT|SLIT)=([A-Za-z0-9+/\s]+={0,2})=END", output)
    }
    srat, slit = parse_srat(found["SRAT"]), parse_slit(found["SLIT"])
    assert srat.findings + slit.findings == ()
    assert srat.value and slit.value
    return srat.value, slit.value


def node_of(address: int) -> int:
    return int(address >= SECOND_NODE)


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


@pytest.mark.parametrize(("name", "node"), [("near", 0), ("far", 1)])
def test_memory_and_processors_are_on_the_promised_node(bench: Bench, name: str, node: int) -> None:
    report = bench.session.reports()[name].data
    assert {PROCESSORS[apic_id] for apic_id in report["apic_ids"]} == {node}
    large = [(first, last) for first, last in ram_ranges(report["iomem"]) if first >= LOW]
    assert large and {node_of(first) for first, _ in large} == {node_of(last) for _, last in large} == {node}


@pytest.mark.parametrize("name", ["near", "far"])
def test_the_tables_tell_the_truth(bench: Bench, name: str) -> None:
    """Of the partition's own processors and memory, and of nothing else."""
    report = bench.session.reports()[name].data
    srat, slit = tables(bench, name)
    assert {p.apic_id: p.node for p in srat.processors} == {i: PROCESSORS[i] for i in report["apic_ids"]}
    for piece in srat.memory:
        assert {node_of(piece.base), node_of(piece.base + piece.size - 1)} == {piece.node}
    for first, last in ram_ranges(report["iomem"]):
        assert any(p.base <= first and last < p.base + p.size for p in srat.memory), hex(first)
    promise = next(promise for promise in bench.plan.partitions if promise.name == name)
    assert sum(piece.size for piece in srat.memory) == promise.memory
    assert slit.distances == ((10, NODE_DISTANCE), (NODE_DISTANCE, 10))


@pytest.mark.parametrize("name", ["near", "far"])
def test_the_system_has_its_processors_and_memory_on_one_node(bench: Bench, name: str) -> None:
    """Linux numbers nodes in the order it finds them, so it is known by its processors."""
    command = (
        "for n in /sys/devices/system/node/node[0-9]*; do echo NODE=$(cat $n/cpulist)="
        "$(sed -n 's/.*MemTotal: *//p' $n/meminfo); done"
    )
    done = bench.run(bench.session.guests[name].run(command))
    nodes = {match[1]: int(match[2]) for match in re.finditer(r"NODE=([\d,-]*)=(\d+) kB", done.output)}
    total = bench.session.reports()[name].data["mem_total_kib"]
    assert nodes["0-1"] > total - LOW // 1024, done.output


def test_memory_above_4_gib_is_there(bench: Bench) -> None:
    """Only the low slice, which starts processors, lies below."""
    found = ram_ranges(bench.session.reports()["far"].data["iomem"])
    assert [first for first, _ in found if LOW <= first < 4 * GIBIBYTE] == []
    assert sum(last - first + 1 for first, last in found if first >= 4 * GIBIBYTE) > 1000 * MEBIBYTE


def test_share_below_1_gib_is_there(bench: Bench) -> None:
    found = ram_ranges(bench.session.reports()["near"].data["iomem"])
    share = [(first, last) for first, last in found if LOW <= first < GIBIBYTE]
    assert sum(min(last, GIBIBYTE - 1) - first + 1 for first, last in share) >= 240 * MEBIBYTE


def test_a_restart_stays_on_its_node_above_4_gib(bench: Bench) -> None:
    """A start finds the processors' page tables above 4 GiB, which a 32-bit CR3 cannot hold."""
    bench.run(reboot(bench.session, "far", "near"))
