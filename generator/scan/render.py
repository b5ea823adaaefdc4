# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine file as text: what `load_machine_file` reads back as the same machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.load.values import format_size
from generator.model.machine import Bridge, Machine, PciFunction, PciRoot, Window
from generator.scan.notes import Note

Flow = Mapping[str, str]
"""Keys and values, already as YAML, of a mapping in braces; an empty value is left out."""


def render_machine_file(machine: Machine, notes: Iterable[Note] = ()) -> str:
    """The YAML text; `notes` become comments on top."""
    return "\n".join(_lines(machine, tuple(notes))) + "\n"


def _lines(machine: Machine, notes: tuple[Note, ...]) -> Iterator[str]:
    """The file, line by line."""
    yield "# SPDX-License-Identifier: BSD-2-Clause-Patent"
    yield "#"
    yield "# Facts of a machine, written by the command `scan`; the keys: docs/machine-file.md."
    if notes:
        yield "#"
        yield "# What the scan could not learn or found odd:"
        yield from (f"# - {_comment(str(note))}" for note in notes)
    yield "format: 1"
    yield f"name: {_text(machine.name)}"
    yield f"title: {_text(machine.title)}"
    identity = machine.identity
    if identity.uuid is not None or identity.system is not None:
        yield "identity:"
    if identity.uuid is not None:
        yield f"  uuid: {identity.uuid}"
    if identity.system is not None:
        yield f"  system: {_text(identity.system)}"
    yield f"physical_address_bits: {machine.physical_address_bits}"
    yield from _firmware(machine)
    if machine.controller_console is not None:
        yield "\ncontroller:"
        yield f"  console: {_text(machine.controller_console)}"
    yield from _list("processors", (_processor(machine, n) for n in range(len(machine.processors))))
    yield from _list(
        "memory",
        (
            _flow({"base": _address(m.base), "size": _size(m.size), "node": str(m.node)})
            for m in machine.memory
        ),
    )
    yield from _pci(machine)
    if machine.uarts:
        yield from _list(
            "uarts",
            (
                _flow(
                    {
                        "name": _text(u.name),
                        "io_base": f"{u.io_base:#x}",
                        "baud": str(u.baud),
                        "irq": "" if u.irq is None else str(u.irq),
                    }
                )
                for u in machine.uarts
            ),
        )
    yield from _acpi(machine)
    yield from _features(machine)
    yield from _qemu(machine)


def _firmware(machine: Machine) -> Iterator[str]:
    """The section of the firmware."""
    firmware = machine.firmware
    yield "\nfirmware:"
    yield f"  vendor: {_text(firmware.vendor)}"
    yield f"  version: {_text(firmware.version)}"
    if len(firmware.boot_devices) == 1:
        yield f"  boot_device: {firmware.boot_devices[0]}"
    elif firmware.boot_devices:
        yield "  boot_device:"
        yield from (f"    - {device}" for device in firmware.boot_devices)
    yield f"  memory: {_size(firmware.memory)}"
    if firmware.interface is not None:
        yield f"  interface: {firmware.interface}"
    if firmware.holds:
        yield "  holds:"
        for held in firmware.holds:
            fields = {"base": _address(held.base), "size": _size(held.size), "what": _text(held.what)}
            yield f"    - {_flow(fields)}"


def _processor(machine: Machine, number: int) -> str:
    """One processor."""
    p = machine.processors[number]
    return _flow(
        {
            "apic_id": str(p.apic_id),
            "package": str(p.package),
            "core": str(p.core),
            "thread": str(p.thread),
            "node": str(p.node),
            "bsp": "true" if p.bsp else "",
        }
    )


def _pci(machine: Machine) -> Iterator[str]:
    """The PCI section."""
    yield "\npci:"
    if machine.ecam:
        yield "  ecam:"
        for e in machine.ecam:
            flow = {
                "segment": str(e.segment),
                "base": _address(e.base),
                "first_bus": str(e.first_bus),
                "last_bus": str(e.last_bus),
            }
            yield f"    - {_flow(flow)}"
    if not machine.roots:
        yield "  roots: []"
        return
    yield "  roots:"
    for root in machine.roots:
        yield from _root(root)


def _root(root: PciRoot) -> Iterator[str]:
    """One root bridge."""
    yield f"    - uid: {root.uid}"
    yield f"      segment: {root.segment}"
    yield f"      bus: {root.bus}"
    if root.node is not None:
        yield f"      node: {root.node}"
    if root.functions:
        yield "      functions:"
        for function in root.functions:
            yield from _function(function, "        ")


def _function(function: PciFunction, indent: str) -> Iterator[str]:
    """One function and all behind it: on one line if nothing about it needs more."""
    device, number = function.path.nodes[-1]
    flow = {
        "at": f'"{device:02x}.{number}"',
        "vendor": f"0x{function.vendor:04X}",
        "device": f"0x{function.device:04X}",
        "class": f"0x{function.class_code:06X}",
        "title": "" if function.title is None else _text(function.title),
        "serial": "" if function.serial is None else _text(function.serial),
        "msi": "true" if function.msi else "",
        "msix": "true" if function.msix else "",
        "interrupt_pin": "" if function.interrupt_pin is None else str(function.interrupt_pin),
        "reset": "" if function.reset is None else f"[{', '.join(function.reset)}]",
        "iommu_group": "" if function.iommu_group is None else str(function.iommu_group),
    }
    lines = [f"{key}: {value}" for key, value in flow.items() if value]
    for number, line in enumerate(lines):
        yield f"{indent}{'  ' if number else '- '}{line}"
    if function.bars:
        yield f"{indent}  bars:"
        for bar in function.bars:
            fields = {
                "index": str(bar.index),
                "space": bar.space,
                "bits": str(bar.bits),
                "prefetchable": "true" if bar.prefetchable else "",
                "base": _address(bar.base),
                "size": _size(bar.size),
            }
            yield f"{indent}    - {_flow(fields)}"
    if function.bridge is not None:
        yield from _bridge(function.bridge, indent + "  ")
    if function.behind:
        yield f"{indent}  behind:"
        for deeper in function.behind:
            yield from _function(deeper, indent + "    ")


def _bridge(bridge: Bridge, indent: str) -> Iterator[str]:
    """What makes a function a bridge."""
    single = bridge.secondary == bridge.subordinate
    yield f"{indent}bridge:"
    yield f"{indent}  kind: {bridge.kind}"
    yield f"{indent}  buses: {bridge.secondary if single else f'{bridge.secondary}-{bridge.subordinate}'}"
    for name, window in (("memory", bridge.memory), ("prefetchable", bridge.prefetchable)):
        if window is not None:
            yield f"{indent}  {name}: {_window(window)}"


def _window(window: Window) -> str:
    """An address window."""
    return _flow({"base": _address(window.base), "size": _size(window.size)})


def _acpi(machine: Machine) -> Iterator[str]:
    """The ACPI section."""
    acpi = machine.acpi
    yield "\nacpi:"
    yield f"  revision: {acpi.revision}"
    if acpi.pm_timer is not None:
        yield f"  pm_timer: {{port: {acpi.pm_timer.port:#x}, bits: {acpi.pm_timer.bits}}}"
    yield f"  iommu: {acpi.iommu}"
    if acpi.msi is not None:
        yield f"  msi: {_boolean(acpi.msi)}"


def _features(machine: Machine) -> Iterator[str]:
    """The section of features; nothing if none is known."""
    features = machine.features
    known = {
        "cpu": None if features.cpu is None else _text(features.cpu),
        "x86_64": None if features.x86_64 is None else _boolean(features.x86_64),
        "invariant_tsc": None if features.invariant_tsc is None else _boolean(features.invariant_tsc),
        "hypervisor": None if features.hypervisor is None else _boolean(features.hypervisor),
        "x2apic": features.x2apic,
        "virtualization": features.virtualization,
        "hidden_processors": None if features.hidden_processors is None else f"{features.hidden_processors}",
    }
    lines = [f"  {key}: {value}" for key, value in known.items() if value is not None]
    if lines:
        yield "\nfeatures:"
        yield from lines


def _qemu(machine: Machine) -> Iterator[str]:
    """The section of an emulated machine."""
    qemu = machine.qemu
    if qemu is None:
        return
    yield "\nqemu:"
    yield f"  machine: {_text(qemu.machine)}"
    yield f"  accelerator: {_text(qemu.accelerator)}"
    yield f"  cpu: {_text(qemu.cpu)}"
    yield f"  memory: {_size(qemu.memory)}"
    firmware = {"code": _text(qemu.firmware_code), "variables": _text(qemu.firmware_variables)}
    yield f"  firmware: {_flow(firmware)}"
    yield f"  esp: {_flow({'device': _text(qemu.esp_device), 'bus': _text(qemu.esp_bus)})}"
    yield f"  disk_size: {_size(qemu.disk_size)}"


def _list(name: str, items: Iterable[str]) -> Iterator[str]:
    """A list with an item a line."""
    lines = [f"  - {item}" for item in items]
    yield f"\n{name}:" if lines else f"\n{name}: []"
    yield from lines


def _flow(fields: Flow) -> str:
    """A mapping in braces."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items() if value) + "}"


def _boolean(value: bool) -> str:
    """As YAML writes it."""
    return "true" if value else "false"


def _address(value: int) -> str:
    """An address."""
    return f"{value:#x}"


def _size(value: int) -> str:
    """A size people can read; exact in any case."""
    text = format_size(value)
    return text if not text.endswith(" B") else f"{value:#x}"


def _text(value: str) -> str:
    """Any text, always in quotes: nothing in it can then mean anything to YAML."""
    return '"' + "".join(_character(c) for c in value) + '"'


def _character(character: str) -> str:
    """A character inside double quotes (YAML 1.2, 5.7)."""
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    code = ord(character)
    return f"\\u{code:04X}" if code < 1 << 16 else f"\\U{code:08X}"


def _comment(text: str) -> str:
    """A text that stays on its line."""
    return "".join(c if c.isprintable() else "?" for c in text)
