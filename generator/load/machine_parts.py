# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Processors, memory and UARTs of a machine file."""

from __future__ import annotations

from generator.errors import Problem
from generator.load.keys import BOOLEAN, SIZE, TEXT, Key, Keys, integer, list_of
from generator.load.nodes import Node
from generator.load.reader import read_mapping, value_or, value_or_none
from generator.model.machine import MemoryRange, Processor, Uart

APIC_ID = Key("apic_id", integer(0, 0xFFFFFFFE), "Local APIC ID.", "local APIC ID", "required", required=True)
_PLACE = "socket, hardware thread of its core, NUMA node"
PACKAGE = Key("package", integer(), "Socket.", _PLACE, "0")
THREAD = Key("thread", integer(), "Hardware thread of its core.", _PLACE, "0")
PROCESSOR_NODE = Key("node", integer(), "NUMA node.", _PLACE, "0")
CORE = Key("core", integer(), "Core within the package.", "core within the package", "the APIC ID")
BSP = Key(
    "bsp",
    BOOLEAN,
    "true for the processor the firmware runs on.",
    "`true` for the one processor the firmware runs on",
    "`false`",
)
PROCESSOR_KEYS = Keys((APIC_ID, PACKAGE, THREAD, PROCESSOR_NODE, CORE, BSP))

_RAM = "RAM that the firmware's memory map can give away"
MEMORY_BASE = Key("base", SIZE, "First address of the RAM.", _RAM, "required", required=True)
MEMORY_SIZE = Key("size", SIZE, "How much RAM there is.", _RAM, "required", required=True)
MEMORY_NODE = Key("node", integer(), "NUMA node.", "NUMA node", "0")
MEMORY_KEYS = Keys((MEMORY_BASE, MEMORY_SIZE, MEMORY_NODE))

UART_NAME = Key(
    "name", TEXT, "What partition files call it.", "what partition files call it", "required", required=True
)
IO_BASE = Key(
    "io_base",
    integer(0x100, 0xFFF8),
    "First of its eight I/O ports.",
    "first of its eight I/O ports",
    "required",
    required=True,
)
BAUD = Key("baud", integer(50, 921600), "Bits per second.", "bits per second", "115200")
IRQ = Key(
    "irq", integer(0, 255), "Interrupt line, for information.", "interrupt line, for information", "none"
)
UART_KEYS = Keys((UART_NAME, IO_BASE, BAUD, IRQ))

PROCESSORS = Key(
    "processors", list_of(PROCESSOR_KEYS.whole), "All processors.", "list, below", "required", required=True
)
MEMORY = Key("memory", list_of(MEMORY_KEYS.whole), "All RAM.", "list, below", "required", required=True)
UARTS = Key("uarts", list_of(UART_KEYS.whole), "UARTs by I/O port.", "list, below", "none")


def read_processor(node: Node, problems: list[Problem]) -> Processor | None:
    """One processor; package, thread, node default to 0, core to the APIC ID."""
    fields = read_mapping(node, "a processor", PROCESSOR_KEYS.names, problems)
    if fields is None:
        return None
    apic_id = fields.read(APIC_ID)
    package, core, thread = fields.read(PACKAGE), fields.read(CORE), fields.read(THREAD)
    numa, bsp = fields.read(PROCESSOR_NODE), fields.read(BSP)
    if apic_id is None:
        return None
    return Processor(
        fields.place,
        apic_id.value,
        value_or(package, 0),
        value_or(core, apic_id.value),
        value_or(thread, 0),
        value_or(numa, 0),
        value_or(bsp, False),
    )


def read_range(node: Node, problems: list[Problem]) -> MemoryRange | None:
    """One range of RAM."""
    fields = read_mapping(node, "a memory range", MEMORY_KEYS.names, problems)
    if fields is None:
        return None
    base, size = fields.read(MEMORY_BASE), fields.read(MEMORY_SIZE)
    numa = fields.read(MEMORY_NODE)
    if base is None or size is None:
        return None
    return MemoryRange(fields.place, base.value, size.value, value_or(numa, 0))


def read_uart(node: Node, problems: list[Problem]) -> Uart | None:
    """One UART; 115,200 baud unless said otherwise."""
    fields = read_mapping(node, "a UART", UART_KEYS.names, problems)
    if fields is None:
        return None
    name, io_base, baud, irq = (
        fields.read(UART_NAME),
        fields.read(IO_BASE),
        fields.read(BAUD),
        fields.read(IRQ),
    )
    if name is None or io_base is None:
        return None
    return Uart(fields.place, name.value, io_base.value, value_or(baud, 115200), value_or_none(irq))
