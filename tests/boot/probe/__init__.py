# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An EFI application of the tests (`probe.c`), compiled by gcc against EDK2's headers."""

import re
from pathlib import Path

from tests.firmware_host.decide import gcc, include_flags
from tests.generator.support import make_pe

HERE = Path(__file__).resolve().parent
_DIALECT = ("-std=gnu11", "-fshort-wchar", "-ffreestanding", "-DMDEPKG_NDEBUG", "-Wall", "-Wextra", "-Werror")
# Wherever it is loaded it runs without being relocated; UEFI has no red zone (UEFI 2.10 section 2.3.4).
_MACHINE = (
    "-O1",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-stack-protector",
    "-mno-red-zone",
    "-ffunction-sections",
)
_LINK = ("-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments", "-Wl,--oformat=binary")
_LINE = re.compile(r"PROBE ([a-z-]+) ([0-9a-f]{16})\.")


def build(folder: Path) -> bytes:
    """Return the application; intermediate files go to `folder`.

    Raises:
        AssertionError: It does not compile without a warning.
    """
    code = folder / "probe.bin"
    options = (*_DIALECT, *_MACHINE, "-DEFIAPI=__attribute__((ms_abi))", *include_flags())
    gcc((*options, *_LINK, "-T", HERE / "link.ld", "-o", code, HERE / "probe.c"))
    return make_pe(code=code.read_bytes())


def told(text: str) -> list[tuple[str, int]]:
    """Return what the application told on a console: names and values, in order."""
    return [(name, int(value, 16)) for name, value in _LINE.findall(text)]
