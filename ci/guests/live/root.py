# SPDX-License-Identifier: BSD-2-Clause-Patent
"""From packages to a compressed root file system: a tar archive by mmdebstrap, then a squashfs."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ci.guests.debian.packages import SUITE
from ci.progress import run_logged, say

HERE = Path(__file__).resolve().parent
BEFORE, AFTER = HERE / "before.sh", HERE / "after.sh"
"""What runs, with the new system's folder as $1, before its packages are installed and afterwards."""

COMPRESSION = ("-comp", "zstd", "-Xcompression-level", "9", "-b", "256K")
"""zstd: an emulated processor unpacks it four times as quickly as xz, for a quarter more memory."""


def make_root(archive: Path, packages: Sequence[str], excluded: Sequence[str], target: Path) -> None:
    """Install packages from a local archive and write the system to `target`, a squashfs.

    Args:
        archive: Folder that ci.guests.debian.packages made.
        packages: What to install beside the essential packages.
        excluded: Patterns of paths that dpkg leaves out.
        target: Where to write; replaced as a whole.

    Raises:
        SetupError: mmdebstrap or mksquashfs failed.
    """
    say("installing a live Debian into an archive (a minute)")
    # apt may run as a user of a name space of its own who cannot enter the project's folder.
    with tempfile.TemporaryDirectory(prefix="mrm-") as scratch:
        public = Path(scratch)
        public.chmod(0o755)
        for file in archive.iterdir():
            shutil.copyfile(file, public / file.name)
        tar = public / "root.tar"
        command: list[str | Path] = ["mmdebstrap", "--variant=essential", "--format=tar"]
        command += ["--mode=root"] if os.geteuid() == 0 else []
        command += [f"--include={','.join(packages)}", '--aptopt=APT::Install-Recommends "false"']
        # A system that is thrown away when the power goes needs no flushes.
        command += ["--dpkgopt=force-unsafe-io"]
        command += [f"--dpkgopt=path-exclude={pattern}" for pattern in excluded]
        command += [f"--setup-hook={BEFORE.read_text()}", f"--customize-hook={AFTER.read_text()}"]
        command += [SUITE, tar, f"deb [trusted=yes] copy:{public} ./"]
        run_logged(command, "mmdebstrap-live", what="installing the live Debian")
        partial = target.with_name(f"{target.name}.partial")
        partial.unlink(missing_ok=True)
        # From standard input; device nodes and owners are those of the archive.
        script = 'exec mksquashfs - "$@" -tar -no-progress <"$0"'
        run_logged(
            ["sh", "-c", script, tar, partial, *COMPRESSION],
            "mksquashfs-live",
            what="compressing the live Debian",
        )
    partial.rename(target)
