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
from generator.resolve.disks import resolve_disks
from generator.resolve.memory import resolve_memory
from generator.resolve.networks import resolve_cards, resolve_networks
from generator.resolve.pci import is_serial, resolve_pci
from generator.resolve.policy import resolve_policy
from generator.resolve.processors import resolve_processors
from generator.resolve.shared import resolve_has_shared, resolve_shared


def resolve(intent: Intent, machine: Machine, files: Files, source: str) -> Plan:
    """The plan for a partition file; `source` is how generated files name that file."""
    uarts = machine.uarts_by_name()
    default = machine.controller_console if intent.knows("controller.console") else None
    controller_name = intent.controller_console or Located(default or CONSOLE_NONE, machine.place)
    controller_uart = uarts.get(_uart_name(controller_name.value, machine))
    controller = ConsolePlan(controller_name, controller_uart)
    consoles = _resolve_consoles(intent, machine, _uart_name(controller_name.value, machine))
    own = intent.channels.processor if intent.channels is not None else None
    processors = resolve_processors(intent.partitions, machine, own)
    had = {name.value for partition in intent.partitions for name in partition.shared}
    common = sum(shared.size.value for shared in intent.shared if shared.name.value in had)
    memory = resolve_memory(intent.partitions, machine, files, processors, common)
    cards = [console.path if console is not None else None for console in consoles]
    uplinks = [network.uplink.card for network in intent.networks if network.uplink is not None]
    kept = [card.value for card in uplinks if card is not None]
    pci = resolve_pci(intent.partitions, machine, cards, kept)
    given = [grant.root_port.value for resolved in pci for grant in resolved.grants]
    networks = resolve_networks(intent.networks, machine, given)
    shared = resolve_shared(intent.shared, machine)
    names = [partition.name.value for partition in intent.partitions if partition.name is not None]
    partitions: list[PartitionPlan] = []
    for number, partition in enumerate(intent.partitions):
        partitions.append(
            PartitionPlan(
                place=partition.place,
                name=_name(partition),
                processors=processors[number],
                memory=memory[number],
                pci=pci[number].grants,
                pci_shortages=pci[number].shortages,
                console=consoles[number],
                display=partition.display or Located(False, partition.place),
                boot=resolve_boot(
                    partition.boot,
                    _name(partition).value,
                    consoles[number],
                    partition.isolation.value if partition.isolation is not None else "cooperative",
                    pci[number].grants,
                    files,
                    chipset=partition.chipset is not None and partition.chipset.value,
                ),
                policy=resolve_policy(partition, names),
                cards=resolve_cards(partition.network, networks),
                disks=resolve_disks(partition.disk),
                shared=resolve_has_shared(partition.shared, shared),
                isolation=partition.isolation,
                dma=partition.dma,
                chipset=partition.chipset,
                unread=partition.unread,
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
        networks=networks,
        channels=processors[-1] if own is not None else None,
        shared=shared,
        unread=intent.unread,
    )


def _name(partition: PartitionIntent) -> Located[str]:
    """The name of a partition; of one whose name cannot be read, where it stands."""
    return partition.name or Located(f"line {partition.place.line}", partition.place)


def _uart_name(text: str, machine: Machine) -> str:
    """The name of a UART that may be given by its first I/O port instead."""
    port = parse_integer(text)
    return next((uart.name for uart in machine.uarts if uart.io_base == port), text)


def _resolve_consoles(intent: Intent, machine: Machine, controller: str) -> list[ConsolePlan | None]:
    """The console of each partition: the one it names, else the first UART that nobody names."""
    uarts = machine.uarts_by_name()
    named = {controller} | {
        _uart_name(partition.console.value, machine)
        for partition in intent.partitions
        if partition.console and isinstance(partition.console.value, str)
    }
    functions = machine.functions_by_path()
    left = iter([uart for uart in machine.uarts if uart.name not in named])
    consoles: list[ConsolePlan | None] = []
    for partition in intent.partitions:
        if not partition.knows("console"):
            consoles.append(None)
        elif partition.console is None or partition.console.value == CONSOLE_AUTO:
            place = partition.place if partition.console is None else partition.console.place
            uart = next(left, None)
            name = CONSOLE_AUTO if uart is None else uart.name
            consoles.append(ConsolePlan(Located(name, place), uart))
        elif partition.console.value == CONSOLE_NONE:
            consoles.append(None)
        elif isinstance(partition.console.value, DevicePath):
            path, place = partition.console.value, partition.console.place
            card = functions.get(path)
            behind = [function for function in card.below() if is_serial(function)] if card else []
            if len(behind) == 1:
                card = behind[0]
                path = card.path
            consoles.append(ConsolePlan(Located(str(path), place), None, path, card))
        else:
            name = partition.console.value
            uart = uarts.get(_uart_name(name, machine))
            consoles.append(ConsolePlan(Located(name, partition.console.place), uart))
    return consoles
