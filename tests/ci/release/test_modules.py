# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which modules a build has used, and their licences."""

from pathlib import Path

import pytest

from ci.release.modules import modules_of, sources_of

INF = """\
## @file
# SPDX-License-Identifier: BSD-2-Clause-Patent
##
[Defines]
  BASE_NAME = TestLib
[Sources]
  One.c
  Two.c  | GCC   # only for one tool chain
[Sources.IA32, Sources.X64]
  Three.nasm
[Sources.IA32]
  Other.c
[Packages]
  MdePkg/MdePkg.dec
"""


def test_sources_that_are_compiled_for_x64() -> None:
    assert sources_of(INF) == ["One.c", "Two.c", "Three.nasm"]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build that has used one library in two platforms, and the library."""
    library = tmp_path / "edk2" / "MdePkg" / "Library" / "TestLib"
    library.mkdir(parents=True)
    (library / "TestLib.inf").write_text(INF)
    (library / "One.c").write_text("/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */\r\n")
    (library / "Two.c").write_text("// SPDX-License-Identifier: (MIT)\n")
    (library / "Three.nasm").write_text("; public domain\n")
    (library / "Other.c").write_text("// SPDX-License-Identifier: ISC\n")
    for platform in ("Mrm", "PartitionFirmware"):
        folder = tmp_path / "build" / platform / "RELEASE_GCC" / "X64" / "MdePkg" / "TestLib"
        folder.mkdir(parents=True)
        (folder / "GNUmakefile").write_text(
            f"MODULE_NAME = TestLib\nMODULE_FILE = TestLib.inf\n"
            f"MODULE_RELATIVE_DIR = MdePkg/Library/TestLib\nMODULE_DIR = {library}\n"
        )
        (tmp_path / "build" / platform / "RELEASE_GCC" / "GNUmakefile").write_text("PLATFORM_NAME = x\n")
    return tmp_path / "build"


def test_a_module_is_told_once_with_what_its_files_state(build: Path) -> None:
    (module,) = modules_of(build)
    assert (module.package, module.name) == ("MdePkg", "TestLib")
    assert module.licences == {"BSD-2-Clause-Patent", "Apache-2.0 OR GPL-2.0-or-later", "(MIT)"}
    assert module.unknown == ("Three.nasm",)


def test_a_module_of_an_earlier_build_that_is_gone_is_left_out(build: Path, tmp_path: Path) -> None:
    (tmp_path / "edk2/MdePkg/Library/TestLib/TestLib.inf").unlink()
    assert modules_of(build) == []


def test_another_target_is_not_this_build(build: Path) -> None:
    assert modules_of(build, "DEBUG_GCC") == []
