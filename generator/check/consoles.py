# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about consoles."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.registry import Finding, error, warning
from generator.model.intent import CONSOLE_AUTO, CONSOLE_NONE
from generator.model.plan import Plan

_NO_UART = (CONSOLE_AUTO, CONSOLE_NONE)
"""Names that stand for no UART: nothing was left, or none is wanted."""


@error
def console_exists(plan: Plan) -> Iterator[Finding]:
    """Every console named, the controller's included, is a UART of the machine."""
    named = [partition.console for partition in plan.partitions if partition.console is not None]
    for console in [plan.controller_console, *named]:
        if console.uart is None and console.name.value not in _NO_UART:
            names = ", ".join(uart.name for uart in plan.machine.uarts) or "nothing: the machine has no UART"
            yield Finding(
                console.name.place,
                f"the machine {plan.machine.name} has no UART '{console.name.value}'",
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
    kept = plan.controller_console.uart
    for partition in plan.partitions:
        console = partition.console
        if console is not None and console.uart is not None and console.uart == kept:
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
