# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Placeholders in the ASL, and how their values lie in the AML.

A resource descriptor has consistent values for first, last and length, so that iasl accepts them, in fields
as wide as they may ever need to be. What stands in the AML for a placeholder is there exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spot:
    """Bytes of a fragment: what is filled in by the plan (`fill`), or by the controller (`patch`).

    `patch` is the name of an MRM_PATCH_KIND. `offset` counts from the start of the pattern, below zero for
    what is before it; both in bytes.
    """

    offset: int
    width: int
    fill: str | None = None
    patch: str | None = None


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What stands in the ASL for `${WORD}`, and the bytes in the AML that come of it."""

    words: dict[str, str]
    pattern: bytes
    spots: tuple[Spot, ...]


def _descriptor(
    word: str, kind: str, width: int, first: int, length: int, counted: str = "Length"
) -> Placeholder:
    """An address space descriptor (ACPI 6.5, section 6.4.3.5): granularity, first, last, offset, length."""
    last = first + length - 1
    values = {"FIRST": first, "LAST": last, "LENGTH": length}
    numbers = (0, first, last, 0, length)
    spots = [Spot(width, width, patch=f"{kind}First"), Spot(2 * width, width, patch=f"{kind}Last")]
    if counted:
        spots.append(Spot(4 * width, width, patch=f"{kind}{counted}"))
    return Placeholder(
        {f"{word}_{name}": f"{value:#x}" for name, value in values.items()},
        b"".join(number.to_bytes(width, "little") for number in numbers),
        tuple(spots),
    )


def _integer(
    word: str, width: int, value: int, fill: str | None = None, patch: str | None = None
) -> Placeholder:
    """An integer so large that iasl gives it `width` bytes."""
    return Placeholder({word: f"{value:#x}"}, value.to_bytes(width, "little"), (Spot(0, width, fill, patch),))


def _name(value: str) -> Placeholder:
    """A name of four letters."""
    return Placeholder({"NAME": value}, value.encode(), (Spot(0, 4, fill="name"),))


_UID = _integer("UID", 4, 0x4D524D55, fill="uid")
_PREFETCHABLE = _descriptor("PREFETCHABLE", "MrmPatchPrefetchable", 8, 0x304D524D2D504600, 0x104D524D2D504C00)
_ECAM = _descriptor("ECAM", "MrmPatchEcam", 8, 0x504D524D2D454300, 0x204D524D2D454C00)

PLACEHOLDERS: dict[str, tuple[Placeholder, ...]] = {
    "sleep": (),
    "processor": (_name("CZZZ"), _UID),
    "uart": (Placeholder({"PORT": "0xA5B6"}, b"\xb6\xa5\xb6\xa5", (Spot(0, 2, "port"), Spot(2, 2, "port"))),),
    "card": (
        _descriptor("CONSOLE_IO", "MrmPatchConsoleIo", 2, 0xE000, 8, counted=""),
        _descriptor("CONSOLE_MEMORY", "MrmPatchConsoleMemory", 8, 0x604D524D2D554100, 8, counted=""),
    ),
    "panic": (_descriptor("PANIC", "MrmPatchPanic", 8, 0x604D524D2D504100, 4, counted=""),),
    "thermal": (_integer("THERMAL", 8, 0x604D524D2D544800, patch="MrmPatchThermal"),),
    "shared": (),
    "bus": (
        _name("PCZZ"),
        _UID,
        _integer("SEGMENT", 4, 0x47534D53, fill="segment"),
        _integer("BASE_BUS", 8, 0x4D524D2D42425500, patch="MrmPatchBusFirst"),
        _descriptor("BUS", "MrmPatchBus", 2, 0xA000, 0x100, counted="Count"),
        _descriptor("MEMORY", "MrmPatchMemory", 4, 0xA0000000, 1 << 24),
        Placeholder(
            _PREFETCHABLE.words,
            _PREFETCHABLE.pattern,
            # The byte before the numbers says what kind of memory it is.
            (Spot(-1, 1, fill="window"), *_PREFETCHABLE.spots),
        ),
        _descriptor("IO", "MrmPatchIo", 2, 0xC000, 0x100),
    ),
    "ecam": (
        _name("ECZZ"),
        _UID,
        Placeholder(
            _ECAM.words,
            _ECAM.pattern,
            (Spot(8, 8, patch="MrmPatchEcamBase"), *_ECAM.spots[1:]),
        ),
    ),
}
"""The placeholders of each fragment; a fragment is a file of asl/."""
