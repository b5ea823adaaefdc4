# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The `.deb` files guests are made from, kept in `.downloads/guests/`.

`packages.json` there records which versions were chosen; while it and the files exist, nothing is fetched.
"""

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, SetupError, say
from ci.versions import GuestVersions

FOLDER = DOWNLOADS / "guests"


@dataclass(frozen=True)
class Package:
    """A downloaded package: name, version, `.deb` file name in FOLDER, and SHA-256 in Debian's index."""

    name: str
    version: str
    file: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where the `.deb` is."""
        return FOLDER / self.file


def kernel_dependency(depends: str) -> str | None:
    """Return the kernel package a metapackage's `Depends:` names, such as linux-image-6.1.0-18-amd64.

    None if there is none, as with a package that holds a kernel itself.
    """
    for alternative in re.split(r"[,|]", depends):
        name = alternative.strip().split(" ")[0].split(":")[0]
        if re.match(r"linux-image-\d", name):
            return name
    return None


def _record(apt: PrivateApt, name: str) -> dict[str, str]:
    record = apt.newest(name)
    if record is None:
        raise SetupError(
            f"Debian has no package {name} (named in ci/versions.yaml) in the suites named there"
        )
    return record


def _resolve(apt: PrivateApt, name: str) -> Package:
    record = _record(apt, name)
    kernel = kernel_dependency(record.get("depends", ""))
    if kernel is not None:
        record = _record(apt, kernel)
    return Package(record["package"], record["version"], Path(record["filename"]).name, record["sha256"])


def _download(apt: PrivateApt, package: Package, size_hint: str) -> None:
    if package.path.is_file():
        return
    say(f"downloading {package.name} {package.version}{size_hint}")
    incoming = FOLDER / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    apt.download(package.name, package.version, incoming)
    (downloaded,) = incoming.glob("*.deb")
    with downloaded.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != package.sha256:
        raise SetupError(
            f"{downloaded} has SHA-256 {found}, but Debian's index says {package.sha256}; repeat"
        )
    downloaded.rename(package.path)
    shutil.rmtree(incoming)


def _recorded(names: list[str]) -> dict[str, Package] | None:
    """Return the packages of `packages.json` if it has exactly these names and all files are there."""
    try:
        data = json.loads((FOLDER / "packages.json").read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise SetupError(f"{FOLDER / 'packages.json'} is damaged ({error}); delete it and repeat") from error
    packages = {name: Package(**fields) for name, fields in data.items()}
    complete = set(packages) == set(names) and all(package.path.is_file() for package in packages.values())
    return packages if complete else None


def ensure(versions: GuestVersions) -> dict[str, Package]:
    """Make sure the packages are downloaded.

    Returns:
        The package for each name in `versions`: busybox, each loader's, and each kernel package (a
        metapackage's entry is the kernel it stands for).

    Raises:
        SetupError: A package cannot be had.
    """
    names = [versions.busybox, *versions.kernels.values(), *versions.loaders.values()]
    recorded = _recorded(names)
    if recorded is not None:
        return recorded
    FOLDER.mkdir(parents=True, exist_ok=True)
    say(f"fetching package lists for the guests (Debian {', '.join(versions.suites)})")
    apt = PrivateApt([("deb", suite) for suite in versions.suites], DOWNLOADS / "apt" / "guests")
    apt.update()
    packages = {name: _resolve(apt, name) for name in names}
    for name, package in packages.items():
        _download(apt, package, " (70 MB)" if name in versions.kernels.values() else "")
    for path in FOLDER.glob("*.deb"):
        if path not in [package.path for package in packages.values()]:
            path.unlink()
    partial = FOLDER / "packages.json.partial"
    partial.write_text(
        json.dumps({name: asdict(package) for name, package in packages.items()}, indent=2) + "\n"
    )
    partial.rename(FOLDER / "packages.json")
    return packages
