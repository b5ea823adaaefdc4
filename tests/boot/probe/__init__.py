# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An EFI application of the tests (`probe.c`): tries what partition firmware promises, and tells it."""

import re
from pathlib import Path

from tests.boot import efi_code

_SOURCE = Path(__file__).resolve().with_name("probe.c")
_LINE = re.compile(r"PROBE ([a-z-]+) ([0-9a-f]{16})\.")


def build(folder: Path) -> bytes:
    """Return the application; intermediate files go to `folder`.

    Raises what `efi_code.build` raises.
    """
    return efi_code.build(_SOURCE, folder)


def told(text: str) -> list[tuple[str, int]]:
    """Return what the application told on a console: names and values, in order."""
    return [(name, int(value, 16)) for name, value in _LINE.findall(text)]
