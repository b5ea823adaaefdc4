# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Chooses between the QEMU that is installed and Debian's, and refuses one that is not sound."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from ci.emulator import soundness
from ci.emulator.unpacked import NAME, FetchError, unpack
from ci.progress import DOWNLOADS, PROJECT, SetupError, say
from ci.versions import load

OUTPUT = PROJECT / "Build" / "emulator"
_PROOF = "sound.txt"


def parse_version(text: str) -> tuple[int, ...] | None:
    """Return the numbers of a version such as `11.1.3`, also amid other words, or None."""
    match = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(number) for number in match[0].split(".")) if match else None


def version_of(binary: Path | str) -> str:
    """Return the version that a QEMU says it is, such as `11.1.3`.

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


def is_new_enough(version: str, at_least: str) -> bool:
    """Say whether a version is as new as another; both are numbers with dots between."""
    return (parse_version(version) or ()) >= (parse_version(at_least) or ())


def emulator(output: Path = OUTPUT) -> str:
    """Return the QEMU that boots machines: the unpacked one's path, else the installed one's name."""
    unpacked = output / NAME
    return str(unpacked) if unpacked.is_file() else NAME


def ensure(output: Path = OUTPUT, downloads: Path = DOWNLOADS / "emulator") -> None:
    """Make sure that there is a sound QEMU, which `emulator` names from then on.

    Args:
        output: Where Debian's is unpacked, and where the proof of soundness is kept.
        downloads: Where Debian's packages are kept.

    Raises:
        SetupError: None can be had, or the one there is not sound.
    """
    wanted = load().emulator
    installed = shutil.which(NAME)
    if installed and is_new_enough(version_of(installed), wanted.at_least):
        (output / NAME).unlink(missing_ok=True)
        shutil.rmtree(output / "root", ignore_errors=True)
        _prove(Path(installed), "take it out of PATH; the set-up then unpacks Debian's", output)
        return
    try:
        unpack(wanted, downloads, output)
    except FetchError as error:
        found = f"the one installed is {version_of(installed)}" if installed else "none is installed"
        raise SetupError(
            f"{error}\nQEMU {wanted.at_least} or newer is needed, {found}: repeat, or put one of your own "
            f"first in PATH"
        ) from error
    _prove(output / NAME, f"delete {downloads} to have a newer one fetched", output)


def _prove(binary: Path, way_out: str, output: Path) -> None:
    """Have a QEMU prove once that it is sound, and remember it."""
    version = version_of(binary)
    with binary.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    words = f"{binary} {version} {digest} {soundness.digest()}\n"
    proof = output / _PROOF
    if proof.is_file() and proof.read_text() == words:
        return
    say(f"QEMU {version}: does it keep the machine's processors apart? (15 s)")
    problem = soundness.problem(binary, output / "soundness")
    if problem:
        raise SetupError(
            f"{binary} (QEMU {version}) is not sound with a thread per processor: {problem}. "
            f"Kernels would fail at random; {way_out}"
        )
    output.mkdir(parents=True, exist_ok=True)
    proof.write_text(words)
    say(f"QEMU {version} is sound and ready")
