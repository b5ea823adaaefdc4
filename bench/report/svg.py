# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How each chart begins."""

from xml.sax.saxutils import escape


def opening(title: str, width: int, height: int, left: int) -> list[str]:
    """Return the first lines of a chart, on white; it ends with `</svg>`.

    Args:
        title: What it shows; escaped here.
        width: Of the chart, in pixels, as the next two.
        height: Of the chart.
        left: Where the title begins.
    """
    return [
        "<!-- SPDX-License-Identifier: BSD-2-Clause-Patent -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="20" font-size="14">{escape(title)}</text>',
    ]
