# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about the machine: its file does not contradict itself, and it can carry partitions at all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from generator.check.registry import Finding, error
from generator.model.plan import Plan
from generator.places import Place
from generator.resolve.memory import PAGE


def _repeated(named: Iterable[tuple[Hashable, str, Place]]) -> Iterator[Finding]:
    """One finding for each thing that has the key of an earlier one."""
    first: dict[Hashable, Place] = {}
    for key, text, place in named:
        if key in first:
            yield Finding(
                place, f"{text} is there twice (first in line {first[key].line})", "each once", "remove one"
            )
        else:
            first[key] = place


@error
def machine_processors_unique(plan: Plan) -> Iterator[Finding]:
    """No two processors of the machine have the same APIC ID."""
    yield from _repeated((p.apic_id, f"APIC ID {p.apic_id}", p.place) for p in plan.machine.processors)


@error
def machine_one_bsp(plan: Plan) -> Iterator[Finding]:
    """Exactly one processor of the machine is its bootstrap processor."""
    bsps = [processor for processor in plan.machine.processors if processor.bsp]
    if len(bsps) != 1:
        place = bsps[1].place if bsps else plan.machine.place
        yield Finding(
            place,
            f"{len(bsps)} processors are marked 'bsp'",
            "exactly one",
            "mark the one the firmware runs on",
        )


@error
def machine_memory_disjoint(plan: Plan) -> Iterator[Finding]:
    """The memory ranges of the machine do not overlap and lie inside its physical addresses."""
    limit = 1 << plan.machine.physical_address_bits
    end = 0
    for memory in sorted(plan.machine.memory, key=lambda memory: memory.base):
        if memory.base < end:
            yield Finding(
                memory.place,
                f"the range at {memory.base:#x} overlaps the one before it",
                f"a base of at least {end:#x}",
                "correct base or size",
            )
        if memory.end > limit:
            yield Finding(
                memory.place,
                f"the range ends at {memory.end:#x}",
                f"at most {limit:#x} with {plan.machine.physical_address_bits} address bits",
                "correct the range or 'physical_address_bits'",
            )
        end = max(end, memory.end)


@error
def machine_holds_disjoint(plan: Plan) -> Iterator[Finding]:
    """The ranges the firmware holds are whole pages, do not overlap and lie inside the physical addresses."""
    limit = 1 << plan.machine.physical_address_bits
    end = 0
    for held in sorted(plan.machine.firmware.holds, key=lambda held: held.base):
        if held.size == 0 or held.base % PAGE or held.size % PAGE:
            yield Finding(
                held.place,
                f"the firmware holds {held.size:#x} bytes at {held.base:#x}",
                "whole pages of 4 KiB, at least one",
                "round the base down and the end up",
            )
        if held.base < end:
            yield Finding(
                held.place,
                f"{held} overlaps the range before it that the firmware holds",
                f"a base of at least {end:#x}",
                "correct base or size",
            )
        if held.end > limit:
            yield Finding(
                held.place,
                f"what the firmware holds ends at {held.end:#x}",
                f"at most {limit:#x} with {plan.machine.physical_address_bits} address bits",
                "correct the range or 'physical_address_bits'",
            )
        end = max(end, held.end)


@error
def machine_uarts_unique(plan: Plan) -> Iterator[Finding]:
    """No two UARTs of the machine have the same name or share I/O ports."""
    yield from _repeated((uart.name, uart.name, uart.place) for uart in plan.machine.uarts)
    before = None
    for uart in sorted(plan.machine.uarts, key=lambda uart: uart.io_base):
        if before is not None and uart.io_base < before.io_base + 8:
            yield Finding(
                uart.place,
                f"{uart.name} shares I/O ports with {before.name}",
                "eight ports of its own",
                "correct 'io_base'",
            )
        before = uart


@error
def machine_functions_unique(plan: Plan) -> Iterator[Finding]:
    """No two PCI functions of the machine have the same device path."""
    everything = (
        function for root in plan.machine.roots for top in root.functions for function in (top, *top.below())
    )
    yield from _repeated((function.path, str(function.path), function.place) for function in everything)


@error
def machine_pm_timer(plan: Plan) -> Iterator[Finding]:
    """The machine has an ACPI PM timer: the only reference for time that partitions can share."""
    if plan.machine.acpi.pm_timer is None:
        yield Finding(
            plan.machine.place,
            f"the machine {plan.machine.name} has no PM timer",
            "'acpi: {pm_timer: {port: …}}'",
            "add it, or take another machine",
        )
