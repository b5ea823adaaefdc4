# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian's fio, stress-ng and openssl for a guest: unmodified, where Debian has them, with their libraries.

Which packages they are is in ci/versions.yaml. They are fetched and unpacked when they are needed
(`ci.unpacked`), never installed, and packed into an archive that goes behind a guest's initrd.
"""

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from ci.debian import PrivateApt
from ci.guests import initrd
from ci.guests.build import digest_of
from ci.progress import DOWNLOADS, PROJECT, SetupError
from ci.unpacked import LIBRARIES, keep, recorded, starter, unpack
from ci.versions import load

PROGRAMS = ("fio", "stress-ng", "openssl")
SCRIPT = Path(__file__).parent / "work" / "tools.sh"
"""What has them do work; `tools` in a guest."""

OUTPUT = PROJECT / "Build" / "bench" / "tools"
_DOWNLOADS = DOWNLOADS / "tools"
_LINKER = "usr/lib64/ld-linux-x86-64.so.2"
_LOADED_AS = "lib64/ld-linux-x86-64.so.2"
"""The path of the linker that is written into each program."""

_FOLDERS = (LIBRARIES, f"{LIBRARIES}/ceph")
"""Where the linker looks: in Debian's folder by itself, in the other one as a library of fio tells it to."""


def ensure(output: Path = OUTPUT) -> None:
    """Make sure that the programs are unpacked to `output`; raises SetupError."""
    wanted = load().tools
    record = recorded(asdict(wanted), _DOWNLOADS)
    if record is None:
        apt = PrivateApt([("deb", wanted.suite)], DOWNLOADS / "apt" / f"bench-{wanted.suite}")
        apt.update()
        newest = apt.newest(wanted.packages[0])
        if newest is None:
            raise SetupError(f"Debian {wanted.suite} has no package {wanted.packages[0]}")
        packages = apt.download_closure(wanted.packages, "downloading fio, stress-ng and openssl (103 MB)")
        record = keep(asdict(wanted), newest["version"], packages, _DOWNLOADS)
    unpack(
        record,
        _DOWNLOADS,
        output,
        {name: starter(name, name, f"usr/bin/{name}", folders=_FOLDERS) for name in PROGRAMS},
    )


def libraries(listing: str) -> Mapping[str, Path]:
    """Return libraries by name, from what the linker lists of a program.

    Raises:
        SetupError: One is missing.
    """
    lacking = re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE)
    if lacking:
        raise SetupError(f"packages named in ci/versions.yaml lack {', '.join(lacking)}")
    return {name: Path(place) for name, place in re.findall(r"^\s*(\S+) => (/\S+) \(", listing, re.MULTILINE)}


def needed(root: Path, program: str) -> list[Path]:
    """Return the libraries of a program below `root`, relative to it; raises SetupError."""
    folders = ":".join(str(root / folder) for folder in _FOLDERS)
    words: list[str | Path] = [root / _LINKER, "--library-path", folders, "--list", root / program]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError(f"{program} cannot be linked: {done.stdout}{done.stderr}")
    found = libraries(done.stdout)
    # The linker is linked with, too; it has a place of its own.
    return sorted(
        place.relative_to(root)
        for place in found.values()
        if place.is_relative_to(root) and place != root / _LINKER
    )


def entries(root: Path, programs: Iterable[str] = PROGRAMS) -> list[initrd.Entry]:
    """Return programs of `root/usr/bin` with their libraries, each where Debian has it; raises SetupError."""
    files = {_LOADED_AS: root / _LINKER}
    for name in programs:
        program = f"usr/bin/{name}"
        files[program] = root / program
        files |= {str(place): root / place for place in needed(root, program)}
    folders = {str(parent) for file in files for parent in Path(file).parents} - {"."}
    return [
        *map(initrd.folder, sorted(folders)),
        *(initrd.regular(file, path.read_bytes(), executable=True) for file, path in sorted(files.items())),
    ]


def packed(output: Path = OUTPUT) -> bytes:
    """Return an archive that goes behind a guest's initrd; raises SetupError."""
    ensure(output)
    file = output / f"initrd-{digest_of(Path(__file__).read_bytes())[:16]}.img"
    if not file.is_file():
        partial = file.with_suffix(".partial")
        partial.write_bytes(initrd.compress(initrd.archive(entries(output / "root"))))
        partial.rename(file)
    return file.read_bytes()
