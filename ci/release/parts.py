# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the wheel holds and a checkout does not; pyproject.toml says where it goes."""

from __future__ import annotations

import shutil
from pathlib import Path

from ci.progress import PROJECT
from ci.release import version
from ci.release.completion import FILES, render_completion
from ci.release.man import render_man_page
from generator import version as generator_version
from generator.command_line import INSTALLED, build_parser
from generator.dsdt import fragments
from generator.esp import tree

PARTS = "Build/release/parts"
"""Where pyproject.toml looks for them."""
IMAGES = ("Mrm.efi", "Shell.efi")
"""What `make ready` builds."""
MAN_PAGE = "share/man/man1/mrm.1"
"""Below /usr or what stands for it."""


def write_parts(ready: Path, folder: Path) -> None:
    """Write the parts into a folder, which is emptied first.

    Args:
        ready: Folder of a `Mrm.efi` for any plan, with `Shell.efi`.
        folder: Receives `package/`, whose files join the package, and `share/`.

    Raises:
        OSError: A file cannot be read or written.
        UserErrors: There is no iasl.
    """
    shutil.rmtree(folder, ignore_errors=True)
    package = PROJECT / "generator"
    for image in IMAGES:
        _write(folder, _inside(tree.PACKAGED / image, package), (ready / image).read_bytes())
    _write(folder, _inside(fragments.COMPILED, package), fragments.render_compiled().encode())
    number = version.version(generator_version.DECLARATION)
    _write(folder, _inside(generator_version.PACKAGED, package), f"{number}\n".encode())
    page = render_man_page(build_parser(INSTALLED), number, version.seconds(PROJECT))
    _write(folder, MAN_PAGE, page.encode())
    for shell, file in FILES.items():
        _write(folder, file, render_completion(build_parser(INSTALLED), shell).encode())


def _inside(path: Path, package: Path) -> str:
    """Where a file of the package lies among the parts."""
    return f"package/{path.relative_to(package)}"


def _write(folder: Path, name: str, data: bytes) -> None:
    """Write one part, which whoever installs it may read."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o644)
