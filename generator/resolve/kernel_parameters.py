# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The kernel parameters a Linux partition needs: one table, with the reason for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generator.model.files import LinuxFacts
from generator.model.intent import Isolation
from generator.model.machine import Uart
from generator.model.plan import AddedParameter, ConsolePlan
from generator.resolve.serial_parameters import LEGACY_PORTS
from generator.resolve.words import canonical, kernel_words

TSC_KHZ = "{tsc_khz}"
"""Replaced by the controller with the measured frequency of the time-stamp counter, in kHz."""


CONSOLE = "{console}"
"""Replaced by the controller with where the console is, as Linux wants it: `io,0x2f8`, `mmio,0xfe000000`."""
LIVE = {TSC_KHZ: len("4294967295"), CONSOLE: len("mmio,0xffffffffffffffff")}
"""What only the live machine knows, and how long it can be."""
CARD_BAUD = 115200
"""Baud rate of a PCI serial card."""


ALL_LEVELS: tuple[Isolation, ...] = ("cooperative", "guarded", "contained")
BARE: tuple[Isolation, ...] = ("cooperative",)
"""Nothing is beneath the system: ports that others use, it reaches."""
OPEN: tuple[Isolation, ...] = ("cooperative", "guarded")
"""Interrupts that it sends reach any processor."""
ASLEEP = "Linux offers suspend on every machine, and in a partition nothing wakes it"


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts by which a parameter is needed or not; `linux` is None for a kernel that is not known yet."""

    linux: LinuxFacts | None
    console: ConsolePlan | None
    level: Isolation = "cooperative"
    chipset: bool = False
    """It owns the PC's chipset: what Linux touches by habit is its own."""

    @property
    def uart(self) -> Uart | None:
        """The UART at I/O ports that is the console."""
        return self.console.uart if self.console is not None else None

    @property
    def card(self) -> bool:
        """Whether the console is a PCI serial card."""
        return self.console is not None and self.console.path is not None


def _always(_: Situation) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class KernelParameter:
    """One line of the table.

    `needed`: without it Linux would disturb other partitions or the controller; the rest is merely good for
    the partition itself.  `text` may name `{port}`, `{baud}` and what is in LIVE.  `condition` says in words
    when `applies` holds and the level is one of `levels`; with `any_kernel`, kernels that do not need it do
    not mind it.  If the owner gives the same parameter, ours is left out, unless it is `cumulative`: Linux
    adds up both, the owner's last.
    """

    text: str
    why: str
    needed: bool
    condition: str = "always"
    cumulative: bool = False
    any_kernel: bool = False
    applies: Callable[[Situation], bool] = _always
    levels: tuple[Isolation, ...] = ALL_LEVELS
    owner: bool = False
    """Whether it is also for the owner of the chipset."""

    @property
    def name(self) -> str:
        """What stands before the equals sign."""
        return self.text.partition("=")[0]

    def fits(self, situation: Situation) -> bool:
        """Whether it is of use there."""
        meant = self.owner or not situation.chipset
        return meant and situation.level in self.levels and self.applies(situation)


def _has_uart(situation: Situation) -> bool:
    return situation.uart is not None


def _has_card(situation: Situation) -> bool:
    return situation.card


def _has_serial_console(situation: Situation) -> bool:
    return situation.uart is not None or situation.card


def _has_no_uart(situation: Situation) -> bool:
    return not _has_serial_console(situation)


def _is_realtime(situation: Situation) -> bool:
    """PREEMPT_RT kernels say so in their version and start with EFI runtime services switched off."""
    return situation.linux is not None and "PREEMPT_RT" in situation.linux.banner


KERNEL_PARAMETERS: tuple[KernelParameter, ...] = (
    KernelParameter(
        "no_ipi_broadcast=1",
        "interprocessor interrupts to all but oneself would reach the processors of every partition",
        needed=True,
        condition="the level is not contained",
        levels=OPEN,
        owner=True,
    ),
    KernelParameter(
        "8250.nr_uarts=1",
        "the driver would probe the UARTs of the others",
        needed=True,
        condition="the level is cooperative, the console a UART or a PCI serial card",
        applies=_has_serial_console,
        levels=BARE,
    ),
    KernelParameter(
        "8250.nr_uarts=0",
        "the driver would probe the UARTs of the others",
        needed=True,
        condition="the level is cooperative, there is no console",
        applies=_has_no_uart,
        levels=BARE,
    ),
    KernelParameter(
        "reserve=0xcf8,8",
        "the shared PCI configuration ports stay unused: ECAM only",
        needed=True,
        condition="the level is cooperative",
        cumulative=True,
        levels=BARE,
    ),
    KernelParameter(
        "pci=noearly",
        "early scans would see everyone's devices, and change the settings of some",
        needed=True,
        condition="the level is cooperative",
        cumulative=True,
        levels=BARE,
    ),
    KernelParameter(
        "efi=runtime",
        "PREEMPT_RT kernels leave EFI runtime services alone, and would reset the whole machine to reboot",
        needed=True,
        condition="the kernel is PREEMPT_RT",
        cumulative=True,
        any_kernel=True,
        applies=_is_realtime,
    ),
    KernelParameter(
        "console=uart8250,io,0x{port:x},{baud}n8",
        "the partition's console, from the first message on",
        needed=False,
        condition="the console is a UART",
        cumulative=True,
        applies=_has_uart,
        owner=True,
    ),
    KernelParameter(
        f"console=uart8250,{CONSOLE},{CARD_BAUD}n8",
        "the partition's console, from the first message on",
        needed=False,
        condition="the console is a PCI serial card",
        cumulative=True,
        applies=_has_card,
    ),
    KernelParameter(
        "initcall_blacklist=serial_pci_driver_init",
        "the driver of PCI serial cards would want the card's interrupt line, which leads nowhere",
        needed=False,
        condition="the console is a PCI serial card",
        cumulative=True,
        applies=_has_card,
    ),
    KernelParameter(
        "tsc_early_khz=" + TSC_KHZ,
        "the timer it would measure against (8254) is shared; the controller has measured already",
        needed=False,
    ),
    KernelParameter(
        "tsc=reliable", "the watchdog of the clock source would compare with shared timers", needed=False
    ),
    KernelParameter(
        "pci=realloc=off",
        "the windows of ports are not the partition's to move",
        needed=False,
        cumulative=True,
    ),
    KernelParameter(
        "apic_extnmi=none",
        "NMIs of the machine belong to the controller, which forwards them as the partition file says",
        needed=False,
    ),
    KernelParameter(
        "modprobe.blacklist=pcspkr",
        "the speaker shares ports with the 8254 timer",
        needed=False,
        condition="the level is cooperative",
        cumulative=True,
        levels=BARE,
    ),
    *(
        KernelParameter(f"systemd.mask={unit}.target", ASLEEP, needed=False, cumulative=True)
        for unit in ("suspend", "hybrid-sleep", "suspend-then-hibernate")
    ),
    KernelParameter(
        "panic=10", "a panic ends in a reset of the partition, which restarts it", needed=False, owner=True
    ),
)
"""Added in this order."""

RESETS_THE_PC = "it resets the whole PC; Linux restarts by EFI unless told otherwise"
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
    *((f"reboot={way}", RESETS_THE_PC) for way in "abkpt"),
)
"""Parameters that break a partition or its neighbours, and why."""


def added_parameters(situation: Situation, owner_options: str) -> tuple[AddedParameter, ...]:
    """What the table adds for this kernel and console beside the owner's options."""
    owners = {canonical(word)[0] for word in kernel_words(owner_options)}
    uart = situation.uart
    added: list[AddedParameter] = []
    for parameter in KERNEL_PARAMETERS:
        if not parameter.fits(situation):
            continue
        if not parameter.cumulative and canonical(parameter.name)[0] in owners:
            continue
        text = parameter.text
        if uart is not None and "{port" in text:
            text = text.format(port=uart.io_base, baud=uart.baud)
        added.append(AddedParameter(text, parameter.why, parameter.needed))
    return tuple(added)


def is_live(parameter: AddedParameter) -> bool:
    """Whether only the live machine knows a part of it."""
    return any(placeholder in parameter.parameter for placeholder in LIVE)


def expected_parameters(
    console: ConsolePlan | None, level: Isolation = "cooperative", chipset: bool = False
) -> tuple[AddedParameter, ...]:
    """The needed parameters for a Linux that its owner's own loader starts: without them it disturbs others.

    Nothing that only the live machine knows, or that depends on the kernel.
    """
    every = added_parameters(Situation(None, console, level, chipset), "")
    return tuple(parameter for parameter in every if parameter.needed and not is_live(parameter))


def owner_parameters(
    console: ConsolePlan | None, level: Isolation = "cooperative"
) -> tuple[AddedParameter, ...]:
    """The table for the boot configuration of an owner's own Linux, whatever kernel it is."""
    situation = Situation(None, console, level)
    found: list[AddedParameter] = []
    for parameter in KERNEL_PARAMETERS:
        if parameter.fits(situation) or (parameter.any_kernel and level in parameter.levels):
            text = parameter.text
            if situation.uart is not None and "{port" in text:
                text = text.format(port=situation.uart.io_base, baud=situation.uart.baud)
            why = parameter.why if not parameter.any_kernel else f"{parameter.why}; others ignore it"
            found.append(AddedParameter(text, why, parameter.needed))
    return tuple(found)


def harmful_parameters(
    options: str, console: ConsolePlan | None, level: Isolation = "cooperative"
) -> Sequence[tuple[str, str]]:
    """The harmful words of a command line, each with the reason: also those that undo what is needed."""
    situation = Situation(None, console, level)
    needed = [one for one in KERNEL_PARAMETERS if one.needed and not one.cumulative and one.fits(situation)]
    found: list[tuple[str, str]] = []
    for word in kernel_words(options):
        name, value = canonical(word)
        parts = {f"{name}={part}" for part in value.split(",")} if "=" in word else {name}
        if name == "reboot":
            # Linux looks at the first letter: reboot=pci is reboot=p.
            parts = {f"{name}={part.removeprefix('panic_')[:1]}" for part in value.split(",")}
        found.extend((word, why) for harmful, why in HARMFUL if harmful in parts)
        undone = (one for one in needed if one.name == name and canonical(one.text) != canonical(word))
        found.extend((word, one.why) for one in undone)
    return found


def forbidden_parameters(console: ConsolePlan | None) -> tuple[tuple[str, str], ...]:
    """What an owner's own Linux must not be given, and why."""
    own = console.uart.io_base if console is not None and console.uart is not None else None
    first = LEGACY_PORTS[0]
    lines = "ttyS1 and so on" if own == first else "ttyS0 and so on"
    why = f"while Linux starts, ttyS0 is the UART at 0x{first:X}, whoever has it, and so on"
    debugger = "with 8250.nr_uarts=1, kgdboc=ttyS0 is the partition's console, wherever that is"
    return (
        *HARMFUL,
        (f"console={lines}", why),
        (f"earlyprintk={lines}", why),
        ("kgdboc=ttyS1 and so on", debugger),
    )
