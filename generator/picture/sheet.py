# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The whole picture on one sheet: partitions with what they boot, processors, memory, PCI, consoles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.load.values import format_duration, format_size
from generator.model.intent import Restart
from generator.model.plan import FileBoot, PartitionPlan, Plan, ShellBoot, SourcePlan
from generator.picture.canvas import INK, LINE, PAPER, SHADE, SOFT_INK, Canvas, number, shorten
from generator.picture.memory import draw_memory
from generator.picture.owners import FREE, STAYS, Look, Owners, owners_of
from generator.picture.pci import draw_consoles, draw_pci
from generator.picture.processors import draw_processors
from generator.show import describe_source

WIDTH = 1200
_MARGIN = 32
_INNER = WIDTH - 2 * _MARGIN
_CARD_HEIGHT = 104
FREE_OR_KEPT: Sequence[tuple[Look, str]] = (
    (STAYS, "stays with the PC's firmware and the controller"),
    (FREE, "free"),
)
"""The legend of what is no partition's."""
RESTARTS: Mapping[Restart, str] = {"never": "never", "on-failure": "after failures", "always": "always"}

STYLE = (
    'text{font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",Verdana,sans-serif}'
    '.mono{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}'
)

Draw = Callable[[Canvas, float, float, float], float]
"""Draws something at a place, so wide; returns its height."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a sheet: its title, a note beside it, and what draws it."""

    title: str
    note: str
    draw: Draw


def render_svg(plan: Plan) -> str:
    """The picture as an SVG document."""
    owners = owners_of(plan)
    processors = sum(1 for _ in plan.machine.processors)
    memory = sum(memory.size for memory in plan.machine.memory)
    facts = (
        f"on {plan.machine.title}: {processors} processors, {memory / (1 << 30):.4g} GiB of memory, "
        f"{len(plan.partitions)} partition{'' if len(plan.partitions) == 1 else 's'}"
    )
    boot = Section(
        "Boot",
        "from power on to what each partition runs",
        lambda canvas, x, y, width: _draw_boot(canvas, plan, owners, x, y, width),
    )
    pci = Section(
        "PCI",
        "a partition gets everything behind its ports",
        lambda canvas, x, y, width: draw_pci(canvas, plan, owners, x, y, width),
    )
    basics = basic_sections(plan, owners)
    sections = (boot, basics[0], basics[1], pci, basics[2])
    return render_sheet(plan.source, [facts], FREE_OR_KEPT, owners.patterns(), sections)


def basic_sections(plan: Plan, owners: Owners) -> tuple[Section, Section, Section]:
    """Processors, memory, and what shows text or pictures."""
    return (
        Section(
            "Processors",
            "by package and core, with APIC IDs; a black corner marks the one that boots",
            lambda canvas, x, y, width: draw_processors(canvas, plan, owners, x, y, width),
        ),
        Section(
            "Memory",
            "where it will probably lie: addresses are chosen at boot, from what is free",
            lambda canvas, x, y, width: draw_memory(canvas, plan, owners, x, y, width),
        ),
        Section(
            "Consoles and displays",
            "",
            lambda canvas, x, y, width: draw_consoles(canvas, plan, owners, x, y, width),
        ),
    )


def render_sheet(
    title: str,
    facts: Sequence[str],
    legend: Sequence[tuple[Look, str]],
    definitions: str,
    sections: Sequence[Section],
) -> str:
    """A sheet as an SVG document: a title, facts, a line for each, a legend, and parts below each other."""
    canvas = Canvas()
    canvas.text(_MARGIN, 46, shorten(title, _INNER, 25), 25, bold=True)
    y = 70.0
    for fact in facts:
        canvas.text(_MARGIN, y, shorten(fact, _INNER, 14), 14, colour=SOFT_INK)
        y += 20
    y -= 6
    y += _legend(canvas, legend, y)
    for section in sections:
        canvas.line(((_MARGIN, y + 14), (WIDTH - _MARGIN, y + 14)), LINE, 0.8)
        canvas.text(_MARGIN, y + 42, section.title, 18, bold=True)
        if section.note:
            left = _MARGIN + 18 * 0.68 * len(section.title) + 14
            canvas.text(left, y + 42, section.note, 13, colour=SOFT_INK)
        y += 58
        y += section.draw(canvas, _MARGIN, y, _INNER) + 10
    height = y + 18
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {number(height)}" width="{WIDTH}" '
        f'height="{number(height)}" role="img" aria-label="Who owns what of the machine">\n'
        f"<style>{STYLE}</style>\n{definitions}\n"
        f'<rect width="100%" height="100%" fill="{PAPER}"/>\n{canvas}\n</svg>\n'
    )


def _legend(canvas: Canvas, entries: Sequence[tuple[Look, str]], y: float) -> float:
    """What looks mean; returns the height."""
    x: float = _MARGIN
    for look, text in entries:
        canvas.rectangle(x, y, 26, 16, look.fill, INK, 3, 0.8, look is FREE)
        if look.key:
            canvas.text(x + 13, y + 12, look.key, 11, "middle", bold=True, halo=True)
        canvas.text(x + 34, y + 13, text, 13, colour=SOFT_INK)
        x += 34 + len(text) * 7.4 + 20
    return 18


def _draw_boot(canvas: Canvas, plan: Plan, owners: Owners, x: float, y: float, width: float) -> float:
    """The chain from the PC's firmware to the partitions, each a card; returns the height."""
    firmware = plan.machine.firmware
    columns = 1 if len(plan.partitions) <= 4 else 2 if len(plan.partitions) <= 16 else 4
    stem = 190.0
    gap = 12.0
    card = (width - stem - 40 - gap * (columns - 1)) / columns
    height_of = _CARD_HEIGHT if columns < 4 else 66
    rows = -(-len(plan.partitions) // columns)
    height = max(rows * (height_of + gap) - gap, 118.0)
    middle = y + min(height, 260) / 2
    version = shorten(f"{firmware.vendor} {firmware.version}", stem - 20, 12)
    canvas.rectangle(x, middle - 58, stem, 48, SHADE, INK, 6)
    canvas.text(x + 12, middle - 39, "PC firmware", 13, bold=True)
    canvas.text(x + 12, middle - 20, version, 12, colour=SOFT_INK)
    canvas.line(((x + stem / 2, middle - 10), (x + stem / 2, middle + 6)), INK, 1.5)
    canvas.polygon(
        ((x + stem / 2 - 4, middle + 3), (x + stem / 2 + 4, middle + 3), (x + stem / 2, middle + 11)), INK
    )
    canvas.rectangle(x, middle + 11, stem, 48, STAYS.fill, INK, 6)
    console = plan.controller_console.uart
    canvas.text(x + 12, middle + 30, "Mrm.efi", 13, bold=True, colour=PAPER)
    named = f"controller, {console.name}" if console is not None else "controller, no console"
    canvas.text(x + 12, middle + 49, named, 12, colour=PAPER)
    spine = x + stem + 18
    if owners.partitions:
        top, bottom = y + height_of / 2, y + (rows - 1) * (height_of + gap) + height_of / 2
        canvas.line(((x + stem, middle + 35), (spine, middle + 35)), INK, 1.5)
        canvas.line(((spine, min(top, middle + 35)), (spine, max(bottom, middle + 35))), INK, 1.5)
    for index, (partition, look) in enumerate(owners.partitions):
        row, column = divmod(index, columns)
        left, up = x + stem + 40 + column * (card + gap), y + row * (height_of + gap)
        if column == 0:
            canvas.arrow(spine, up + height_of / 2, left)
        _card(canvas, partition, look, left, up, card, height_of)
    return height


def _card(
    canvas: Canvas, partition: PartitionPlan, look: Look, x: float, y: float, width: float, height: float
) -> None:
    """One partition."""
    canvas.rectangle(x, y, width, height, PAPER, INK, 6)
    canvas.rectangle(x, y, 52, height, look.fill, INK, 6)
    canvas.badge(x + 26, y + height / 2, look.key, 16)
    left, room = x + 64, width - 76
    console = partition.console
    if console is None or (console.uart is None and console.path is None):
        speaks = "no console"
    else:
        speaks = console.uart.name if console.uart is not None else "PCI serial port"
    canvas.text(left, y + 24, shorten(partition.name.value, room, 16), 16, bold=True)
    count = len(partition.processors.grants)
    facts = [
        f"{count} processor{'' if count == 1 else 's'}",
        format_size(partition.memory.size.value),
        *_devices(partition),
        speaks,
        *([f"on {', '.join(card.network.value for card in partition.cards)}"] if partition.cards else []),
        *(
            [f"{len(partition.disks)} served disk{'' if len(partition.disks) == 1 else 's'}"]
            if partition.disks
            else []
        ),
        *([f"shares {', '.join(h.name.value for h in partition.shared)}"] if partition.shared else []),
        *(["display"] if partition.display.value else []),
        f"restarts {RESTARTS[partition.policy.restart]}",
    ]
    if height < _CARD_HEIGHT:
        brief = f"{count} CPU{'' if count == 1 else 's'} · {facts[1]}"
        canvas.text(left, y + 46, shorten(brief, room, 12), 12, colour=SOFT_INK)
        return
    canvas.text(left, y + 45, shorten(" · ".join(facts), room, 13), 13, colour=SOFT_INK)
    sources = partition.boot.sources
    describe = _source if len(sources) == 1 else _brief
    chain = ", else ".join(describe(source) for source in sources)
    seconds = partition.boot.timeout.value
    choice = f" (a choice for {format_duration(seconds)})" if seconds else ""
    chain = f"partition firmware{choice} → {chain}"
    canvas.text(left, y + 68, shorten(chain, room, 13), 13)
    files = partition.boot.files
    options = next((boot.owner_options.value for boot in files if boot.owner_options is not None), "")
    count = sum(len(boot.added_parameters) for boot in files[:1])
    added = f"{count} parameters added" if count else ""
    expected = len(partition.boot.expected)
    wanted = f"{expected} for its own Linux" if expected else ""
    after = ", ".join(name.value for name in partition.policy.after)
    waits = f"starts after {after}" if after else ""
    parts = [part for part in (options, added, wanted, waits) if part]
    canvas.text(
        left,
        y + 89,
        shorten(" + ".join(parts) or "no options", room, 12),
        12,
        colour=SOFT_INK,
        mono=bool(options),
    )


def _devices(partition: PartitionPlan) -> Iterator[str]:
    """How many ports it has, and how many functions by themselves."""
    alone = sum(grant.alone for grant in partition.pci)
    ports = len(partition.pci) - alone
    if ports or not alone:
        yield f"{ports} port{'' if ports == 1 else 's'}"
    if alone:
        yield f"{alone} function{'' if alone == 1 else 's'}"


def _brief(source: SourcePlan) -> str:
    """A boot source among several."""
    if isinstance(source, FileBoot | ShellBoot):
        return source.esp_file.rsplit("/", 1)[-1]
    port = source.root_port
    return source.kind if port is None else f"{source.kind} {port.value.trail}"


def _source(source: SourcePlan) -> str:
    """A boot source on a card."""
    if not isinstance(source, FileBoot):
        return describe_source(source) if not isinstance(source, ShellBoot) else "shell"
    linux = source.file_facts.linux
    text = source.esp_file.rsplit("/", 1)[-1]
    if linux is not None:
        text += f" (Linux {linux.release})"
    if source.initrd is not None:
        text += f" + {source.initrd.value.name}"
    return text
