# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Write generated files, touching only those whose content changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


class OutputFolder:
    """A folder of generated files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: set[str] = set()
        self._changed: list[str] = []

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the files that were written or removed because they differed."""
        return tuple(self._changed)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file with LF line ends."""
        self.write_bytes(name, text.encode("utf-8"))

    def write_bytes(self, name: str, data: bytes) -> None:
        """Write a file completely or not at all; leave it alone if it has this content already."""
        target = self._path / name
        self._written.add(name)
        if target.is_file() and target.read_bytes() == data:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        self._changed.append(name)

    def remove_others(self, folder: str, suffixes: Sequence[str]) -> None:
        """Remove generated files of earlier runs that no longer belong to the plan."""
        below = self._path / folder
        if not below.is_dir():
            return
        for path in sorted(below.iterdir()):
            name = f"{folder}/{path.name}"
            if path.suffix in suffixes and name not in self._written and path.is_file():
                path.unlink()
                self._changed.append(name)
