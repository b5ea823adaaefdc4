# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian packages with every library they need, unpacked and not installed.

Nothing needs root, and no service is started. The libraries may be those of another Debian release than the
machine's, so a program is started through its own dynamic linker. A folder of `.downloads/` keeps the
packages; while `packages.json` there names them, nothing is fetched.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ci.progress import SetupError, program, say

LIBRARIES = "usr/lib/x86_64-linux-gnu"
"""Below `root`, in Debian 13 and newer."""
_LINKER = "usr/lib64/ld-linux-x86-64.so.2"
_RECORD = "packages.json"
_LEFT_OUT = ("doc", "locale", "man")


@dataclass(frozen=True)
class Record:
    """What was fetched.

    Attributes:
        wanted: What it was chosen for; JSON has to give it back as it is.
        version: Debian's version of the first package.
        files: Names of the `.deb` files, each with its SHA-256.
    """

    wanted: dict[str, object]
    version: str
    files: dict[str, str]


def recorded(wanted: dict[str, object], downloads: Path) -> Record | None:
    """Return the record of the packages if it is of what is wanted and all of them are there.

    Raises:
        SetupError: The record is damaged.
    """
    file = downloads / _RECORD
    try:
        record = Record(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, TypeError) as error:
        raise SetupError(f"{file} is damaged ({error}); delete {downloads} and repeat") from error
    complete = all((downloads / name).is_file() for name in record.files)
    return record if complete and record.wanted == wanted else None


def keep(wanted: dict[str, object], version: str, packages: Iterable[Path], downloads: Path) -> Record:
    """Move packages that were fetched to `downloads`, which is replaced as a whole; return their record."""
    partial = downloads.with_name(f"{downloads.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = {}
    for package in packages:
        files[package.name] = hashlib.sha256(package.read_bytes()).hexdigest()
        shutil.move(package, partial)
    record = Record(wanted, version, files)
    (partial / _RECORD).write_text(_text(record))
    shutil.rmtree(downloads, ignore_errors=True)
    partial.rename(downloads)
    return record


def starter(
    name: str,
    what: str,
    path: str,
    arguments: str = "",
    settings: str = "",
    folders: Sequence[str] = (LIBRARIES,),
) -> str:
    """Return a shell script that starts an unpacked program; it lies beside `root`, which `$here/root` names.

    Args:
        name: The program's name.
        what: What is unpacked, for people.
        path: The program below `root`.
        arguments: What it is given before the caller's arguments, each with a blank behind it.
        settings: Whole lines that go before.
        folders: Where its libraries are, below `root`.
    """
    libraries = ":".join(f"$here/root/{folder}" for folder in folders)
    return f"""\
#!/bin/sh
# Starts the {what}.
here=$(dirname "$(realpath "$0")")
{settings}# The linker's link is named as the program, for ps and pgrep.
exec "$here/linker/{name}" --argv0 {name} --library-path "{libraries}" \\
  "$here/root/{path}" {arguments}"$@"
"""


def unpack(record: Record, downloads: Path, output: Path, starters: Mapping[str, str]) -> None:
    """Make sure that packages are unpacked to `output/root`, and that programs can be started there.

    Args:
        record: The packages.
        downloads: Where they are.
        output: Replaced as a whole, unless all is there.
        starters: For each program the script that starts it; it is written to `output`.

    Raises:
        SetupError: A package is damaged.
    """
    stamp = output / _RECORD
    wanted = {output / name: text for name, text in starters.items()} | {stamp: _text(record)}
    if all(file.is_file() and file.read_text() == text for file, text in wanted.items()):
        return
    say(f"unpacking {', '.join(starters)} {record.version}")
    shutil.rmtree(output, ignore_errors=True)
    root = output / "root"
    root.mkdir(parents=True)
    for name, digest in record.files.items():
        _unpack_package(downloads / name, digest, root)
    (output / "linker").mkdir()
    for name, text in starters.items():
        (output / "linker" / name).symlink_to(Path("..") / "root" / _LINKER)
        (output / name).write_text(text)
        (output / name).chmod(0o755)
    stamp.write_text(_text(record))


def _text(record: Record) -> str:
    """A record as it is kept."""
    return json.dumps(asdict(record), indent=2) + "\n"


def _unpack_package(package: Path, digest: str, root: Path) -> None:
    """Unpack a package without what only people read."""
    if hashlib.sha256(package.read_bytes()).hexdigest() != digest:
        raise SetupError(
            f"{package} is damaged: its SHA-256 is not the recorded one; delete {package.parent} and repeat"
        )
    excluded = [f"--exclude=./usr/share/{name}" for name in _LEFT_OUT]
    with subprocess.Popen(
        [program("dpkg-deb"), "--fsys-tarfile", package], stdout=subprocess.PIPE
    ) as archive:
        tar = [program("tar"), "--extract", "--no-same-owner", f"--directory={root}", *excluded]
        status = subprocess.run(tar, stdin=archive.stdout, check=False).returncode
    if status or archive.returncode:
        raise SetupError(f"unpacking {package} failed (dpkg-deb {archive.returncode}, tar {status})")
