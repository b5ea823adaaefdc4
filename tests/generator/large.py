# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Large machines and plans that fill them, as text."""

from __future__ import annotations

from tests.generator.support import partition

DEVICES = 32
"""Root ports on one root bridge, each with a drive behind it."""


def large_machine(processors: int, ports: int, uarts: int) -> str:
    """A machine of packages with 128 processors, two a core, and a drive behind each root port."""
    nodes = max(1, processors // 128)
    lines = [
        "format: 1",
        "name: large",
        "physical_address_bits: 46",
        "firmware: {memory: 256 MiB}",
        "controller: {console: COM0}",
        "processors:",
    ]
    for apic_id in range(processors):
        package = apic_id // 128
        where = f"package: {package}, core: {apic_id % 128 // 2}, thread: {apic_id % 2}, node: {package}"
        lines.append(f"  - {{apic_id: {apic_id}, {where}, bsp: {'true' if apic_id == 0 else 'false'}}}")
    lines += ["memory:", "  - {base: 0, size: 640 KiB}", "  - {base: 1 MiB, size: 2047 MiB}"]
    lines += [f"  - {{base: {4 + 64 * node} GiB, size: 64 GiB, node: {node}}}" for node in range(nodes)]
    segments = range(-(-ports // DEVICES))
    lines += ["pci:", "  ecam:"]
    lines += [
        f"    - {{segment: {segment}, base: {0x80000000 + (segment << 28):#x}}}" for segment in segments
    ]
    lines.append("  roots:")
    for segment in segments:
        lines += [f"    - uid: {segment}", f"      segment: {segment}", "      functions:"]
        for device in range(min(DEVICES, ports - segment * DEVICES)):
            lines += [
                f'        - at: "{device:02x}.0"',
                "          vendor: 0x8086",
                "          device: 0xA000",
                "          class: 0x060400",
                "          bridge:",
                f"            {{kind: root-port, buses: {device + 1}, memory: {{base: 1 GiB, size: 2 MiB}}}}",
                "          behind:",
                '            - {at: "00.0", vendor: 0x144D, device: 0xA80A, class: 0x010802, msix: true}',
            ]
    lines += ["uarts:", *(f"  - {{name: COM{n}, io_base: {0x1000 + 8 * n:#x}}}" for n in range(uarts))]
    return "\n".join([*lines, "acpi: {pm_timer: {port: 0x608, bits: 32}}", ""])


def port_path(port: int) -> str:
    """The device path of a root port of a large machine."""
    return f"PciRoot(0x{port // DEVICES:X})/Pci(0x{port % DEVICES:X},0x0)"


def large_partitions(
    partitions: int, processors: int, ports: int, low: str = "32 KiB", loader: str = "files/linux"
) -> str:
    """Partitions that fill a large machine: half by count and properties, half by name."""
    each_processors, each_ports = processors // partitions, ports // partitions
    entries = []
    for number in range(partitions):
        first = 2 + number * each_processors
        ids = f"{first}-{first + each_processors - 1}"
        paths = [f'"{port_path(port)}"' for port in range(number * each_ports, (number + 1) * each_ports)]
        named = number % 2
        entries.append(
            partition(
                f"p{number}",
                processors=f"{{apic_ids: {ids}}}" if named else str(each_processors),
                memory=f"{{size: 4 GiB, low: {low}, below_4g: 0, above: {4 + number} GiB}}",
                pci=f"[{', '.join(paths)}]" if named else f"{{class: nvme, count: {each_ports}}}",
                boot=f"{{file: {loader}, initrd: files/initrd}}",
            )
        )
    return "format: 1\nmachine: large\npartitions:\n" + "".join(entries)
