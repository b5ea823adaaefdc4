# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What EDK2's build has put into the images: modules and libraries, and the licences that they state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_SETTING = re.compile(r"^(MODULE_NAME|MODULE_FILE|MODULE_DIR|MODULE_RELATIVE_DIR) = (.*)$", re.MULTILINE)
_LICENCE = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+() -]*[A-Za-z0-9.+)])")
_OURS = ("", "common", "x64")
"""Architectures whose sources are compiled."""


@dataclass(frozen=True)
class Module:
    """A module that was built.

    Attributes:
        name: Such as BaseLib.
        package: The EDK2 package it belongs to, such as MdePkg.
        licences: SPDX expressions that its files state.
        unknown: Sources that state none, as its description (INF) names them.
        folder: Where it lies.
    """

    name: str
    package: str
    licences: frozenset[str]
    unknown: tuple[str, ...]
    folder: Path


def modules_of(build: Path, tool_chain: str = "RELEASE_GCC") -> list[Module]:
    """Return the modules of a build, each once, sorted by package and name.

    Modules of earlier builds in the same folder are among them, unless their description is gone.

    Args:
        build: Folder with the output of one or more platforms, such as `Build/ready`.
        tool_chain: EDK2's target and tool chain.
    """
    found = {
        (module.package, module.name): module
        for makefile in build.glob(f"*/{tool_chain}/**/GNUmakefile")
        if (module := _module(makefile.read_text("utf-8", "replace"))) is not None
    }
    return [found[key] for key in sorted(found)]


def sources_of(description: str) -> list[str]:
    """Return the files that a module's description compiles for X64 (EDK II INF File Specification, 2.5)."""
    files: list[str] = []
    inside = False
    for raw in description.splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith("["):
            sections = [section.strip().lower() for section in line.strip("[]").split(",")]
            names = [section.partition(".") for section in sections]
            inside = any(name == "sources" and architecture in _OURS for name, _, architecture in names)
        elif inside and line:
            files.append(line.split("|")[0].strip())
    return files


def _module(makefile: str) -> Module | None:
    """The module of a makefile that EDK2's build has written; None for a platform, or if it is gone."""
    settings = {name: value.strip() for name, value in _SETTING.findall(makefile)}
    if "MODULE_FILE" not in settings:
        return None
    folder = Path(settings["MODULE_DIR"])
    file = folder / settings["MODULE_FILE"]
    if not file.is_file():
        return None
    description = file.read_text("utf-8", "replace")
    licences = set(_LICENCE.findall(description))
    unknown = []
    for source in sources_of(description):
        file = folder / source
        stated = _LICENCE.findall(file.read_text("utf-8", "replace")) if file.is_file() else []
        licences |= set(stated)
        if not stated:
            unknown.append(source)
    package = settings["MODULE_RELATIVE_DIR"].split("/")[0]
    return Module(settings["MODULE_NAME"], package, frozenset(licences), tuple(unknown), folder)
