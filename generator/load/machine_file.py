# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The machine file: YAML → facts of a machine.  The format is described in docs/machine-file.md."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from generator.errors import Problem
from generator.load.machine_pci import load_roots
from generator.load.nodes import Node, Sequence, parse_yaml
from generator.load.partition_file import read_format, shown_path
from generator.load.reader import Fields, read_mapping, read_scalar
from generator.load.text import read_text
from generator.model.device_path import DevicePath, parse_device_path
from generator.model.machine import (
    AcpiFacts,
    Ecam,
    Features,
    FirmwareFacts,
    HeldRange,
    Machine,
    MemoryRange,
    PmTimer,
    Processor,
    Qemu,
    Uart,
)
from generator.places import Located, Place
from generator.printable import printable

T = TypeVar("T")

FORMAT = 1
FILE_KEYS = (
    "format",
    "name",
    "title",
    "physical_address_bits",
    "firmware",
    "controller",
    "processors",
    "memory",
    "pci",
    "uarts",
    "acpi",
    "features",
    "qemu",
)
PROCESSOR_KEYS = ("apic_id", "package", "core", "thread", "node", "bsp")
MEMORY_KEYS = ("base", "size", "node")
ECAM_KEYS = ("segment", "base", "first_bus", "last_bus")
UART_KEYS = ("name", "io_base", "baud", "irq")
FIRMWARE_KEYS = ("vendor", "version", "boot_device", "memory", "interface", "holds")
HELD_KEYS = ("base", "size", "what")
ACPI_KEYS = ("revision", "pm_timer", "iommu", "msi")
FEATURE_KEYS = (
    "cpu",
    "x86_64",
    "invariant_tsc",
    "hypervisor",
    "x2apic",
    "virtualization",
    "hidden_processors",
)
QEMU_KEYS = ("machine", "accelerator", "cpu", "memory", "firmware", "esp", "disk_size")
IOMMU_KINDS = {"none": "none", "vt-d": "vt-d", "amd-vi": "amd-vi"}
INTERFACES = {"uefi": "uefi", "uefi32": "uefi32", "bios": "bios"}
X2APIC_STATES = {"absent": "absent", "available": "available", "enabled": "enabled"}
VIRTUALIZATION_KINDS = {"none": "none", "svm": "svm", "vt-x": "vt-x"}


def load_machine_file(path: Path, problems: list[Problem], named: Place | None = None) -> Machine | None:
    """Read a machine file; None, with problems, if it is not complete and well-formed.

    `named` is where a partition file names it.
    """
    shown = shown_path(path)
    before = len(problems)
    text = read_text(path, shown, problems, named)
    node = None if text is None else parse_yaml(text, shown, problems)
    fields = None if node is None else read_mapping(node, "the machine file", FILE_KEYS, problems)
    if fields is None:
        if len(problems) == before:
            problems.append(_empty(shown))
        return None
    read_format(fields, FORMAT)
    name = fields.text("name", required=True)
    title = fields.text("title")
    bits = fields.integer("physical_address_bits", 32, 52, required=True)
    firmware = _firmware(fields, problems)
    controller = fields.mapping("controller", ("console",))
    console = controller.text("console") if controller else None
    processors = [
        p for n in fields.sequence("processors", required=True) if (p := _processor(n, problems)) is not None
    ]
    memory = [m for n in fields.sequence("memory", required=True) if (m := _memory(n, problems)) is not None]
    pci = fields.mapping("pci", ("ecam", "roots"), required=True)
    ecam_nodes = pci.sequence("ecam") if pci else ()
    ecam = [e for n in ecam_nodes if (e := _ecam(n, problems)) is not None]
    roots = load_roots(pci.sequence("roots", required=True), problems) if pci else ()
    uarts = [u for n in fields.sequence("uarts") if (u := _uart(n, problems)) is not None]
    acpi = _acpi(fields)
    features = _features(fields)
    qemu = _qemu(fields) if fields.has("qemu") else None
    if len(problems) > before or name is None or bits is None or firmware is None or acpi is None:
        return None
    return Machine(
        path=path,
        place=fields.place,
        name=printable(name.value),
        title=title.value if title else name.value,
        physical_address_bits=bits.value,
        firmware=firmware,
        controller_console=console.value if console else None,
        processors=tuple(processors),
        memory=tuple(memory),
        ecam=tuple(ecam),
        roots=roots,
        uarts=tuple(uarts),
        acpi=acpi,
        qemu=qemu,
        features=features,
    )


def _empty(shown: str) -> Problem:
    """The problem of a file without content."""
    return Problem(
        Place(shown),
        "yaml-type",
        "the machine file is empty",
        "facts of a machine",
        "see docs/machine-file.md",
    )


def _or(found: Located[T] | None, default: T) -> T:
    """The value, or a default for a missing one."""
    return default if found is None else found.value


def _or_none(found: Located[T] | None) -> T | None:
    """The value, or None for a missing one."""
    return None if found is None else found.value


def _processor(node: Node, problems: list[Problem]) -> Processor | None:
    """One processor; package, thread, node default to 0, core to the APIC ID."""
    fields = read_mapping(node, "a processor", PROCESSOR_KEYS, problems)
    if fields is None:
        return None
    apic_id = fields.integer("apic_id", 0, 0xFFFFFFFE, required=True)
    package, core, thread, numa = (fields.integer(key, 0, 0xFFFFFFFF) for key in PROCESSOR_KEYS[1:5])
    bsp = fields.boolean("bsp")
    if apic_id is None:
        return None
    return Processor(
        fields.place,
        apic_id.value,
        _or(package, 0),
        _or(core, apic_id.value),
        _or(thread, 0),
        _or(numa, 0),
        _or(bsp, False),
    )


def _memory(node: Node, problems: list[Problem]) -> MemoryRange | None:
    """One range of RAM."""
    fields = read_mapping(node, "a memory range", MEMORY_KEYS, problems)
    if fields is None:
        return None
    base, size = fields.size("base", required=True), fields.size("size", required=True)
    numa = fields.integer("node", 0, 0xFFFFFFFF)
    return (
        None
        if base is None or size is None
        else MemoryRange(fields.place, base.value, size.value, _or(numa, 0))
    )


def _ecam(node: Node, problems: list[Problem]) -> Ecam | None:
    """One ECAM range."""
    fields = read_mapping(node, "an ECAM range", ECAM_KEYS, problems)
    if fields is None:
        return None
    segment = fields.integer("segment", 0, 0xFFFF)
    base = fields.size("base", required=True)
    first, last = (fields.integer(key, 0, 255) for key in ECAM_KEYS[2:])
    if base is None:
        return None
    return Ecam(fields.place, _or(segment, 0), base.value, _or(first, 0), _or(last, 255))


def _uart(node: Node, problems: list[Problem]) -> Uart | None:
    """One UART; 115,200 baud unless said otherwise."""
    fields = read_mapping(node, "a UART", UART_KEYS, problems)
    if fields is None:
        return None
    name = fields.text("name", required=True)
    io_base = fields.integer("io_base", 0x100, 0xFFF8, required=True)
    baud = fields.integer("baud", 50, 921600)
    irq = fields.integer("irq", 0, 255)
    if name is None or io_base is None:
        return None
    return Uart(fields.place, name.value, io_base.value, _or(baud, 115200), irq.value if irq else None)


def _firmware(fields: Fields, problems: list[Problem]) -> FirmwareFacts | None:
    """The PC's own firmware."""
    firmware = fields.mapping("firmware", FIRMWARE_KEYS, required=True)
    if firmware is None:
        return None
    vendor, version = firmware.text("vendor"), firmware.text("version")
    devices = _boot_devices(firmware, problems)
    memory = firmware.size("memory", required=True)
    interface = firmware.scalar("interface", "one of " + ", ".join(INTERFACES), INTERFACES.get, False)
    holds = tuple(h for n in firmware.sequence("holds") if (h := _held(n, problems)) is not None)
    if memory is None:
        return None
    return FirmwareFacts(
        vendor=_or(vendor, "unknown"),
        version=_or(version, "unknown"),
        boot_devices=devices,
        memory=memory.value,
        interface=_or_none(interface),
        holds=holds,
    )


def _boot_devices(firmware: Fields, problems: list[Problem]) -> tuple[DevicePath, ...]:
    """One device path, or a list of them: an array of drives has several members."""
    node = firmware.node("boot_device")
    if node is None:
        return ()
    items = node.items if isinstance(node, Sequence) else (node,)
    found = (
        read_scalar(item, "a boot device", "a UEFI device path", parse_device_path, problems)
        for item in items
    )
    return tuple(device.value for device in found if device is not None)


def _held(node: Node, problems: list[Problem]) -> HeldRange | None:
    """One range of addresses that the firmware holds."""
    fields = read_mapping(node, "a range the firmware holds", HELD_KEYS, problems)
    if fields is None:
        return None
    base, size = fields.size("base", required=True), fields.size("size", required=True)
    what = fields.text("what")
    if base is None or size is None:
        return None
    return HeldRange(fields.place, base.value, size.value, _or(what, "reserved"))


def _acpi(fields: Fields) -> AcpiFacts | None:
    """ACPI facts."""
    acpi = fields.mapping("acpi", ACPI_KEYS, required=True)
    if acpi is None:
        return None
    revision = acpi.integer("revision", 1, 255)
    iommu = acpi.scalar("iommu", "one of " + ", ".join(IOMMU_KINDS), IOMMU_KINDS.get, False)
    timer = acpi.mapping("pm_timer", ("port", "bits"))
    port = timer.integer("port", 1, 0xFFFF, required=True) if timer else None
    bits = timer.integer("bits", 24, 32) if timer else None
    pm_timer = None if port is None else PmTimer(port.value, _or(bits, 24))
    return AcpiFacts(_or(revision, 1), pm_timer, _or(iommu, "none"), _or_none(acpi.boolean("msi")))


def _features(fields: Fields) -> Features:
    """What the processors can do; everything is optional."""
    found = fields.mapping("features", FEATURE_KEYS)
    if found is None:
        return Features()
    x2apic = found.scalar("x2apic", "one of " + ", ".join(X2APIC_STATES), X2APIC_STATES.get, False)
    kinds = VIRTUALIZATION_KINDS
    return Features(
        cpu=_or_none(found.text("cpu")),
        x86_64=_or_none(found.boolean("x86_64")),
        invariant_tsc=_or_none(found.boolean("invariant_tsc")),
        hypervisor=_or_none(found.boolean("hypervisor")),
        x2apic=_or_none(x2apic),
        virtualization=_or_none(
            found.scalar("virtualization", "one of " + ", ".join(kinds), kinds.get, False)
        ),
        hidden_processors=_or_none(found.integer("hidden_processors", 0, 0xFFFF)),
    )


def _qemu(fields: Fields) -> Qemu | None:
    """How QEMU emulates the machine, as far as the facts do not say it already."""
    qemu = fields.mapping("qemu", QEMU_KEYS)
    if qemu is None:
        return None
    machine, accelerator, cpu = (qemu.text(key, required=True) for key in QEMU_KEYS[:3])
    memory, disk_size = qemu.size("memory", required=True), qemu.size("disk_size", required=True)
    firmware = qemu.mapping("firmware", ("code", "variables"), required=True)
    esp = qemu.mapping("esp", ("device", "bus"), required=True)
    code, variables = (
        firmware.text(key, required=True) if firmware else None for key in ("code", "variables")
    )
    device, bus = (esp.text(key, required=True) if esp else None for key in ("device", "bus"))
    if machine is None or accelerator is None or cpu is None or memory is None or disk_size is None:
        return None
    if code is None or variables is None or device is None or bus is None:
        return None
    return Qemu(
        machine=machine.value,
        accelerator=accelerator.value,
        cpu=cpu.value,
        memory=memory.value,
        firmware_code=code.value,
        firmware_variables=variables.value,
        esp_device=device.value,
        esp_bus=bus.value,
        disk_size=disk_size.value,
    )
