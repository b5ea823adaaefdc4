# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What `Mrm.efi scan` writes, as the files that Linux has for the same facts.

The archive is a collection (`generator.scan.snapshot`) without a Linux: ACPI tables and texts of SMBIOS have
Linux's names already. The rest is below `uefi/`; of text each line is a fact:

    uefi/processors                 APIC ID, package, core, thread; boot, usable or disabled
    uefi/cpuid                      leaf, EAX, EBX, ECX, EDX of the boot processor, in hexadecimal digits
    uefi/apic-base                  IA32_APIC_BASE
    uefi/memory-map                 type, first address, pages, attributes (UEFI 2.10, section 7.2.3)
    uefi/pci/SSSS:BB:DD.F/config    configuration space, 256 or 4096 bytes
    uefi/pci/SSSS:BB:DD.F/path      device path; then for each base address register space, base, size
    uefi/uarts                      first I/O port of each UART
    uefi/boot-device                device path of the volume Mrm.efi came from

Hexadecimal digits, of names as well, are in letters of either case. A line that makes no sense is left out:
the scan tells what it then does not know.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.acpi.numa import parse_srat
from generator.pci.config_space import parse_config_space

FOLDER = "uefi"
MARK = f"{FOLDER}/memory-map"
"""A collection with this file was made by a PC's firmware."""

X2APIC = f"{FOLDER}/x2apic"
DISABLED = f"{FOLDER}/disabled"
KEPT = f"{FOLDER}/kept"
BOOT_DEVICE = f"{FOLDER}/boot-device"
"""What no Linux has a file for: state of x2APIC; APIC IDs that the firmware has disabled; bytes of RAM below
4 GiB that it uses; device path."""

_FOUR_GIB = 4 << 30
_PAGE = 4096
_LINE = re.compile(r"[!-~ ]{1,600}")
_PROCESSOR = re.compile(r"(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10}) (boot|usable|disabled)")
_LEAF = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8}) ([0-9a-f]{8})", re.IGNORECASE)
_ENTRY = re.compile(r"(\d{1,10}) 0x([0-9a-f]{1,13}) 0x([0-9a-f]{1,13}) 0x([0-9a-f]{1,16})", re.IGNORECASE)
_REGISTER = re.compile(r"(io|memory) 0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16})", re.IGNORECASE)
_PORT = re.compile(r"0x([0-9a-f]{1,4})", re.IGNORECASE)
_CONFIG = re.compile(
    rf"{FOLDER}/pci/([0-9a-f]{{4}}:[0-9a-f]{{2}})(:[0-9a-f]{{2}}\.[0-7])/config", re.IGNORECASE
)
_ROOT_FUNCTION = re.compile(r"PciRoot\(0x([0-9a-f]{1,7})\)/Pci\([^()/]*\)", re.IGNORECASE)

_RAM, _RESERVED = "System RAM", "Reserved"
_KINDS = {
    1: _RAM,
    2: _RAM,
    3: _RAM,
    4: _RAM,
    7: _RAM,
    8: "Unusable memory",
    9: "ACPI Tables",
    10: "ACPI Non-volatile Storage",
    14: "Persistent Memory",
}
"""What Linux calls types of UEFI's memory once boot services have ended; the rest is reserved."""
_CONVENTIONAL = 7
_SPECIFIC_PURPOSE = 1 << 18
"""EFI_MEMORY_SP: memory that drivers are to have, not everybody."""
_WINDOWS = (11, 12)
"""Types that are no RAM: memory-mapped I/O."""

_BASIC, _EXTENDED, _POWER, _SIZES = 0x1, 0x80000001, 0x80000007, 0x80000008
_BRAND = (0x80000002, 0x80000003, 0x80000004)
_EAX, _EBX, _ECX, _EDX = range(4)
_FLAGS = (
    ("vmx", _BASIC, _ECX, 5),
    ("x2apic", _BASIC, _ECX, 21),
    ("hypervisor", _BASIC, _ECX, 31),
    ("svm", _EXTENDED, _ECX, 2),
    ("lm", _EXTENDED, _EDX, 29),
    ("constant_tsc", _POWER, _EDX, 8),
    ("nonstop_tsc", _POWER, _EDX, 8),
)
"""Names of Linux for the bits of CPUID that a scan looks at: leaf, register, bit."""
_X2APIC_ON = 1 << 10
_RESOURCE_FLAGS = {"io": 0x100, "memory": 0x200}


@dataclass(frozen=True, slots=True)
class _Processor:
    """A processor as the MP services show it."""

    apic_id: int
    package: int
    core: int
    state: str


def as_linux(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a collection made by firmware, and those that Linux would have."""
    made: dict[str, bytes] = dict(files)
    made.update(_processors(files))
    made.update(_memory(files))
    made.update(_pci(files))
    made.update(_uarts(files))
    return made


def _lines(files: Mapping[str, bytes], path: str) -> list[str]:
    """The lines of a text that are printable ASCII."""
    text = files.get(path, b"").decode("latin-1")
    return [line for line in text.split("\n") if _LINE.fullmatch(line)]


def _matches(pattern: re.Pattern[str], lines: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The groups of each line that matches."""
    for line in lines:
        match = pattern.fullmatch(line)
        if match is not None:
            yield match.groups()


def _processors(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """/proc/cpuinfo, the processors of each node, those that are disabled, the state of x2APIC."""
    found = [
        _Processor(int(apic_id), int(package), int(core), state)
        for apic_id, package, core, _, state in _matches(_PROCESSOR, _lines(files, f"{FOLDER}/processors"))
    ]
    # The boot processor is Linux's first.
    running = sorted((p for p in found if p.state != "disabled"), key=lambda p: p.state != "boot")
    leaves = {
        int(leaf, 16): tuple(int(register, 16) for register in registers)
        for leaf, *registers in _matches(_LEAF, _lines(files, f"{FOLDER}/cpuid"))
    }
    common = _common(leaves)
    blocks = [
        "\n".join(
            [
                f"processor : {number}",
                f"physical id : {processor.package}",
                f"core id : {processor.core}",
                f"apicid : {processor.apic_id}",
                *common,
            ]
        )
        for number, processor in enumerate(running)
    ]
    yield "proc/cpuinfo", "\n\n".join(blocks).encode()
    disabled = [str(p.apic_id) for p in found if p.state == "disabled"]
    yield DISABLED, ",".join(disabled).encode()
    yield from _nodes(files, running)
    base = _matches(re.compile(r"0x([0-9a-f]{1,16})", re.IGNORECASE), _lines(files, f"{FOLDER}/apic-base"))
    for (register,) in base:
        yield X2APIC, b"enabled" if int(register, 16) & _X2APIC_ON else b"available"


def _common(leaves: Mapping[int, tuple[int, ...]]) -> list[str]:
    """The lines of /proc/cpuinfo that are the same for all processors."""
    if _EXTENDED not in leaves:
        return []
    none = (0, 0, 0, 0)
    flags = [name for name, leaf, register, bit in _FLAGS if leaves.get(leaf, none)[register] >> bit & 1]
    lines = [f"flags : {' '.join(flags)}"]
    if all(leaf in leaves for leaf in _BRAND):
        raw = b"".join(register.to_bytes(4, "little") for leaf in _BRAND for register in leaves[leaf])
        brand = " ".join(re.findall("[!-~]+", raw.partition(b"\0")[0].decode("latin-1")))
        lines.append(f"model name : {brand}")
    if _SIZES in leaves:
        lines.append(f"address sizes : {leaves[_SIZES][_EAX] & 0xFF} bits physical")
    return lines


def _nodes(files: Mapping[str, bytes], running: Iterable[_Processor]) -> Iterator[tuple[str, bytes]]:
    """Which processors are on which NUMA node, by the SRAT; nothing without one."""
    table = files.get("sys/firmware/acpi/tables/SRAT")
    srat = None if table is None else parse_srat(table).value
    if srat is None:
        return
    node_of = {processor.apic_id: processor.node for processor in srat.processors}
    nodes: defaultdict[int, list[str]] = defaultdict(list)
    for number, processor in enumerate(running):
        nodes[node_of.get(processor.apic_id, 0)].append(str(number))
    for node, numbers in nodes.items():
        yield f"sys/devices/system/node/node{node}/cpulist", ",".join(numbers).encode()


def _memory(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """/sys/firmware/memmap, and how much of the RAM below 4 GiB the firmware uses."""
    kept = 0
    entries = _matches(_ENTRY, _lines(files, MARK))
    for number, (kind, start, pages, attributes) in enumerate(entries):
        base, size = int(start, 16), int(pages, 16) * _PAGE
        if not size or int(kind) in _WINDOWS:
            continue
        folder = f"sys/firmware/memmap/{number}"
        name = _KINDS.get(int(kind), _RESERVED)
        if name == _RAM and int(attributes, 16) & _SPECIFIC_PURPOSE:
            name = "Soft Reserved"
        yield f"{folder}/start", f"{base:#x}".encode()
        yield f"{folder}/end", f"{base + size - 1:#x}".encode()
        yield f"{folder}/type", name.encode()
        if int(kind) != _CONVENTIONAL and name == _RAM and base < _FOUR_GIB:
            kept += size
    yield KEPT, str(kept).encode()


def _pci(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Configuration spaces, sizes of base address registers in their order, and _UIDs of root bridges."""
    for path, config in files.items():
        match = _CONFIG.fullmatch(path)
        if match is None:
            continue
        function = f"sys/bus/pci/devices/{match[1].lower()}{match[2].lower()}"
        lines = _lines(files, path.removesuffix("config") + "path")
        sizes = {
            (space.lower(), int(base, 16)): int(size, 16)
            for space, base, size in _matches(_REGISTER, lines[1:])
        }
        yield f"{function}/config", config
        yield f"{function}/resource", _resources(config, sizes)
        root = _ROOT_FUNCTION.fullmatch(lines[0]) if lines else None
        if root is not None:
            yield f"sys/devices/pci{match[1].lower()}/firmware_node/uid", str(int(root[1], 16)).encode()


def _resources(config: bytes, sizes: Mapping[tuple[str, int], int]) -> bytes:
    """The registers of a function as Linux lists them; firmware counts them in its own way."""
    lines = ["0x0 0x0 0x0"] * 6
    bars = () if (parsed := parse_config_space(config)) is None else parsed.bars
    for bar in bars:
        space = "io" if bar.io else "memory"
        size = sizes.get((space, bar.base), 0)
        if bar.base and size:
            lines[bar.index] = f"{bar.base:#x} {bar.base + size - 1:#x} {_RESOURCE_FLAGS[space]:#x}"
    return "\n".join(lines).encode()


def _uarts(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The UARTs as devices of ACPI; a device of another kind where there is none."""
    devices = "sys/bus/pnp/devices"
    yield f"{devices}/none/id", b"none"
    for number, (port,) in enumerate(_matches(_PORT, _lines(files, f"{FOLDER}/uarts"))):
        yield f"{devices}/{number}/id", b"PNP0501"
        yield f"{devices}/{number}/resources", f"io 0x{port}-0x{int(port, 16) + 7:x}".encode()
