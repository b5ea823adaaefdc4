# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The processors: packages with their cores, a cell for each hardware thread."""

from __future__ import annotations

from generator.model.machine import Processor
from generator.model.plan import Plan
from generator.picture.canvas import INK, LINE, PAPER, SHADE, SOFT_INK, Canvas
from generator.picture.owners import FREE, STAYS, Owners

_SIZES = ((24, 56), (64, 40), (192, 28), (512, 18), (2048, 12), (1 << 30, 8))
"""Up to so many processors, cells are this wide."""
_GAP = 6


def draw_processors(canvas: Canvas, plan: Plan, owners: Owners, x: float, y: float, width: float) -> float:
    """Draw all packages; returns the height."""
    packages: dict[int, dict[int, list[Processor]]] = {}
    for processor in plan.machine.processors:
        packages.setdefault(processor.package, {}).setdefault(processor.core, []).append(processor)
    cell = next(size for most, size in _SIZES if len(plan.machine.processors) <= most)
    left, top, row_height = x, y, 0.0
    for package, cores in sorted(packages.items()):
        threads = max(len(core) for core in cores.values())
        core_width = threads * cell + (_GAP if cell >= 12 else 3)
        gap = _GAP if cell >= 18 else 3
        columns = max(1, min(len(cores), int((width - 24 + gap) / (core_width + gap))))
        if len(packages) > 1:
            columns = min(columns, max(4, int((width / 4 - 24) / (core_width + gap)), -(-len(cores) // 4)))
            columns = min(columns, max(1, int((width - 24 + gap) / (core_width + gap))))
        rows = -(-len(cores) // columns)
        nodes = sorted({processor.node for core in cores.values() for processor in core})
        title = f"package {package}, NUMA node {', '.join(map(str, nodes))}"
        box_width = max(columns * (core_width + gap) - gap + 24, min(width, len(title) * 7.2 + 24))
        box_height = rows * (cell + _GAP + gap) - gap + 44
        if left + box_width > x + width + 1 and left > x:
            left, top, row_height = x, top + row_height + 12, 0.0
        canvas.rectangle(left, top, box_width, box_height, SHADE, LINE, 8)
        canvas.text(left + 12, top + 20, title, 12, colour=SOFT_INK)
        for number, core in enumerate(cores.values()):
            core_x = left + 12 + number % columns * (core_width + gap)
            core_y = top + 30 + number // columns * (cell + _GAP + gap)
            inset = (core_width - threads * cell) / 2
            canvas.rectangle(core_x, core_y, core_width, cell + _GAP, PAPER, LINE, 3, 0.8)
            for thread, processor in enumerate(core):
                _cell(canvas, owners, processor, core_x + inset + thread * cell, core_y + _GAP / 2, cell)
        left += box_width + 12
        row_height = max(row_height, box_height)
    return top + row_height - y


def _cell(canvas: Canvas, owners: Owners, processor: Processor, x: float, y: float, cell: float) -> None:
    """One hardware thread."""
    look = owners.processors.get(processor.apic_id, FREE)
    boots = processor.apic_id in owners.booting
    title = f"APIC ID {processor.apic_id}: {look.name}" + (", boots it" if boots else "")
    inset = 1.5 if cell >= 18 else 0.5
    canvas.rectangle(
        x + inset, y + inset, cell - 2 * inset, cell - 2 * inset, look.fill, INK, 2, 0.8, look is FREE, title
    )
    if boots and cell >= 12:
        corner = min(12.0, cell / 3)
        at = inset + 0.4
        canvas.polygon(((x + at, y + at), (x + at + corner, y + at), (x + at, y + at + corner)), INK)
    middle = x + cell / 2
    if cell >= 40:
        colour = PAPER if look is STAYS else INK
        canvas.text(
            middle, y + cell - 7, str(processor.apic_id), 12, "middle", colour=colour, halo=look is not STAYS
        )
        if look.key:
            canvas.badge(middle, y + cell * 0.37, look.key, 13 if cell > 40 else 11)
        elif look is STAYS and processor.bsp:
            canvas.text(middle, y + cell * 0.42, "BSP", 11, "middle", bold=True, colour=PAPER)
    elif cell >= 18 and look.key:
        size = min(11, cell * 0.45)
        canvas.text(middle, y + cell / 2 + size * 0.36, look.key, size, "middle", bold=True, halo=True)
