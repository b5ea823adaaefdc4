# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about consoles."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.model.intent import CONSOLE_AUTO, CONSOLE_NONE
from generator.model.plan import Plan
from generator.printable import quoted
from generator.resolve.pci import is_serial

DISPLAY = 0x03
"""PCI base class of displays."""
_NO_UART = (CONSOLE_AUTO, CONSOLE_NONE)
"""Names that stand for no UART: nothing was left, or none is wanted."""


@error
def console_exists(plan: Plan) -> Iterator[Finding]:
    """Every console named, the controller's included, is a UART of the machine."""
    named = [partition.console for partition in plan.partitions if partition.console is not None]
    for console in [plan.controller_console, *named]:
        if console.uart is None and console.path is None and console.name.value not in _NO_UART:
            names = ", ".join(uart.name for uart in plan.machine.uarts) or "nothing: the machine has no UART"
            yield Finding(
                console.name.place,
                f"the machine {plan.machine.name} has no UART {quoted(console.name.value)}",
                f"one of {names}",
                "change 'console'",
            )


@error
def console_owned_once(plan: Plan) -> Iterator[Finding]:
    """No two partitions have the same console."""
    owners: dict[str, str] = {}
    for partition in plan.partitions:
        console = partition.console
        if console is None or console.uart is None:
            continue
        if console.uart.name in owners:
            yield Finding(
                console.name.place,
                f"{console.uart.name} belongs to '{owners[console.uart.name]}' already",
                "a UART nobody else has, or none",
                "change 'console' of one of them",
            )
        owners.setdefault(console.uart.name, partition.name.value)


@error
def console_not_controllers(plan: Plan) -> Iterator[Finding]:
    """The controller's console belongs to no partition."""
    controllers = plan.controller_console.uart
    for partition in plan.partitions:
        console = partition.console
        if console is not None and console.uart is not None and console.uart == controllers:
            yield Finding(
                console.name.place,
                f"{console.uart.name} is the console of the controller",
                "another UART, or none",
                "change 'console' here or under 'controller'",
            )


@warning
def console_left(plan: Plan) -> Iterator[Finding]:
    """A partition that names no console finds a free UART."""
    for partition in plan.partitions:
        console = partition.console
        if console is not None and console.uart is None and console.name.value == CONSOLE_AUTO:
            yield Finding(
                console.name.place,
                f"no UART is left for '{partition.name.value}', which has no console now",
                "a free UART or 'console: none'",
                "write 'console: none' if that is what you want",
            )


@error
def console_card(plan: Plan) -> Iterator[Finding]:
    """A console that is a PCI card is a serial port (class 0700) behind the partition's own ports."""
    for partition in plan.partitions:
        console = partition.console
        if console is None or console.path is None:
            continue
        function = console.function
        serial = function is not None and is_serial(function)
        own = any(grant.root_port.value.leads_to(console.path) for grant in partition.pci)
        if function is None:
            fault = f"the machine {plan.machine.name} has no {console.path}"
        elif not serial:
            fault = (
                f"{console.path} ({function.title or f'class {function.class_code:06x}'}) is no serial port"
            )
        elif not own and partition.knows("pci"):
            fault = f"{console.path} is behind no port of '{partition.name.value}'"
        else:
            continue
        yield Finding(
            console.name.place,
            fault,
            "a serial port of class 0700 behind a port in 'pci'",
            "change the path, or add the port to 'pci'",
        )


@error
def display_once(plan: Plan) -> Iterator[Finding]:
    """At most one partition has a display."""
    owner = None
    for partition in plan.partitions:
        if partition.display.value and owner is not None:
            yield Finding(
                partition.display.place,
                f"'{owner}' has a display already",
                "'display: true' for one partition at most",
                "remove it from one of them",
            )
        elif partition.display.value:
            owner = partition.name.value


@error
def display_function(plan: Plan) -> Iterator[Finding]:
    """A partition with a display has a display function (class 03) that works, behind its own ports."""
    for partition in plan.partitions:
        unclear = partition.pci_shortages or any(grant.port is None for grant in partition.pci)
        if not partition.display.value or unclear or not partition.knows("pci"):
            continue
        functions = (function for grant in partition.pci for function in partition.working(grant))
        if not any(function.class_code >> 16 == DISPLAY for function in functions):
            yield Finding(
                partition.display.place,
                f"'{partition.name.value}' has no display function behind its ports",
                "a function of class 03",
                "add its port to 'pci', or remove 'display'",
            )
