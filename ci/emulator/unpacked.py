# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian's QEMU with every library it needs, unpacked and not installed.

Its libraries are those of another Debian release than the machine's, so it is started through its own dynamic
linker. The packages are kept in `.downloads/emulator/`; while `packages.json` there names them, nothing is
fetched.
"""

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, SetupError, program, say
from ci.versions import EmulatorVersion

NAME = "qemu-system-x86_64"
_RECORD = "packages.json"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_LINKER = "usr/lib64/ld-linux-x86-64.so.2"
_LEFT_OUT = ("doc", "locale", "man")

_STARTER = f"""\
#!/bin/sh
# Starts the QEMU unpacked here with its own linker, libraries, modules and data.
here=$(dirname "$(realpath "$0")")
export QEMU_MODULE_DIR="$here/root/{_LIBRARIES}/qemu"
# The linker's link is named as the program, for ps and pgrep.
exec "$here/linker/{NAME}" --argv0 {NAME} --library-path "$here/root/{_LIBRARIES}" \\
  "$here/root/usr/bin/{NAME}" -L "$here/root/usr/share/qemu" -L "$here/root/usr/share/seabios" "$@"
"""


@dataclass(frozen=True)
class Record:
    """What was fetched.

    Attributes:
        wanted: The `EmulatorVersion` it was chosen for, as a dictionary.
        version: Debian's version of QEMU's package.
        files: Names of the `.deb` files, each with its SHA-256.
    """

    wanted: dict[str, object]
    version: str
    files: dict[str, str]


class FetchError(SetupError):
    """Debian has no QEMU that is new enough, or it cannot be reached."""


def unpack(wanted: EmulatorVersion, downloads: Path, output: Path) -> None:
    """Make sure that Debian's QEMU is unpacked.

    Args:
        wanted: Which one, and where it is looked for.
        downloads: Folder of the packages.
        output: Receives the starter `qemu-system-x86_64` and the folders it needs.

    Raises:
        FetchError: It cannot be had.
        SetupError: A package is damaged.
    """
    record = _recorded(wanted, downloads) or _fetch(wanted, downloads)
    stamp, starter = output / _RECORD, output / NAME
    text = json.dumps(asdict(record), indent=2) + "\n"
    if (
        starter.is_file()
        and starter.read_text() == _STARTER
        and stamp.is_file()
        and stamp.read_text() == text
    ):
        return
    say(f"unpacking QEMU {record.version}")
    shutil.rmtree(output, ignore_errors=True)
    root = output / "root"
    root.mkdir(parents=True)
    for name, digest in record.files.items():
        _unpack_package(downloads / name, digest, root)
    link = output / "linker" / NAME
    link.parent.mkdir()
    link.symlink_to(Path("..") / "root" / _LINKER)
    starter.write_text(_STARTER)
    starter.chmod(0o755)
    stamp.write_text(text)


def _recorded(wanted: EmulatorVersion, downloads: Path) -> Record | None:
    """Return the record of the packages if it is of what is wanted and all of them are there."""
    file = downloads / _RECORD
    try:
        record = Record(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, TypeError) as error:
        raise SetupError(f"{file} is damaged ({error}); delete {downloads} and repeat") from error
    complete = all((downloads / name).is_file() for name in record.files)
    return record if complete and record.wanted == asdict(wanted) else None


def upstream(version: str) -> tuple[int, ...]:
    """Return the upstream numbers of a Debian version, such as 11, 1, 3 of `1:11.1.3+ds-1~bpo13+1`."""
    match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return tuple(int(number) for number in match[1].split(".")) if match else ()


def _fetch(wanted: EmulatorVersion, downloads: Path) -> Record:
    """Fetch the packages from the first place that has a QEMU new enough."""
    found = []
    for suites in wanted.suites:
        say(f"looking for QEMU {wanted.at_least} or newer in Debian {' and '.join(suites)}")
        try:
            apt = PrivateApt(
                [("deb", suite) for suite in suites], DOWNLOADS / "apt" / suites[-1], prefer=suites[-1]
            )
            apt.update()
        except SetupError as error:
            found.append(f"{suites[-1]}: {error}")
            continue
        newest = apt.newest(wanted.package)
        version = newest["version"] if newest else "none"
        if upstream(version) >= upstream(wanted.at_least):
            return _download(wanted, version, apt, downloads)
        found.append(f"{suites[-1]} has {version}")
    raise FetchError(f"Debian has no QEMU {wanted.at_least} or newer to be had here: {'; '.join(found)}")


def _download(wanted: EmulatorVersion, version: str, apt: PrivateApt, downloads: Path) -> Record:
    say(f"downloading {wanted.package} {version} with its libraries (38 MB)")
    partial = downloads.with_name(f"{downloads.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        packages = apt.download_closure([wanted.package], f"downloading QEMU {version}")
    except SetupError as error:
        raise FetchError(str(error)) from error
    files = {package.name: hashlib.sha256(package.read_bytes()).hexdigest() for package in packages}
    for package in packages:
        shutil.move(package, partial)
    record = Record(asdict(wanted), version, files)
    (partial / _RECORD).write_text(json.dumps(asdict(record), indent=2) + "\n")
    shutil.rmtree(downloads, ignore_errors=True)
    partial.rename(downloads)
    return record


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
