# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The decide libraries compile as EDK2 compiles them, and are as pure as they say."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.calls import circle, compiled
from tests.firmware_host.decide import FIRMWARE_FLAGS, LIBRARIES, PACKAGE, gcc, include_flags, library_sources

# Library classes a decide library may call: none of them touches hardware or allocates.
_MAY_CALL = re.compile(
    r"CalculateCrc32|CalculateSum8|MemoryFence|CopyMem|ZeroMem|SetMem|CompareMem|CopyGuid|CompareGuid|IsZeroBuffer|IsZeroGuid|Mrm\w+"
    r"|gEfi(HobMemoryAlloc(Module|Stack)|MemoryTypeInformation)Guid|gEfiAuthenticatedVariableGuid|gMrmHandOffGuid|gMrmPlan(Record|Partition)"
    r"|gEfiVectorHandoffInfoPpiGuid"
    r"|SwapBytes(16|32|64)|(Read|Write)Unaligned(16|32|64)"
    r"|_GLOBAL_OFFSET_TABLE_"
)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Compile every source of the decide libraries with the firmware's options."""
    folder = tmp_path_factory.mktemp("objects")
    made = []
    for source in library_sources():
        made.append(folder / f"{source.stem}.o")
        gcc([*FIRMWARE_FLAGS, *include_flags(), "-c", "-o", made[-1], source])
    return made


def test_libraries_compile_with_the_firmware_options(objects: list[Path]) -> None:
    assert len(objects) >= len(LIBRARIES)


def test_libraries_have_no_writable_data(objects: list[Path]) -> None:
    sizes = subprocess.run(["size", "-A", *objects], capture_output=True, text=True, check=True).stdout
    writable = re.findall(r"^(\.(?:data|bss)(?!\.rel\.ro)\S*)\s+([1-9]\d*)", sizes, re.MULTILINE)
    assert writable == []


def test_libraries_call_nothing_that_touches(objects: list[Path]) -> None:
    symbols = subprocess.run(["nm", "-u", *objects], capture_output=True, text=True, check=True).stdout
    called = set(re.findall(r"^\s+U (\S+)$", symbols, re.MULTILINE))
    assert {name for name in called if not _MAY_CALL.fullmatch(name)} == set()
    assert "CopyMem" in called


@pytest.mark.parametrize("name", LIBRARIES)
def test_library_lists_all_its_sources(name: str) -> None:
    folder = PACKAGE / "Library" / name
    listed = set(re.findall(r"^\s+(\w+\.[ch])$", (folder / f"{name}.inf").read_text(), re.MULTILINE))
    assert listed == {path.name for path in folder.iterdir() if path.suffix in (".c", ".h")}


@pytest.mark.parametrize("name", LIBRARIES)
def test_files_of_a_library_call_each_other_in_no_circle(name: str, tmp_path: Path) -> None:
    folder = PACKAGE / "Library" / name
    calls = compiled(folder, folder.glob("*.c"), include_flags(), tmp_path).calls
    assert [str(call) for call in circle(calls)] == []


@pytest.mark.parametrize("name", LIBRARIES)
def test_header_stands_alone(name: str, tmp_path: Path) -> None:
    source = tmp_path / "alone.c"
    source.write_text(f"#include <Library/{name}.h>\n")
    gcc([*FIRMWARE_FLAGS, *include_flags(), "-fsyntax-only", source])
