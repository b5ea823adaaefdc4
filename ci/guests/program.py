# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Programs in C that run in guests: static, so that they need nothing there."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from ci.progress import SetupError

_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s")


def compile_program(sources: Iterable[Path], output: Path) -> Path:
    """Compile a program if a source or a header beside it is newer, and return it.

    Args:
        sources: Files in C.
        output: The program; its folder is made.

    Raises:
        SetupError: It cannot be compiled.
    """
    programs = sorted(sources)
    inputs = {path for source in programs for path in source.parent.glob("*.[ch]")}
    if output.is_file() and output.stat().st_mtime > max(path.stat().st_mtime for path in inputs):
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["gcc", *_FLAGS, *programs, "-o", output], capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError(f"{output.name} cannot be compiled:\n{done.stderr}")
    return output
