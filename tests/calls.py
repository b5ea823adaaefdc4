# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which C source calls which, as the symbols of their objects tell.

Sources are compiled for the host without optimization and with a section for each function and variable: so a
relocation names the section, and with it the function, that it lies in. Calls through pointers show where the
pointer is made.
"""

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

_FLAGS = (
    *("-std=gnu11", "-fshort-wchar", "-fno-builtin", "-ffreestanding", "-DMDEPKG_NDEBUG"),
    *("-O0", "-fpie", "-ffunction-sections", "-fdata-sections", "-fno-asynchronous-unwind-tables"),
    *("-Wall", "-Werror", "-Wno-unused-but-set-variable"),
)
_SECTION = re.compile(r"RELOCATION RECORDS FOR \[\.[\w.]*?\.(\w+)\]:")
_RELOCATION = re.compile(r"[0-9a-f]+ R_X86_64_\w+\s+(\w+)")
_DEFINED = re.compile(r"[0-9a-f]+ [A-Z] (\w+)")


@dataclass(frozen=True, order=True)
class Call:
    """A function, or a variable with an initial value, uses a function or variable of another file."""

    source: Path
    user: str
    target: Path
    used: str

    def __str__(self) -> str:
        """Return both functions with their files."""
        return f"{self.user} ({self.source}) uses {self.used} ({self.target})"


@dataclass(frozen=True)
class Objects:
    """What the objects of some sources say; sources are named below the folder they lie in."""

    defined: dict[Path, frozenset[str]]
    calls: tuple[Call, ...]


def _run(*command: str | Path) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def _uses(listing: str) -> set[tuple[str, str]]:
    """Return (user, used) of what `objdump --reloc` prints."""
    uses: set[tuple[str, str]] = set()
    user = ""
    for line in listing.splitlines():
        if section := _SECTION.match(line):
            user = section[1]
        elif user and (relocation := _RELOCATION.match(line)):
            uses.add((user, relocation[1]))
    return uses


def compiled(root: Path, sources: Iterable[Path], includes: Sequence[str], folder: Path) -> Objects:
    """Compile sources below a root into a folder and return what their objects say.

    Raises:
        AssertionError: A source does not compile, or two define the same.
    """
    names = sorted(source.relative_to(root) for source in sources)

    def compile_one(name: Path) -> Path:
        target = folder / name.with_suffix(".o")
        target.parent.mkdir(parents=True, exist_ok=True)
        _run("gcc", *_FLAGS, f"-I{root}", *includes, "-c", "-o", target, root / name)
        return target

    with ThreadPoolExecutor(2) as pool:
        objects = dict(zip(names, pool.map(compile_one, names), strict=True))
    defined = {
        name: frozenset(_DEFINED.findall(_run("nm", "--defined-only", "--extern-only", made)))
        for name, made in objects.items()
    }
    home: dict[str, Path] = {}
    for name, symbols in defined.items():
        for symbol in symbols:
            assert home.setdefault(symbol, name) == name, f"{symbol} is in {home[symbol]} and {name}"
    calls = {
        Call(name, user, home[used], used)
        for name, made in objects.items()
        for user, used in _uses(_run("objdump", "--reloc", made))
        if used in home and home[used] != name
    }
    return Objects(defined, tuple(sorted(calls)))


def circle(calls: Iterable[Call]) -> list[Call]:
    """Return the calls of one circle of files; nothing if there is none."""
    callees: defaultdict[Path, set[Path]] = defaultdict(set)
    every = sorted(calls)
    for call in every:
        callees[call.source].add(call.target)
    try:
        TopologicalSorter(callees).prepare()
    except CycleError as error:
        # The cycle is told against the direction of its arrows, its first file again at the end.
        files = error.args[1][::-1]
        return [
            next(call for call in every if (call.source, call.target) == step) for step in pairwise(files)
        ]
    return []
