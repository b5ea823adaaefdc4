# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tables, configuration spaces and whole machines for the tests, byte by byte after the specifications."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from generator.scan.snapshot import MemorySnapshot

PROJECT = Path(__file__).resolve().parents[3]
TABLES = "sys/firmware/acpi/tables"
DEVICES = "sys/bus/pci/devices"


def make_table(signature: str, body: bytes, revision: int = 1) -> bytes:
    """A table with a correct header."""
    head = struct.pack(
        "<4sIBB6s8sI4sI", signature.encode(), 36 + len(body), revision, 0, b"OEM", b"TABLE", 1, b"TEST", 1
    )
    return checksummed(head + body)


def checksummed(table: bytes) -> bytes:
    """A table with its checksum made right."""
    rest = table[:9] + b"\0" + table[10:]
    return rest[:9] + bytes([-sum(rest) & 0xFF]) + rest[10:]


def local_apic(apic_id: int, flags: int = 1) -> bytes:
    return struct.pack("<BBBBI", 0, 8, apic_id & 0xFF, apic_id, flags)


def x2apic(apic_id: int, flags: int = 1) -> bytes:
    return struct.pack("<BBHIII", 9, 16, 0, apic_id, flags, apic_id)


def io_apic(identifier: int, address: int, first: int) -> bytes:
    return struct.pack("<BBBBII", 1, 12, identifier, 0, address, first)


def make_madt(*structures: bytes) -> bytes:
    return make_table("APIC", struct.pack("<II", 0xFEE00000, 1) + b"".join(structures), 3)


def make_mcfg(*entries: tuple[int, int, int, int]) -> bytes:
    """Entries are base, segment, first and last bus."""
    return make_table("MCFG", bytes(8) + b"".join(struct.pack("<QHBBI", *entry, 0) for entry in entries))


def make_fadt(
    port: int = 0x608,
    extended: tuple[int, int] | None = None,
    flags: int = 0,
    boot: int = 0,
    revision: int = 3,
    length: int = 4,
    size: int = 244,
) -> bytes:
    """A FADT; `extended` is address space and address of the PM timer in the long form."""
    body = bytearray(276)
    struct.pack_into("<I", body, 76, port)
    body[91] = length
    struct.pack_into("<H", body, 109, boot)
    struct.pack_into("<I", body, 112, flags)
    if extended is not None:
        struct.pack_into("<BBBBQ", body, 208, extended[0], 32, 0, 3, extended[1])
    return make_table("FACP", bytes(body[36:size]), revision)


def make_srat(*structures: bytes, revision: int = 3) -> bytes:
    return make_table("SRAT", struct.pack("<IQ", 1, 0) + b"".join(structures), revision)


def srat_processor(apic_id: int, node: int, flags: int = 1) -> bytes:
    high = (node >> 8).to_bytes(3, "little")
    return struct.pack("<BBBBIB3sI", 0, 16, node & 0xFF, apic_id, flags, 0, high, 0)


def srat_memory(base: int, size: int, node: int, flags: int = 1) -> bytes:
    return struct.pack("<BBIHQQIIQ", 1, 40, node, 0, base, size, 0, flags, 0)


def make_config(
    vendor: int = 0x8086,
    device: int = 0x1234,
    class_code: int = 0x020000,
    *,
    capabilities: Mapping[int, bytes] | None = None,
    bridge: tuple[int, int, int] | None = None,
    bars: Iterable[int] = (),
    memory: tuple[int, int] | None = None,
    prefetchable: tuple[int, int] | None = None,
    size: int = 256,
) -> bytes:
    """A configuration space; `capabilities` by identifier with their bytes behind the two of the list.

    `bridge`: primary, secondary, subordinate bus; `memory`, `prefetchable`: first and last address.
    """
    data = bytearray(4096)
    struct.pack_into("<HH", data, 0, vendor, device)
    data[9:12] = class_code.to_bytes(3, "little")
    for index, bar in enumerate(bars):
        struct.pack_into("<I", data, 16 + 4 * index, bar)
    if bridge is not None:
        data[14] = 1
        data[24:27] = bytes(bridge)
        first, last = memory or (0xFFF00000, 0)
        struct.pack_into("<HH", data, 32, first >> 16, last >> 16)
        first, last = prefetchable or (0xFFF00000, 0)
        struct.pack_into("<HH", data, 36, first >> 16 & 0xFFF0 | 1, last >> 16 & 0xFFF0 | 1)
        struct.pack_into("<II", data, 40, first >> 32, last >> 32)
    if capabilities:
        struct.pack_into("<H", data, 6, 0x10)
        place = 0x40
        data[0x34] = place
        for number, (identifier, content) in enumerate(capabilities.items()):
            following = place + (len(content) + 2 + 3) // 4 * 4
            data[place] = identifier
            data[place + 1] = following if number + 1 < len(capabilities) else 0
            data[place + 2 : place + 2 + len(content)] = content
            place = following
    return bytes(data[:size])


def express(kind: int, function_level_reset: bool = False) -> bytes:
    """The PCI Express capability of a kind of function, behind its first two bytes."""
    return struct.pack("<HI", kind << 4 | 2, 1 << 28 if function_level_reset else 0) + bytes(12)


MSIX = {0x11: bytes(10)}
MSI = {0x05: bytes(12)}
NVME = make_config(0x144D, 0xA808, 0x010802, capabilities={**MSIX, 0x10: express(0, True)}, bars=[0x4, 0])


def port(bus: int, secondary: int, subordinate: int | None = None, kind: int = 4) -> bytes:
    """A root port (or another kind of bridge)."""
    last = secondary if subordinate is None else subordinate
    return make_config(
        0x8086, 0x9D10, 0x060400, capabilities={0x10: express(kind), **MSI}, bridge=(bus, secondary, last)
    )


def cpuinfo(*processors: tuple[int, int, int]) -> bytes:
    """Blocks for processors: APIC ID, package, core."""
    blocks = (
        f"processor\t: {number}\nmodel name\t: Test CPU\nphysical id\t: {package}\ncore id\t\t: {core}\n"
        f"apicid\t\t: {apic_id}\nflags\t\t: fpu lm constant_tsc nonstop_tsc x2apic svm\n"
        "address sizes\t: 46 bits physical, 48 bits virtual\n"
        for number, (apic_id, package, core) in enumerate(processors)
    )
    return "\n".join(blocks).encode()


def memory_map(*ranges: tuple[int, int, str]) -> dict[str, bytes]:
    """/sys/firmware/memmap: first and last address, type."""
    files: dict[str, bytes] = {}
    for number, (start, last, kind) in enumerate(ranges):
        folder = f"sys/firmware/memmap/{number}"
        files[f"{folder}/start"] = f"{start:#x}\n".encode()
        files[f"{folder}/end"] = f"{last:#x}\n".encode()
        files[f"{folder}/type"] = f"{kind}\n".encode()
    return files


def server() -> dict[str, bytes]:
    """A machine with all one can wish for: two packages, hyper-threads, two nodes and root bridges, a switch.

    Hyper-threads of the second package are switched off by the system.
    """
    running = [(0, 0, 0), (1, 0, 0), (2, 0, 1), (3, 0, 1), (16, 1, 0), (18, 1, 1)]
    apic_ids = [0, 1, 2, 3, 16, 17, 18, 19]
    files = {
        "proc/cpuinfo": cpuinfo(*running),
        "proc/mounts": b"/dev/nvme0n1p1 /boot/efi vfat rw 0 0\n",
        "proc/iomem": b"00000000-00000000 : System RAM\n",
        "dmesg.txt": b"[0.0] Linux version 6.1\n[0.1] x2apic enabled\n",
        "sys/devices/system/cpu/smt/control": b"off\n",
        "sys/devices/system/node/node0/cpulist": b"0-3\n",
        "sys/devices/system/node/node1/cpulist": b"4-5\n",
        f"{TABLES}/APIC": make_madt(
            *(local_apic(a) for a in apic_ids), local_apic(0xFF, 0), io_apic(8, 0xFEC00000, 0)
        ),
        f"{TABLES}/FACP": make_fadt(0x408, (1, 0x408), flags=1 << 8, revision=6),
        f"{TABLES}/MCFG": make_mcfg((0x80000000, 0, 0, 255)),
        f"{TABLES}/SRAT": make_srat(
            *(srat_processor(a, a // 16) for a in apic_ids),
            srat_memory(0, 8 << 30, 0),
            srat_memory(8 << 30, 8 << 30, 1),
        ),
        f"{TABLES}/IVRS": make_table(
            "IVRS", bytes(12) + struct.pack("<BBHHHQHHI", 0x10, 0, 24, 2, 64, 0xFEB80000, 0, 0, 0), 2
        ),
        "sys/firmware/efi/fw_platform_size": b"64\n",
        "sys/class/dmi/id/bios_vendor": b'Vendor \xe2\x98\x83 "quoted"\n',
        "sys/class/dmi/id/bios_version": b"1.2: #3\n",
        "sys/class/dmi/id/sys_vendor": b"ACME\n",
        "sys/class/dmi/id/product_name": b"Server 9000\n",
        "sys/class/block/nvme0n1p1.link": b"../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/nvme0/x\n",
        "sys/class/nvme/nvme0/serial": b"S123 \n",
        "sys/class/nvme/nvme0/address": b"0000:01:00.0\n",
        "sys/class/tty/ttyS0/port": b"0x3F8\n",
        "sys/class/tty/ttyS0/irq": b"4\n",
        "sys/class/tty/ttyS0/type": b"4\n",
        "sys/class/tty/ttyS4/port": b"0xD000\n",
        "sys/class/tty/ttyS4/irq": b"17\n",
        "sys/class/tty/ttyS4/type": b"4\n",
        "sys/class/tty/ttyS4/device.link": b"../../../0000:03:00.0\n",
        "sys/bus/pnp/devices/00:02/id": b"PNP0501\n",
        "sys/bus/pnp/devices/00:02/resources": b"state = active\nio 0x240-0x247\nirq 10\n",
        "sys/devices/pci0000:00/firmware_node/uid": b"0\n",
        "sys/devices/pci0000:40/firmware_node/uid": b"7\n",
        **memory_map(
            (0, 0x9FBFF, "System RAM"),
            (0x9FC00, 0x9FFFF, "Reserved"),
            (0x100000, 0x7FFFFFFF, "System RAM"),
            (0x100000000, 0x3FFFFFFFF, "System RAM"),
        ),
    }
    functions = {
        "0000:00:00.0": make_config(device=0x29C0, class_code=0x060000),
        "0000:00:01.0": port(0, 1),
        "0000:01:00.0": NVME,
        "0000:00:02.0": port(0, 2, 4),
        "0000:02:00.0": port(2, 3, 4, kind=5),
        "0000:03:00.0": port(3, 4, kind=6),
        "0000:04:00.0": make_config(capabilities={**MSI, 0x10: express(0)}, bars=[0xE0000000, 0xD001]),
        "0000:04:00.1": make_config(class_code=0x0C0330),
        "0000:04:02.0": make_config(),
        "0000:40:00.0": make_config(class_code=0x060000),
        "10000:00:00.0": NVME,
    }
    for name, config in functions.items():
        files[f"{DEVICES}/{name}/config"] = config
        files[f"{DEVICES}/{name}/numa_node"] = b"1\n" if ":40:" in name else b"0\n"
    files[f"{DEVICES}/0000:04:02.0/physfn.link"] = b"../0000:04:00.0\n"
    files[f"{DEVICES}/0000:04:00.0/iommu_group.link"] = b"../../../../kernel/iommu_groups/12\n"
    files[f"{DEVICES}/0000:04:00.0/resource"] = (
        b"0x00000000e0000000 0x00000000e001ffff 0x0000000000040200\n"
        b"0x000000000000d000 0x000000000000d01f 0x0000000000040101\n"
    )
    return files


def snapshot(files: Mapping[str, bytes]) -> MemorySnapshot:
    """A machine of such files."""
    return MemorySnapshot("test", live=False, files=dict(files))
