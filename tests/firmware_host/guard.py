# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A guarded processor in Python: its registers, an exit, and what MrmGuardLib answers to it."""

from dataclasses import dataclass, field
from typing import Any

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

LONG, DEFAULT = 1 << 9, 1 << 10
"""Of the attributes of CS."""
LME, LMA, NXE, SVME = 1 << 8, 1 << 10, 1 << 11, 1 << 12
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
RIP = 0xFFFFFFFF81000000
APIC, ECAM = 0xFEE00000, 0xB0300000
NOW = 1_796_000_000


@dataclass
class Cpu:
    """MRM_GUARD_FACTS, _DEVICES and _STATE of one processor: 64-bit code, unless told otherwise."""

    decide: Decide
    registers: dict[int, int] = field(default_factory=dict)
    attributes: int = LONG
    efer: int = LMA | LME | NXE | SVME | 1
    cr0: int = 1 << 31 | 1
    rip: int = RIP
    apic_id: int = 2
    apic_ids: tuple[int, ...] = (2, 3, 5)
    icr_high: int = 0
    ignored: tuple[tuple[int, int], ...] = ((0x1000, 0xFF000), (0xB0000000, 3 << 20))
    now: int = NOW
    x2apic: bool = True
    has_x2apic: bool = True
    banks: int = 0
    """Of machine checks."""
    scalable: bool = False
    apic_base: int = 0
    """What APIC_BASE holds; 0: as the mode says."""
    contained: bool = False
    logical: tuple[int, ...] = ()
    """Registers D0 and E0 of each processor's local APIC, as after INIT unless told otherwise."""
    formats: tuple[int, ...] = ()
    wake: tuple[int, int] = (0, 0)
    """APIC ID and vector that wake the controller; vector 0: none."""
    waking: bool = False
    efer_more: int = 0
    """Bits of EFER that this processor has and others have not."""
    functions: tuple[int, ...] = ()
    """Configuration space of functions that it has by themselves."""
    pm1: tuple[int, int] | None = None
    """It owns the chipset, whose PM1 control registers are these ports."""
    messages: tuple[tuple[int, int, int, int], ...] = ()
    """Registers that hold messages: address, how many, dwords of each, which of them is the data."""
    tables: Any = None
    """MRM_GUARD_TABLES: CF8 and CFC lead to all buses, as far as these tables do."""

    def __post_init__(self) -> None:
        ffi = self.decide.ffi
        self.state: Any = ffi.new("MRM_GUARD_STATE *")
        self.devices: Any = ffi.new("MRM_GUARD_DEVICES *")
        self.answer: Any = ffi.new("MRM_GUARD_ANSWER *")
        for number, value in self.registers.items():
            self.state.General[number] = value
        self.state.Rip, self.state.Efer, self.state.Cr0 = self.rip, self.efer, self.cr0
        self.state.CsAttributes = self.attributes

    def facts(self) -> Any:
        """MRM_GUARD_FACTS."""
        ffi = self.decide.ffi
        ids = Guarded.array(ffi, "UINT32", self.apic_ids)
        ignored = Guarded.array(ffi, "MRM_RANGE", self.ignored)
        told_buses = [(ECAM, 3, 4, False)] if self.tables is None else [(0xB0000000, 0, 255, True)]
        buses = Guarded.array(ffi, "MRM_GUARD_BUSES", told_buses)
        facts = ffi.new("MRM_GUARD_FACTS *")
        facts.ApicId, facts.ApicIds = self.apic_id, ffi.cast("UINT32 *", ids.pointer)
        facts.ApicIdCount, facts.LocalApic, facts.IcrHigh = len(self.apic_ids), APIC, self.icr_high
        facts.Ignored, facts.IgnoredCount = ffi.cast("MRM_RANGE *", ignored.pointer), len(self.ignored)
        facts.Buses, facts.BusCount = ffi.cast("MRM_GUARD_BUSES *", buses.pointer), 1
        facts.Tables = self.tables or ffi.NULL
        if self.pm1 is not None:
            facts.Chipset = (True, self.pm1)
        facts.Seconds, facts.X2Apic, facts.Contained = self.now, self.x2apic, self.contained
        facts.WakeApicId, facts.WakeVector, facts.Waking = *self.wake, self.waking
        facts.HasX2Apic = self.has_x2apic
        facts.CheckBanks, facts.ScalableChecks = self.banks, self.scalable
        facts.ApicBase = self.apic_base or APIC | (0xC00 if self.x2apic else 0x800)
        facts.EferMore = self.efer_more
        count = len(self.apic_ids)
        logical = Guarded.array(ffi, "UINT32", self.logical or (0,) * count)
        formats = Guarded.array(ffi, "UINT32", self.formats or (0xFFFFFFFF,) * count)
        facts.LogicalIds = ffi.cast("UINT32 *", logical.pointer)
        facts.Formats = ffi.cast("UINT32 *", formats.pointer)
        functions = ffi.new("MRM_GUARD_FUNCTION[]", len(self.functions))
        for index, page in enumerate(self.functions):
            functions[index].Page, functions[index].Place = page, page >> 12 & 0xFFFF
        facts.Functions, facts.FunctionCount = functions, len(self.functions)
        messages = Guarded.array(ffi, "MRM_GUARD_MESSAGES", self.messages)
        facts.Messages = ffi.cast("MRM_GUARD_MESSAGES *", messages.pointer)
        facts.MessageCount = len(self.messages)
        self.kept = (ids, ignored, buses, logical, formats, functions, messages)
        return facts

    def exit(self, code: bytes = b"", **told: Any) -> Any:
        """What MrmGuardDecide answers; the registers are changed."""
        decide, ffi = self.decide, self.decide.ffi
        native = ffi.new("MRM_GUARD_EXIT *")
        for name, value in told.items():
            setattr(native, name, value)
        facts, bytes_of_code = self.facts(), Guarded(ffi, code)
        decide.call(
            "MrmGuardDecide",
            facts,
            native,
            bytes_of_code.pointer,
            len(code),
            self.devices,
            self.state,
            self.answer,
        )
        return self.answer

    def out(self, port: int, value: int, width: int = 1) -> Any:
        """An OUT instruction of two bytes."""
        self.state.General[RAX] = value | 0xABCD << 48
        rip = self.state.Rip
        return self.exit(Kind=self.decide.MrmExitIo, Port=port, Width=width, Write=True, NextRip=rip + 2)

    def inp(self, port: int, width: int = 1) -> int:
        """What an IN instruction reads; the guard must have the value."""
        self.state.General[RAX] = 0
        answer = self.exit(Kind=self.decide.MrmExitIo, Port=port, Width=width, NextRip=self.state.Rip + 1)
        assert answer.Action == self.decide.MrmGuardResume
        return int(self.state.General[RAX])

    def fault(self, address: int, code: bytes, access: int = 2, walk: bool = False) -> Any:
        """A nested fault."""
        return self.exit(code, Kind=self.decide.MrmExitNestedFault, Address=address, Access=access, Walk=walk)

    def wrmsr(self, number: int, value: int) -> Any:
        """A WRMSR instruction."""
        self.state.General[RAX], self.state.General[RDX] = value & 0xFFFFFFFF, value >> 32
        return self.exit(Kind=self.decide.MrmExitMsr, Msr=number, Write=True)

    def rdmsr(self, number: int) -> Any:
        """A RDMSR instruction."""
        return self.exit(Kind=self.decide.MrmExitMsr, Msr=number)

    def targets(self) -> set[int]:
        """The APIC IDs of the processors that the last answer reaches."""
        bits = int.from_bytes(bytes(self.answer.Targets), "little")
        assert bits >> len(self.apic_ids) == 0
        return {apic_id for index, apic_id in enumerate(self.apic_ids) if bits >> index & 1}
