# SPDX-License-Identifier: BSD-2-Clause-Patent
"""EFI applications of the tests: one C file each, compiled by gcc against EDK2's headers."""

from pathlib import Path

from tests.firmware_host.decide import gcc, include_flags
from tests.generator.support import make_pe

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


def build(source: Path, folder: Path) -> bytes:
    """Return the application of a C file, whose entry point is `Main`; intermediate files go to `folder`.

    Raises:
        AssertionError: It does not compile without a warning.
    """
    code = folder / f"{source.stem}.bin"
    options = (*_DIALECT, *_MACHINE, "-DEFIAPI=__attribute__((ms_abi))", *include_flags())
    gcc((*options, *_LINK, "-T", Path(__file__).with_suffix(".ld"), "-o", code, source))
    return make_pe(code=code.read_bytes())
