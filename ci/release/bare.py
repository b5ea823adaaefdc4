# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Bare Debian systems in folders, to try a release in, and the Python packages that pip wants there.

Both are fetched once and kept in `.downloads/bare`. A system has what `ci/versions.yaml` says and no more: no
compiler, no iasl, nothing of MRM. What runs in it has no network.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from ci.debian import machine_sources, private_sources
from ci.progress import DOWNLOADS, SetupError, program, run_logged, say
from ci.versions import BareDebian

FOLDER = DOWNLOADS / "bare"
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")
_FOR_PIPX = ("pip", "setuptools", "wheel")
"""What pipx puts into its own environment, in their newest versions."""
_PATH = "/root/.local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def ensure_system(debian: BareDebian) -> Path:
    """Return the archive of a bare system, a tar that is made if it is not there.

    Raises:
        SetupError: It cannot be fetched or made.
    """
    archive = FOLDER / f"{debian.name}.tar"
    record = FOLDER / f"{debian.name}.packages"
    wanted = " ".join([debian.suite, *debian.packages])
    if archive.is_file() and record.is_file() and record.read_text() == wanted:
        return archive
    FOLDER.mkdir(parents=True, exist_ok=True)
    say(f"making a bare {debian.name} (two minutes, 60 MB to download)")
    sources = FOLDER / f"{debian.name}.sources"
    sources.write_text(private_sources([("deb", debian.suite)], machine_sources()))
    partial = archive.with_suffix(".partial")
    command: list[str | Path] = ["mmdebstrap", "--variant=minbase", "--format=tar"]
    command += ["--mode=root"] if os.geteuid() == 0 else []
    command += [f"--include={','.join(debian.packages)}", '--aptopt=APT::Install-Recommends "false"']
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    command += [debian.suite, partial, sources]
    run_logged(command, debian.name, what=f"making a bare {debian.name}")
    partial.rename(archive)
    record.write_text(wanted)
    return archive


def ensure_wheels(debian: BareDebian, names: Sequence[str]) -> Path:
    """Return a folder with the wheels that installing a release in a bare system takes.

    Args:
        debian: For whose Python.
        names: Packages that the release needs; in the versions that are installed here.

    Raises:
        SetupError: They cannot be fetched.
    """
    folder = FOLDER / f"{debian.name}-wheels"
    wanted = [*(f"{name}=={metadata.version(name)}" for name in names), *_FOR_PIPX]
    record = folder / "wanted.txt"
    if record.is_file() and record.read_text().split() == wanted:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    say(f"fetching {', '.join(wanted)} for {debian.name}")
    command: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    command += ["--dest", folder, "--only-binary=:all:", f"--python-version={debian.python}"]
    command += [f"--platform=manylinux_2_{minor}_x86_64" for minor in (28, 17)]
    command += ["--platform=manylinux2014_x86_64", *wanted]
    run_logged(command, f"{debian.name}-wheels", what="fetching Python packages")
    record.write_text("\n".join(wanted) + "\n")
    return folder


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a bare system; all of it belongs to whoever does so.

    Raises:
        SetupError: It cannot be unpacked.
    """
    folder.mkdir(parents=True)
    command: list[str | Path] = [
        "tar",
        "--extract",
        "--no-same-owner",
        "--exclude=./dev/*",
        "--file",
        archive,
    ]
    run_logged([*command, "--directory", folder], "bare-unpack", what="unpacking a bare system")


def run_inside(folder: Path, script: str, seconds: int, log: Path, environment: Sequence[str] = ()) -> int:
    """Run a shell script as root of an unpacked system, without network.

    Args:
        folder: The system's.
        script: Text for `sh -e`.
        seconds: After so many of them it is ended.
        log: Receives what it prints.
        environment: Of the script, as NAME=VALUE, beside HOME, LANG and PATH.

    Returns:
        The script's exit status.

    Raises:
        SetupError: It did not end in time.
    """
    settings = ["-i", "HOME=/root", "LANG=C.UTF-8", f"PATH={_PATH}", *environment]
    root = shlex.quote(str(folder))
    enter = (
        f"mount --rbind /dev {root}/dev && mount --rbind /sys {root}/sys && "
        f"mount -t proc proc {root}/proc && "
        f"exec chroot {root} /usr/bin/env {shlex.join(settings)} /bin/sh -e -c {shlex.quote(script)}"
    )
    spaces = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    try:
        with log.open("wb") as output:
            return subprocess.run(
                [program("unshare"), *spaces, "sh", "-c", enter],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            ).returncode
    except subprocess.TimeoutExpired:
        raise SetupError(f"{folder}: the script did not end within {seconds} s; see {log}") from None
