# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The hardware check: each requirement found, missing and unknown; exit statuses; its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.hardware import Facts, Level, Row, State, exit_status, judge_hardware
from generator.hardware.page import render_hardware_page
from generator.hardware.requirements import REQUIREMENTS, RESET_ENTRY_HOST_BRIDGES
from generator.scan import scan
from tests.generator.scan.support import (
    DEVICES,
    PROJECT,
    TABLES,
    cpuinfo,
    local_apic,
    make_config,
    make_fadt,
    make_madt,
    make_mcfg,
    make_table,
    memory_map,
    server,
    snapshot,
    x2apic,
)

Q35 = PROJECT / "platforms" / "q35.yaml"
BEHIND_THE_SWITCH = (f"{DEVICES}/0000:02", f"{DEVICES}/0000:03", f"{DEVICES}/0000:04")
FOUND, MISSING, UNKNOWN = State.FOUND, State.MISSING, State.UNKNOWN


def rows(files: dict[str, bytes]) -> dict[str, Row]:
    return {row.name: row for row in judge_hardware(Facts.of_scan(scan(snapshot(files))))}


def without(*starts: str) -> dict[str, bytes]:
    """The server without some of its files."""
    return {path: data for path, data in server().items() if not path.startswith(starts)}


def with_line(config: bytes) -> bytes:
    """A function with an interrupt line."""
    return config[:61] + b"\1" + config[62:]


def configs(change: bytes | None) -> dict[str, bytes]:
    """The server whose functions but bridges all look like `change`, or cut to what ordinary users see."""
    files = server()
    for path, data in files.items():
        if path.endswith("/config") and (data[14] & 0x7F == 0 or change is None):
            files[path] = data[:64] if change is None else change
    return files


def test_the_server_has_everything() -> None:
    states = {name: row.state for name, row in rows(server()).items()}
    assert states == {r.name: FOUND for r in REQUIREMENTS} | {"hidden-processors": MISSING}


def test_values_are_told() -> None:
    found = {name: row.value for name, row in rows(server()).items()}
    assert found["processors"] == "8 processors in 4 cores, 3 cores for partitions"
    assert found["hidden-processors"] == "2 listed by the firmware do not run"
    assert found["pm-timer"] == "port 0x408, 32 bits"
    assert found["ecam"] == "0000:00-ff at 0x80000000"
    assert found["low-memory"] == "8 slices between 0x10000 and 0x90000"
    assert found["separable-buses"] == "1 at the same time, without what the controller is booted from"
    assert found["reset-methods"] == "all 2 functions behind ports"
    assert found["iommu"] == "amd-vi"


@pytest.mark.parametrize(
    ("name", "files", "state"),
    [
        ("x86-64", without("proc/cpuinfo"), UNKNOWN),
        ("x86-64", server() | {"proc/cpuinfo": b"processor: 0\napicid: 0\nflags: fpu pae\n"}, MISSING),
        ("uefi", server() | {"sys/firmware/efi/fw_platform_size": b"32\n"}, MISSING),
        ("uefi", without("sys/firmware/efi"), UNKNOWN),
        ("uefi", {}, UNKNOWN),
        ("processors", {}, UNKNOWN),
        (
            "processors",
            server() | {f"{TABLES}/APIC": make_madt(local_apic(0)), "proc/cpuinfo": cpuinfo((0, 0, 0))},
            MISSING,
        ),
        (
            "processors",
            server()
            | {
                f"{TABLES}/APIC": make_madt(local_apic(0), local_apic(1)),
                "proc/cpuinfo": cpuinfo((0, 0, 0), (1, 0, 0)),
            },
            MISSING,
        ),
        ("hidden-processors", without("proc/cpuinfo"), UNKNOWN),
        ("acpi-tables", without(TABLES), UNKNOWN),
        ("acpi-tables", without(f"{TABLES}/APIC"), MISSING),
        ("acpi-tables", without(f"{TABLES}/FACP"), MISSING),
        ("pm-timer", server() | {f"{TABLES}/FACP": make_fadt(0)}, MISSING),
        ("pm-timer", without(f"{TABLES}/FACP"), UNKNOWN),
        ("invariant-tsc", without("proc/cpuinfo"), UNKNOWN),
        ("ecam", without(f"{TABLES}/MCFG"), MISSING),
        ("ecam", server() | {f"{TABLES}/MCFG": make_mcfg((0x80000000, 0, 0, 1))}, MISSING),
        ("ecam", without(TABLES), UNKNOWN),
        ("low-memory", without("sys/firmware/memmap"), UNKNOWN),
        (
            "low-memory",
            without("sys/firmware/memmap") | memory_map((0x90000, 1 << 30, "System RAM")),
            MISSING,
        ),
        ("memory-below-1g", without("sys/firmware/memmap"), UNKNOWN),
        (
            "memory-below-1g",
            without("sys/firmware/memmap") | memory_map((0, 0x8FFFFFF, "System RAM")),
            MISSING,
        ),
        ("msi", server() | {f"{TABLES}/FACP": make_fadt(boot=1 << 3)}, MISSING),
        ("msi", configs(make_config()), MISSING),
        ("msi", configs(None), UNKNOWN),
        ("msi", without(DEVICES), UNKNOWN),
        ("separable-buses", without(*BEHIND_THE_SWITCH), MISSING),
        ("separable-buses", without(f"{DEVICES}/0000:04"), MISSING),
        ("separable-buses", configs(with_line(make_config())), MISSING),
        ("separable-buses", server() | {f"{TABLES}/MCFG": make_mcfg((0x80000000, 0, 0, 1))}, MISSING),
        ("separable-buses", without(DEVICES), UNKNOWN),
        ("separable-buses", configs(None), UNKNOWN),
        ("reset-methods", configs(None), UNKNOWN),
        ("reset-methods", without(*BEHIND_THE_SWITCH), UNKNOWN),
        ("reset-methods", without(f"{DEVICES}/0000:04:00.1"), FOUND),
        (
            "reset-methods",
            without(f"{DEVICES}/0000:04:00.1") | {f"{DEVICES}/0000:04:00.0/reset_method": b"flr\n"},
            MISSING,
        ),
        ("reset-methods", server() | {f"{DEVICES}/0000:04:00.0/reset_method": b"flr\n"}, FOUND),
        ("reset-entry", without(DEVICES), UNKNOWN),
        (
            "reset-entry",
            server() | {f"{DEVICES}/0000:00:00.0/config": make_config(class_code=0x060000)},
            MISSING,
        ),
        ("uarts", without("sys/class/tty", "sys/bus/pnp"), UNKNOWN),
        ("uarts", without("sys/class/tty/ttyS0", "sys/bus/pnp"), MISSING),
        ("x2apic", without("dmesg.txt"), UNKNOWN),
        (
            "x2apic",
            server() | {"proc/cpuinfo": b"processor: 0\napicid: 0\nflags: lm\n"},
            MISSING,
        ),
        ("iommu", without(f"{TABLES}/IVRS"), MISSING),
        ("iommu", without(TABLES), UNKNOWN),
        ("virtualization", without("proc/cpuinfo"), UNKNOWN),
        *(
            (
                "virtualization",
                server() | {"proc/cpuinfo": b"processor: 0\napicid: 0\nflags: lm" + flag + b"\n"},
                state,
            )
            for flag, state in ((b"", MISSING), (b" vmx", MISSING), (b" svm", FOUND))
        ),
    ],
)
def test_what_is_not_there(name: str, files: dict[str, bytes], state: State) -> None:
    assert rows(files)[name].state is state, rows(files)[name]


def test_every_requirement_but_presence_can_be_unknown() -> None:
    """With nothing known nothing is claimed to be missing, and nothing to be there."""
    assert {row.state for row in rows({}).values()} == {UNKNOWN}


def test_levels_depend_on_the_machine() -> None:
    """An emulated time-stamp counter may be any; an APIC ID above 254 makes x2APIC a must."""
    plain = b"processor: 0\napicid: 0\nflags: lm\n"
    row = rows(server() | {"proc/cpuinfo": plain})["invariant-tsc"]
    assert (row.state, row.level) == (MISSING, Level.REQUIRED)
    row = rows(server() | {"proc/cpuinfo": plain.replace(b"lm", b"lm hypervisor")})["invariant-tsc"]
    assert (row.state, row.level) == (MISSING, Level.OPTIONAL)
    large = make_madt(local_apic(0), x2apic(300))
    running = cpuinfo((0, 0, 0), (300, 0, 1))
    row = rows({f"{TABLES}/APIC": large, "proc/cpuinfo": running, "dmesg.txt": b"Linux version"})["x2apic"]
    assert (row.state, row.level) == (MISSING, Level.REQUIRED)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([(Level.REQUIRED, FOUND), (Level.OPTIONAL, MISSING), (Level.OPTIONAL, UNKNOWN)], 0),
        ([(Level.REQUIRED, FOUND), (Level.REQUIRED, UNKNOWN)], 3),
        ([(Level.REQUIRED, MISSING), (Level.REQUIRED, UNKNOWN)], 1),
    ],
)
def test_exit_status(given: list[tuple[Level, State]], status: int) -> None:
    assert exit_status(Row("n", level, state, "v", "w") for level, state in given) == status


def test_q35_can_carry_mrm(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hardware", "--machine", str(Q35)]) == 0
    answers, pieces = capsys.readouterr().out.split("\n\n")
    lines = answers.splitlines()
    assert len(lines) == len(REQUIREMENTS)
    assert all(line.split()[:2] == ["found", "required"] for line in lines if " required " in line)
    assert any(" 6 at the same time" in line for line in lines)
    assert "  PciRoot(0x0)/Pci(0x3,0x0), bus 1\n    00.0 1b36:0010 NVMe drive\n" in pieces


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hardware", "--machine", str(Q35), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert [row["name"] for row in told["rows"]] == [r.name for r in REQUIREMENTS]
    assert [piece["port"] for piece in told["pieces"] if piece["stays"] is None] == [
        f"PciRoot(0x0)/Pci(0x{device:X},0x0)" for device in range(3, 9)
    ]


def test_this_machine_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it is: there is a line for everything, and a status that fits."""
    status = main(["hardware", "--json"])
    told = json.loads(capsys.readouterr().out)
    required = {row["state"] for row in told["rows"] if row["level"] == "required"}
    assert status == (1 if "missing" in required else 3 if "unknown" in required else 0)


def test_a_wrong_machine_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("format: 1\n")
    assert main(["hardware", "--machine", str(path)]) == 1
    assert "[yaml-missing-key]" in capsys.readouterr().err


def test_the_page_is_up_to_date() -> None:
    assert (PROJECT / "docs" / "hardware.md").read_text("utf-8") == render_hardware_page(), (
        "run: python -m generator hardware --page > docs/hardware.md"
    )


def test_the_controller_knows_the_same_host_bridges() -> None:
    source = (PROJECT / "MrmPkg" / "Controller" / "Machine" / "ResetEntry.c").read_text("utf-8")
    found = re.findall(r"\{ 0x([0-9A-F]{4})([0-9A-F]{4}), 0x[0-9A-F]+ +\},? +///< (\w+):", source)
    known = {(int(vendor, 16), int(device, 16)): name for device, vendor, name in found}
    assert known == RESET_ENTRY_HOST_BRIDGES


@pytest.mark.parametrize(
    ("fadt", "value"),
    [
        (make_fadt(0), "the FADT names none"),
        (
            make_fadt(0x408, flags=1 << 20, revision=5),
            "hardware-reduced ACPI has none, so port 0x408 in the FADT means nothing",
        ),
        (make_fadt(0, flags=1 << 20, revision=5), "hardware-reduced ACPI has none"),
    ],
)
def test_why_there_is_no_pm_timer(fadt: bytes, value: str) -> None:
    """Scan and check say the same."""
    files = server() | {f"{TABLES}/FACP": fadt}
    assert rows(files)["pm-timer"].value == value
    assert f"acpi: no PM timer: {value}" in map(str, scan(snapshot(files)).notes)


@pytest.mark.parametrize("beside", [True, False], ids=["beside one with a unit", "alone"])
def test_a_dmar_without_units_is_no_iommu(beside: bool) -> None:
    """It is left where the IOMMU is switched off in the set-up; then nothing says that there is one."""
    files = server() | {f"{TABLES}/DMAR": make_table("DMAR", bytes([38, 1]) + bytes(10))}
    if not beside:
        del files[f"{TABLES}/IVRS"]
    found = scan(snapshot(files))
    assert "no remapping unit" in " ".join(map(str, found.notes))
    assert found.machine.acpi.iommu == ("amd-vi" if beside else "none")
    assert rows(files)["iommu"].state is (FOUND if beside else MISSING)
