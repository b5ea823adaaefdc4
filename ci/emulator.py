# SPDX-License-Identifier: BSD-2-Clause-Patent
"""QEMU: which one boots machines, and how it gets there.

`emulator` only looks. `python -m ci.emulator` makes sure that there is one as new as `ci/versions.yaml`
says: the installed one if it is, else one from the Debian suite named there, unpacked to `Build/qemu` and not
installed. The libraries it needs are those that the installed one brought along.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from ci import packages
from ci.progress import DOWNLOADS, PROJECT, SetupError, main, program, say
from ci.versions import EmulatorVersion, load

NAME = "qemu-system-x86_64"
OUTPUT = PROJECT / "Build" / "qemu"
_STAMP = "packages.txt"

_STARTER = f"""\
#!/bin/sh
# Starts the QEMU unpacked here with its modules and data; network cards' option ROMs are the installed ones.
here=$(dirname "$(realpath "$0")")
export QEMU_MODULE_DIR="$here/usr/lib/x86_64-linux-gnu/qemu"
exec "$here/usr/bin/{NAME}" -L "$here/usr/share/qemu" -L "$here/usr/share/seabios" -L /usr/lib/ipxe/qemu "$@"
"""


def parse_version(text: str) -> tuple[int, ...] | None:
    """Return the numbers of a version such as `10.0.2`, also amid what QEMU says of itself, or None."""
    match = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(number) for number in match[0].split(".")) if match else None


def version_of(binary: Path | str) -> str:
    """Return the version that a QEMU says it is, such as `7.2.22`.

    Raises:
        SetupError: It is no QEMU, or does not start.
    """
    try:
        done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(f"{binary}: {error.strerror}") from error
    version = parse_version(done.stdout) if done.returncode == 0 else None
    if version is None:
        said = (done.stderr or done.stdout).strip()
        raise SetupError(f"{binary} --version failed: {said or f'exit status {done.returncode}'}")
    return ".".join(str(number) for number in version)


def is_new_enough(version: str, minimum: str) -> bool:
    """Say whether a version is the minimum or newer; both are numbers with dots between."""
    return (parse_version(version) or ()) >= (parse_version(minimum) or ())


def emulator(output: Path = OUTPUT) -> str:
    """Return the QEMU that boots machines: the unpacked one's path, else the installed one's name."""
    unpacked = output / NAME
    return str(unpacked) if unpacked.is_file() else NAME


def _unpack(wanted: EmulatorVersion, output: Path) -> None:
    chosen = packages.ensure(DOWNLOADS / "emulator", wanted.suites, wanted.packages).values()
    stamp = "".join(f"{package.name} {package.version} {package.sha256}\n" for package in chosen)
    if (output / NAME).is_file() and (output / _STAMP).read_text() == stamp:
        return
    partial = output.with_name(f"{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for package in chosen:
        packages.unpack(package, partial)
    starter = partial / NAME
    starter.write_text(_STARTER)
    starter.chmod(0o755)
    found = version_of(starter)
    if not is_new_enough(found, wanted.minimum):
        raise SetupError(f"Debian {', '.join(wanted.suites)} has QEMU {found}; {wanted.minimum} is needed")
    (partial / _STAMP).write_text(stamp)
    shutil.rmtree(output, ignore_errors=True)
    partial.rename(output)
    say(f"QEMU {found} is ready beside the installed one, which is older than {wanted.minimum}")


def ensure(output: Path = OUTPUT) -> None:
    """Make sure that there is a QEMU new enough.

    Raises:
        SetupError: It cannot be had.
    """
    wanted = load().emulator
    installed = version_of(program(NAME))
    if is_new_enough(installed, wanted.minimum):
        shutil.rmtree(output, ignore_errors=True)
        return
    try:
        _unpack(wanted, output)
    except SetupError as error:
        raise SetupError(
            f"{error}\nQEMU {wanted.minimum} or newer is needed, the one installed is {installed}: repeat, "
            f"or put one of your own first in PATH"
        ) from error


if __name__ == "__main__":
    sys.exit(main(ensure))
