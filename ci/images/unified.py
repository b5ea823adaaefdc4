# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Unified kernel images: a stub, and kernel, initrd and command line as sections of it (UAPI.5).

By objcopy, as Debian 12 has no ukify. Where a section can lie in memory objcopy leaves to whoever calls it.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pefile

from ci.images.gpt import ImageError, run_tool

_READ_ONLY = "contents,alloc,load,readonly,data"


def make_unified_image(image: Path, stub: Path, sections: Mapping[str, bytes]) -> None:
    """Write a PE image: the stub, and these sections behind its own, in order.

    Args:
        image: What is written.
        stub: A PE32+ image.
        sections: Contents by section name of up to eight characters.

    Raises:
        ImageError: The stub is no PE image, or objcopy failed.
    """
    try:
        pe = pefile.PE(str(stub), fast_load=True)
    except pefile.PEFormatError as error:
        raise ImageError(f"{stub}: no PE image ({error})") from error
    with pe:
        alignment = pe.OPTIONAL_HEADER.SectionAlignment
        end = max(section.VirtualAddress + section.Misc_VirtualSize for section in pe.sections)
        base = pe.OPTIONAL_HEADER.ImageBase
    # The stub's time stamp stays: the same bytes each time.
    options = ["--preserve-dates"]
    with tempfile.TemporaryDirectory(prefix="mrm-") as scratch:
        for number, (name, data) in enumerate(sections.items()):
            content = Path(scratch) / str(number)
            content.write_bytes(data)
            address = -(-end // alignment) * alignment
            options += [f"--add-section={name}={content}", f"--set-section-flags={name}={_READ_ONLY}"]
            options += [f"--change-section-vma={name}={base + address:#x}"]
            end = address + len(data)
        run_tool("objcopy", *options, str(stub), str(image))
