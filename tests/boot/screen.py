# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is on a machine's screen, from a picture of it."""

import re
from pathlib import Path

_HEADER = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")


def lit(picture: Path) -> int:
    """Return how many pixels of a binary PPM picture are not black."""
    data = picture.read_bytes()
    header = _HEADER.match(data)
    assert header, data[:20]
    width, height = int(header[1]), int(header[2])
    pixels = data[header.end() :]
    assert len(pixels) == 3 * width * height
    return sum(any(pixels[i : i + 3]) for i in range(0, len(pixels), 3))
