# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Sizes are those of a build's files, the largest modules first; plans of machines are timed."""

from pathlib import Path

from bench.machine import sizes
from bench.planner import plan_times


def test_sizes_of_a_build(tmp_path: Path) -> None:
    made = {"images/Mrm.efi": 1000, "PartitionFirmware/R/FV/PARTITIONCOMPACT.Fv": 600}
    made |= {"PartitionFirmware/R/FV/PARTITION.Fv": 3000, "PartitionFirmware/R/X64/Shell.efi": 900}
    made |= {f"PartitionFirmware/R/X64/M{number}.efi": number for number in range(12)}
    for name, size in made.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    found = sizes(tmp_path)
    assert list(found.items())[:4] == [
        ("Mrm.efi without a plan", 1000),
        ("of that, partition firmware, compressed", 600),
        ("of that, controller and guard", 400),
        ("partition firmware, unpacked", 3000),
    ]
    assert list(found.items())[4:] == [(f"of that, M{number}", number) for number in range(11, 1, -1)]


def test_plans_are_timed_in_a_process_of_their_own() -> None:
    (found,) = plan_times([(2, 68, 8, "32 KiB")])
    assert (found.partitions, found.processors, found.functions) == (2, 68, 8)
    assert found.seconds > 0 and found.memory > 2**20
