# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Inputs the fuzzer begins with, in the form each target reads."""

import struct
from pathlib import Path

from ci.progress import PROJECT
from generator.api import make_plan
from generator.emit import make_blob
from tests.firmware_host.acpi_facts import table
from tests.firmware_host.numa import NODES, SLIT
from tests.firmware_host.pci_config import BRIDGE, ENDPOINT, after_reset


def _item(name: str, offset: int, size: int, writable: int) -> bytes:
    """MRM_CONTROL_ITEM."""
    return struct.pack("<64sIIII", name.encode("utf-16-le"), 6, offset, size, writable)


def _plan() -> bytes:
    numbers = struct.pack(
        "<6BQHBBI4Q", 0, 2, 1, 1, 4, 100, 0xFEE00000, 0x608, 1, 1, 115200, 0x2F8, 4096, 4100, 8192
    )
    processors = struct.pack("<II", 1, 2)
    dsdt = table(b"DSDT", bytes(64), 2)
    patches = bytes([40, 2, 0, 0, 48, 8, 0, 3, 60, 8, 0, 6, 70, 8, 0, 21])
    bus = struct.pack("<HBBIQ6Q", 1, 3, 4, 0, 0xE0000000, 0xC0000000, 1 << 20, 0, 0, 0x2000, 0x1000)
    return numbers + bytes(12) + processors + dsdt + patches + bus + struct.pack("<QQ", 1 << 20, 1 << 20)


def _plans() -> tuple[bytes, ...]:
    """What partition files become: several partitions, a card as console, several boot sources."""
    names = ("two-kernels", "two-debians", "boot-sources")
    return tuple(make_blob(make_plan(PROJECT / "partitions" / f"{name}.yaml")[0]) for name in names)


def _variables() -> bytes:
    identity = struct.pack(
        "<IHH8B", 0xAAF32C78, 0x947B, 0x439A, 0xA1, 0x80, 0x2E, 0x14, 0x4E, 0xC3, 0x77, 0x92
    )
    variable = struct.pack("<HBBIQ16sIII16s", 0x55AA, 0x3F, 0, 7, 0, b"", 0, 4, 4, b"") + b"A\0\0\0data"
    return struct.pack("<H", 512) + identity + struct.pack("<IBBHI", 512, 0x5A, 0xFE, 0, 0) + variable * 2


def _volume(bits: int) -> bytes:
    """A small FAT volume, of 12 or 32 bits, with a folder and a file of two clusters in it."""
    chain = [0, 0, 0xFFFFFFF, 0xFFFFFFF, 5, 0xFFFFFFF]
    if bits == 12:
        table = sum((link & 0xFFF) << 12 * number for number, link in enumerate(chain)).to_bytes(12, "little")
    else:
        table = struct.pack("<6I", *chain)
    long, short, total = "log of it.img".encode("utf-16-le"), b"LOGOFI~1IMG", 0
    for byte in short:
        total = ((total & 1) << 7) + (total >> 1) + byte & 0xFF
    part = bytes([0x41]) + long[:10] + bytes([15, 0, total]) + long[10:22] + b"\0\0" + long[22:26]
    file = part + short + struct.pack("<B8xHHHHI", 0x20, 0, 0, 0, 4, 700)
    root = b"EFI        " + struct.pack("<B8xHHHHI", 0x10, 0, 0, 0, 3, 0)
    pieces = [table, *([root] if bits == 12 else []), root, file, b"a" * 512, b"b" * 512]
    sectors = [piece.ljust(512, b"\0") for piece in pieces]
    entries, tables = (16, (1, 0)) if bits == 12 else (0, (0, 1))
    boot = struct.pack(
        "<3x8sHBHBHHBHHHIIIHHI",
        *(b"mrm", 512, 1, 1, 1, entries, len(sectors) + 1, 0xF8, tables[0], 0, 0, 0),
        *(0, tables[1], 0, 0, 2),
    )
    return b"".join([boot.ljust(512, b"\0"), *sectors])


def _command(
    opcode: int,
    block: int = 0,
    blocks: int = 0,
    *,
    page: int = 0,
    second: int = 0,
    word11: int = 0,
    queue: int = 1,
) -> bytes:
    """An NVMe command; the fuzz target makes addresses of the pages."""
    prps = (struct.pack("<BB6x", 0x80 if number else 0, number) for number in (page, second))
    words = struct.pack("<IIIIII", block, word11, blocks, 0, 0, queue << 24)
    return struct.pack("<BBHI16x", opcode, 0, 7, 1) + b"".join(prps) + words


_CHANGE = struct.pack("<II", 16, 4) + b"abcd"
_RECORDS = b"".join(bytes([mode, len(_CHANGE)]) + _CHANGE for mode in (0, 0, 0))
_FILE = bytes([1, 1, 0xFF, 3]) + _RECORDS + bytes(5)
# The second record is damaged, the third is not.
_GAP = bytes([1, 1, 0xFF, 3]) + b"".join(bytes([m, 12]) + _CHANGE for m in (0, 4, 0)) + bytes(5)
_ITEMS = _item("Status", 2648, 8, 0) + _item("Request", 2648, 0, 100)
# Thirty more items that are empty; then a request's name, size and offset.
_AREA = struct.pack("<II", 0, 2) + _ITEMS + bytes(30 * 80) + struct.pack("<64xII", 0, 2700)
_KEYS = "restart=never limit=0 backoff=9 scrub=true autostart=true after={} delay=0 shutdown=0 firmware=0"
_MAY = "may_start=* may_stop=r may_restart=- may_nmi=r,steady may_pc=reboot,power-off may_reload=true"
_POLICY = (
    "mrm-policy 1 0123456789abcdef\ncontroller all_off=menu power_button=ignore\n"
    + "".join(
        f"{name} {_KEYS.format(after)} nmi=false {_MAY}\n"
        for name, after in (("steady", "-"), ("r", "steady"))
    )
).encode()
_KEPT = b"MRMP" + struct.pack("<II16s32s", 1, len(_POLICY), b"fedcba9876543210", b"steady") + _POLICY
_DHCP = b"\x63\x82\x53\x63\x36\4\x0a\0\2\2\x43\7Mrm.efi\xff"
_LINUX = bytearray(0x230)
_LINUX[0x1FE:0x206] = b"\x55\xaa\0\0HdrS"
_LINUX[0x228:0x22C] = b"\0\0\x10\0"
_MEMTEST = bytes(_LINUX[:0x20E]) + b"\x30\0" + bytes(0x20) + b"Memtest86+ v6.10"
_STUB = bytearray(0x230)
for _place, _mark in {
    0x1F2: b"\x01",
    0x1FA: b"\xff\xff",
    0x210: b"\x21",
    0x228: b"\0\0\x10\0\xff\xff\xff\x7f",
}.items():
    _STUB[_place : _place + len(_mark)] = _mark


def _exit(
    code: int, info1: int, info2: int = 0, *, registers: tuple[int, ...] = (), memory: bytes = b""
) -> bytes:
    """An exit of SVM in 64-bit code without paging, which begins where the memory does."""
    general = [*registers, *[0] * (16 - len(registers))]
    state = struct.pack("<16Q7QH6x", *general, 0x1000, 2, 0, 0, 0, 0x1500, 0, 0x200)
    raw = struct.pack("<4Q", code, info1, info2, 0)
    return raw + state + memory.ljust(64, b"\0") + struct.pack("<IQB", 5 << 24, 1_796_000_000, 0)


def _chipset() -> bytes:
    """Tables of a PC with processors 0 to 2, and AML with names that its owner must not find."""
    madt = struct.pack("<II", 0xFEE00000, 1) + b"".join(bytes((0, 8, n, n, 1, 0, 0, 0)) for n in range(3))
    madt += struct.pack("<BBBBII", 1, 12, 0, 0, 0xFEC00000, 0) + bytes((4, 6, 255, 0, 0, 1))
    aml = b"\x08_MAT\x0a\x01\x14\x0b\\_S3_\x00\xa4\x0a\x05\x08_S5_\x0a\x02"
    bodies = (bytes(240), madt, aml, aml, bytes(20))
    tables = (bytes(36) + body for body in bodies)
    return b"\x01" + b"".join(struct.pack("<BH", 1 | n << 1, len(t)) + t for n, t in enumerate(tables))


SEEDS: dict[str, tuple[bytes, ...]] = {
    "AcpiChipset": (_chipset(),),
    "AcpiNuma": (struct.pack("<BH", 1, len(NODES)) + NODES + struct.pack("<BH", 1, len(SLIT)) + SLIT,),
    "AcpiPlan": (_plan(),),
    "Channel": (
        # A command with an address of its own, a descriptor, a packet to cut; doorbells, table, …
        bytes([0, 4, 0, 0, 0, 13, *bytes(57), 3, 5, 0x80, 9])
        + bytes([1, 5, *struct.pack(">BBBBHHQ", 1, 8, 17, 1, 64, 64, 4096), 0])
        + bytes([1, 7, *struct.pack(">4xHHQ", 1000, 54, 0), *struct.pack(">4xHHQ", 100, 946, 54), 0, 200]),
        bytes([3, 0, 1, 0, 0, 0, 0, 1, 1, 2, 0, 2, 0, 0x30, 0xE0, 0xFE, 0, 3, 0, 0, 2, 0x80, 20, 9])
        + bytes([0, 6, 0, 0, 1, *bytes(range(16)), 250]),
        # Frames from outside: for the hostile card, for all, and for nobody.
        b"".join(
            bytes([0, 0xE0, *to, 2, 9, 9, 9, 9, 9, 8, 0, 0, 0, 100, 0, 1])
            for to in (bytes([2, 0, 0, 0, 0, 0]), b"\xff" * 6, bytes([0, 9, 9, 9, 9, 9]))
        ),
    ),
    "CommandLine": (
        bytes([9]) + b"quiet ro " + b"BOOT_IMAGE=/vmlinuz ro quiet\0",
        b"\0console=ttyS0 earlycon=uart8250,io,0x3f8 earlyprintk=serial,0x2f8 kgdboc=ttyS0 8250.nr_uarts=1 "
        b"console=uart,mmio32be,0xfe000000,115200",
        b"\0" + bytes(_LINUX),
        b"\0" + bytes(_STUB),
        b"\0" + _MEMTEST,
    ),
    "ControlArea": (b"\x04" + _AREA,),
    "Disk": (
        # A read into a page of its own, a write by a list, zeros; doorbells, table, registers, a hint.
        bytes([0, 4])
        + _command(2, 0, 7, page=32)
        + bytes([1, 7, 0, 41, 7, 1, 42])
        + bytes([0, 5])
        + _command(1, 3, 20, page=39, second=7)
        + bytes([0, 4])
        + _command(8, 30, 299),
        bytes([2, 1, 2, 9, 0, 2, *struct.pack("<I", 0xFEE01000), 4, 0, 5, *struct.pack("<I", 0x460000)])
        + bytes([0, 4])
        + _command(9, page=50, word11=4)
        + bytes([0, 4])
        + _command(6, 1, page=33, queue=0),
    ),
    "Guard": (
        # Configuration space, the clock, a reset.
        _exit(0x7B, 0xCF80040, 0x1002, registers=(0x80041234,))
        + _exit(0x7B, 0xCFC0041, 0x1002)
        + b"".join(
            _exit(0x7B, 0x700010, 0x1002, registers=(number,)) + _exit(0x7B, 0x710010 | way, 0x1002)
            for number, way in ((11, 0), (0x8B, 0), (9, 1), (0x32, 1))
        )
        + _exit(0x7B, 0xCF90010, 0x1002, registers=(6,)),
        # Processors are started, what is written is lost, foreign memory.
        _exit(0x7C, 1, registers=(0x4640, 0x830, 5))
        + _exit(0x7C, 1, registers=(0xD01, 0xC0000080))
        + _exit(0x400, 6, 0xFEE00300, registers=(0x4608,), memory=b"\x89\x03")
        + _exit(0x400, 6, 0xFEE00080, memory=b"\xc7\x84\x24\0\1\0\0\x78\x56\x34\x12")
        + _exit(0x400, 6, 0xB8010, memory=b"\x66\x44\x89\x53\x04")
        + _exit(0x400, 4, 0xB8010, memory=b"\x0f\xb6\x43\x04")
        + _exit(0x400, 6, 0xC0002010, registers=(0xFEE03000,), memory=b"\x89\x03")
        + _exit(0x400, 6, 0xC0002018, registers=(0x441,), memory=b"\x89\x03")
        + _exit(0x400, 6, 0xB0301054, registers=(0xFEE05000,), memory=b"\x66\x89\x03")
        + _exit(0x400, 6, 0x1234000)
        + _exit(0x7F, 0)
        + _exit(0x80, 0),
    ),
    "GuardConfig": (
        # Sizes are found, the function is turned on, then it is to be moved.
        ENDPOINT
        + bytes((0x10, 4, 255, 255, 255, 255, 0x10, 4, *ENDPOINT[0x10:0x14], 4, 2, 7, 0, 0, 0))
        + bytes((0x10, 4, 0, 0, 0xE0, 0xFE, 0x88, 2, 0x30, 0xA8, 0, 0)),
    ),
    "Iommu": (
        # An IOMMU that looks at a bus and at one function; a large range, and one page.
        struct.pack("<H4I", 0x100, 0xF8, 2 << 28, 0x1000, 0)
        + b"".join(
            base.to_bytes(6, "little") + b"\1" + size.to_bytes(3, "little") + b"\1"
            for base, size in ((0x200, 0x400), (0x601, 1), (0x700, 2), (0x100000, 0x200))
        )
        + bytes(48)
        + struct.pack("<BBHHHQHHI16x", 0x11, 0, 52, 0xF2, 0x40, 0xFED80000, 0, 0, 0)
        + struct.pack("<BHBBHBBHB", 3, 0x100, 0, 4, 0x1FF, 0, 2, 0xF8, 0),
    ),
    "Lifecycle": (
        bytes([1, 2, 100, 0, 0, 0, 0, 9, 0, 0, *bytes(4), 3, 1, 1, 3, 1, 4, 3, 1, 5, 4, 1, 2, 1, 200, 6, 9]),
        # The OS runs, reads its temperature, is asked to shut down, reads again, and takes too long.
        bytes([2, 0]) + bytes(8) + bytes([9, 0, 0, 0, 3, 1, 5, 6, 1, 0, 1, 1, 6, 1, 6, 1, 6, 9]),
        bytes([2, 0]) + bytes(12) + bytes([3, 1, 5, 5, 1, *[1, 0, 0, 0] * 5, 3, 0x86, 0, 0, 1, 0, 1, 9]),
    ),
    "Order": (b"start steady\n", b"nmi realtime", b"pc power-off now", b"stop r now\0"),
    "Plan": _plans(),
    "PciConfig": tuple(config + after_reset(config) for config in (ENDPOINT, BRIDGE)),
    "Policy": (_POLICY, _KEPT),
    "Ring": (bytes([5, 0, 12]) + b"a line\nmore\n".ljust(32, b"\0") + bytes([8, 0, 20]) + b"x\r\ny\n" * 7,),
    "Screen": (
        bytes(51)
        + bytes([8, 0, 40])
        + b"\x1b[2J\x1b[01;01HShell> \x1b]x\x07ls\r\n".ljust(256, b"\0")
        + b"O\x18t\1y\1q\1",
    ),
    "Journal": (_FILE + bytes(8), _FILE + _GAP + bytes(4), _GAP + bytes(8)),
    "Fat": (_volume(12), _volume(32)),
    "Server": (
        b"\0https://boot.example:8443/pcs/Mrm.efi?site=1",
        b"\1" + bytes(20) + b"\x0a\0\2\2" + bytes(84) + b"pcs/Mrm.efi".ljust(128, b"\0") + _DHCP,
        b"\2\7\1\2\3\0\x3b\0\x1etftp://[2001:db8::2]/Mrm.efi\0\0",
    ),
    "VariableStore": (_variables(),),
}
"""By target."""


def write(target: str, folder: Path) -> Path:
    """Write a target's seeds into a folder, which is made, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]):
        (folder / f"seed-{number}").write_bytes(seed)
    return folder
