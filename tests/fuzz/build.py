# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Builds and runs the fuzz targets: the decide libraries with libFuzzer and sanitizers, by clang."""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ci.edk2 import edk2_path
from tests.firmware_host.decide import BASE_LIB, PROJECT, include_flags, library_sources

SOURCES = Path(__file__).parent / "targets"
TARGETS = tuple(sorted(source.stem for source in SOURCES.glob("*.c")))
"""Names of all targets; each is a file in targets/."""

_DIALECT = ("-std=gnu11", "-fshort-wchar", "-fno-builtin", "-fno-strict-aliasing", "-DMDEPKG_NDEBUG")
_HOST = ("-DEFIAPI=", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter")
_ADDRESS = "-fsanitize=fuzzer-no-link,address"
_UNDEFINED = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined")


def _clang(arguments: Iterable[str | os.PathLike[str]], folder: Path) -> None:
    """Run clang in a folder.

    Raises:
        AssertionError: It failed; the message is what it said.
    """
    result = subprocess.run(["clang", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


class Builder:
    """The decide libraries, compiled once; targets are linked with them."""

    def __init__(self, folder: Path) -> None:
        """Compile the libraries into a folder, which is made.

        Raises:
            AssertionError: A source does not compile without a warning.
        """
        self._folder = folder.resolve()
        objects = self._folder / "objects"
        objects.mkdir(parents=True, exist_ok=True)
        for old in objects.glob("*.o"):
            old.unlink()
        libraries = edk2_path() / "MdePkg/Library"
        theirs = sorted((libraries / "BaseMemoryLib").glob("*.c"))
        theirs += [libraries / "BaseLib" / f"{name}.c" for name in BASE_LIB]
        # Reads without alignment are what some of EDK2's functions are for: no undefined behaviour sanitizer.
        flags = [*_DIALECT, "-DEFIAPI=", "-g", "-O1", "-w", _ADDRESS, f"-I{libraries / 'BaseLib'}"]
        _clang([*flags, *include_flags(), "-c", *theirs], objects)
        ours = [*library_sources(), PROJECT / "tests/firmware_host/host/HostGuids.c"]
        _clang([*_DIALECT, *_HOST, _ADDRESS, *_UNDEFINED, *include_flags(), "-c", *ours], objects)
        self._objects = sorted(objects.glob("*.o"))

    def target(self, name: str, *, planted: bool = False) -> Path:
        """Return a target's program; `planted`: it gives the libraries half of what it says it gives.

        Raises:
            AssertionError: It does not compile without a warning.
        """
        program = self._folder / (f"{name}-planted" if planted else name)
        plant = ["-DFUZZ_PLANT"] if planted else []
        flags = [*_DIALECT, *_HOST, *plant, "-fsanitize=fuzzer,address", *_UNDEFINED, *include_flags()]
        _clang([*flags, "-o", program, SOURCES / f"{name}.c", *self._objects], self._folder)
        return program


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    passed: bool
    runs: int
    coverage: int
    """Edges of the program's control flow that were reached."""
    crash: Path | None
    """The input that failed."""
    text: str
    """All that libFuzzer and the sanitizers said."""


def run(program: Path, corpus: Iterable[Path], crashes: Path, *options: str) -> Outcome:
    """Run a target.

    Args:
        program: From `Builder.target`.
        corpus: Folders of inputs; new ones go to the first.
        crashes: Folder for an input that fails; it is made.
        options: Of libFuzzer, such as -runs=1000.
    """
    crashes.mkdir(parents=True, exist_ok=True)
    prefix = f"-artifact_prefix={crashes}/{program.name}-"
    # The same inputs each time; one that takes 20 s is a failure, too.
    command: list[str | Path] = [program, "-timeout=20", "-print_final_stats=1", prefix, *options, *corpus]
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = result.stderr
    runs = re.findall(r"^stat::number_of_executed_units: (\d+)", said, re.MULTILINE)
    coverage = re.findall(r"^#\d+\t.* cov: (\d+)", said, re.MULTILINE)
    crash = re.search(r"Test unit written to (\S+)", said)
    return Outcome(
        result.returncode == 0,
        int(runs[-1]) if runs else 0,
        int(coverage[-1]) if coverage else 0,
        Path(crash[1]) if crash else None,
        said,
    )
