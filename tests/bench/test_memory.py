# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Memory is read from what a kernel prints, and from what the controller says."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import AnalysisError
from bench.memory import AFTER, BEFORE, files_of, held, map_of, system_ram, taken
from ci.run.plan import PartitionPromise, Plan

MEMORY = (
    ("Boot Data   ", 0x0, 0xFFF),
    ("Conventional", 0x100000, 0x4FFFFF),
    ("Loader Code ", 0x500000, 0x5FFFFF),
    ("Conventional", 0x600000, 0x6FFFFF),
    ("Runtime Data", 0x700000, 0x71FFFF),
)
LOG = "".join(
    f"[    0.000000] efi: mem{number:02}: [{kind}|RUN|  |  |  |   |WB|WT|WC|UC] "
    f"range=[0x{first:016x}-0x{last:016x}] (0MB)\r\n"
    for number, (kind, first, last) in [*enumerate(MEMORY), *enumerate(MEMORY[:2])]
)
"""A kernel prints its map again when it has thrown away what was the loader's."""
IOMEM = """\
00001000-0009ffff : System RAM\r
  00002000-00002fff : Kernel code\r
00100000-006fffff : System RAM\r
"""
PROMISE = PartitionPromise("measured", 1, [1], False, 8 << 20, [], [], None, None, None, None, None)


@pytest.fixture
def promise(tmp_path: Path) -> PartitionPromise:
    (tmp_path / "vmlinuz").write_bytes(bytes(4097))
    (tmp_path / "initrd").write_bytes(bytes(4096))
    return replace(PROMISE, kernel_file=tmp_path / "vmlinuz", initrd_file=tmp_path / "initrd")


def test_a_memory_map_is_read_by_type() -> None:
    found = map_of(LOG)
    assert found == {
        "Boot Data": 4096,
        "Conventional": 5 << 20,
        "Loader Code": 1 << 20,
        "Runtime Data": 128 << 10,
    }
    assert system_ram(IOMEM) == (0xA0000 - 0x1000) + (6 << 20)


@pytest.mark.parametrize("read", [map_of, system_ram])
def test_what_tells_no_memory_is_refused(read: object) -> None:
    assert callable(read)
    with pytest.raises(AnalysisError):
        read("nothing")


def test_boot_files_are_no_memory_of_the_firmware(promise: PartitionPromise) -> None:
    assert files_of(promise) == 3 * 4096 and files_of(PROMISE) == 0
    found = held(promise, LOG, IOMEM)
    assert found == {
        BEFORE: (2 << 20) - 3 * 4096,
        AFTER: (8 << 20) - system_ram(IOMEM),
    }


def test_what_the_controller_takes_is_what_partitions_do_not_have(promise: PartitionPromise) -> None:
    plan = Plan("q35", "x.yaml", "COM1", [promise, PROMISE])
    said = "MRM: machine: 50000 KiB of memory are free\r\nMRM: machine: {} KiB of memory are free\r\n"
    assert taken(plan, said.format(50000 - (16 << 10) - 12 - 700)) == 700 << 10
    with pytest.raises(AnalysisError, match="does not say twice"):
        taken(plan, said.splitlines()[0])
