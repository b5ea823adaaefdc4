# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as text for people: every value with the line it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from generator.load.values import format_duration, format_size
from generator.model.plan import (
    ConsolePlan,
    FileBoot,
    NetworkBoot,
    PartitionPlan,
    Plan,
    PolicyPlan,
    ShellBoot,
    SourcePlan,
)
from generator.printable import LINE, printable


def render_plan_text(plan: Plan) -> str:
    """The whole plan, one fact a line, `file:line` behind it."""
    return "\n".join(printable(line, LINE) for line in _lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    """The lines of the text."""
    machine, controller = plan.machine, plan.controller_console
    yield f"plan of {plan.source} for {machine.name} ({machine.title})"
    yield ""
    yield "controller"
    bsp = ", ".join(str(processor.apic_id) for processor in machine.processors if processor.bsp)
    yield _fact("processor", f"APIC ID {bsp} (bootstrap processor)", machine.place.short)
    yield _fact("console", controller.name.value, controller.name.place.short)
    yield _fact("all off", plan.all_off, "")
    yield _fact("power", f"button: {plan.power_button}", "")
    if plan.channels is not None:
        ids = ", ".join(str(grant.apic_id) for grant in plan.channels.grants)
        other = ", or another that is free" if plan.channels.by_count else ""
        yield _fact("channels", f"served by APIC ID {ids}{other}", plan.channels.place.short)
    for network in plan.networks:
        yield _fact("network", f"{network.name.value}, MTU {network.mtu.value}", network.name.place.short)
        uplink = network.uplink
        if uplink is not None and uplink.card is not None:
            title = f" ({uplink.card.title})" if uplink.card.title else ""
            yield _fact("", f"  way out by the PC's {uplink.card.path}{title}", uplink.place.short)
    for shared in plan.shared:
        text = f"{shared.name.value}, {format_size(shared.size.value)}"
        yield _fact("shared", text, shared.name.place.short)
    for partition in plan.partitions:
        yield ""
        yield from _partition(partition)


def _fact(name: str, text: str, place: str) -> str:
    """One line."""
    return f"  {name:<11} {text:<70} {place}".rstrip()


def describe_console(console: ConsolePlan | None) -> str:
    """A console in a word."""
    if console is not None and console.path is not None:
        return str(console.path)
    return "none" if console is None or console.uart is None else console.uart.name


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
    yield from _ports(partition)
    yield from _cards(partition)
    yield from _disks(partition)
    for number, has in enumerate(partition.shared):
        yield _fact("shared", f"{has.name.value}, as /dev/pmem{number}", has.name.place.short)
    console = partition.console
    name = describe_console(console)
    yield _fact("console", name, console.name.place.short if console is not None else "")
    if partition.display.value:
        yield _fact("display", "its display function is its screen", partition.display.place.short)
    yield from _level(partition)
    for number, source in enumerate(partition.boot.sources, 1):
        name = "boot" if len(partition.boot.sources) == 1 else f"boot {number}"
        yield _fact(name, describe_source(source), source.place.short)
        if isinstance(source, FileBoot):
            yield from _file(source)
    timeout = partition.boot.timeout
    if timeout.value:
        yield _fact("", f"  {format_duration(timeout.value)} to choose another one", timeout.place.short)
    for expected in partition.boot.expected:
        yield _fact("own Linux", expected.parameter, f"# {expected.why}")
    for name, text, place in describe_policy(partition.policy):
        yield _fact(name, text, place)


def _level(partition: PartitionPlan) -> Iterator[str]:
    """What keeps a partition to its own."""
    if partition.isolation is not None:
        yield _fact("isolation", partition.level, partition.isolation.place.short)
    if partition.owns_chipset and partition.chipset is not None:
        yield _fact("chipset", "everything that nobody else has", partition.chipset.place.short)
    if partition.dma is not None:
        yield _fact("dma", partition.dma.value, partition.dma.place.short)


def _ports(partition: PartitionPlan) -> Iterator[str]:
    """The lines of a partition's ports and of what is behind them."""
    for grant in partition.pci:
        asked = f" ({grant.asked})" if grant.asked is not None else ""
        text = f"{grant.root_port.value} as segment {grant.segment}{asked}"
        yield _fact("pci", text, grant.root_port.place.short)
        for function in grant.functions:
            serial = f", serial {function.serial}" if function.serial else ""
            mate = ", comes along" if function in grant.bus_mates else ""
            off = ", stays disabled: no MSI" if function in partition.disabled(grant) else ""
            title = f" {function.title}" if function.title else ""
            text = f"  {function.vendor:04x}:{function.device:04x}{title}{serial}{mate}{off}"
            yield _fact("", text, function.place.short)


def _cards(partition: PartitionPlan) -> Iterator[str]:
    """The lines of a partition's cards on networks."""
    for device, card in enumerate(partition.cards):
        mac = card.mac.value if card.mac is not None else "MAC made at boot"
        text = f"{card.network.value}, {mac}, as segment {partition.channel_segment}, device {device}"
        yield _fact("network", text, card.place.short)


def _disks(partition: PartitionPlan) -> Iterator[str]:
    """The lines of the disks that the controller serves a partition."""
    for device, disk in enumerate(partition.disks, len(partition.cards)):
        size = f", {format_size(disk.size.value)}" if disk.size is not None else ""
        where = f"as segment {partition.channel_segment}, device {device}"
        text = f"{disk.title}{size}, {disk.mode.value}, serial {disk.serial}, {where}"
        yield _fact("disk", text, disk.place.short)


def describe_source(source: SourcePlan) -> str:
    """A boot source in a few words."""
    if isinstance(source, FileBoot | ShellBoot):
        return source.esp_file
    where = f" behind {source.root_port.value}" if source.root_port is not None else ""
    if isinstance(source, NetworkBoot):
        return f"network{where}: {source.uri.value if source.uri is not None else 'PXE, HTTP'}"
    path = f": {source.path.value}" if source.path is not None else ""
    options = f" {source.options.value}" if source.options is not None else ""
    return f"disk{where}{path}{options}"


def describe_policy(policy: PolicyPlan) -> Iterator[tuple[str, str, str]]:
    """How a partition lives: name, text and place of each fact worth telling."""
    limit = f"{policy.limit.value} times in a row" if policy.limit.value else "without limit"
    waits = f"{limit}, first after {format_duration(policy.backoff.value)}"
    texts = {
        "never": "never",
        "on-failure": f"after a failure ({waits}) or a reset",
        "always": f"always; after a failure {waits}",
    }
    yield (
        "restart",
        texts[policy.restart] + (", memory zeroed" if policy.scrub else ""),
        policy.limit.place.short,
    )
    start = ["by itself" if policy.autostart else "when told to"]
    if policy.after:
        start.append("after " + ", ".join(name.value for name in policy.after))
    if policy.delay.value:
        start.append(f"{format_duration(policy.delay.value)} later")
    yield "start", ", ".join(start), policy.delay.place.short
    shutdown = policy.shutdown
    asked = f"asked to shut down, then {format_duration(shutdown.value)}" if shutdown.value else "not asked"
    yield "stop", asked, shutdown.place.short
    watched = [f"firmware {format_duration(policy.firmware.value)}"] if policy.firmware.value else []
    watched += ["operating system"] if policy.watchdog else []
    yield "watchdog", ", ".join(watched) or "off", policy.firmware.place.short
    if policy.nmi.value:
        yield "nmi", "the machine's NMIs go to its first processor", policy.nmi.place.short
    for verb, names in policy.permissions.verbs:
        if names:
            yield f"may {verb}", ", ".join(name.value for name in names), names[0].place.short
    for request in policy.permissions.pc:
        yield "may", f"{request.value} the PC", request.place.short
    if policy.permissions.reload.value:
        yield (
            "may reload",
            "the policy of all partitions, its own permissions included",
            policy.permissions.reload.place.short,
        )
    yield "variables", format_size(policy.quota.value), policy.quota.place.short


def _file(boot: FileBoot) -> Iterator[str]:
    """What is known of a loader file, and what it is given."""
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
