# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What hostile partitions try, and what has to come of it at the levels `guarded` and `contained`."""

from dataclasses import dataclass

from tests.boot.hostile import COMMAND_HIGH, COMMAND_LOW, LOCAL_APIC

FIRMWARE = 0x7FEC4000
"""Memory of the PC's firmware (platforms/q35-devices.yaml)."""
FIRMWARE_BAR, IO_APIC, HPET, MESSAGES = 0xC264A000, 0xFEC00000, 0xFED00000, 0xFEE01000
"""Registers of a root port and of the chipset; where a device writes to send an interrupt."""
FOREIGN_ECAM = 0xB0000000
ONES = 0xFFFFFFFF
DEBUG, NMI, UNDEFINED, PROTECTION = 1, 2, 6, 13
"""Vectors of exceptions."""

APIC_BASE, X2APIC_COMMAND = "1b", "830"
PAGE_MODE, X2APIC_MODE = 0x800, 0xC00
"""What APIC_BASE says of a local APIC that is a page, and of one in x2APIC mode."""

MEMORY, RESET, SVM = "memory that is not its own", "reset of the pc by a port", "virtualization"
"""What the guard says of an end."""


@dataclass(frozen=True)
class Act:
    """Something that is tried: commands of `hostile.c`, one after the other.

    The last one ends the partition, and `ends` is among the words that tell why; or it answers with `value`
    (None: any) and the exception `vector` (0: none).  `kept` is a command that must answer the same before
    and after.
    """

    what: str
    commands: tuple[str, ...]
    ends: str | None = None
    value: int | None = None
    vector: int = 0
    kept: str | None = None


def _ends(what: str, command: str, words: str) -> Act:
    return Act(what, (command,), ends=words)


@dataclass(frozen=True)
class Foreign:
    """Addresses of memory that only the boot knows: another partition's, and its own guard's."""

    neighbour: int
    guard_code: int
    guard_data: int


def _memory(foreign: Foreign) -> list[Act]:
    return [
        _ends("read the firmware's memory", f"r {FIRMWARE:x} 4", MEMORY),
        _ends("write the firmware's memory", f"w {FIRMWARE:x} 4 0", MEMORY),
        _ends("jump into the firmware's memory", f"x {FIRMWARE:x}", MEMORY),
        _ends("write a neighbour's memory", f"w {foreign.neighbour:x} 4 0", MEMORY),
        _ends("read its guard's code, the controller's", f"r {foreign.guard_code:x} 4", MEMORY),
        _ends("write its guard's code", f"w {foreign.guard_code:x} 4 0", MEMORY),
        _ends("write its guard's data", f"w {foreign.guard_data:x} 4 0", MEMORY),
        _ends("write registers of a root port", f"w {FIRMWARE_BAR:x} 4 0", MEMORY),
        _ends("write the IO-APIC", f"w {IO_APIC:x} 4 0", MEMORY),
        _ends("stop the HPET", f"w {HPET + 16:x} 4 0", MEMORY),
        _ends("write where devices send interrupts", f"w {MESSAGES:x} 4 4400", MEMORY),
        Act("read page 0", ("r 0 4",), value=0),
        Act("write the screen of VGA", ("w b8000 2 0", "r b8000 2"), value=0xFFFF),
        Act("read foreign configuration space", (f"r {FOREIGN_ECAM:x} 4",), value=ONES),
        Act(
            "write foreign configuration space",
            (f"w {FOREIGN_ECAM + 4:x} 2 0", f"r {FOREIGN_ECAM + 4:x} 2"),
            value=0xFFFF,
        ),
    ]


def _ports() -> list[Act]:
    lost = {
        "power the PC off": "o 604 2 2001",
        "ask for an SMI": "o b2 1 f0",
        "stop the 8254": "o 43 1 30",
        "reprogram the 8259": "o 20 1 11",
        "write the controller's console": "o 3f8 1 41",
        "write a neighbour's console": "o 2f8 1 41",
        "take a processor from the PC": "o cd8 4 0",
        "write CF9 without a reset": "o cf9 1 2",
    }
    return [
        *(Act(what, (command,)) for what, command in lost.items()),
        Act("read the PC's settings by fw_cfg", ("o 510 2 0", "i 511 1"), value=0xFF),
        Act("read foreign functions by CF8", ("o cf8 4 80000000", "i cfc 4"), value=ONES),
        Act("write foreign functions by CF8", ("o cf8 4 80000004", "o cfc 2 0", "i cfc 2"), value=0xFFFF),
        *(
            _ends(f"reset the PC by port {port:X}", f"o {port:x} 1 {value:x}", RESET)
            for port, value in ((0xCF9, 0x06), (0x64, 0xFE), (0x92, 0x01))
        ),
    ]


_NMI_TO_ALL = "NMI to all, physical"
"""It is among them."""


def _by_x2apic(commands: dict[str, int]) -> list[Act]:
    """Interrupt commands in x2APIC mode: a register of 64 bits, whose upper half is the destination."""
    return [
        Act("turn x2APIC on", ("a 1",), value=X2APIC_MODE),
        *(
            Act(
                f"{what}, by x2APIC",
                (f"s {X2APIC_COMMAND} {command:x}",),
                vector=NMI if what == _NMI_TO_ALL else 0,
            )
            for what, command in commands.items()
        ),
        Act("turn x2APIC off", ("a 0",), value=PAGE_MODE),
    ]


def _registers() -> list[Act]:
    kept = {
        "move its local APIC (APIC_BASE)": (APIC_BASE, "fee01800"),
        "turn its local APIC off": (APIC_BASE, "fee00000"),
        "load microcode (8B)": ("8b", "1"),
        "change an MTRR": ("200", "6"),
        "turn MTRRs off": ("2ff", "0"),
        "change HWCR": ("c0010015", "1"),
        "say that a machine check has come": ("17a", "4"),
        "write its EFER without SVME": ("c0000080", "d00"),
    }
    excepted = {
        "load microcode (C0010020)": "c0010020",
        "move the host's state (VM_HSAVE_PA)": "c0010117",
        "change VM_CR": "c0010114",
        "move SMRAM (SMM_BASE)": "c0010111",
        "change SYSCFG": "c0010010",
        "set a P-state": "199",
        "set a power limit": "610",
        "divide the cache": "c90",
    }
    return [
        *(Act(what, (f"s {number} {value}",), kept=f"m {number}") for what, (number, value) in kept.items()),
        *(Act(what, (f"s {number} 0",), vector=PROTECTION) for what, number in excepted.items()),
        Act("turn x2APIC on, the local APIC off", (f"s {APIC_BASE} fee00400",), vector=PROTECTION),
        Act("an interrupt by x2APIC, which is off", (f"s {X2APIC_COMMAND} 40fd",), vector=PROTECTION),
        *_by_x2apic({"INIT to the boot processor": 0x4500, "startup of the boot processor": 0x4601}),
    ]


def _instructions() -> list[Act]:
    names = ("VMRUN", "VMLOAD", "VMSAVE", "STGI", "CLGI", "SKINIT", "INVLPGA")
    numbers = (0x1D8, 0x1DA, 0x1DB, 0x1DC, 0x1DD, 0x1DE, 0x1DF)
    return [
        *(_ends(name, f"v {number:x}", SVM) for name, number in zip(names, numbers, strict=True)),
        Act("VMMCALL", ("v 1d9",), vector=UNDEFINED),
        Act("INVD", ("v 8",)),
        # As a processor: of those that come meanwhile it remembers one, until the handler returns.
        Act("NMIs while it deals with one", ("n",), value=2 << 8 | 1),
        # The next life begins in the mode that the PC's firmware has left.
        Act("triple fault in x2APIC mode", ("a 1", "t"), ends="triple fault"),
    ]


def everywhere(foreign: Foreign) -> list[Act]:
    """What has the same effect at both levels."""
    return [*_memory(foreign), *_ports(), *_registers(), *_instructions()]


def once(acts: list[Act]) -> list[Act]:
    """Those that end a partition once for each reason: a start costs more than all others together."""
    seen: set[str] = set()
    kept = []
    for act in acts:
        if act.ends is None or act.ends not in seen:
            kept.append(act)
        seen |= {act.ends} if act.ends is not None else set()
    return kept


_MODES = {
    "fixed": 0x40FD,
    "lowest priority": 0x41FD,
    "SMI": 0x4200,
    "NMI": 0x4400,
    "INIT": 0x4500,
    "startup": 0x4600,
}
_LOGICAL, _ALL, _OTHERS = 1 << 11, 2 << 18, 3 << 18


def _command(what: str, destination: int, command: int, vector: int = 0) -> Act:
    low = f"w {COMMAND_LOW:x} 4 {command:x}"
    return Act(what, (f"w {COMMAND_HIGH:x} 4 {destination << 24:x}", low), vector=vector)


def interrupts(foreign: dict[str, int], page: int) -> list[Act]:
    """Interrupts at processors that are not its own, by name and APIC ID: confined at the level contained.

    `page` is that of the code for other processors: its own one starts there.
    """
    acts = []
    for name, bits in _MODES.items():
        mode = bits | page >> 12 if name == "startup" else bits
        for whom, apic_id in foreign.items():
            acts.append(_command(f"{name} to {whom}", apic_id, mode))
        # Its own processors are among all, this one too: only its NMI comes at once.
        own = NMI if name == "NMI" else 0
        acts.append(_command(f"{name} to all, physical", 0xFF, mode, own))
        acts.append(_command(f"{name} to all, logical", 0xFF, mode | _LOGICAL))
        acts.append(_command(f"{name} to all, by shorthand", 0, mode | _ALL, own))
        acts.append(_command(f"{name} to all others, by shorthand", 0, mode | _OTHERS))
    registers = {
        "change its APIC ID": (0x20, 0),
        "a local vector that is INIT": (0x350, 0x500),
        "a local vector that is SMI": (0x340, 0x200),
        "a register that is none": (0x0, 0x4400),
    }
    for what, (offset, value) in registers.items():
        acts.append(
            Act(what, (f"w {LOCAL_APIC + offset:x} 4 {value:x}",), kept=f"r {LOCAL_APIC + offset:x} 4")
        )
    return acts


def interrupts_by_x2apic(foreign: dict[str, int]) -> list[Act]:
    """The same in x2APIC mode, without those that start its own processors."""
    commands = {}
    for name, bits in _MODES.items():
        for whom, apic_id in foreign.items():
            commands[f"{name} to {whom}"] = apic_id << 32 | bits
        if name not in ("INIT", "startup"):
            commands[f"{name} to all, physical"] = ONES << 32 | bits
            commands[f"{name} to all others, by shorthand"] = bits | _OTHERS
    return _by_x2apic(commands)
