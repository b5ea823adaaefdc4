# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The DSDT: compiled, patched as the controller does it, judged by ACPICA's disassembler and interpreter."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from generator.api import judge, make_plan
from generator.blob.form import MAXIMUM_BUSES
from generator.dsdt import fragments
from generator.dsdt.assemble import Dsdt, make_dsdt
from generator.dsdt.fragments import CompileError, compile_fragment
from generator.dsdt.placeholders import PLACEHOLDERS
from generator.errors import UserErrors
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]

PORTS = [f"PciRoot(0x0)/Pci(0x{device:X},0x0)" for device in range(1, MAXIMUM_BUSES + 1)]


PANIC_REGISTER = 0x13FFFE45C
THERMAL_REGISTERS = 0x13FFFE480


def live_values(index: int, prefetchable: bool) -> Mapping[str, int]:
    """What the controller would find on the live machine for one bus."""
    bus = 0x10 + 2 * index
    ecam, memory, high = 0xB0000000 + (bus << 20), 0xC0000000 + (index << 21), 0xE000000000 + (index << 32)
    return {
        "MrmPatchBusFirst": bus,
        "MrmPatchBusLast": bus + 1,
        "MrmPatchBusCount": 2,
        "MrmPatchEcamBase": ecam,
        "MrmPatchEcamLast": ecam + 0x1FFFFF,
        "MrmPatchEcamLength": 0x200000,
        "MrmPatchMemoryFirst": memory,
        "MrmPatchMemoryLast": memory + 0x1FFFFF,
        "MrmPatchMemoryLength": 0x200000,
        "MrmPatchPrefetchableFirst": high if prefetchable else 0,
        "MrmPatchPrefetchableLast": high + 0xFFFFFFFF if prefetchable else 0,
        "MrmPatchPrefetchableLength": 0x100000000 if prefetchable else 0,
        "MrmPatchIoFirst": 0x1000 if index % 2 else 0,
        "MrmPatchIoLast": 0x2FFF if index % 2 else 0,
        "MrmPatchIoLength": 0x2000 if index % 2 else 0,
        "MrmPatchPanicFirst": PANIC_REGISTER,
        "MrmPatchPanicLast": PANIC_REGISTER + 3,
        "MrmPatchThermal": THERMAL_REGISTERS,
    }


def patched(dsdt: Dsdt, prefetchable: bool, console: Mapping[str, int] | None = None) -> bytes:
    """The DSDT with live values, those of a console on a PCI card among them, and a new checksum."""
    aml = bytearray(dsdt.aml)
    for patch in dsdt.patches:
        value = {**live_values(patch.index, prefetchable), **(console or {})}[patch.kind]
        aml[patch.offset : patch.offset + patch.width] = value.to_bytes(patch.width, "little")
    aml[9] = (aml[9] - sum(aml)) % 256
    return bytes(aml)


def acpiexec(folder: Path, aml: bytes, *commands: str) -> str:
    """What ACPICA's interpreter says to commands; it must not complain."""
    path = folder / "dsdt.aml"
    path.write_bytes(aml)
    run = subprocess.run(
        ["acpiexec", "-b", "; ".join([*commands, "quit"]), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    output = run.stdout + run.stderr
    assert "Error" not in output, output
    assert "AE_" not in output, output
    return output


def buffer_of(output: str) -> bytes:
    """The buffer that one evaluation returned."""
    rows = re.findall(r"^(?:.*= )?\s+[0-9A-F]{4}: ((?:[0-9A-F]{2} )+)", output, re.MULTILINE)
    return bytes.fromhex("".join(rows))


def word(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little") for value in values)


def dword(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def qword(*values: int) -> bytes:
    return b"".join(value.to_bytes(8, "little") for value in values)


def host_bridge_resources(index: int, prefetchable: bool) -> bytes:
    """What _CRS of a host bridge has to be, written by hand from ACPI 6.5, section 6.4.3.5."""
    live = live_values(index, prefetchable)
    bus = live["MrmPatchBusFirst"]
    resources = b"\x88\x0d\x00\x02\x0c\x00" + word(0, bus, bus + 1, 0, 2)
    memory = live["MrmPatchMemoryFirst"]
    resources += b"\x87\x17\x00\x00\x0c\x01" + dword(0, memory, memory + 0x1FFFFF, 0, 0x200000)
    if prefetchable:
        high = live["MrmPatchPrefetchableFirst"]
        resources += b"\x8a\x2b\x00\x00\x0c\x07" + qword(0, high, high + 0xFFFFFFFF, 0, 0x100000000)
    if index % 2:
        resources += b"\x88\x0d\x00\x01\x0c\x03" + word(0, 0x1000, 0x2FFF, 0, 0x2000)
    return resources + b"\x79\x00"


@pytest.fixture(scope="module")
def sixteen(shared_project: Path) -> Dsdt:
    """The DSDT of a partition with as many buses as there can be."""
    path = shared_project / "partitions" / "sixteen.yaml"
    pci = "[" + ", ".join(f'"{port}"' for port in PORTS) + "]"
    path.write_text(document(partition(pci=pci)).replace("q35", "machines/many-ports.yaml"), "utf-8")
    plan, _ = make_plan(path)
    return make_dsdt(plan.partitions[0])


@pytest.mark.parametrize("prefetchable", [True, False])
@pytest.mark.parametrize("index", [0, 7, 15])
def test_host_bridges_get_what_the_live_machine_has(
    tmp_path: Path, sixteen: Dsdt, index: int, prefetchable: bool
) -> None:
    aml = patched(sixteen, prefetchable)
    bridge = f"\\_SB.PC{index:02X}"
    assert buffer_of(acpiexec(tmp_path, aml, f"evaluate {bridge}._CRS")) == host_bridge_resources(
        index, prefetchable
    )
    bus = live_values(index, prefetchable)["MrmPatchBusFirst"]
    for name, value in (("_BBN", bus), ("_SEG", index + 1), ("_UID", index + 1)):
        assert f"[Integer] = {value:016X}" in acpiexec(tmp_path, aml, f"evaluate {bridge}.{name}")


def test_exactly_the_own_configuration_space_is_reserved(tmp_path: Path, sixteen: Dsdt) -> None:
    aml = patched(sixteen, True)
    for index in range(MAXIMUM_BUSES):
        found = buffer_of(acpiexec(tmp_path, aml, f"evaluate \\_SB.EC{index:02X}._CRS"))
        base = live_values(index, True)["MrmPatchEcamBase"]
        assert (
            found == b"\x8a\x2b\x00\x00\x0d\x01" + qword(0, base, base + 0x1FFFFF, 0, 0x200000) + b"\x79\x00"
        )
    assert len(re.findall(r" EC[0-9A-F]{2} Device", acpiexec(tmp_path, aml, "namespace"))) == MAXIMUM_BUSES


def test_patches_lie_apart_and_leave_no_placeholder(sixteen: Dsdt) -> None:
    assert len(sixteen.patches) == 16 * MAXIMUM_BUSES + 3
    end = 36
    for patch in sixteen.patches:
        assert patch.offset >= end
        end = patch.offset + patch.width
    assert end <= len(sixteen.aml)
    aml = patched(sixteen, True)
    for placeholder in (one for ones in PLACEHOLDERS.values() for one in ones):
        assert placeholder.pattern not in aml


def test_a_patched_table_disassembles_and_compiles_again(tmp_path: Path, sixteen: Dsdt) -> None:
    (tmp_path / "p.aml").write_bytes(patched(sixteen, True))
    for command in (["iasl", "-d", "p.aml"], ["iasl", "-we", "-p", "again", "p.dsl"]):
        subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    again = (tmp_path / "again.aml").read_bytes()
    assert buffer_of(acpiexec(tmp_path, again, "evaluate \\_SB.PC0F._CRS")) == host_bridge_resources(15, True)


def osc(folder: Path, aml: bytes, uuid: str, revision: int, control: int) -> tuple[int, int]:
    """Status and granted control of an _OSC call."""
    words = " ".join(f"{byte:02X}" for byte in dword(0, 0x1F, control))
    command = f"evaluate \\_SB.PC00._OSC ({uuid}) {revision} 3 ({words})"
    answer = buffer_of(acpiexec(folder, aml, command))
    return int.from_bytes(answer[0:4], "little"), int.from_bytes(answer[8:12], "little")


PCI_UUID = "5B 4D DB 33 F7 1F 1C 40 96 57 74 41 C0 3D D7 66"


@pytest.mark.parametrize(
    ("uuid", "revision", "asked", "answer"),
    [
        (PCI_UUID, 1, 0x1F, (0x10, 0x10)),
        (PCI_UUID, 1, 0x10, (0, 0x10)),
        (PCI_UUID, 1, 0x00, (0, 0)),
        (PCI_UUID, 9, 0x10, (0x08, 0x10)),
        ("00" + PCI_UUID[2:], 1, 0x1F, (0x04, 0x1F)),
    ],
)
def test_osc_grants_only_what_can_be_given(
    tmp_path: Path, sixteen: Dsdt, uuid: str, revision: int, asked: int, answer: tuple[int, int]
) -> None:
    assert osc(tmp_path, patched(sixteen, True), uuid, revision, asked) == answer


def test_processors_and_uart(tmp_path: Path, write: Write) -> None:
    plan, _ = make_plan(write(document(partition(processors="3", console="COM3"))))
    dsdt = make_dsdt(plan.partitions[0])
    assert {patch.kind for patch in dsdt.patches} == {
        "MrmPatchPanicFirst",
        "MrmPatchPanicLast",
        "MrmPatchThermal",
    }
    listing = acpiexec(tmp_path, dsdt.aml, "namespace")
    for index in range(3):
        device = listing[listing.index(f" C00{index} Device") :]
        uid = re.search(r"_UID Integer\s+\S+ 001 = ([0-9A-F]{16})", device)
        assert uid is not None
        assert int(uid[1], 16) == index + 1
    assert listing.count('Len 08 "ACPI0007"') == 3
    assert "C003" not in listing
    assert "PC00" not in listing
    assert "EC00" not in listing
    resources = buffer_of(acpiexec(tmp_path, dsdt.aml, "evaluate \\_SB.UART._CRS"))
    assert resources == b"\x47\x01" + word(0x3E8, 0x3E8) + b"\x01\x08\x79\x00"


@pytest.mark.parametrize("ports", [True, False], ids=["I/O", "memory"])
def test_uart_of_a_pci_card_is_where_the_live_machine_has_it(
    tmp_path: Path, write: Write, ports: bool
) -> None:
    card = "{pci: PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)}"
    # What is there on q35 is no serial card, which another rule says.
    plan, _ = judge(write(document(partition(pci="06.0", console=card))))
    assert plan is not None
    dsdt = make_dsdt(plan.partitions[0])
    live = {
        "MrmPatchConsoleIoFirst": 0x6000 if ports else 0,
        "MrmPatchConsoleIoLast": 0x6007 if ports else 0,
        "MrmPatchConsoleMemoryFirst": 0 if ports else 0xE0C0600000,
        "MrmPatchConsoleMemoryLast": 0 if ports else 0xE0C0600007,
    }
    assert {patch.kind for patch in dsdt.patches} >= set(live)
    resources = buffer_of(acpiexec(tmp_path, patched(dsdt, True, live), "evaluate \\_SB.UART._CRS"))
    if ports:
        assert resources == b"\x88\x0d\x00\x01\x0d\x03" + word(0, 0x6000, 0x6007, 0, 8) + b"\x79\x00"
    else:
        first, last = 0xE0C0600000, 0xE0C0600007
        assert resources == b"\x8a\x2b\x00\x00\x0d\x01" + qword(0, first, last, 0, 8) + b"\x79\x00"


def test_without_console_there_is_no_uart(tmp_path: Path, write: Write) -> None:
    plan, _ = make_plan(write(document(partition(console="none"))))
    dsdt = make_dsdt(plan.partitions[0])
    assert "UART" not in acpiexec(tmp_path, dsdt.aml, "namespace")


def test_faults_of_our_own_asl_are_found() -> None:
    uid = PLACEHOLDERS["processor"][1]
    good = 'DefinitionBlock ("", "DSDT", 2, "MRM", "FRAGMENT", 1) { %s }'
    with pytest.raises(CompileError, match="refuses"):
        compile_fragment(good % "Device (PC00", ())
    with pytest.raises(CompileError, match="UID: in the AML 0 times"):
        compile_fragment(good % "Name (NONE, 1)", (uid,))
    twice = f"Name (ONE0, {uid.words['UID']}) Name (TWO0, {uid.words['UID']})"
    with pytest.raises(CompileError, match="UID: in the AML 2 times"):
        compile_fragment(good % twice, (uid,))


def test_a_missing_iasl_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserErrors, match="install acpica-tools"):
        compile_fragment('DefinitionBlock ("", "DSDT", 2, "MRM", "FRAGMENT", 1) {}', ())


def test_what_a_release_has_compiled_needs_no_iasl(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = make_plan(write(document(partition(pci="PciRoot(0x0)/Pci(0x3,0x0)"))))
    compiled = make_dsdt(plan.partitions[0])
    (tmp_path / "compiled.json").write_text(fragments.render_compiled(), "utf-8")
    monkeypatch.setattr(fragments, "COMPILED", tmp_path / "compiled.json")
    monkeypatch.setenv("PATH", "")
    fragments.forget()
    try:
        assert make_dsdt(plan.partitions[0]) == compiled
        # What was compiled of other ASL is not taken.
        other = (tmp_path / "compiled.json").read_text("utf-8").replace('"sources": "', '"sources": "0')
        (tmp_path / "compiled.json").write_text(other, "utf-8")
        fragments.forget()
        with pytest.raises(UserErrors, match="install acpica-tools"):
            make_dsdt(plan.partitions[0])
    finally:
        fragments.forget()


def test_panic_device_is_the_byte_of_the_mailbox(tmp_path: Path, write: Write) -> None:
    plan, _ = make_plan(write(document(partition())))
    aml = patched(make_dsdt(plan.partitions[0]), False)
    assert "QEMU0001" in acpiexec(tmp_path, aml, "evaluate \\_SB.PANC._HID")
    crs = buffer_of(acpiexec(tmp_path, aml, "evaluate \\_SB.PANC._CRS"))
    assert crs[14:22] == PANIC_REGISTER.to_bytes(8, "little")
    assert crs[22:30] == (PANIC_REGISTER + 3).to_bytes(8, "little")


def test_soft_off_is_the_one_sleep_state(tmp_path: Path, write: Write) -> None:
    plan, _ = make_plan(write(document(partition())))
    aml = patched(make_dsdt(plan.partitions[0]), False)
    said = acpiexec(tmp_path, aml, "evaluate \\_S5")
    values = [int(value, 16) for value in re.findall(r"\[Integer\] = ([0-9A-F]+)", said)]
    assert values == [c_number("MRM_SLEEP_TYPE_S5"), 0, 0, 0]
    assert not re.search(r"_S[1-4]_", acpiexec(tmp_path, aml, "namespace"))


def test_thermal_zone_reads_and_counts_in_the_mailbox(tmp_path: Path, write: Write) -> None:
    """Registers of acpiexec are filled with zeros; what the temperature means is C's business."""
    plan, _ = make_plan(write(document(partition())))
    aml = patched(make_dsdt(plan.partitions[0]), False)
    numbers = ", ".join(f"evaluate \\_SB.THRM.{name}" for name in ("_CRT", "_TZP")).split(", ")
    said = acpiexec(tmp_path, aml, *numbers, *["evaluate \\_SB.THRM._TMP"] * 3, "evaluate \\_SB.THRM.READ")
    values = [int(value, 16) for value in re.findall(r"\[Integer\] = ([0-9A-F]+)", said)]
    assert values == [c_number("MRM_THERMAL_CRITICAL"), 10, 0, 0, 0, 3]
    path = tmp_path / "dsdt.aml"
    subprocess.run(["iasl", "-d", str(path)], capture_output=True, timeout=60, check=True)
    listing = path.with_suffix(".dsl").read_text()
    assert re.search(rf"OperationRegion \(MBOX, SystemMemory, 0x0*{THERMAL_REGISTERS:X}, 0x08\)", listing)


def c_number(name: str) -> int:
    """A number of MrmMailbox.h."""
    header = (PROJECT / "MrmPkg" / "Include" / "MrmMailbox.h").read_text("utf-8")
    found = re.search(rf"^#define {name} +(\d+)", header, re.MULTILINE)
    assert found
    return int(found[1])


def test_who_is_not_to_be_asked_has_no_thermal_zone(tmp_path: Path, write: Write) -> None:
    plan, _ = make_plan(write(document(partition(shutdown="off"))))
    dsdt = make_dsdt(plan.partitions[0])
    assert {patch.kind for patch in dsdt.patches} == {"MrmPatchPanicFirst", "MrmPatchPanicLast"}
    assert "THRM" not in acpiexec(tmp_path, dsdt.aml, "namespace")
