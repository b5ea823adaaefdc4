# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Building for the boot tests: `built` builds through stuart, as a user does."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.run.plan import Plan, load_plan

OUTPUT = PROJECT / "Build" / "boot-tests"
_BUILD_SECONDS = 1500


@dataclass(frozen=True)
class Built:
    """A build: the ESP's tree and the plan, as a file and read."""

    esp: Path
    plan_file: Path
    plan: Plan


Builder = Callable[..., Built]


@pytest.fixture(scope="session")
def built() -> Builder:
    """Return a function that builds a file or `partitions/<name>.yaml`, once for each target in a session."""
    done: dict[str, Built] = {}

    def build(name: str | Path, target: str = "RELEASE") -> Built:
        file = name if isinstance(name, Path) else PROJECT / "partitions" / f"{name}.yaml"
        key = hashlib.sha256(f"{target}\n{file.read_text()}".encode()).hexdigest()
        if key not in done:
            done[key] = _build(file, target)
        return done[key]

    return build


def _build(file: Path, target: str) -> Built:
    """Build into one folder for all tests, then put what is booted aside under its own name."""
    output = OUTPUT / "build"
    log = OUTPUT / f"{file.stem}-{target}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
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
    kept = OUTPUT / f"{file.stem}-{target}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(output / "ESP", kept / "ESP")
    shutil.copy(output / "generated" / "MrmPlan.json", kept)
    return Built(kept / "ESP", kept / "MrmPlan.json", load_plan(kept / "MrmPlan.json", PROJECT))
