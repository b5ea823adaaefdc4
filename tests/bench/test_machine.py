# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Sizes and names are those of the RELEASE build's files; plans of machines are timed."""

from pathlib import Path

import pytest

from bench import modules
from bench.machine import sizes
from bench.planner import plan_times
from ci.progress import SetupError
from tests.generator.support import make_pe

RELEASE, DEBUG = "RELEASE_GCC", "DEBUG_GCC"


def _make(folder: Path, files: dict[str, int]) -> None:
    """Make files of these sizes."""
    for name, size in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(size))


def test_sizes_are_those_of_the_release_build_alone(tmp_path: Path) -> None:
    for number, target in enumerate((RELEASE, DEBUG), start=1):
        firmware = f"PartitionFirmware/{target}"
        made = {f"Mrm/{target}/X64/Mrm.efi": 1000, f"{firmware}/FV/PARTITIONCOMPACT.Fv": 600}
        made |= {f"{firmware}/FV/PARTITION.Fv": 3000, f"{firmware}/X64/Shell.efi": 900}
        made |= {f"{firmware}/X64/M{module}.efi": module for module in range(12)}
        _make(tmp_path, {name: number * size for name, size in made.items()})
    found = sizes(tmp_path)
    assert list(found.items())[:4] == [
        ("Mrm.efi without a plan", 1000),
        ("of that, partition firmware, compressed", 600),
        ("of that, controller and guard", 400),
        ("partition firmware, unpacked", 3000),
    ]
    assert list(found.items())[4:] == [(f"of that, M{module}", module) for module in range(11, 1, -1)]


def test_a_build_that_is_not_there_has_no_sizes(tmp_path: Path) -> None:
    _make(tmp_path, {f"Mrm/{DEBUG}/X64/Mrm.efi": 1000, f"Mrm/{RELEASE}/X64/Mrm.efi": 900})
    with pytest.raises(SetupError, match=r"PARTITIONCOMPACT\.Fv is missing; run `make ready"):
        sizes(tmp_path)


@pytest.mark.parametrize(("last", "refused"), [(RELEASE, False), (DEBUG, True), ("", True)])
def test_only_the_release_build_is_measured(tmp_path: Path, last: str, refused: bool) -> None:
    """`images` is of the target that was built last."""
    _make(tmp_path, {f"Mrm/{RELEASE}/X64/Mrm.efi": 900, f"Mrm/{DEBUG}/X64/Mrm.efi": 1000})
    if last:
        _make(tmp_path, {"images/Mrm.efi": 900 if last == RELEASE else 1000})
    if refused:
        with pytest.raises(
            SetupError, match="is not that of the RELEASE build; run `make ready TARGET=RELEASE`"
        ):
            modules.check(tmp_path)
    else:
        modules.check(tmp_path)


def test_names_of_modules_are_those_of_the_release_build(tmp_path: Path) -> None:
    """Two modules of different builds that look alike would share a name."""
    esp, build = tmp_path / "esp", tmp_path / "build"
    files = {
        esp / "EFI/BOOT/BOOTX64.EFI": make_pe(),
        build / f"PartitionFirmware/{RELEASE}/X64/One.efi": make_pe(),
        build / f"PartitionFirmware/{DEBUG}/X64/Other.efi": make_pe(),
    }
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert list(modules.load(esp, build).firmware.values()) == ["One"]
    with pytest.raises(SetupError, match="hold no RELEASE build"):
        modules.load(esp, tmp_path)


def test_plans_are_timed_in_a_process_of_their_own() -> None:
    (found,) = plan_times([(2, 68, 8, "32 KiB")])
    assert (found.partitions, found.processors, found.functions) == (2, 68, 8)
    assert found.seconds > 0 and found.memory > 2**20
