# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Promised against seen: all as promised passes, and each single deviation is found by its own check."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ci.run.judge import CHECKS, MEMORY_ALLOWANCE, Observation, judge, ram_ranges
from ci.run.plan import BootSource, Plan, PlanError, load_plan
from ci.run.table import figures_table, verdict_table
from tests.ci.run import samples

Change = Callable[[dict[str, Any]], object]


def failing(plan: Plan, observations: dict[str, Observation]) -> set[tuple[str, str]]:
    verdict = judge(plan, observations)
    return {(p.name, row.item) for p in verdict.partitions for row in p.rows if not row.ok}


def changed(change: Change) -> dict[str, Observation]:
    observations = samples.observations()
    report = observations["steady"].report
    assert isinstance(report, dict)
    change(report)
    return observations


def test_as_promised(tmp_path: Path) -> None:
    verdict = judge(samples.plan(tmp_path), samples.observations())
    assert verdict.ok
    assert [len(partition.rows) for partition in verdict.partitions] == [len(CHECKS)] * 2


def test_all_that_share_a_memory_see_it_at_one_place(tmp_path: Path) -> None:
    observations = changed(lambda r: r["shared"][0].update(base=0xA0000000))
    assert failing(samples.plan(tmp_path), observations) == {("steady", "shared"), ("realtime", "shared")}


@pytest.mark.parametrize(("seen", "ok"), [(False, True), (True, False)])
def test_who_shares_nothing_has_no_table_and_no_range(tmp_path: Path, seen: bool, ok: bool) -> None:
    plan = samples.plan(tmp_path)
    steady, realtime = plan.partitions
    observations = samples.observations()
    if not seen:
        report = observations["steady"].report
        assert isinstance(report, dict)
        report.update(shared=[], persistent=[], nfit=False)
    found = failing(replace(plan, partitions=[replace(steady, shared=[]), realtime]), observations)
    assert (found == set()) == ok
    assert ("steady", "shared") in found or ok


def test_shared_memory_is_nobodys_ram(tmp_path: Path) -> None:
    observations = changed(lambda r: r["iomem"].append("90000000-9000ffff : System RAM"))
    assert ("realtime", "shared") in failing(samples.plan(tmp_path), observations)


def shrink(report: dict[str, Any], size: int) -> None:
    report["iomem"] = [f"{0x10000000:08x}-{0x10000000 + size - 1:08x} : System RAM"]


def other_uart(report: dict[str, Any]) -> None:
    report["uarts"][0]["port"] = "0x3E8"


@pytest.mark.parametrize(
    ("item", "change"),
    [
        pytest.param("identity", lambda r: r["dmi"].update(product_serial="realtime"), id="other partition"),
        pytest.param("identity", lambda r: r["dmi"].update(sys_vendor="QEMU"), id="the PC itself"),
        pytest.param("kernel", lambda r: r.update(kernel="6.12.0-amd64"), id="other kernel"),
        pytest.param("processors", lambda r: r.update(apic_ids=[1], cpus_online=1), id="one processor only"),
        pytest.param("processors", lambda r: r.update(apic_ids=[0, 1]), id="a foreign processor"),
        pytest.param("processors", lambda r: r.update(cpus_online=1), id="one of them offline"),
        pytest.param("memory", lambda r: shrink(r, 640 * 2**20 + 4096), id="a page too much"),
        pytest.param(
            "memory", lambda r: shrink(r, 640 * 2**20 - MEMORY_ALLOWANCE - 1), id="too little memory"
        ),
        pytest.param(
            "pci", lambda r: r["pci"].append({**r["pci"][0], "address": "0001:00:03.0"}), id="more PCI"
        ),
        pytest.param("pci", lambda r: r["pci"][1].update(address="0000:01:00.1"), id="segment 0"),
        pytest.param("pci", lambda r: r["pci"][0].update(device="0x0011"), id="other device"),
        pytest.param("disks", lambda r: r["disks"][0].update(serial="mrm-rp5"), id="other drive"),
        pytest.param(
            "disks", lambda r: r["disk_test"][0].update(ok=False, reason="differs"), id="verify failed"
        ),
        pytest.param("interrupts", lambda r: r["pci"][0].update(interrupts="none"), id="polled"),
        pytest.param("interrupts", lambda r: r["disks"][0].update(function="x"), id="other function"),
        pytest.param(
            "interrupts", lambda r: r["disk_test"][0].update(interrupts=0), id="test without interrupts"
        ),
        pytest.param("network", lambda r: r["network"].clear(), id="no network card"),
        pytest.param("network", lambda r: r["network"][0]["addresses"].clear(), id="no address"),
        pytest.param("shared", lambda r: r["shared"].clear(), id="no shared memory"),
        pytest.param("shared", lambda r: r["shared"][0].update(size=8 * 2**20), id="half of it"),
        pytest.param(
            "shared",
            lambda r: r["persistent"].append("a0000000-a01fffff : Persistent Memory"),
            id="2 MiB more",
        ),
        pytest.param("shared", lambda r: r.update(nfit=False), id="no table of it"),
        pytest.param("console", other_uart, id="other UART"),
        pytest.param("console", lambda r: r["consoles"].clear(), id="no console"),
    ],
)
def test_deviation_is_found(tmp_path: Path, item: str, change: Change) -> None:
    assert failing(samples.plan(tmp_path), changed(change)) == {("steady", item)}


@pytest.mark.parametrize(
    ("address", "ok"), [("0x6000", True), ("0x3E8", False), (None, False)], ids=["card", "COM3", "none"]
)
def test_a_console_on_a_card_is_at_no_legacy_address(tmp_path: Path, address: str | None, ok: bool) -> None:
    card = "PciRoot(0x0)/Pci(0x9,0x0)/Pci(0x0,0x0)"
    plan = samples.plan(tmp_path)
    on_card = replace(plan.partitions[0], console=card, console_port=None)
    uarts = [{"name": "ttyS0", "port": address}] if address else []
    observations = changed(lambda report: report.update(uarts=uarts))
    found = failing(replace(plan, partitions=[on_card, *plan.partitions[1:]]), observations)
    assert found == (set() if ok else {("steady", "console")})


@pytest.mark.parametrize(
    ("item", "change"),
    [
        ("state", {"state": "restarting"}),
        ("state", {"state": None}),
        ("ticks", {"ticks": 2}),
        ("power_off", {"off": False}),
    ],
)
def test_deviation_outside_the_report(tmp_path: Path, item: str, change: dict[str, Any]) -> None:
    observations = samples.observations()
    observations["steady"] = replace(observations["steady"], **change)
    assert failing(samples.plan(tmp_path), observations) == {("steady", item)}


@pytest.mark.parametrize(
    "key_and_value",
    [
        ("apic_ids", [3, 2]),
        ("iomem", ["2fff0000-47ffffff : System RAM"]),
        ("disks", [{"name": "nvme0n1", "function": "x", "model": "m", "serial": "mrm-rp4", "size": 1}]),
    ],
    ids=["processor", "memory", "drive"],
)
def test_what_two_partitions_both_see_fails_both(tmp_path: Path, key_and_value: tuple[str, Any]) -> None:
    observations = changed(lambda report: report.update([key_and_value]))
    assert {("steady", "apart"), ("realtime", "apart")} <= failing(samples.plan(tmp_path), observations)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: r["disks"].clear(), id="no disk"),
        pytest.param(lambda r: r["disk_test"][0].update(disk="nvme1n1"), id="not tested"),
    ],
)
def test_what_two_checks_look_at(tmp_path: Path, change: Change) -> None:
    observations = changed(change)
    assert failing(samples.plan(tmp_path), observations) == {("steady", "disks"), ("steady", "interrupts")}


def test_every_check_can_fail(tmp_path: Path) -> None:
    """Without any observation no check passes: none of them holds by itself."""
    verdict = judge(samples.plan(tmp_path), {})
    assert [row.item for partition in verdict.partitions for row in partition.rows if row.ok] == []


def test_a_plan_without_partitions_is_not_ok(tmp_path: Path) -> None:
    assert not judge(replace(samples.plan(tmp_path), partitions=[]), {}).ok


def test_processors_by_count_may_be_others(tmp_path: Path) -> None:
    plan = samples.plan(tmp_path)
    plan = replace(plan, partitions=[replace(p, by_count=True) for p in plan.partitions])
    assert failing(plan, changed(lambda report: report.update(apic_ids=[7, 8]))) == set()
    assert failing(plan, changed(lambda report: report.update(apic_ids=[7], cpus_online=1))) == {
        ("steady", "processors")
    }


def test_refusal_shows_its_reason(tmp_path: Path) -> None:
    observations = samples.observations()
    observations["steady"] = Observation("refused", r"loader \EFI\MRM\steady\vmlinuz not found")
    table = verdict_table(judge(samples.plan(tmp_path), observations))
    assert r"refused: loader \EFI\MRM\steady\vmlinuz not found" in table


def test_json_has_the_promised_form(tmp_path: Path) -> None:
    data = judge(samples.plan(tmp_path), samples.observations()).to_json(
        {"steady": {"power_on_to_init": 9.5}}
    )
    assert json.loads(json.dumps(data)) == data
    assert list(data) == ["partitions", "ok", "seconds"]
    assert data["ok"] is True
    steady = data["partitions"][0]
    assert list(steady) == ["name", "promised", "seen", "ok"]
    assert steady["promised"].keys() == steady["seen"].keys()
    assert steady["seen"]["disks"][0]["model"] == "QEMU NVMe Ctrl"


def test_ram_ranges_of_iomem() -> None:
    lines = [
        "00100000-001fffff : System RAM",
        "00010000-0001ffff : System RAM",
        "00200000-002fffff : Reserved",
    ]
    assert ram_ranges(lines) == [(0x10000, 0x1FFFF), (0x100000, 0x1FFFFF)]


def test_long_observations_are_cut_in_the_table_only(tmp_path: Path) -> None:
    observations = changed(lambda report: report["pci"].extend([report["pci"][0]] * 9))
    table = verdict_table(judge(samples.plan(tmp_path), observations))
    assert max(len(line) for line in table.splitlines()) < 170
    assert "…" in table


def test_an_empty_function_0_is_nobody_s(tmp_path: Path) -> None:
    empty = {"address": "0001:00:06.0", "vendor": "0xfffe", "device": "0x0000", "class": "0xff0000"}
    observations = changed(lambda report: report["pci"].append({**report["pci"][0], **empty}))
    assert judge(samples.plan(tmp_path), observations).ok


def test_figures_have_a_column_each() -> None:
    text = figures_table({"steady": {"power_on_to_init": 9.5}, "bare": {"power_on_to_init": 8.0, "x": 1.0}})
    assert text.splitlines()[0].split() == ["seconds", "steady", "bare"]
    assert text.splitlines()[2].split()[-2:] == ["9.50", "8.00"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a plan of format 1"),
        ('{"format": 2}', "not a plan of format 1"),
        ('{"format": 1, "machine": "q35"}', "'source'"),
    ],
)
def test_unusable_plan(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "MrmPlan.json"
    file.write_text(text)
    with pytest.raises(PlanError, match=message):
        load_plan(file, tmp_path)


def test_missing_plan(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"No such file or directory; build it first"):
        load_plan(tmp_path / "MrmPlan.json", tmp_path)


def test_plan_without_console_and_initrd(tmp_path: Path) -> None:
    data = samples.plan_data()
    data["partitions"][0].update(console=None)
    data["partitions"][0]["boot"]["sources"][0].update(initrd=None, linux=None)
    file = tmp_path / "MrmPlan.json"
    file.write_text(json.dumps(data))
    promise = load_plan(file, tmp_path).partitions[0]
    assert (promise.console, promise.initrd_file, promise.kernel) == (None, None, None)


def test_plan_of_a_partition_that_boots_from_a_disk(tmp_path: Path) -> None:
    data = samples.plan_data()
    disk = {"kind": "disk", "root_port": None, "segment": 0, "path": None, "options": None}
    expected = [{"parameter": "a=1", "why": "x"}, {"parameter": "b", "why": "y"}]
    data["partitions"][0]["boot"].update(sources=[disk], expected_parameters=expected)
    file = tmp_path / "MrmPlan.json"
    file.write_text(json.dumps(data))
    promise = load_plan(file, tmp_path).partitions[0]
    assert promise.boot_disk == BootSource("disk") and promise.kernel_file is None
    assert (promise.parameters, promise.kernel) == ("a=1 b", None)
