# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Stage 2: intent against the facts of a machine → plan.

Resolving never fails and judges nothing: what cannot be had is None or missing in the plan, and the rules
of `generator.check` say so.
"""

from __future__ import annotations

from generator.load.values import parse_integer
from generator.model.device_path import DevicePath
from generator.model.files import Files
from generator.model.intent import CONSOLE_AUTO, CONSOLE_NONE, Intent, PartitionIntent
from generator.model.machine import Machine
from generator.model.plan import ConsolePlan, PartitionPlan, Plan
from generator.places import Located
from generator.resolve.boot import resolve_boot
from generator.resolve.memory import resolve_memory
from generator.resolve.pci import is_serial, resolve_pci
from generator.resolve.policy import resolve_policy
from generator.resolve.processors import resolve_processors


def resolve(intent: Intent, machine: Machine, files: Files, source: str) -> Plan:
    """The plan for a partition file; `source` is how generated files name that file."""
    uarts = machine.uarts_by_name()
    default = machine.controller_console if intent.knows("controller.console") else None
    controller_name = intent.controller_console or Located(default or CONSOLE_NONE, machine.place)
    controller_uart = uarts.get(_uart_name(controller_name.value, machine))
    controller = ConsolePlan(controller_name, controller_uart, by_default=intent.controller_console is None)
    consoles = _resolve_consoles(intent, machine, _uart_name(controller_name.value, machine))
    processors = resolve_processors(intent.partitions, machine)
    memory = resolve_memory(intent.partitions, machine, files, processors)
    cards = [console.path if console is not None else None for console in consoles]
    pci = resolve_pci(intent.partitions, machine, cards)
    names = [wish.name.value for wish in intent.partitions if wish.name is not None]
    partitions: list[PartitionPlan] = []
    for number, wish in enumerate(intent.partitions):
        partitions.append(
            PartitionPlan(
                place=wish.place,
                name=_name(wish),
                processors=processors[number],
                memory=memory[number],
                pci=pci[number].grants,
                pci_shortages=pci[number].shortages,
                console=consoles[number],
                display=wish.display or Located(False, wish.place),
                boot=resolve_boot(wish.boot, _name(wish).value, consoles[number], pci[number].grants, files),
                policy=resolve_policy(wish, names),
                unread=wish.unread,
            )
        )
    return Plan(
        place=intent.place,
        source=source,
        machine=machine,
        controller_console=controller,
        all_off=intent.all_off,
        power_button=intent.power_button,
        partitions=tuple(partitions),
        beyond=intent.beyond,
        unread=intent.unread,
    )


def _name(wish: PartitionIntent) -> Located[str]:
    """The name of a partition; of one whose name cannot be read, where it stands."""
    return wish.name or Located(f"line {wish.place.line}", wish.place)


def _uart_name(text: str, machine: Machine) -> str:
    """The name of a UART that may be given by its first I/O port instead."""
    port = parse_integer(text)
    return next((uart.name for uart in machine.uarts if uart.io_base == port), text)


def _resolve_consoles(intent: Intent, machine: Machine, controller: str) -> list[ConsolePlan | None]:
    """The console of each partition: the one it names, else the first UART that nobody names."""
    uarts = machine.uarts_by_name()
    named = {controller} | {
        _uart_name(wish.console.value, machine)
        for wish in intent.partitions
        if wish.console and isinstance(wish.console.value, str)
    }
    functions = machine.functions_by_path()
    left = iter([uart for uart in machine.uarts if uart.name not in named])
    consoles: list[ConsolePlan | None] = []
    for wish in intent.partitions:
        if not wish.knows("console"):
            consoles.append(None)
        elif wish.console is None or wish.console.value == CONSOLE_AUTO:
            place = wish.place if wish.console is None else wish.console.place
            uart = next(left, None)
            name = CONSOLE_AUTO if uart is None else uart.name
            consoles.append(ConsolePlan(Located(name, place), uart, by_default=True))
        elif wish.console.value == CONSOLE_NONE:
            consoles.append(None)
        elif isinstance(wish.console.value, DevicePath):
            path, place = wish.console.value, wish.console.place
            card = functions.get(path)
            behind = [function for function in card.below() if is_serial(function)] if card else []
            if len(behind) == 1:
                card = behind[0]
                path = card.path
            consoles.append(ConsolePlan(Located(str(path), place), None, False, path, card))
        else:
            name = wish.console.value
            uart = uarts.get(_uart_name(name, machine))
            consoles.append(ConsolePlan(Located(name, wish.console.place), uart, by_default=False))
    return consoles
