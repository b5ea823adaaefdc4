# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as text for people: every value with the line it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from generator.load.values import format_size
from generator.model.plan import FileBoot, PartitionPlan, Plan


def render_plan_text(plan: Plan) -> str:
    """The whole plan, one fact a line, `file:line` behind it."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    """The lines of the text."""
    machine, controller = plan.machine, plan.controller_console
    yield f"plan of {plan.source} for {machine.name} ({machine.title})"
    yield ""
    yield "controller"
    bsp = ", ".join(str(processor.apic_id) for processor in machine.processors if processor.bsp)
    yield _fact("processor", f"APIC ID {bsp} (bootstrap processor)", machine.place.short)
    yield _fact("console", controller.name.value, controller.name.place.short)
    for partition in plan.partitions:
        yield ""
        yield from _partition(partition)


def _fact(name: str, text: str, place: str) -> str:
    """One line."""
    return f"  {name:<11} {text:<70} {place}".rstrip()


def _partition(partition: PartitionPlan) -> Iterator[str]:
    """The lines of one partition."""
    processors, memory = partition.processors, partition.memory
    yield f"{partition.name.value}"
    ids = ", ".join(str(grant.apic_id) for grant in processors.grants)
    chosen = f"{processors.wanted} (APIC IDs {ids}, or others that are free)" if processors.by_count else ids
    yield _fact("processors", chosen if processors.by_count else f"APIC IDs {chosen}", processors.place.short)
    node = f", NUMA node {memory.node}" if memory.node is not None else ""
    yield _fact("memory", format_size(memory.size.value) + node, memory.size.place.short)
    for request in memory.requests:
        text = f"  {format_size(request.size)} in {request.minimum:#x}–{request.limit - 1:#x}: {request.why}"
        yield _fact("", text, request.place.short)
    for grant in partition.pci:
        asked = f" ({grant.asked})" if grant.asked is not None else ""
        text = f"{grant.root_port.value} as segment {grant.segment}{asked}"
        yield _fact("pci", text, grant.root_port.place.short)
        for function in grant.port.below() if grant.port is not None else ():
            serial = f", serial {function.serial}" if function.serial else ""
            mate = ", comes along" if function in grant.bus_mates else ""
            title = f" {function.title}" if function.title else ""
            text = f"  {function.vendor:04x}:{function.device:04x}{title}{serial}{mate}"
            yield _fact("", text, function.place.short)
    console = partition.console
    name = "none" if console is None or console.uart is None else console.uart.name
    yield _fact("console", name, console.name.place.short if console is not None else "")
    for source in partition.boot.files:
        yield from _file(source)


def _file(boot: FileBoot) -> Iterator[str]:
    """The lines of a loader file."""
    yield _fact("boot", boot.esp_file, boot.file.place.short)
    loader = boot.file_facts.loader
    if loader is not None and loader.linux is not None:
        signed = "signed" if loader.signed else "not signed"
        yield _fact("", f"  Linux {loader.linux.banner}, {signed}", "")
    if boot.initrd is not None:
        yield _fact("initrd", boot.esp_initrd or "", boot.initrd.place.short)
    if boot.owner_options is not None:
        yield _fact("options", boot.owner_options.value, boot.owner_options.place.short)
    for added in boot.added_parameters:
        yield _fact("added", f"{added.parameter}", f"# {added.why}")
