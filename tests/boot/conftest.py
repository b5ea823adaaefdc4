# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Building for the boot tests: `built` makes what boots of a partition file, as a user does.

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
from generator.command_line import run as generator
from tests.boot.builds import OUTPUT, partition_file

_BUILD = OUTPUT / "build"
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
    """Return a function that makes what boots of a partition file by its name, once for each target in a run.

    As a user does without a compiler: `Mrm.efi` is built once, and takes each plan as a section. With
    `by_stuart` it is built with the plan inside.
    """
    done: dict[str, Built] = {}

    def build(name: str, target: str = "RELEASE", by_stuart: bool = False) -> Built:
        file = partition_file(name)
        key = hashlib.sha256(f"{target} {by_stuart}\n{file.read_text()}".encode()).hexdigest()
        if key not in done:
            with alone(OUTPUT):
                done[key] = _built(file, target, key, by_stuart)
        return done[key]

    return build


@pytest.fixture(scope="session")
def images() -> Callable[[str], Path]:
    """Return a function that builds `Mrm.efi` without a plan for a target, and returns its folder."""

    def build(target: str) -> Path:
        with alone(OUTPUT):
            return _images(target)

    return build


def _built(file: Path, target: str, key: str, by_stuart: bool) -> Built:
    """What is made of a file, in this test run, by whichever process came first."""
    kept = OUTPUT / f"{file.stem}-{target}{'-stuart' if by_stuart else ''}"
    stamp, words = kept / "made", f"{run_identifier()} {key}"
    if not stamp.is_file() or stamp.read_text() != words:
        shutil.rmtree(kept, ignore_errors=True)
        if by_stuart:
            _stuart(kept.name, "q35", target, f"PARTITIONS={file.relative_to(PROJECT)}")
            shutil.copytree(_BUILD / "ESP", kept / "ESP")
            shutil.copy(_BUILD / "generated" / "MrmPlan.json", kept)
        else:
            arguments = ["--ready", str(_images(target)), "--output", str(kept)]
            assert generator(["esp", str(file), *arguments]) == 0
        stamp.write_text(words)
    return Built(kept / "ESP", kept / "MrmPlan.json", load_plan(kept / "MrmPlan.json", PROJECT))


def _images(target: str) -> Path:
    """The folder of a Mrm.efi without a plan, built in this test run."""
    kept = OUTPUT / f"images-{target}"
    stamp, words = kept / "made", run_identifier()
    if not stamp.is_file() or stamp.read_text() != words:
        _stuart(kept.name, "ready", target)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(_BUILD / "images", kept)
        stamp.write_text(words)
    return kept


def _stuart(name: str, platform: str, target: str, *more: str) -> None:
    """Build into one folder for all tests."""
    log = OUTPUT / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    stuart = Path(sys.executable).with_name("stuart_build")
    arguments = ["-c", f"platforms/{platform}.py", f"TARGET={target}", *more]
    arguments.append(f"OUTPUT={_BUILD.relative_to(PROJECT)}")
    with log.open("wb") as messages:
        status = subprocess.run(
            [stuart, *arguments], cwd=PROJECT, stdout=messages, stderr=messages, timeout=_BUILD_SECONDS
        ).returncode
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        pytest.fail(f"stuart_build {' '.join(arguments)} failed; the end of {log}:\n{tail}")
