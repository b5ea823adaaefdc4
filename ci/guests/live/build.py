# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Makes `Build/guests/live-…/`: live Debians as kernel and initrd, anew when their inputs change."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from ci.guests import initrd, modules
from ci.guests import packages as kernels
from ci.guests.build import HERE as SMALL
from ci.guests.build import OUTPUT, Guest, digest_of, replace, unpack_package
from ci.guests.debian import packages
from ci.guests.live.root import AFTER, BEFORE, HERE, make_root
from ci.progress import DOWNLOADS, SetupError, run_logged, say
from ci.versions import LiveVersion, load

FOLDER = DOWNLOADS / "live"
"""The packages."""

SHARED = (
    "etc/profile.d/mrm.sh",
    "etc/systemd/network/80-ethernet.network",
    "etc/systemd/system/mrm-boot.service",
    "etc/systemd/system/mrm-ticks.service",
    "etc/systemd/system/serial-getty@.service.d/autologin.conf",
    "etc/systemd/system.conf.d/quiet.conf",
    "usr/local/sbin/mrm",
)
"""Files of the whole Debian that the live one has, too."""

KEY_NAME = "id_ed25519"
"""Name of the private key beside the kernel."""

NET_INITRD = "initrd-net.img"
"""The initrd without the root file system, for a role that fetches that."""

_STARTED = {"mrm-boot.service": "sysinit.target", "mrm-ticks.service": "multi-user.target"}
"""Units of every role, and what wants them."""


@dataclass(frozen=True)
class LiveDebian:
    """A finished system.

    Attributes:
        folder: Holds vmlinuz, initrd.img, and the latter without the root file system, initrd-net.img.
        key: Private key with which ssh gets in as root; all of them have the same.
        release: Kernel release as `uname -r` says it.
    """

    folder: Path
    key: Path
    release: str


def is_live(kernel: Path) -> bool:
    """Whether a kernel file is that of a live Debian."""
    return (kernel.parent / "live.json").is_file()


def files_below(root: Path, place: str) -> list[initrd.Entry]:
    """Return entries for what is below a folder of the host, put below `place`, which is one of them."""
    entries = [initrd.folder(place)]
    for path in sorted(root.rglob("*")):
        name = f"{place}/{path.relative_to(root).as_posix()}"
        if path.is_symlink():
            entries.append(initrd.link(name, str(path.readlink())))
        elif path.is_dir():
            entries.append(initrd.folder(name))
        else:
            entries.append(
                initrd.regular(name, path.read_bytes(), executable=bool(path.stat().st_mode & 0o100))
            )
    return entries


def _common_files(key: Path) -> list[initrd.Entry]:
    """What is put over the system whatever its role is."""
    place = "mrm/files"
    found = {entry.path: entry for entry in files_below(HERE / "files", place)}
    theirs = SMALL / "debian" / "files"
    more = [
        initrd.regular(
            f"{place}/{name}",
            (theirs / name).read_bytes(),
            executable=bool((theirs / name).stat().st_mode & 0o100),
        )
        for name in SHARED
    ]
    for unit, target in _STARTED.items():
        wants = f"{place}/etc/systemd/system/{target}.wants"
        more.append(initrd.link(f"{wants}/{unit}", f"/etc/systemd/system/{unit}"))
    public = key.with_name(f"{key.name}.pub").read_bytes()
    more.append(initrd.regular(f"{place}/root/.ssh/authorized_keys", public))
    found |= {entry.path: entry for entry in more}
    for name in list(found):
        for parent in Path(name).parents:
            path = parent.as_posix()
            if path.startswith(place):
                found.setdefault(path, initrd.folder(path))
    return list(found.values())


def _make_key(key: Path) -> None:
    """Make the key with which the host's user gets in, once."""
    if key.is_file():
        return
    partial = key.with_name(f"{key.name}.partial")
    partial.unlink(missing_ok=True)
    command: list[str | Path] = [
        "ssh-keygen",
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        "MRM demonstration",
        "-f",
        partial,
    ]
    run_logged(command, "live-key", what="making the key of the live Debian")
    partial.with_name(f"{partial.name}.pub").rename(key.with_name(f"{key.name}.pub"))
    partial.rename(key)


def _unpack_modules(package: kernels.Package, release: str, names: list[str], target: Path) -> None:
    """Put the chosen modules of a kernel package into `target`, a root."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    whole = partial / "whole"
    whole.mkdir(parents=True)
    unpack_package(package, whole)
    modules.copy_selected(whole, release, names, partial / "root")
    shutil.rmtree(target, ignore_errors=True)
    (partial / "root").rename(target)
    shutil.rmtree(partial)


def root_archive(squashfs: bytes) -> bytes:
    """Return the archive with the root file system, not compressed, as that is compressed already.

    It stands first in an initrd, where it is aligned.
    """
    return initrd.archive([initrd.folder("mrm"), initrd.regular("mrm/root.squashfs", squashfs)])


def other_archives(small: bytes, tree: list[initrd.Entry], key: Path) -> bytes:
    """Return the rest of the initrd: the small guest's, then an archive that replaces parts of it."""
    entries = [
        initrd.folder("mrm"),
        initrd.regular("init", (HERE / "init").read_bytes(), executable=True),
        *_common_files(key),
        *files_below(HERE / "roles", "mrm/roles"),
        *tree,
    ]
    return small + initrd.compress(initrd.archive(entries))


def _sources() -> list[Path]:
    """Everything of the project that the initrd is made from."""
    theirs = SMALL / "debian" / "files"
    ours = [path for path in sorted(HERE.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return [*ours, *(theirs / name for name in SHARED)]


class _Record:
    """What the parts of the folder were made from: a file of digests by part."""

    def __init__(self, file: Path) -> None:
        """Read the file if it is there."""
        self._file = file
        self._digests: dict[str, str] = json.loads(file.read_text()) if file.is_file() else {}

    def has(self, part: str, inputs: str, made: Path) -> bool:
        """Whether a part is there and made from these inputs."""
        return self._digests.get(part) == inputs and made.exists()

    def note(self, part: str, inputs: str) -> None:
        """Note that a part has been made from these inputs."""
        self._digests[part] = inputs
        replace(self._file, (json.dumps(self._digests, indent=2) + "\n").encode())


@dataclass(frozen=True)
class _Shared:
    """What all have in common: the root file system, the key, and the digest of what they are made from."""

    squashfs: Path
    key: Path
    digest: str


def _ensure_root(squashfs: Path, record: _Record, suites: list[str]) -> str:
    """Make the root file system; return the digest of its inputs."""
    names = packages.parse_list((HERE / "packages.txt").read_text())
    excluded = packages.parse_list((HERE / "excluded.txt").read_text())
    downloaded = packages.ensure(names, suites, FOLDER)
    made_from = (BEFORE, AFTER, HERE / "root.py")
    inputs = digest_of(downloaded, *names, *excluded, *(path.read_bytes() for path in made_from))
    if not record.has("root", inputs, squashfs):
        make_root(FOLDER, names, excluded, squashfs)
        record.note("root", inputs)
    return inputs


def _ensure_modules(target: Path, record: _Record, package: kernels.Package, release: str) -> str:
    """Unpack the modules; return the digest of their inputs."""
    lists = [SMALL / "modules.txt", HERE / "modules.txt"]
    names = [name for path in lists for name in modules.parse_names(path.read_text())]
    inputs = digest_of(package.sha256, release, *names)
    if not record.has("modules", inputs, target):
        say(f"unpacking modules for {target.parent.name}")
        _unpack_modules(package, release, names, target)
        record.note("modules", inputs)
    return inputs


def _link_shared(folder: Path, first: Path) -> None:
    """Have a folder name the key that is in the first one, where users and `make run` look for it."""
    for name in (KEY_NAME, f"{KEY_NAME}.pub"):
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(Path("..") / first.name / name)


def _ensure_one(
    version: LiveVersion, folder: Path, shared: _Shared, package: kernels.Package, small: Guest
) -> LiveDebian:
    """Make sure that one is there and up to date, of what all have in common and a kernel's package."""
    record, tree = _Record(folder / "live.json"), folder / "modules"
    parts = [
        shared.digest,
        _ensure_modules(tree, record, package, small.release),
        (small.folder / "guest.json").read_text(),
    ]
    inputs = digest_of(*parts)
    if not record.has("initrd", inputs, folder / "initrd.img"):
        say(f"writing the initrd of {version.name}")
        data = other_archives((small.folder / "initrd.img").read_bytes(), initrd.tree(tree), shared.key)
        replace(folder / "vmlinuz", (small.folder / "vmlinuz").read_bytes())
        replace(folder / NET_INITRD, data)
        replace(folder / "initrd.img", root_archive(shared.squashfs.read_bytes()) + data)
        record.note("initrd", inputs)
    return LiveDebian(folder, folder / KEY_NAME, small.release)


def ensure(output: Path = OUTPUT) -> list[LiveDebian]:
    """Make sure that the live Debians are there and up to date; the small guests must be.

    Raises:
        SetupError: A package cannot be had, a module name is wrong, or a tool failed.
    """
    versions = load().guests
    packages_of = kernels.ensure(versions)
    first = output / versions.live[0].name
    first.mkdir(parents=True, exist_ok=True)
    squashfs, key = first / "root.squashfs", first / KEY_NAME
    root = _ensure_root(squashfs, _Record(first / "live.json"), versions.suites)
    _make_key(key)
    sources = [key.with_name(f"{key.name}.pub"), *_sources()]
    names = [f"{path.name} {path.parent.name} {path.stat().st_mode:o}" for path in sources]
    shared = _Shared(squashfs, key, digest_of(root, *names, *(path.read_bytes() for path in sources)))
    made = []
    for version in versions.live:
        folder = output / version.name
        folder.mkdir(parents=True, exist_ok=True)
        if folder != first:
            _link_shared(folder, first)
        package = packages_of[versions.kernels[version.kernel]]
        made.append(_ensure_one(version, folder, shared, package, _small(output / version.kernel)))
    return made


def _small(folder: Path) -> Guest:
    """Return the small guest whose kernel and initrd the live Debian shares."""
    try:
        facts = json.loads((folder / "guest.json").read_text())
    except FileNotFoundError as error:
        raise SetupError(f"{folder / 'guest.json'} is missing; make the small guests first") from error
    return Guest(str(facts["name"]), folder, str(facts["release"]))
