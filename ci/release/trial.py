# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Installs a release in bare Debian systems, and compares what it does there with what this checkout does.

The same files lie in a folder there and here, and the same commands run beside them: messages, exit statuses
and all files written must be the same. So a release needs nothing but Python, and lacks nothing.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ci.progress import LOGS, PROJECT, SetupError, say
from ci.release.bare import ensure_system, ensure_wheels, run_inside, unpack
from ci.release.completion import FILES
from ci.release.parts import MAN_PAGE
from ci.versions import BareDebian
from generator.command_line import CHECKOUT, INSTALLED

EXAMPLE = Path(__file__).with_name("example")
COMMANDS = {
    "version": "--version",
    "help": "--help",
    "check": "check shells.yaml",
    "wrong": "check wrong.yaml",
    "usage": "esp shells.yaml",
    "plan": "plan shells.yaml named.yaml",
    "hardware": "hardware --machine pc.yaml",
    "esp": "esp shells.yaml --output esp --startup",
    "named": "esp named.yaml --output named",
    "blob": "blob named.yaml --output plan.bin",
    "show": "show shells.yaml --output picture",
}
"""What is run, there and here; each may rely on the files of those before it."""
_CALLED = "/root/pc"
"""The folder of the example, in the bare system."""
_SECONDS = 3600
_ABSENT = "cc gcc clang iasl nasm make"
_MADE = 1767225600
"""When plans are made, in seconds since 1970 began."""


def try_release(wheel: Path, kernel: Path, systems: Sequence[BareDebian], packages: Sequence[str]) -> None:
    """Try a wheel in each of these systems.

    Args:
        wheel: What is tried.
        kernel: Boot file of the example.
        systems: Where.
        packages: Python packages that the wheel needs.

    Raises:
        SetupError: It cannot be installed there, or something differs; the message says what.
    """
    with tempfile.TemporaryDirectory(prefix="mrm-trial-") as scratch:
        here = Path(scratch, "here")
        _example(here, kernel)
        _run_here(here)
        for debian in systems:
            archive, wheels = ensure_system(debian), ensure_wheels(debian, packages)
            say(f"trying {wheel.name} in a bare {debian.name}")
            root = Path(scratch, debian.name)
            unpack(archive, root)
            shutil.copytree(wheels, root / "wheels")
            shutil.copy(wheel, root)
            there = root / _CALLED.lstrip("/")
            _example(there, kernel)
            log = LOGS / f"trial-{debian.name}.log"
            variables = ["PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels", f"SOURCE_DATE_EPOCH={_MADE}"]
            if status := run_inside(root, script(wheel.name), _SECONDS, log, variables):
                tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-20:])
                raise SetupError(
                    f"in a bare {debian.name} the trial ends with status {status}; {log}:\n{tail}"
                )
            if found := differences(here, there, _CALLED):
                raise SetupError(f"in a bare {debian.name} the release differs:\n" + "\n".join(found))
            shutil.rmtree(root)


def script(wheel: str) -> str:
    """Return the shell script that installs a wheel and runs everything, beside the example's files."""
    lines = [
        f"for tool in {_ABSENT}; do if command -v $tool; then echo this system is not bare; exit 1; fi; done",
        f"pipx install /{wheel}",
        # pipx has put it into one of two places, by its version.
        "venv=$(readlink -f ~/.local/bin/mrm)",
        "venv=${venv%/bin/mrm}",
        *(f"test -s $venv/{file}" for file in (MAN_PAGE, *FILES.values())),
        f'bash -c "source $venv/{FILES["bash"]}; complete -p {INSTALLED}"',
        f"cd {_CALLED}",
    ]
    for name, arguments in COMMANDS.items():
        lines.append(f"status=0; {INSTALLED} {arguments} >{name}.out 2>{name}.err || status=$?")
        lines.append(f"echo $status >{name}.status")
    lines += ["mrm scan --output /tmp/this.yaml", "mrm hardware --machine /tmp/this.yaml || test $? -eq 1"]
    return "\n".join(lines)


def differences(here: Path, there: Path, called: str | None = None) -> list[str]:
    """Return in which files two folders differ, one line each.

    Args:
        here: Where this checkout has worked.
        there: Where the release has worked.
        called: What that folder was called there; None if it was there where it is.
    """
    ours, theirs = _files(here, str(here)), _files(there, called or str(there))
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs:
            found.append(f"{name} is not there")
        elif name not in ours:
            found.append(f"{name} is there, and not in the checkout")
        elif ours[name] != theirs[name]:
            text = [data[:400].decode("utf-8", "replace").strip() for data in (ours[name], theirs[name])]
            texts = (
                f": {text[0]!r} here, {text[1]!r} there" if name.endswith((".out", ".err", ".status")) else ""
            )
            found.append(f"{name} has other content{texts}")
    return found


def _files(folder: Path, called: str) -> dict[str, bytes]:
    """Content of all files below a folder; one name for program and folder, usage in one line."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".json":
                data = data.replace(called.encode(), b".")
            if path.suffix in (".out", ".err"):
                data = b" ".join(data.replace(CHECKOUT.encode(), INSTALLED.encode()).split())
            found[str(path.relative_to(folder))] = data
    return found


def _example(folder: Path, kernel: Path) -> None:
    """The files that a user has."""
    shutil.copytree(EXAMPLE, folder)
    shutil.copy(kernel, folder / "vmlinuz")
    shutil.copy(PROJECT / "platforms" / "q35.yaml", folder / "pc.yaml")


def _run_here(folder: Path) -> None:
    """Run all commands in this checkout."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(_MADE), "PYTHONPATH": str(PROJECT)}
    for name, arguments in COMMANDS.items():
        with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
            command = [sys.executable, "-m", "generator", *shlex.split(arguments)]
            run = subprocess.run(command, cwd=folder, env=environment, stdout=out, stderr=err, check=False)
        (folder / f"{name}.status").write_text(f"{run.returncode}\n")
