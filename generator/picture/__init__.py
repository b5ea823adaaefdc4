# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as a picture: a self-contained SVG, and an HTML page around it.

Owners are told apart by colour, by pattern and by letter, so that the picture is readable without colours.
"""

from __future__ import annotations

from generator.picture.page import render_page
from generator.picture.sheet import render_svg

__all__ = ["render_page", "render_svg"]
