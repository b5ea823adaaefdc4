# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Typed view of `ci/versions.yaml`."""

from dataclasses import dataclass, fields
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Edk2Version:
    """Which EDK2 is built against and where it comes from."""

    version: str
    package: str
    suites: list[str]
    archive: str
    sha256: str
    git_url: str
    git_tag: str


@dataclass(frozen=True)
class EmulatorVersion:
    """Which QEMU boots machines and which groups of Debian suites it is looked for in."""

    at_least: str
    package: str
    suites: list[list[str]]


@dataclass(frozen=True)
class LiveVersion:
    """A live Debian: its name, and the guest whose kernel it has."""

    name: str
    kernel: str


@dataclass(frozen=True)
class GuestVersions:
    """Debian suites and packages the guests are made from.

    `kernels` maps guest name to package, `loaders` a loader's name to package; `whole` is the name of the
    whole Debian; `live` are the live ones, which share what is in the folder of the first.
    """

    suites: list[str]
    busybox: str
    kernels: dict[str, str]
    loaders: dict[str, str]
    whole: str
    live: list[LiveVersion]


@dataclass(frozen=True)
class UnpackedVersion:
    """Programs that are unpacked and not installed: the Debian suite, and their packages."""

    suite: str
    packages: list[str]


@dataclass(frozen=True)
class BareDebian:
    """A bare Debian that a release is tried in: its suite, its Python and what is installed."""

    name: str
    suite: str
    python: str
    packages: list[str]


@dataclass(frozen=True)
class Versions:
    """All of `ci/versions.yaml`."""

    edk2: Edk2Version
    emulator: EmulatorVersion
    guests: GuestVersions
    grid: UnpackedVersion
    tools: UnpackedVersion
    bare: list[BareDebian]


_FILE = Path(__file__).with_name("versions.yaml")


def load(path: Path = _FILE) -> Versions:
    """Read the file.

    Raises:
        TypeError: The file lacks a key or has one too many; it is the project's own, so this is a defect.
    """
    data = yaml.safe_load(path.read_text())
    if set(data) != {field.name for field in fields(Versions)}:
        raise TypeError(f"{path}: unexpected sections {sorted(data)}")
    live = [LiveVersion(**one) for one in data["guests"]["live"]]
    return Versions(
        edk2=Edk2Version(**data["edk2"]),
        emulator=EmulatorVersion(**data["emulator"]),
        guests=GuestVersions(**(data["guests"] | {"live": live})),
        grid=UnpackedVersion(**data["grid"]),
        tools=UnpackedVersion(**data["tools"]),
        bare=[BareDebian(**debian) for debian in data["bare"]],
    )
