# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine without a plan as one HTML page: the picture, what partitions could have, what keeps the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.hardware import Facts, State, judge_hardware
from generator.hardware.pieces import Piece, pieces_of
from generator.hardware.tree import Offer, offers_of, tree_of
from generator.hardware.words import counted
from generator.model.device_path import DevicePath
from generator.model.machine import Machine, PciFunction
from generator.picture.canvas import markup
from generator.picture.machine import render_machine_svg
from generator.picture.page import complete_page, heading, table

_FOOTER = "The last column says which line of the machine file a function stands at."


def render_machine_page(machine: Machine) -> str:
    """The page, complete in itself."""
    offers = offers_of(machine)
    notes = {b.function.path: b.note for b in tree_of(machine, offers) if b.function is not None}
    parts: list[str] = []
    for offer in offers:
        parts.append(heading(counted(offer.piece.useful), offer.key))
        parts.append(table(_of_offer(offer, notes)))
    staying = [piece for piece in pieces_of(machine) if piece.stays is not None]
    if staying:
        parts += [heading("What stays with the controller, and why"), table(_of_what_stays(staying))]
    parts += [heading("What MRM requires of a machine"), table(_requirements(machine))]
    return complete_page(machine.title, render_machine_svg(machine), parts, _FOOTER)


def _of_offer(offer: Offer, notes: Mapping[DevicePath, str]) -> Iterator[tuple[str, str, str]]:
    """Everything that comes with an offer."""
    yield "write", f"<code>pci: {offer.port.path}</code>", offer.port.place.short
    if offer.together:
        yield "with it", f"{', '.join(offer.together)}: none of these can be had beside it", ""
    for number, function in enumerate(offer.port.below()):
        note = notes[function.path]
        text = _function(function) + (f": {note}" if note else "")
        yield "" if number else offer.piece.buses, markup(text), function.place.short


def _of_what_stays(pieces: list[Piece]) -> Iterator[tuple[str, str, str]]:
    """What stays, piece by piece."""
    for piece in pieces:
        where = str(piece.port.path) if piece.port is not None else f"{piece.root.path}, {piece.buses}"
        place = piece.port.place if piece.port is not None else piece.root.place
        what = "; ".join(map(_function, piece.functions))
        yield piece.stays or "", f"<code>{where}</code><br>{markup(what)}", place.short


def _requirements(machine: Machine) -> Iterator[tuple[str, str, str]]:
    """The hardware check."""
    for row in judge_hardware(Facts(machine)):
        state = f"<strong>{row.state.value}</strong>" if row.state is not State.FOUND else row.state.value
        yield row.name, f"{state}, {row.level.value}: {markup(row.value)}<br>{markup(row.why)}", ""


def _function(function: PciFunction) -> str:
    """A function in a few words."""
    device, number = function.path.nodes[-1]
    title = f" {function.title}" if function.title else ""
    serial = f" {function.serial}" if function.serial else ""
    return f"{device:02x}.{number} {function.vendor:04x}:{function.device:04x}{title}{serial}"
