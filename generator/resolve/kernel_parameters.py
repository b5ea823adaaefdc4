# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The kernel parameters a Linux partition needs: one table, with the reason for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generator.model.files import LinuxFacts
from generator.model.machine import Uart
from generator.model.plan import AddedParameter

TSC_KHZ = "{tsc_khz}"
"""Replaced by the controller with the measured frequency of the time-stamp counter, in kHz."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether a parameter is needed."""

    linux: LinuxFacts
    uart: Uart | None


def _always(_: Situation) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class KernelParameter:
    """One line of the table.

    `text` may name `{port}`, `{baud}` and `{tsc_khz}`.  `condition` says in words when `applies` holds.
    If the owner gives the same parameter, ours is left out, unless it is `cumulative`: then Linux adds up
    both and the owner's comes last.
    """

    text: str
    why: str
    condition: str = "always"
    cumulative: bool = False
    applies: Callable[[Situation], bool] = _always

    @property
    def name(self) -> str:
        """What stands before the equals sign."""
        return self.text.partition("=")[0]


def _has_uart(situation: Situation) -> bool:
    return situation.uart is not None


def _has_no_uart(situation: Situation) -> bool:
    return situation.uart is None


def _is_realtime(situation: Situation) -> bool:
    """PREEMPT_RT kernels say so in their version and start with EFI runtime services switched off."""
    return "PREEMPT_RT" in situation.linux.banner


KERNEL_PARAMETERS: tuple[KernelParameter, ...] = (
    KernelParameter(
        "no_ipi_broadcast=1",
        "interprocessor interrupts to all but oneself would reach the processors of every partition",
    ),
    KernelParameter(
        "8250.nr_uarts=1",
        "the driver would probe the UARTs of the others",
        "the console is a UART",
        applies=_has_uart,
    ),
    KernelParameter(
        "8250.nr_uarts=0",
        "the driver would probe the UARTs of the others",
        "there is no console",
        applies=_has_no_uart,
    ),
    KernelParameter(
        "console=uart8250,io,0x{port:x},{baud}n8",
        "the partition's console, from the first message on",
        "the console is a UART",
        cumulative=True,
        applies=_has_uart,
    ),
    KernelParameter(
        "tsc_early_khz=" + TSC_KHZ,
        "the timer it would measure against (8254) is shared; the controller has measured already",
    ),
    KernelParameter("tsc=reliable", "the watchdog of the clock source would compare with shared timers"),
    KernelParameter(
        "reserve=0xcf8,8", "the shared PCI configuration ports stay unused: ECAM only", cumulative=True
    ),
    KernelParameter(
        "pci=noearly,realloc=off",
        "early scans would see everyone's devices; the windows of root ports are not ours to move",
        cumulative=True,
    ),
    KernelParameter("reboot=efi", "any other way to reboot resets the whole machine"),
    KernelParameter(
        "efi=runtime",
        "PREEMPT_RT kernels leave EFI runtime services alone, and could neither power off nor reboot alone",
        "the kernel is PREEMPT_RT",
        cumulative=True,
        applies=_is_realtime,
    ),
    KernelParameter("apic_extnmi=none", "external NMIs belong to the controller"),
    KernelParameter(
        "modprobe.blacklist=pcspkr", "the speaker shares ports with the 8254 timer", cumulative=True
    ),
    KernelParameter("panic=10", "a panic ends in a reset of the partition, which restarts it"),
)
"""Added in this order."""

HARMFUL: tuple[tuple[str, str], ...] = (
    ("noapic", "there is no other interrupt controller in a partition"),
    ("nolapic", "there is no other interrupt controller in a partition"),
    ("acpi=off", "ACPI describes the partition; without it Linux probes the whole machine"),
    ("acpi=noirq", "ACPI describes the interrupts of the partition"),
    ("efi=noruntime", "reboot and power-off are EFI runtime services here"),
    ("noefi", "reboot and power-off are EFI runtime services here"),
    ("pci=noacpi", "ACPI describes the PCI buses of the partition"),
    ("pci=nommconf", "without ECAM Linux uses the shared configuration ports"),
    ("pci=conf1", "these configuration ports are shared with everyone"),
)
"""Parameters that break a partition or its neighbours, and why."""

_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')


def split_words(options: str) -> list[str]:
    """The parameters of a command line; quotes keep spaces together, as Linux has it."""
    return _WORD.findall(options)


def _canonical(word: str) -> tuple[str, str]:
    """Name and value of a parameter; Linux takes - and _ in names for the same."""
    name, _, value = word.partition("=")
    return name.replace("-", "_"), value.strip('"')


def added_parameters(situation: Situation, owner_options: str) -> tuple[AddedParameter, ...]:
    """What the table adds for this kernel and console beside the owner's options."""
    owners = {_canonical(word)[0] for word in split_words(owner_options)}
    uart = situation.uart
    added: list[AddedParameter] = []
    for parameter in KERNEL_PARAMETERS:
        if not parameter.applies(situation):
            continue
        if not parameter.cumulative and _canonical(parameter.name)[0] in owners:
            continue
        text = parameter.text
        if uart is not None and "{port" in text:
            text = text.format(port=uart.io_base, baud=uart.baud)
        added.append(AddedParameter(text, parameter.why))
    return tuple(added)


def harmful_parameters(options: str) -> Sequence[tuple[str, str]]:
    """The harmful words of a command line, each with the reason."""
    found: list[tuple[str, str]] = []
    for word in split_words(options):
        name, value = _canonical(word)
        parts = {f"{name}={part}" for part in value.split(",")} if "=" in word else {name}
        found.extend((word, why) for harmful, why in HARMFUL if harmful in parts)
    return found
