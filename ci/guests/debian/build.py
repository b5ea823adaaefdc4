# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Makes `Build/guests/debian-6.12/`: the whole Debian as a file system, again only when its inputs change."""

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from ci.guests import loaders
from ci.guests.build import OUTPUT, digest_of, look, replace
from ci.guests.debian import packages
from ci.guests.debian.root import HERE, SCRIPTS, make_root
from ci.progress import SetupError, run_logged, say
from ci.versions import load

ROOT_UUID = "4d524d20-6465-6269-616e-20726f6f7430"
"""Of the file system; after.sh and files/etc/fstab name it too."""

_SCRIPT = HERE.parent / "lib" / "report.sh"

ROOT_SIZE = 1024 * 2**20
"""Bytes of the file system: twice what is in it."""


@dataclass(frozen=True)
class WholeDebian:
    """The finished system.

    Attributes:
        folder: Holds everything.
        root: Its root file system, ext4.
        key: Private key with which ssh gets in as root.
        loaders: Folder of the boot loaders for its ESP.
        release: Kernel release as `uname -r` says it.
    """

    folder: Path
    root: Path
    key: Path
    loaders: Path
    release: str


def _overlay() -> list[Path]:
    """Return the files put into the system as they are."""
    return [path for path in sorted((HERE / "files").rglob("*")) if path.is_file()]


def _commands(archive: Path, scratch: Path, image: Path, key: Path) -> str:
    """Return the shell commands that make the file system, for root or who is as good as that."""
    root = scratch / "root"
    scripts = root / "usr/local/lib/mrm"
    lines = [
        "set -e",
        "umask 022",
        f"rm -rf {_quoted(scratch)}",
        f"mkdir -p {_quoted(root)}",
        f"tar --extract --numeric-owner --preserve-permissions --file {_quoted(archive)} -C {_quoted(root)}",
        f"cp -R --no-preserve=ownership {_quoted(HERE / 'files')}/. {_quoted(root)}",
        f"mkdir -p {_quoted(scripts)}",
        f"cp --no-preserve=ownership {_quoted(_SCRIPT)} {_quoted(look())} {_quoted(scripts)}",
        f"for name in report ticks panic mrm-done; do ln -s mrm {_quoted(root)}/usr/local/sbin/$name; done",
        f"cd {_quoted(root / 'etc/systemd/system')}",
        "mkdir -p sysinit.target.wants",
        "ln -s /etc/systemd/system/mrm-boot.service sysinit.target.wants/",
        "ln -s /etc/systemd/system/mrm-ticks.service multi-user.target.wants/",
        f"ln -sf ../run/systemd/resolve/stub-resolv.conf {_quoted(root / 'etc/resolv.conf')}",
        f"mv {_quoted(root / 'root/.ssh/id_ed25519')} {_quoted(key)}",
        f"chmod 600 {_quoted(key)}",
        f"mke2fs -q -t ext4 -L debian -U {ROOT_UUID} -E root_owner=0:0,hash_seed={ROOT_UUID} -m 1"
        f" -d {_quoted(root)} {_quoted(image)} {ROOT_SIZE // 1024}k",
        f"rm -rf {_quoted(scratch)}",
    ]
    return "\n".join(lines)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _recorded(record: Path) -> dict[str, str]:
    try:
        return dict(json.loads(record.read_text()))
    except FileNotFoundError:
        return {}


def _release(archive: Path) -> str:
    """Return the release of the kernel in the system: the only /boot/vmlinuz-… there is."""
    log = archive.with_name("files.txt")
    command = f"tar --list --file {_quoted(archive)} --wildcards './boot/vmlinuz-*' >{_quoted(log)}"
    run_logged(["sh", "-c", command], "kernel-release", what="reading the archive")
    names = log.read_text().split()
    if len(names) != 1:
        raise SetupError(f"{archive} holds {len(names)} kernels, expected one")
    return names[0].partition("vmlinuz-")[2]


def ensure(output: Path = OUTPUT) -> WholeDebian:
    """Make sure that the whole Debian is there and up to date.

    Raises:
        SetupError: A package cannot be had, or a tool failed.
    """
    versions = load().guests
    folder = output / versions.whole
    loader_folder = loaders.ensure()
    names = packages.parse_list((HERE / "packages.txt").read_text())
    excluded = packages.parse_list((HERE / "excluded.txt").read_text())
    downloaded = packages.ensure(names, versions.suites)
    folder.mkdir(parents=True, exist_ok=True)
    archive, image, key = folder / "root.tar", folder / "root.ext4", folder / "id_ed25519"
    record = _recorded(folder / "debian.json")
    root_inputs = digest_of(downloaded, *names, *excluded, *SCRIPTS, (HERE / "root.py").read_bytes())
    if record.get("root") != root_inputs or not archive.is_file():
        make_root(packages.FOLDER, names, excluded, archive)
        record = {"root": root_inputs, "release": _release(archive)}
        replace(folder / "debian.json", (json.dumps(record, indent=2) + "\n").encode())
    files = [*_overlay(), _SCRIPT, *sorted(HERE.glob("*.py"))]
    image_inputs = digest_of(
        root_inputs,
        look().read_bytes(),
        *(str(path.relative_to(HERE.parent)) for path in files),
        *(path.read_bytes() for path in files),
    )
    if record.get("image") != image_inputs or not image.is_file() or not key.is_file():
        say("writing the file system of the whole Debian")
        partial = folder / "root.ext4.partial"
        partial.unlink(missing_ok=True)
        script = _commands(archive, folder / "scratch", partial, key)
        as_root = [] if os.geteuid() == 0 else ["fakeroot", "--"]
        run_logged([*as_root, "sh", "-c", script], "root-ext4", what="writing the file system")
        partial.rename(image)
        record["image"] = image_inputs
        replace(folder / "debian.json", (json.dumps(record, indent=2) + "\n").encode())
    return WholeDebian(folder, image, key, loader_folder, record["release"])
