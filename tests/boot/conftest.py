# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Building for the boot tests: `built` builds through stuart, as a user does.

Tests may run in several processes at a time (pytest-xdist): one of them builds, and what it has built is
there for all.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.run.media import FIRST_SSH_PORT, SSH_PORT_VARIABLE
from ci.run.plan import Plan, load_plan
from tests.boot.builds import OUTPUT, partition_file

_BUILD_SECONDS = 1500
_PORTS_OF_A_PROCESS = 100


@dataclass(frozen=True)
class Built:
    """A build: the ESP's tree and the plan, as a file and read."""

    esp: Path
    plan_file: Path
    plan: Plan


Builder = Callable[..., Built]


@pytest.fixture(scope="session", autouse=True)
def _ports_of_its_own() -> None:
    """Have machines of processes that test at the same time offer ssh at different ports."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ[SSH_PORT_VARIABLE] = str(FIRST_SSH_PORT + _PORTS_OF_A_PROCESS * number)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that processes of one test run share; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_identifier() -> str:
    """Return what tells this test run from others, the same in all its processes."""
    return os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))


@pytest.fixture(scope="session")
def built() -> Builder:
    """Return a function that builds a partition file by its name, once for each target in a run."""
    done: dict[str, Built] = {}

    def build(name: str, target: str = "RELEASE") -> Built:
        file = partition_file(name)
        key = hashlib.sha256(f"{target}\n{file.read_text()}".encode()).hexdigest()
        if key not in done:
            with alone(OUTPUT):
                done[key] = _built(file, target, key)
        return done[key]

    return build


def _built(file: Path, target: str, key: str) -> Built:
    """What is built of a file, in this test run, by whichever process came first."""
    kept = OUTPUT / f"{file.stem}-{target}"
    stamp, words = kept / "made", f"{run_identifier()} {key}"
    if not stamp.is_file() or stamp.read_text() != words:
        _build(file, target, kept)
        stamp.write_text(words)
    return Built(kept / "ESP", kept / "MrmPlan.json", load_plan(kept / "MrmPlan.json", PROJECT))


def _build(file: Path, target: str, kept: Path) -> None:
    """Build into one folder for all tests, then put what is booted aside in `kept`."""
    output = OUTPUT / "build"
    log = OUTPUT / f"{file.stem}-{target}.log"
    stuart = Path(sys.executable).with_name("stuart_build")
    arguments = [
        *("-c", "platforms/q35.py", f"PARTITIONS={file.relative_to(PROJECT)}", f"TARGET={target}"),
        f"OUTPUT={output.relative_to(PROJECT)}",
    ]
    with log.open("wb") as messages:
        status = subprocess.run(
            [stuart, *arguments], cwd=PROJECT, stdout=messages, stderr=messages, timeout=_BUILD_SECONDS
        ).returncode
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        pytest.fail(f"stuart_build {' '.join(arguments)} failed; the end of {log}:\n{tail}")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(output / "ESP", kept / "ESP")
    shutil.copy(output / "generated" / "MrmPlan.json", kept)
