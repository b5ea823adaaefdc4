# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Read files of others: regular ones, up to a size.  A FIFO or a device may never end, or never begin."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class UnreadableError(Exception):
    """A file cannot be read; the text says why.  `denied`: it is there, but not for this user."""

    def __init__(self, why: str, denied: bool = False, absent: bool = False) -> None:
        self.denied = denied
        self.absent = absent
        super().__init__(why)


def open_file(path: Path) -> BinaryIO:
    """A regular file, or what links to one, opened for reading; the caller closes it.

    Raises UnreadableError.
    """
    try:
        # Opening alone can do something to a device, such as start a watchdog: look first.
        _require_regular(path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    stream = os.fdopen(descriptor, "rb")
    try:
        _require_regular(os.fstat(descriptor).st_mode)
    except UnreadableError:
        stream.close()
        raise
    return stream


def read_file(path: Path, most: int) -> bytes:
    """The bytes of a regular file.  Raises UnreadableError, also if it has more than `most`."""
    try:
        with open_file(path) as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise _unreadable(error) from error
    if len(data) > most:
        raise UnreadableError(f"it is larger than {most} bytes")
    return data


def why_unreadable(path: Path) -> UnreadableError | None:
    """Why a file cannot be opened for reading; None if it can."""
    try:
        open_file(path).close()
    except UnreadableError as error:
        return error
    return None


def is_folder(path: Path) -> bool:
    """Whether there is a folder that this user may look for."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def real_path(path: Path) -> Path:
    """A path without symbolic links; as far as they lead anywhere."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def _require_regular(mode: int) -> None:
    """Raise UnreadableError for anything but a regular file."""
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in _KINDS if test(mode)), "no regular file")
        raise UnreadableError(f"it is {kind}")


def _unreadable(error: OSError | ValueError) -> UnreadableError:
    """The reason as the operating system words it."""
    if isinstance(error, OSError):
        absent = isinstance(error, FileNotFoundError | NotADirectoryError)
        return UnreadableError(error.strerror or str(error), isinstance(error, PermissionError), absent)
    # A zero byte, or characters that this locale has no bytes for.
    return UnreadableError("its name cannot be the name of a file here")
