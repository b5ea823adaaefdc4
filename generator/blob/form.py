# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The format of the plan: change it here, raise VERSION, and run `python -m generator.blob`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from generator.blob.types import (
    Choice,
    Constant,
    Enumeration,
    Field,
    Inline,
    Number,
    Numbers,
    Record,
    Records,
    Text,
    Truth,
)

VERSION = 11
"""MRM_PLAN_VERSION; a controller reads the plans of its own version only."""

MAGIC = b"MRM plan"
"""The first bytes of a blob."""

LIMITS = (
    Constant("MRM_MAX_PARTITIONS", 64),
    Constant("MRM_MAX_PROCESSORS", 256, "processors of one partition"),
    Constant("MRM_MAX_PCI_BUSES", 16, "PCI host bridges of one partition"),
    Constant("MRM_MAX_PCI_FUNCTIONS", 16, "functions of one bus that a partition has by themselves"),
    Constant("MRM_NAME_LENGTH", 32, "partition name with terminating zero"),
    Constant("MRM_MAX_BOOT_SOURCES", 8, "boot sources of one partition"),
    Constant("MRM_MAX_CARDS", 8, "networks one partition is on"),
    Constant("MRM_MAX_NETWORKS", 16, "networks in memory"),
    Constant("MRM_MAX_DISKS", 8, "disks the controller serves one partition"),
    Constant("MRM_DISK_SERIAL", 20, "characters of the serial number of a served disk"),
    Constant("MRM_DISK_LABEL", 36, "characters of the label of a GPT partition, and of a UUID"),
    Constant("MRM_MAX_SHARED", 16, "shared memories of a plan"),
    Constant("MRM_SHARED_ALIGNMENT", 2 << 20, "bytes; Linux maps persistent memory in such steps"),
    Constant("MRM_DIGEST_LENGTH", 16, "hexadecimal digits of a digest"),
    LARGEST := Constant("MRM_PLAN_LARGEST", 4 << 20, "bytes of a blob"),
    Constant("MRM_UUID_SIZE", 16, "bytes of a UUID"),
    Constant("MRM_SYSTEM_LENGTH", 80, "characters of what SMBIOS calls a PC"),
    Constant("MRM_MAX_PC_PROCESSORS", 8192, "processors of a PC that a plan can name"),
)
"""Limits of one plan: the generator's rules check them, the reader judges them again."""

PERMITS = (
    Constant("MRM_PERMIT_START", "BIT0"),
    Constant("MRM_PERMIT_STOP", "BIT1"),
    Constant("MRM_PERMIT_RESTART", "BIT2"),
    Constant("MRM_PERMIT_NMI", "BIT3"),
)
PC_PERMITS = (
    Constant("MRM_PERMIT_PC_REBOOT", "BIT0"),
    Constant("MRM_PERMIT_PC_POWER_OFF", "BIT1"),
    Constant("MRM_PERMIT_RELOAD", "BIT2", "put another policy in force, for all partitions"),
)

_LIMIT = {limit.name: limit.number for limit in LIMITS}
MAXIMUM_BUSES = _LIMIT["MRM_MAX_PCI_BUSES"]
MAXIMUM_FUNCTIONS = _LIMIT["MRM_MAX_PCI_FUNCTIONS"]
SHARED_ALIGNMENT = _LIMIT["MRM_SHARED_ALIGNMENT"]
"""Bytes of which the size and the address of a shared memory are multiples."""
MTU_LEAST, MTU_MOST = 1280, 2028
"""MRM_CHANNEL_MTU_LEAST and MRM_CHANNEL_MTU_MOST of MrmChannelLib.h."""
MTU_UPLINK = 1500
"""MRM_CHANNEL_UPLINK_MTU."""
MAXIMUM_ALONE = 32
"""MRM_GUARD_MAX_FUNCTIONS of MrmGuardConfig.h."""
_PATH, _TEXT, _LARGE = 511, 0xFFFF, 1 << 20
"""Characters of a path and of any other text; bytes of a table or of JSON."""
_DAY = 24 * 3600 * 1000
"""Milliseconds."""
_PAGE = 4096
DISK_GRANULE = 4096
"""A served disk of a given size has a multiple of so many bytes."""

MEMORY_PURPOSE = Enumeration(
    "MRM_MEMORY_PURPOSE",
    "What one memory request is for; also its order in MRM_PLAN_PARTITION.Memory.",
    (
        ("MrmMemoryLow", "low slice below 0x90000: real-mode trampolines of firmware and OS"),
        ("MrmMemoryBelow1G", "share below 1 GiB, for loaders that cannot place an initrd higher"),
        ("MrmMemoryMain", "everything else"),
    ),
)
CONSOLE_KIND = Enumeration(
    "MRM_CONSOLE_KIND",
    "Where a console is.",
    (
        ("MrmConsoleNone", ""),
        ("MrmConsoleUart16550Io", "16550-compatible UART in I/O space, polled"),
        ("MrmConsoleUart16550Memory", "the same in memory space; only on the live machine, never in a plan"),
        ("MrmConsoleUart16550Pci", "BAR 0 of a PCI serial function of the partition; only in a plan"),
    ),
)
PATCH_KIND = Enumeration(
    "MRM_PATCH_KIND",
    "What a patch writes into the compiled DSDT (little endian, Width bytes).\n"
    "Index selects the element of MRM_PLAN_PARTITION.PciBuses, one behind the last for its cards on\n"
    "networks and its served disks; zero for the console.",
    (
        ("MrmPatchBusFirst", "first bus number"),
        ("MrmPatchBusLast", "last bus number"),
        ("MrmPatchBusCount", "number of buses"),
        ("MrmPatchEcamBase", "address of the ECAM page of the first bus"),
        ("MrmPatchEcamLast", "last byte of the ECAM range of the last bus"),
        ("MrmPatchEcamLength", "bytes"),
        ("MrmPatchMemoryFirst", "non-prefetchable window: first address"),
        ("MrmPatchMemoryLast", "last address"),
        ("MrmPatchMemoryLength", "bytes; zero when the window is closed"),
        ("MrmPatchPrefetchableFirst", "prefetchable window: first address"),
        ("MrmPatchPrefetchableLast", "last address"),
        ("MrmPatchPrefetchableLength", "bytes; zero when the window is closed"),
        ("MrmPatchIoFirst", "I/O window: first port"),
        ("MrmPatchIoLast", "last port"),
        ("MrmPatchIoLength", "ports; zero when the window is closed"),
        ("MrmPatchConsoleIoFirst", "console: first I/O port; zero when it is in memory space"),
        ("MrmPatchConsoleIoLast", "last port"),
        ("MrmPatchConsoleMemoryFirst", "console: first address; zero when it is in I/O space"),
        ("MrmPatchConsoleMemoryLast", "last address"),
        ("MrmPatchPanicFirst", "register that tells a panic: first address"),
        ("MrmPatchPanicLast", "last address"),
        ("MrmPatchThermal", "registers of the thermal zone: first address"),
    ),
)
BOOT_KIND = Enumeration(
    "MRM_BOOT_KIND",
    "What a boot source is.",
    (
        ("MrmBootFile", "an EFI application on the PC's ESP"),
        ("MrmBootDisk", "what is on the partition's own disks"),
        ("MrmBootNetwork", "PXE or HTTP over the partition's own network interfaces"),
        ("MrmBootShell", "the UEFI shell on the PC's ESP"),
    ),
)
DISK_KIND = Enumeration(
    "MRM_DISK_KIND",
    "Where the bytes of a served disk are.",
    (
        ("MrmDiskMemory", "in the PC's memory, until the controller ends"),
        ("MrmDiskFile", "in a file on the PC's ESP"),
        ("MrmDiskGpt", "in a GPT partition of a drive that stays with the PC's firmware"),
    ),
)
DISK_MODE = Enumeration(
    "MRM_DISK_MODE",
    "What a partition may do with a served disk.",
    (
        ("MrmDiskReadWrite", ""),
        ("MrmDiskReadOnly", ""),
        ("MrmDiskAppendOnly", "what has been written stays"),
    ),
)
ISOLATION = Enumeration(
    "MRM_ISOLATION",
    "What keeps a partition to what is its own.",
    (
        ("MrmIsolationCooperative", "its operating system itself"),
        ("MrmIsolationGuarded", "guest mode of its processors"),
        ("MrmIsolationContained", "guest mode, and its interrupt commands are judged"),
    ),
)
RESTART_POLICY = Enumeration(
    "MRM_RESTART_POLICY",
    "What happens when a partition ends.\n"
    "\n"
    "               | Never | OnFailure | Always\n"
    "  OS reset     | off   | restart   | restart\n"
    "  power-off    | off   | off       | restart\n"
    "  failure      | failed| restart   | restart\n",
    (("MrmRestartNever", ""), ("MrmRestartOnFailure", ""), ("MrmRestartAlways", "")),
)
ALL_OFF = Enumeration(
    "MRM_ALL_OFF",
    "What happens when the last partition has gone off.",
    (
        ("MrmAllOffStay", "the controller waits for orders"),
        ("MrmAllOffPowerOff", ""),
        ("MrmAllOffReboot", ""),
        ("MrmAllOffMenu", "back to the PC's own boot menu, as far as the firmware has one"),
    ),
)
ENUMERATIONS = (
    MEMORY_PURPOSE,
    CONSOLE_KIND,
    PATCH_KIND,
    BOOT_KIND,
    DISK_KIND,
    DISK_MODE,
    ISOLATION,
    RESTART_POLICY,
    ALL_OFF,
)

MEMORY = Record(
    "MRM_PLAN_MEMORY",
    "Memory the controller finds at boot.",
    (
        Field("Purpose", Choice(MEMORY_PURPOSE)),
        Field("Size", Number(8, _PAGE), "bytes, multiple of 4 KiB"),
        Field("Alignment", Number(8, _PAGE), "bytes, power of two, at least 4 KiB"),
        Field("Minimum", Number(8), "lowest acceptable address, bytes"),
        Field("Limit", Number(8, 1), "first address above the acceptable range, bytes"),
    ),
)
PCI_FUNCTION = Record(
    "MRM_PLAN_PCI_FUNCTION",
    "A function that a partition has by itself, with others on its bus that it does not have.",
    (
        Field(
            "Path",
            Text(_PATH),
            'UEFI device path text, e.g. "PciRoot(0x0)/Pci(0x1F,0x6)"',
        ),
    ),
)
PCI_BUS = Record(
    "MRM_PLAN_PCI_BUS",
    "One owned bus range: everything below one root port, or one downstream port of a switch; or functions\n"
    "of one bus.",
    (
        Field(
            "RootPort",
            Text(_PATH, optional=True),
            'UEFI device path text of that port, e.g. "PciRoot(0x0)/Pci(0x3,0x0)"; NULL: Functions',
        ),
        Field(
            "Functions",
            Records(PCI_FUNCTION, "FunctionCount", 0, _LIMIT["MRM_MAX_PCI_FUNCTIONS"]),
            "of one bus, those that the partition has by themselves",
        ),
        Field("Segment", Number(2, 1), "PCI segment under which the partition sees it"),
    ),
)
CARD = Record(
    "MRM_PLAN_CARD",
    "A card of a partition on a network in memory (docs/channels.md).",
    (
        Field("Network", Text(_LIMIT["MRM_NAME_LENGTH"] - 1), "name of the network"),
        Field(
            "Mtu",
            Number(2, MTU_LEAST, MTU_MOST),
            "bytes of the largest packet, the same for all on the network",
        ),
        Field(
            "Mac", Number(8, 0, (1 << 48) - 1), "first byte highest; 0: made of the PC's UUID and both names"
        ),
    ),
)
UPLINK = Record(
    "MRM_PLAN_UPLINK",
    "The way out of a network: a network card that stays with the PC.",
    (
        Field("Network", Text(_LIMIT["MRM_NAME_LENGTH"] - 1), "name of the network"),
        Field(
            "Card",
            Text(_PATH),
            'UEFI device path text of that card, e.g. "PciRoot(0x0)/Pci(0x1F,0x6)"',
        ),
    ),
)
DISK = Record(
    "MRM_PLAN_DISK",
    "A disk that the controller serves a partition (docs/disks.md).",
    (
        Field("Kind", Choice(DISK_KIND)),
        Field("Mode", Choice(DISK_MODE)),
        Field("Size", Number(8), "bytes, multiple of 4 KiB; 0 for what the medium has"),
        Field(
            "Medium",
            Text(_PATH, wide=True, optional=True),
            "file: path on the PC's ESP; GPT: PARTUUID in small letters, or label; memory: NULL",
        ),
        Field("Serial", Text(_LIMIT["MRM_DISK_SERIAL"]), "serial number that its partition sees"),
    ),
)
SHARED = Record(
    "MRM_PLAN_SHARED",
    "A shared memory that a partition has (docs/channels.md).",
    (
        Field("Name", Text(_LIMIT["MRM_NAME_LENGTH"] - 1), "what partitions that have it call it"),
        Field(
            "Size",
            Number(8, SHARED_ALIGNMENT, 1 << 52),
            "bytes, a multiple of MRM_SHARED_ALIGNMENT, the same for all that have it",
        ),
    ),
)
CONSOLE = Record(
    "MRM_PLAN_CONSOLE",
    "A console.",
    (
        Field("Kind", Choice(CONSOLE_KIND)),
        Field("IoBase", Number(2), "MrmConsoleUart16550Io: first I/O port; 8 ports"),
        Field("BaudRate", Number(4)),
        Field(
            "Function",
            Text(_PATH, optional=True),
            "MrmConsoleUart16550Pci: UEFI device path text; else NULL",
        ),
    ),
)
AML_PATCH = Record(
    "MRM_PLAN_AML_PATCH",
    "A place in the DSDT that only the live machine can complete.",
    (
        Field("Offset", Number(4), "byte offset in the AML table, header included"),
        Field("Width", Number(1, 1, 8), "1, 2, 4 or 8"),
        Field("Index", Number(1, 0, _LIMIT["MRM_MAX_PCI_BUSES"] - 1), "which PCI bus"),
        Field("Kind", Choice(PATCH_KIND)),
    ),
)
BOOT_SOURCE = Record(
    "MRM_PLAN_BOOT_SOURCE",
    "One boot source; a partition tries them in order.",
    (
        Field("Kind", Choice(BOOT_KIND)),
        Field("Segment", Number(2), "disk, network: only behind the port seen as this segment; 0 = any"),
        Field(
            "Loader",
            Text(_TEXT, wide=True, optional=True),
            'file, shell: path on the PC\'s ESP, e.g. L"\\\\EFI\\\\MRM\\\\steady\\\\vmlinuz";\n'
            "disk: path on its ESP, or NULL for Boot####, then \\EFI\\BOOT\\BOOTX64.EFI;\n"
            "network: URI of what HTTP fetches, or NULL for what DHCP names",
        ),
        Field("Initrd", Text(_PATH, wide=True, optional=True), "file: path on the PC's ESP; else NULL"),
        Field(
            "Options",
            Text(_TEXT, wide=True, optional=True),
            'load options, or NULL; "{tsc_khz}" is replaced by the measured frequency',
        ),
    ),
)
BOOT = Record(
    "MRM_PLAN_BOOT",
    "What a partition boots.",
    (
        Field("TimeoutSeconds", Number(4), "how long the console offers the choice; 0 = no choice"),
        Field(
            "Sources",
            Records(
                BOOT_SOURCE, "SourceCount", 1, _LIMIT["MRM_MAX_BOOT_SOURCES"], "1 to MRM_MAX_BOOT_SOURCES"
            ),
        ),
        Field(
            "Expected",
            Text(_TEXT),
            "kernel parameters a Linux from the owner's own loader is to have,\n"
            "separated by spaces; it is warned of those that are missing",
        ),
    ),
)
POLICY = Record(
    "MRM_PLAN_POLICY",
    "How a partition lives.",
    (
        Field("Restart", Choice(RESTART_POLICY), policy=True),
        Field(
            "RestartLimit",
            Number(4),
            "failures in a row after which it stays failed; 0 = no limit",
            policy=True,
        ),
        Field(
            "BackOffMilliseconds",
            Number(4, 0, _DAY),
            "before a restart after a failure; doubled with each in a row",
            policy=True,
        ),
        Field("Scrub", Truth(), "zero its memory before each start", policy=True),
        Field("AutoStart", Truth(), "started by the controller at boot", policy=True),
        Field("Watchdog", Truth(), "offer the OS a watchdog (WDAT)"),
        Field("Nmi", Truth(), "NMIs of the machine go to its first processor", policy=True),
        Field("DelayMilliseconds", Number(4, 0, _DAY), "before its first start", policy=True),
        Field(
            "FirmwareMilliseconds",
            Number(4, 0, _DAY),
            "firmware or loader without sign of life this long has failed; 0 = for ever",
            policy=True,
        ),
        Field(
            "ShutdownMilliseconds",
            Number(4, 0, _DAY),
            "its OS may take this long to shut down when asked to; 0 = is not asked",
            policy=True,
        ),
        Field(
            "After",
            Numbers(2, "AfterCount", 0, _LIMIT["MRM_MAX_PARTITIONS"]),
            "indices of partitions that must run first",
            policy=True,
        ),
        Field(
            "Permits",
            Numbers(1, "PermitCount", 0, _LIMIT["MRM_MAX_PARTITIONS"], "0, or the number of partitions"),
            "MRM_PERMIT_* for each partition of the plan, or NULL for none",
            policy=True,
        ),
        Field("PcPermits", Number(1, 0, 7), "MRM_PERMIT_PC_*, MRM_PERMIT_RELOAD", policy=True),
        Field(
            "VariableQuota",
            Number(4, _PAGE, 16 << 20),
            "bytes of its UEFI variable store, multiple of 4 KiB",
        ),
    ),
)
PARTITION = Record(
    "MRM_PLAN_PARTITION",
    "One partition.",
    (
        Field(
            "Name",
            Text(_LIMIT["MRM_NAME_LENGTH"] - 1),
            "partition name, ASCII, shorter than MRM_NAME_LENGTH",
        ),
        Field(
            "ApicIds",
            Numbers(
                4,
                "ProcessorCount",
                1,
                _LIMIT["MRM_MAX_PROCESSORS"],
                "at least 1; the first one starts the partition firmware",
            ),
            "ProcessorCount local APIC IDs chosen by the planner",
        ),
        Field("ProcessorsByCount", Truth(), "TRUE: any other free processors will do as well"),
        Field("SharedCores", Truth(), "TRUE: others that say so too may have threads of its cores"),
        Field("Isolation", Choice(ISOLATION)),
        Field("DmaTrusted", Truth(), "TRUE: what its PCI functions reach by DMA need not be confined"),
        Field("Chipset", Truth(), "it owns the PC's chipset: everything that nobody else has"),
        Field("Memory", Records(MEMORY, "MemoryCount", 1, 8), "exactly one MrmMemoryLow, first"),
        Field("PciBuses", Records(PCI_BUS, "PciBusCount", 0, _LIMIT["MRM_MAX_PCI_BUSES"])),
        Field("ChannelSegment", Number(2), "PCI segment of its cards and served disks; 0 without any"),
        Field(
            "Cards",
            Records(CARD, "CardCount", 0, _LIMIT["MRM_MAX_CARDS"], "device n of that segment is the n-th"),
        ),
        Field(
            "Disks",
            Records(DISK, "DiskCount", 0, _LIMIT["MRM_MAX_DISKS"]),
            "device CardCount + n of that segment is the n-th",
        ),
        Field(
            "Shared",
            Records(SHARED, "SharedCount", 0, _LIMIT["MRM_MAX_SHARED"], "an OS sees them in this order"),
        ),
        Field("Console", Inline(CONSOLE)),
        Field("Display", Truth(), "owns the display function among its PCI functions"),
        Field("Boot", Inline(BOOT)),
        Field("Policy", Inline(POLICY)),
        Field(
            "Dsdt",
            Numbers(1, "DsdtSize", 36, _LARGE, "bytes"),
            "AML, compiled by iasl when the generator was built, not yet patched",
        ),
        Field("DsdtPatches", Records(AML_PATCH, "DsdtPatchCount", 0, 1024)),
    ),
)
IDENTITY = Record(
    "MRM_PLAN_IDENTITY",
    "Which PC a plan is for: by its UUID, else by what SMBIOS calls it and by its processors.\n"
    "Without both the plan is for any PC.",
    (
        Field(
            "Uuid",
            Numbers(1, "UuidSize", 0, _LIMIT["MRM_UUID_SIZE"], "0, or MRM_UUID_SIZE"),
            "system UUID, in the order of bytes in which SMBIOS keeps it",
        ),
        Field(
            "System",
            Text(_LIMIT["MRM_SYSTEM_LENGTH"], optional=True),
            "maker and product, as MrmPlanSystem() makes it",
        ),
        Field(
            "ApicIds",
            Numbers(4, "ApicIdCount", 0, _LIMIT["MRM_MAX_PC_PROCESSORS"], "0 without System"),
            "local APIC IDs of all its processors",
        ),
    ),
)
PLAN = Record(
    "MRM_PLAN",
    "The plan.",
    (
        Field("Made", Number(8), "when it was made, in seconds since 1970 began, UTC"),
        Field("Title", Text(_TEXT), "name of the partition file"),
        Field("Machine", Text(_TEXT), "name of the machine it is for"),
        Field("Identity", Inline(IDENTITY), "how the controller knows that machine"),
        Field("AllOff", Choice(ALL_OFF), "when the last partition has gone off"),
        Field("PowerButton", Truth(), "the power button asks all partitions to shut down"),
        Field("ChannelProcessor", Truth(), "a processor of the controller's own serves channels"),
        Field("ChannelApicId", Number(4), "its local APIC ID, chosen by the planner; 0 without one"),
        Field("ChannelByCount", Truth(), "TRUE: any other free processor will do as well"),
        Field(
            "Json",
            Numbers(1, "JsonSize", 2, _LARGE, "bytes"),
            "MrmPlan.json, for those who ask; printable ASCII",
        ),
        Field("Console", Inline(CONSOLE), "UART the controller keeps (report only)"),
        Field("Uplinks", Records(UPLINK, "UplinkCount", 0, _LIMIT["MRM_MAX_NETWORKS"])),
        Field("Partitions", Records(PARTITION, "PartitionCount", 1, _LIMIT["MRM_MAX_PARTITIONS"])),
        Field(
            "Structure",
            Text(_LIMIT["MRM_DIGEST_LENGTH"]),
            "digest of all that a reload cannot change",
        ),
        Field(
            "BuiltInPolicy",
            Text(_LIMIT["MRM_DIGEST_LENGTH"]),
            "digest of that and of the policy in this plan",
        ),
    ),
)

HEADER = Record(
    "MRM_PLAN_HEADER",
    "What a blob begins with; the record MRM_PLAN follows.",
    (
        Field("Magic", Number(8), '"MRM plan"'),
        Field("Version", Number(4), "MRM_PLAN_VERSION"),
        Field("Format", Number(4), "MRM_PLAN_FORMAT: a digest of the description both sides were made from"),
        Field("Size", Number(4), "bytes of the whole blob"),
        Field("Crc32", Number(4), "CRC-32 of all that follows this header"),
    ),
)
"""How the first bytes look; its fields are read one by one, before anything else is believed."""


def records() -> tuple[Record, ...]:
    """All records below MRM_PLAN and itself, each behind those it is made of."""

    def below(record: Record) -> Iterator[Record]:
        for field in record.fields:
            if isinstance(field.type, Inline | Records):
                yield from below(field.type.record)
        yield record

    return tuple(dict.fromkeys(below(PLAN)))


def identity() -> int:
    """MRM_PLAN_FORMAT: 32 bits of a digest of the description, without its comments."""

    def told(record: Record) -> str:
        return "".join(f"{record.name}.{field.name}:{_kind(field.type)};" for field in record.fields)

    enumerations = "".join(f"{e.name}{[name for name, _ in e.names]}" for e in ENUMERATIONS)
    constants = "".join(f"{c.name}={c.value};" for c in (*LIMITS, *PERMITS, *PC_PERMITS))
    text = enumerations + constants + "".join(map(told, (HEADER, *records())))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def _kind(kind: object) -> str:
    """A type without what it refers to or only explains."""
    match kind:
        case Inline() | Records():
            count = (kind.fewest, kind.most) if isinstance(kind, Records) else ()
            return f"{type(kind).__name__}({kind.record.name}{count})"
        case Choice():
            return kind.enumeration.name
        case Numbers():
            return f"Numbers({kind.width}, {kind.fewest}, {kind.most})"
        case _:
            return repr(kind)
