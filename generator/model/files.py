# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Facts about the files a partition boots from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LinuxFacts:
    """What the boot header of a Linux image says (Documentation/arch/x86/boot.rst of the kernel)."""

    banner: str
    release: str
    version: tuple[int, int]
    init_size: int
    above_4g: bool
    command_line_size: int


@dataclass(frozen=True, slots=True)
class LoaderFacts:
    """What the PE headers of a loader say; `error` is None if it is one that can be started.

    `signed`: it carries a signature for Secure Boot, which nobody has verified here.  `stranger` names a
    system that takes the whole PC for its own, if it is one that is known to.
    """

    error: str | None
    image_size: int = 0
    linux: LinuxFacts | None = None
    signed: bool = False
    stranger: str | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file on the build host; `error` is None if it can be read. `loader` only for loader files.

    `microcode` names the file in it that Linux takes microcode from, if it is an initrd with one.
    """

    path: Path
    error: str | None
    size: int = 0
    loader: LoaderFacts | None = None
    microcode: str | None = None

    @property
    def linux(self) -> LinuxFacts | None:
        """The Linux kernel that the loader is, if it is one."""
        return self.loader.linux if self.loader is not None else None


Files = Mapping[Path, FileFacts]
