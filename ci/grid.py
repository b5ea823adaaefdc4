# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The head of a grid, for the test of one: a job server outside of the machine, and what gives it jobs.

`python -m ci.grid` unpacks Debian's to `Build/grid` (`ci.unpacked`). Installed, it would be a service of this
host.
"""

import sys
from dataclasses import asdict
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, PROJECT, SetupError, main
from ci.unpacked import keep, recorded, starter, unpack
from ci.versions import UnpackedVersion, load

OUTPUT = PROJECT / "Build" / "grid"
SERVER, CLIENT, ADMIN = "gearmand", "gearman", "gearadmin"
_PLACES = {SERVER: "usr/sbin/gearmand", CLIENT: "usr/bin/gearman", ADMIN: "usr/bin/gearadmin"}


def tool(name: str) -> str:
    """Return the path of one of the programs."""
    return str(OUTPUT / name)


def ensure(output: Path = OUTPUT, downloads: Path = DOWNLOADS / "grid") -> None:
    """Make sure that the programs are unpacked.

    Args:
        output: Receives a starter for each.
        downloads: Folder of the packages.

    Raises:
        SetupError: A package cannot be had, or is damaged.
    """
    wanted = load().grid
    record = recorded(asdict(wanted), downloads)
    if record is None:
        apt = PrivateApt([("deb", wanted.suite)], DOWNLOADS / "apt" / f"grid-{wanted.suite}")
        apt.update()
        record = keep(asdict(wanted), _version(apt, wanted), _fetch(apt, wanted), downloads)
    what = "job server and its tools unpacked here with their own linker and libraries"
    unpack(record, downloads, output, {name: starter(name, what, path) for name, path in _PLACES.items()})


def _version(apt: PrivateApt, wanted: UnpackedVersion) -> str:
    """The version of the server."""
    newest = apt.newest(wanted.packages[0])
    if newest is None:
        raise SetupError(
            f"Debian {wanted.suite} has no package {wanted.packages[0]}, named in ci/versions.yaml"
        )
    return newest["version"]


def _fetch(apt: PrivateApt, wanted: UnpackedVersion) -> list[Path]:
    """Fetch the packages with everything they need."""
    return apt.download_closure(wanted.packages, "downloading the job server of a grid")


if __name__ == "__main__":
    sys.exit(main(ensure))
