# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian's QEMU, unpacked and not installed (`ci.unpacked`); `.downloads/emulator/` keeps the packages."""

import re
from dataclasses import asdict
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, SetupError, say
from ci.unpacked import LIBRARIES, Record, keep, recorded, starter
from ci.unpacked import unpack as unpack_packages
from ci.versions import EmulatorVersion

NAME = "qemu-system-x86_64"

_STARTER = starter(
    NAME,
    "QEMU unpacked here with its own linker, libraries, modules and data",
    f"usr/bin/{NAME}",
    '-L "$here/root/usr/share/qemu" -L "$here/root/usr/share/seabios" ',
    f'export QEMU_MODULE_DIR="$here/root/{LIBRARIES}/qemu"\n',
)


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
    record = recorded(asdict(wanted), downloads) or _fetch(wanted, downloads)
    unpack_packages(record, downloads, output, {NAME: _STARTER})


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
    try:
        packages = apt.download_closure([wanted.package], f"downloading QEMU {version}")
    except SetupError as error:
        raise FetchError(str(error)) from error
    return keep(asdict(wanted), version, packages, downloads)
