# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`.deb` files that are unpacked, not installed: each purpose has a folder of them in `.downloads/`.

`packages.json` there records which versions were chosen; while it and the files exist, nothing is fetched.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, SetupError, run_logged, say

_RECORD = "packages.json"


@dataclass(frozen=True)
class Package:
    """A downloaded package: name, version, where its `.deb` is, and SHA-256 in Debian's index."""

    name: str
    version: str
    path: Path
    sha256: str


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


def _resolve(apt: PrivateApt, name: str) -> dict[str, str]:
    record = _record(apt, name)
    kernel = kernel_dependency(record.get("depends", ""))
    return record if kernel is None else _record(apt, kernel)


def _download(apt: PrivateApt, record: dict[str, str], folder: Path) -> Package:
    name, version = record["package"], record["version"]
    package = Package(name, version, folder / Path(record["filename"]).name, record["sha256"])
    if package.path.is_file():
        return package
    say(f"downloading {name} {version} ({int(record['size']) / 1e6:.1f} MB)")
    incoming = folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    apt.download(name, version, incoming)
    (downloaded,) = incoming.glob("*.deb")
    with downloaded.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != package.sha256:
        raise SetupError(
            f"{downloaded} has SHA-256 {found}, but Debian's index says {package.sha256}; repeat"
        )
    downloaded.rename(package.path)
    shutil.rmtree(incoming)
    return package


def _recorded(folder: Path, names: Sequence[str]) -> dict[str, Package] | None:
    """Return the packages of the record if it has exactly these names and all files are there."""
    record = folder / _RECORD
    try:
        data = json.loads(record.read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise SetupError(f"{record} is damaged ({error}); delete it and repeat") from error
    packages = {
        name: Package(fields["name"], fields["version"], folder / fields["file"], fields["sha256"])
        for name, fields in data.items()
    }
    complete = set(packages) == set(names) and all(package.path.is_file() for package in packages.values())
    return packages if complete else None


def ensure(folder: Path, suites: Sequence[str], names: Sequence[str]) -> dict[str, Package]:
    """Make sure that packages are downloaded.

    Args:
        folder: Where they are kept, in `.downloads/`; its name is what the progress lines say they are for.
        suites: Debian suites they are looked for in, such as bookworm; the newest version is taken.
        names: Names of packages.

    Returns:
        The package for each name; a kernel metapackage's entry is the kernel it stands for.

    Raises:
        SetupError: A package cannot be had.
    """
    recorded = _recorded(folder, names)
    if recorded is not None:
        return recorded
    folder.mkdir(parents=True, exist_ok=True)
    say(f"fetching package lists for the {folder.name} (Debian {', '.join(suites)})")
    apt = PrivateApt([("deb", suite) for suite in suites], DOWNLOADS / "apt" / folder.name)
    apt.update()
    records = {name: _resolve(apt, name) for name in names}
    packages = {name: _download(apt, record, folder) for name, record in records.items()}
    for path in folder.glob("*.deb"):
        if path not in [package.path for package in packages.values()]:
            path.unlink()
    data = {
        name: {
            "name": package.name,
            "version": package.version,
            "file": package.path.name,
            "sha256": package.sha256,
        }
        for name, package in packages.items()
    }
    partial = folder / f"{_RECORD}.partial"
    partial.write_text(json.dumps(data, indent=2) + "\n")
    partial.rename(folder / _RECORD)
    return packages


def unpack(package: Package, target: Path) -> None:
    """Unpack a package into a folder; raises SetupError."""
    run_logged(
        ["dpkg-deb", "-x", package.path, target], f"unpack-{package.name}", what=f"unpacking {package.name}"
    )
