# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Make a release of what `make ready` has built: `python -m ci.release`."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from ci.guests.build import OUTPUT as GUESTS
from ci.progress import PROJECT, SetupError, main, say
from ci.release import version
from ci.release.materials import render_materials
from ci.release.modules import modules_of
from ci.release.parts import IMAGES, PARTS, write_parts
from ci.release.trial import try_release
from ci.release.wheel import build_wheel
from ci.versions import load
from generator.esp.tree import BUILT
from generator.version import DECLARATION

RELEASE = PROJECT / "Build" / "release"
MATERIALS, SUMS = "mrm.cdx.json", "SHA256SUMS"
KERNEL = GUESTS / "linux-6.12-rt" / "vmlinuz"
"""What the trial boots by name only."""


def _main() -> None:
    """All steps."""
    versions = load()
    for image in IMAGES:
        if not (BUILT / image).is_file():
            raise SetupError(f"{BUILT / image} is not there: run `make release`, which builds it")
    shutil.rmtree(RELEASE, ignore_errors=True)
    RELEASE.mkdir(parents=True)
    write_parts(BUILT, PROJECT / PARTS)
    wheel = build_wheel(PROJECT, RELEASE)
    shutil.rmtree(PROJECT / PARTS)
    for source in (*(BUILT / image for image in IMAGES), PROJECT / "generator" / "collect.sh"):
        shutil.copyfile(source, RELEASE / source.name)
    needed = requirements()
    bill = render_materials(
        version.version(DECLARATION),
        version.seconds(PROJECT),
        _contents(RELEASE),
        versions.edk2,
        modules_of(BUILT.parent),
        needed,
    )
    (RELEASE / MATERIALS).write_text(bill, "utf-8")
    (RELEASE / SUMS).write_text(render_sums(_contents(RELEASE)), "ascii")
    try_release(wheel, KERNEL, versions.bare, [requirement.name for requirement in needed])
    say(f"the release is ready: {RELEASE.relative_to(PROJECT)}, {', '.join(sorted(_contents(RELEASE)))}")


def requirements() -> list[Requirement]:
    """Return the Python packages that the wheel needs."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    return [Requirement(text) for text in project["dependencies"]]


def render_sums(files: dict[str, bytes]) -> str:
    """Return what `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))


def _contents(folder: Path) -> dict[str, bytes]:
    """Content of each file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


if __name__ == "__main__":
    sys.exit(main(_main))
