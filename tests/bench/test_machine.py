# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Sizes are those of a build's files, the largest modules first."""

from pathlib import Path

from bench.machine import sizes


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
