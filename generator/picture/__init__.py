# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A plan, or a machine without one, as a picture: a self-contained SVG, and an HTML page around it.

Owners are told apart by colour, by pattern and by letter, so that the picture is readable without colours.
"""

from __future__ import annotations

from generator.picture.machine import render_machine_svg
from generator.picture.machine_page import render_machine_page
from generator.picture.page import render_page
from generator.picture.sheet import render_svg

__all__ = ["render_machine_page", "render_machine_svg", "render_page", "render_svg"]
