# SPDX-License-Identifier: BSD-2-Clause-Patent
r"""`Mrm.efi verify` judges, reports and returns to the firmware, having changed nothing."""

import re
import shutil
from collections.abc import Iterator

import pytest

from ci.images.gpt import LINUX, MEBIBYTE, Area, ImageError, make_disk, run_tool
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.script import script_ends

pytestmark = [pytest.mark.boot(25), pytest.mark.timeout(1800)]

SCRIPT = """@echo -off
fs0:
\\EFI\\MRM\\Mrm.efi verify
echo FIRST %lasterror%
\\EFI\\MRM\\Mrm.efi "quiet" VERIFY
echo SECOND %lasterror%
type \\EFI\\MRM\\report.txt
\\EFI\\MRM\\Lacking.efi verify
\\EFI\\MRM\\Given.efi verify
echo END
"""
PLANS = {"Lacking.efi": "disks-lacking", "Given.efi": "disks-given"}
"""More of them, with served disks, most of which cannot be had."""
DRIVES = {"PciRoot(0x0)/Pci(0x3,0x0)": ("given",), "PciRoot(0x0)/Pci(0x4,0x0)": ("twice", "once", "twice")}
"""GPT partitions by the port with the drive."""
SECONDS = 120


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Boot an ESP on which the firmware finds nothing but its own shell and a script for it."""
    result = built("two-kernels")
    folder = tmp_path_factory.mktemp("verify")
    esp = folder / "ESP"
    shutil.copytree(result.esp, esp)
    shutil.rmtree(esp / "EFI" / "BOOT")
    (esp / "EFI" / "MRM" / "realtime" / "initrd.img").unlink()
    for name, plan in PLANS.items():
        other = built(plan).esp / "EFI" / "MRM"
        shutil.copyfile(other / "Mrm.efi", esp / "EFI" / "MRM" / name)
        shutil.copyfile(other / "Shell.efi", esp / "EFI" / "MRM" / "Shell.efi")
    (esp / "EFI" / "MRM" / "disks").mkdir()
    (esp / "EFI" / "MRM" / "disks" / "longer.img").write_bytes(bytes(MEBIBYTE + 4096))
    drives = {port: folder / f"drive-{number}.img" for number, port in enumerate(DRIVES)}
    for port, labels in DRIVES.items():
        make_disk(drives[port], port, [Area(label, LINUX, MEBIBYTE, lambda *_: None) for label in labels])
    (esp / "startup.nsh").write_text(SCRIPT.replace("\n", "\r\n"), encoding="ascii")
    with Bench(result.plan, esp, folder / "run", drives) as bench:
        console = bench.session.controller
        bench.run(script_ends(console, SECONDS))
        yield bench


def said(bench: Bench) -> str:
    return bench.session.controller.text.replace("\r", "")


def flat(bench: Bench) -> str:
    """What was said, in one line: the firmware breaks lines at the edge of its console."""
    return said(bench).replace("\n", "")


def test_it_judges_every_partition(bench: Bench) -> None:
    assert "MRM: verify: 1 of 2 partitions could be started; nothing was changed" in said(bench)
    refused = "MRM: realtime: refused: initrd \\EFI\\MRM\\realtime\\initrd.img not found"
    assert refused in flat(bench)


def test_it_returns_to_the_firmware_each_time(bench: Bench) -> None:
    assert "FIRST 0x15" in said(bench) and "SECOND 0x15" in said(bench)  # EFI_ABORTED


def test_a_load_option_that_means_nothing_is_warned_of(bench: Bench) -> None:
    assert flat(bench).count('MRM: warning: the load option "quiet" means nothing here') == 1


def test_the_clocks_are_believed(bench: Bench) -> None:
    """By their own measure: how far its samples and brackets leave the rate open."""
    kept = re.findall(r"steady: kept: tsc (\d+) kHz within (\d+) ppm by the PM timer", flat(bench))
    assert kept and all(int(ppm) <= 500 for _, ppm in kept)


def test_low_memory_is_told(bench: Bench) -> None:
    """OVMF leaves enough for seven slices of 64 KiB, as the planner counts on."""
    told = re.search(r"MRM: machine: low memory: (\d+) KiB free from 0x10000 to 0x8FFFF", flat(bench))
    assert told and int(told[1]) >= 448


def test_nothing_was_started(bench: Bench) -> None:
    assert bench.session.history and {state.state for state in bench.session.history} == {"refused"}


def test_the_second_time_finds_what_the_first_left(bench: Bench) -> None:
    """The low slice and the memory promised are free again, at the same addresses."""
    reports = said(bench).split("FIRST 0x15")[1]
    assert "steady: kept: 64 KiB at 0x" in reports and "steady: ready: every promise can be kept" in reports


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere", "promised disk nowhere, which is on no drive"),
        (
            "esp",
            "promised disk 869e5095-9d9d-5978-8fcf-ce4393ddbd9d, which is the ESP that Mrm.efi comes from",
        ),
        ("full", "promised disk \\EFI\\MRM\\disks\\full.img, which needs 3145728 KiB of the ESP, which has"),
        (
            "longer",
            "promised disk \\EFI\\MRM\\disks\\longer.img, which has 1052672 bytes, more than the 1048576",
        ),
        ("taker", "promised disk \\EFI\\MRM\\disks\\missing.img, which is not there"),
        ("given", "promised disk given, which is on a drive behind a port of 'taker'"),
        ("twice", "promised disk twice, which is there 2 times"),
    ],
)
def test_disks_that_cannot_be_had(bench: Bench, name: str, reason: str) -> None:
    assert f"MRM: {name}: refused: {reason}" in flat(bench)


def test_disks_that_can_be_had_are_not_made(bench: Bench) -> None:
    for kept in ("\\EFI\\MRM\\disks\\new.img, 1024 KiB", "in memory, 1024 KiB", "once, 1024 KiB"):
        assert f"MRM: fine: kept: disk {kept}, read-write" in flat(bench)
    assert "MRM: verify: 1 of 4 partitions could be started; nothing was changed" in flat(bench)
    esp = bench.machine.boot.esp
    with pytest.raises(ImageError, match="not found"):
        run_tool("mdir", "-i", f"{esp}@@{MEBIBYTE}", "::/EFI/MRM/disks/new.img")
