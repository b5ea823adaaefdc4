# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Compile a DSDT with iasl and find its placeholders through iasl's offset table (`iasl -so`)."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.emit.placeholders import (
    CONSOLE_IO,
    CONSOLE_MEMORY,
    DWORD,
    PANIC,
    QWORD,
    THERMAL,
    WORD,
    BusPlaceholders,
    Descriptor,
    Layout,
    placeholders,
)
from generator.errors import Problem, UserErrors
from generator.places import Place

IASL = "iasl"
_TIME_LIMIT_SECONDS = 60
_QWORD_PREFIX = 0x0E

_CONSOLE_IO_KINDS = ("MrmPatchConsoleIoFirst", "MrmPatchConsoleIoLast")
_PANIC_KINDS = ("MrmPatchPanicFirst", "MrmPatchPanicLast")
_CONSOLE_MEMORY_KINDS = ("MrmPatchConsoleMemoryFirst", "MrmPatchConsoleMemoryLast")

_ENTRY = re.compile(
    r'\{"(?P<path>[^"]+)",\s*0x[0-9A-F]+,\s*0x[0-9A-F]+,'
    r"\s*0x(?P<opcode>[0-9A-F]+),\s*0x(?P<offset>[0-9A-F]+),\s*0x(?P<value>[0-9A-F]+)\}"
)


class CompileError(Exception):
    """iasl refuses generated ASL, or its output is not what we rely on: a fault of the generator."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One MRM_PLAN_AML_PATCH: `kind` is the C name of the MRM_PATCH_KIND, `placeholder` what is there now."""

    offset: int
    width: int
    index: int
    kind: str
    placeholder: int


@dataclass(frozen=True, slots=True)
class Dsdt:
    """A compiled DSDT with its patches in order of offset."""

    aml: bytes
    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of iasl's offset table."""

    opcode: int
    offset: int


def compile_dsdt(source: str, buses: int, card: bool = False, thermal: bool = True) -> Dsdt:
    """Compile ASL with the placeholders of `buses` PCI buses in it, a console on a PCI card, a thermal zone.

    Raises `UserErrors` if there is no iasl, `CompileError` if the result is not as expected.
    """
    aml, table = _run_iasl(source)
    named, integers = _read_offset_table(table)
    patches: list[Patch] = []
    for index in range(buses):
        patches.extend(_bus_patches(placeholders(index), named, integers))
    if card:
        patches.extend(_descriptor_patches(named, 0, CONSOLE_IO, WORD, *_CONSOLE_IO_KINDS))
        patches.extend(_descriptor_patches(named, 0, CONSOLE_MEMORY, QWORD, *_CONSOLE_MEMORY_KINDS))
    patches.extend(_descriptor_patches(named, 0, PANIC, QWORD, *_PANIC_KINDS))
    if thermal:
        if THERMAL not in integers:
            raise CompileError("the offset table lacks the registers of the thermal zone")
        patches.append(Patch(integers[THERMAL], 8, 0, "MrmPatchThermal", THERMAL))
    for patch in patches:
        found = int.from_bytes(aml[patch.offset : patch.offset + patch.width], "little")
        if found != patch.placeholder:
            raise CompileError(
                f"{patch.kind} of bus {patch.index}: {found:#x} at offset {patch.offset:#x} of the AML"
            )
        wide = patch.placeholder.to_bytes(patch.width, "little")
        if patch.width == 8 and aml.count(wide) != 1:
            raise CompileError(
                f"{patch.kind} of bus {patch.index}: its placeholder is in the AML more than once"
            )
    return Dsdt(aml, tuple(sorted(patches, key=lambda patch: patch.offset)))


def _run_iasl(source: str) -> tuple[bytes, str]:
    """The AML and the text of the offset table."""
    if shutil.which(IASL) is None:
        raise UserErrors(
            [
                Problem(
                    Place(IASL),
                    "tool-found",
                    "iasl is not installed",
                    "iasl on the PATH",
                    "install acpica-tools",
                )
            ]
        )
    with tempfile.TemporaryDirectory(prefix="mrm-asl-") as folder:
        path = Path(folder, "dsdt.asl")
        path.write_text(source, encoding="ascii")
        try:
            run = subprocess.run(
                [IASL, "-we", "-so", path.name],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIME_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CompileError(f"iasl did not end within {_TIME_LIMIT_SECONDS} s") from error
        if run.returncode != 0:
            raise CompileError(f"iasl refuses the generated ASL:\n{run.stdout}{run.stderr}")
        return path.with_suffix(".aml").read_bytes(), path.with_suffix(".offset.h").read_text(
            "utf-8", "replace"
        )


def _read_offset_table(table: str) -> tuple[Mapping[str, _Entry], Mapping[int, int]]:
    """Resource descriptors by name, and offsets of 64-bit integers by value."""
    named: dict[str, _Entry] = {}
    integers: dict[int, int] = {}
    for match in _ENTRY.finditer(table):
        opcode, offset = int(match["opcode"], 16), int(match["offset"], 16)
        tag = match["path"].rsplit(".", 1)[-1]
        if opcode in (WORD.tag, DWORD.tag, QWORD.tag):
            if tag in named:
                raise CompileError(f"two resource descriptors are named {tag}")
            named[tag] = _Entry(opcode, offset)
        elif opcode == _QWORD_PREFIX:
            integers[int(match["value"], 16)] = offset
    return named, integers


def _bus_patches(
    bus: BusPlaceholders, named: Mapping[str, _Entry], integers: Mapping[int, int]
) -> Iterator[Patch]:
    """The patches of one PCI bus."""
    if bus.base_bus not in integers:
        raise CompileError(f"the offset table lacks _BBN of bus {bus.index}")
    yield Patch(integers[bus.base_bus], 8, bus.index, "MrmPatchBusFirst", bus.base_bus)
    kinds: tuple[tuple[Descriptor, Layout, str, str, str], ...] = (
        (bus.bus, WORD, "MrmPatchBusFirst", "MrmPatchBusLast", "MrmPatchBusCount"),
        (bus.memory, DWORD, "MrmPatchMemoryFirst", "MrmPatchMemoryLast", "MrmPatchMemoryLength"),
        (
            bus.prefetchable,
            QWORD,
            "MrmPatchPrefetchableFirst",
            "MrmPatchPrefetchableLast",
            "MrmPatchPrefetchableLength",
        ),
        (bus.io, WORD, "MrmPatchIoFirst", "MrmPatchIoLast", "MrmPatchIoLength"),
        (bus.ecam, QWORD, "MrmPatchEcamBase", "MrmPatchEcamLast", "MrmPatchEcamLength"),
    )
    for descriptor, layout, *names in kinds:
        yield from _descriptor_patches(named, bus.index, descriptor, layout, *names)


def _descriptor_patches(
    named: Mapping[str, _Entry], index: int, descriptor: Descriptor, layout: Layout, *kinds: str
) -> Iterator[Patch]:
    """The patches of one resource descriptor: first, last and, if a third kind is named, length."""
    entry = named.get(descriptor.tag)
    if entry is None or entry.opcode != layout.tag:
        raise CompileError(f"the offset table lacks the resource descriptor {descriptor.tag}")
    places = (layout.first, layout.last, layout.length)
    values = (descriptor.first, descriptor.last, descriptor.length)
    for kind, at, value in zip(kinds, places, values, strict=False):
        yield Patch(entry.offset + at, layout.width, index, kind, value)
