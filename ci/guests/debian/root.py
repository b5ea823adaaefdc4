# SPDX-License-Identifier: BSD-2-Clause-Patent
"""From packages to an installed system: mmdebstrap, as root or not, makes one tar archive."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ci.guests.debian.packages import SUITE
from ci.progress import run_logged, say

HERE = Path(__file__).resolve().parent

_BEFORE = (HERE / "before.sh").read_text()
_AFTER = (HERE / "after.sh").read_text()
SCRIPTS = (_BEFORE, _AFTER)
"""What runs, with the new system's folder as $1, before its packages are installed and afterwards."""


def make_root(archive: Path, packages: Sequence[str], excluded: Sequence[str], target: Path) -> None:
    """Install packages from a local archive and write the system to `target`, a tar archive.

    Args:
        archive: Folder that ci.guests.debian.packages made.
        packages: What to install beside the essential packages.
        excluded: Patterns of paths that dpkg leaves out.
        target: Where to write; replaced as a whole.

    Raises:
        SetupError: mmdebstrap failed.
    """
    say("installing a whole Debian into an archive (a minute)")
    partial = target.with_name(f"{target.name}.partial")
    # apt may run as a user of a name space of its own who cannot enter the project's folder.
    with tempfile.TemporaryDirectory(prefix="mrm-") as scratch:
        public = Path(scratch)
        public.chmod(0o755)
        for file in archive.iterdir():
            shutil.copyfile(file, public / file.name)
        command: list[str | Path] = ["mmdebstrap", "--variant=essential", "--format=tar"]
        command += ["--mode=root"] if os.geteuid() == 0 else []
        command += [f"--include={','.join(packages)}", '--aptopt=APT::Install-Recommends "false"']
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in excluded]
        command += [f"--setup-hook={_BEFORE}", f"--customize-hook={_AFTER}"]
        command += [SUITE, partial, f"deb [trusted=yes] copy:{public} ./"]
        run_logged(command, "mmdebstrap", what="installing the whole Debian")
    partial.rename(target)
