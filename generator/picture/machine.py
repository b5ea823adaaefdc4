# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine without a plan as a picture: what each partition could have of it, and what keeps the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from generator.hardware.tree import Branch, Offer, offers_of, tree_of
from generator.hardware.words import counted, facts_of
from generator.model.intent import CONSOLE_NONE
from generator.model.machine import Machine
from generator.model.plan import ConsolePlan, Plan
from generator.picture.canvas import INK, PAPER, SOFT_INK, Canvas, shorten
from generator.picture.owners import FREE, STAYS, Look, Owners, look_of, owners_of, patterns
from generator.picture.rows import Row, draw_rows, name_of, place_of
from generator.picture.sheet import Section, basic_sections, render_sheet
from generator.places import Located

_COLUMNS, _CARD, _GAP = 2, 72.0, 12.0
_SMALL_COLUMNS, _SMALL_CARD, _SMALL_FROM = 4, 46.0, 21
"""Columns and height of the cards from so many cards on; they lack the last line."""
_MOST_CARDS = 240


def render_machine_svg(machine: Machine) -> str:
    """The picture as an SVG document."""
    offers = offers_of(machine)
    looks = {offer.key: look_of(number, offer.key) for number, offer in enumerate(offers)}
    plan = bare_plan(machine)
    processors, memory, consoles = basic_sections(plan, _owners(plan))
    sections = (
        Section(
            "What a partition could have",
            "each letter is one partition's, with everything behind its port",
            partial(_draw_offers, offers, looks),
        ),
        Section(
            "PCI",
            "what has a letter could be given away; functions on a root bus cannot be told apart, and stay",
            partial(_draw_tree, machine, offers, looks),
        ),
        Section(processors.title, "by package and core, with APIC IDs", processors.draw),
        Section(memory.title, "what partitions share", memory.draw),
        Section("Serial ports", "a partition can have each as its console", consoles.draw),
    )
    legend = (
        *((looks[offer.key], "a partition could have it") for offer in offers[:1]),
        (STAYS, "stays with the PC's firmware and the controller"),
        (FREE, "free, or of no use by itself"),
    )
    return render_sheet(
        machine.title, list(facts_of(machine, offers)), legend, patterns(len(offers)), sections
    )


def bare_plan(machine: Machine) -> Plan:
    """The plan of nobody: all that the controller does not keep is free."""
    name = machine.controller_console or CONSOLE_NONE
    uart = machine.uarts_by_name().get(name)
    return Plan(
        place=machine.place,
        source=machine.name,
        machine=machine,
        controller_console=ConsolePlan(Located(name, machine.place), uart),
        all_off="stay",
        power_button="shutdown",
        partitions=(),
    )


def _owners(plan: Plan) -> Owners:
    """Who has what of a machine without partitions: the controller has a whole core."""
    owners = owners_of(plan)
    every = plan.machine.processors
    cores = {(p.package, p.core) for p in every if p.bsp}
    staying = {p.apic_id: STAYS for p in every if (p.package, p.core) in cores}
    return replace(owners, processors={**owners.processors, **staying})


def _draw_offers(
    offers: Sequence[Offer], looks: Mapping[str, Look], canvas: Canvas, x: float, y: float, width: float
) -> float:
    """A card for each offer; returns the height."""
    if not offers:
        canvas.text(x, y + 16, "nothing: below stands what keeps each function", 13)
        return 24
    small = len(offers) >= _SMALL_FROM
    columns, height = (_SMALL_COLUMNS, _SMALL_CARD) if small else (_COLUMNS, _CARD)
    card = (width - _GAP * (columns - 1)) / columns
    shown = offers[:_MOST_CARDS]
    rows = -(-len(shown) // columns)
    for number, offer in enumerate(shown):
        column, row = divmod(number, rows)
        left, top = x + column * (card + _GAP), y + row * (height + _GAP)
        _draw_offer(canvas, offer, looks[offer.key], left, top, card, height)
    below = rows * (height + _GAP) - _GAP
    if len(offers) > len(shown):
        left_out = f"and {len(offers) - len(shown)} more: see the tables of the page"
        canvas.text(x, y + below + 20, left_out, 12, colour=SOFT_INK)
        below += 24
    return below


def _draw_offer(
    canvas: Canvas, offer: Offer, look: Look, x: float, y: float, width: float, height: float
) -> None:
    """One card."""
    canvas.rectangle(x, y, width, height, PAPER, INK, 6, 1, bool(offer.together))
    canvas.rectangle(x, y, 52, height, look.fill, INK, 6)
    canvas.badge(x + 26, y + height / 2, offer.key, 16)
    left, room = x + 62, width - 72
    name, path, note = _card_lines(offer)
    if height < _CARD:
        canvas.text(left, y + 19, shorten(name, room, 12), 12, bold=True)
        canvas.text(left, y + 37, shorten(offer.port.path.trail, room, 11), 11, mono=True)
        return
    canvas.text(left, y + 22, shorten(name, room, 14), 14, bold=True)
    canvas.text(left, y + 42, shorten(path, room, 12), 12, mono=True)
    canvas.text(left, y + 61, shorten(note, room, 12), 12, colour=SOFT_INK)


def _card_lines(offer: Offer) -> tuple[str, str, str]:
    """What is on a card: what it is, where, and what else is to be known."""
    off = [function for function in offer.piece.disabled if function in offer.piece.useful]
    notes = [offer.piece.buses]
    notes += [f"only together with {', '.join(offer.together)}"] if offer.together else []
    notes += [f"{counted(off)} stays disabled"] if off else []
    return counted(offer.piece.useful), str(offer.port.path), "; ".join(notes)


def _draw_tree(
    machine: Machine,
    offers: Sequence[Offer],
    looks: Mapping[str, Look],
    canvas: Canvas,
    x: float,
    y: float,
    width: float,
) -> float:
    """The PCI tree; returns the height."""
    rows = [_row(branch, looks) for branch in tree_of(machine, offers)]
    return draw_rows(canvas, rows, x, y, width, _COLUMNS)


def _row(branch: Branch, looks: Mapping[str, Look]) -> Row:
    """A line of the tree as it is drawn."""
    root, function = branch.root, branch.function
    if function is None:
        return Row(0, root.path, f"segment {root.segment}, bus {root.bus}", FREE, root.path)
    look = looks.get(branch.key, STAYS if branch.stays else FREE)
    whose = (
        f"a partition could have it ({branch.key})"
        if branch.key
        else "stays"
        if branch.stays
        else "of no use"
    )
    title = f"{function.path}: {branch.note or whose}"
    return Row(branch.depth, place_of(function), name_of(function, False), look, title, branch.note)
