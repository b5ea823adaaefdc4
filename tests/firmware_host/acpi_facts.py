# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MRM_ACPI_FACTS in Python: made by hand or by hypothesis, and handed to MrmAcpiLib in guarded memory."""

import struct
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

PAGE = 0x1000
MIB = 1 << 20

Range = tuple[int, int]


@dataclass(frozen=True)
class Bus:
    """MRM_PCI_BUS."""

    segment: int
    first: int
    last: int
    ecam: int = 0xE0000000
    memory: Range = (0, 0)
    prefetchable: Range = (0, 0)
    io: Range = (0, 0)


@dataclass(frozen=True)
class Console:
    """MRM_CONSOLE with MRM_ACPI_CONSOLE_FUNCTION.

    `function` is segment, bus, device, function, vendor ID and device ID.
    """

    kind: str = "MrmConsoleNone"
    base: int = 0
    baud: int = 115200
    function: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Patch:
    """MRM_PLAN_AML_PATCH; `kind` is the name of the enumeration's constant, or any number."""

    offset: int
    width: int
    index: int
    kind: str | int

    def number(self, decide: Decide) -> int:
        """Return the kind as C has it."""
        return getattr(decide, self.kind) if isinstance(self.kind, str) else self.kind


def checksummed(table: bytes) -> bytes:
    """Return a table with its checksum byte (offset 9) made right."""
    blank = table[:9] + b"\0" + table[10:]
    return table[:9] + bytes([-sum(blank) % 256]) + table[10:]


def table(signature: bytes, body: bytes, revision: int = 1) -> bytes:
    """Return a table of the PC's firmware."""
    header = struct.pack(
        "<4sIBB6s8sI4sI", signature, 36 + len(body), revision, 0, b"BOCHS ", b"BXPC    ", 1, b"BXPC", 1
    )
    return checksummed(header + body)


DSDT = table(b"DSDT", bytes(range(200)), 2)


@dataclass(frozen=True)
class Chipset:
    """MRM_ACPI_CHIPSET: tables of the PC."""

    fadt: bytes
    madt: bytes
    dsdt: bytes
    copied: tuple[bytes, ...] = ()
    withheld: tuple[Range, ...] = ()
    withheld_ports: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Facts:
    """MRM_ACPI_FACTS; the DSDT and its patches stand for the plan."""

    processors: tuple[int, ...] = (1, 2)
    bsp: int = 0
    local_apic: int = 0xFEE00000
    buses: tuple[Bus, ...] = ()
    pm_timer: int = 0x608
    pm_timer_32_bit: bool = False
    headless: bool = True
    console: Console = Console()
    watchdog: int = 0
    panic: int = 0
    thermal: int = 0
    sleep: int = 0x7E001008
    memory: tuple[Range, ...] = ()
    shared: tuple[Range, ...] = ()
    srat: bytes | None = None
    slit: bytes | None = None
    dsdt: bytes = DSDT
    chipset: Chipset | None = None
    patches: tuple[Patch, ...] = ()


def _native(decide: Decide, facts: Facts, stack: ExitStack) -> Any:
    """Return the C structure; it lives as long as the stack."""
    new = decide.ffi.new
    plan = new("MRM_PLAN_PARTITION *")
    stack.callback(lambda _: None, plan)  # cffi structures do not keep alive what they point to

    def array(kind: str, elements: Iterable[Any]) -> Any:
        return decide.ffi.cast(f"{kind} *", stack.enter_context(Guarded.array(decide.ffi, kind, elements)))

    plan.DsdtSize = len(facts.dsdt)
    plan.Dsdt = stack.enter_context(Guarded(decide.ffi, facts.dsdt))
    patches = [(p.offset, p.width, p.index, p.number(decide)) for p in facts.patches]
    plan.DsdtPatchCount, plan.DsdtPatches = len(patches), array("MRM_PLAN_AML_PATCH", patches)
    buses = [(b.segment, b.first, b.last, 0, b.ecam, b.memory, b.prefetchable, b.io) for b in facts.buses]
    native = new("MRM_ACPI_FACTS *")
    native.BspApicId = facts.bsp
    native.ProcessorCount = len(facts.processors)
    native.ApicIds = array("UINT32", facts.processors)
    native.LocalApicAddress = facts.local_apic
    native.PciBusCount, native.PciBuses = len(buses), array("MRM_PCI_BUS", buses)
    native.PmTimerPort = facts.pm_timer
    native.PmTimer32Bit = facts.pm_timer_32_bit
    native.Headless = facts.headless
    kind = getattr(decide, facts.console.kind)
    native.Console = (kind, facts.console.baud, facts.console.base)
    native.ConsoleFunction = (facts.console.function[:4], *facts.console.function[4:])
    native.Watchdog = facts.watchdog
    native.Panic = facts.panic
    native.Thermal = facts.thermal
    native.Sleep = facts.sleep
    native.Plan = plan
    native.MemoryCount, native.Memory = len(facts.memory), array("MRM_RANGE", facts.memory)
    native.SharedCount, native.Shared = len(facts.shared), array("MRM_RANGE", facts.shared)
    for name, source in (("Srat", facts.srat), ("Slit", facts.slit)):
        if source is not None:
            setattr(native, name, stack.enter_context(Guarded(decide.ffi, source)))
            setattr(native, f"{name}Size", len(source))
    if facts.chipset is not None:
        chipset = new("MRM_ACPI_CHIPSET *")
        stack.callback(lambda _: None, chipset)
        named = (("Fadt", facts.chipset.fadt), ("Madt", facts.chipset.madt), ("Dsdt", facts.chipset.dsdt))
        for name, source in named:
            setattr(chipset, name, (stack.enter_context(Guarded(decide.ffi, source)), len(source)))
        chipset.CopiedCount = len(facts.chipset.copied)
        for index, source in enumerate(facts.chipset.copied):
            chipset.Copied[index] = (stack.enter_context(Guarded(decide.ffi, source)), len(source))
        chipset.WithheldCount, chipset.WithheldPortCount = (
            len(facts.chipset.withheld),
            len(facts.chipset.withheld_ports),
        )
        for index, span in enumerate(facts.chipset.withheld[:64]):
            chipset.Withheld[index] = span
        for index, span in enumerate(facts.chipset.withheld_ports[:64]):
            chipset.WithheldPorts[index] = span
        native.Chipset = chipset
    return native


def size(decide: Decide, facts: Facts) -> int:
    """Return what MrmAcpiSize says."""
    with ExitStack() as stack:
        return int(decide.call("MrmAcpiSize", _native(decide, facts, stack)))


def build(decide: Decide, facts: Facts, address: int = 0x7F000000, short: int = 0) -> tuple[int, bytes]:
    """Return status and contents of a buffer that is `short` bytes smaller than MrmAcpiSize says."""
    room = size(decide, facts) - short
    with ExitStack() as stack:
        native = _native(decide, facts, stack)
        output = Guarded(decide.ffi, b"\xa5" * room)
        buffer = stack.enter_context(output)
        status = int(decide.call("MrmAcpiBuild", native, address, buffer, room))
        return status, output.contents()


_pages = st.integers(1, 1 << 20).map(lambda pages: pages * PAGE)
_windows = st.one_of(st.just((0, 0)), st.tuples(st.integers(0, 1 << 40).map(lambda n: n * MIB), _pages))
_shared = st.tuples(
    st.integers(0, 1 << 40).map(lambda n: 2 * n * MIB), st.integers(1, 1 << 20).map(lambda n: 2 * n * MIB)
)

_io_windows = st.one_of(
    st.just((0, 0)), st.tuples(st.integers(1, 14).map(lambda n: n << 12), st.just(1 << 12))
)


@st.composite
def buses(draw: st.DrawFn, segment: int) -> Bus:
    """Return a PCI bus range in the given segment."""
    first, last = sorted((draw(st.integers(0, 255)), draw(st.integers(0, 255))))
    ecam = draw(st.integers(0, 1 << 24)) * 256 * MIB
    return Bus(segment, first, last, ecam, draw(_windows), draw(_windows), draw(_io_windows))


@st.composite
def consoles(draw: st.DrawFn, owned: tuple[Bus, ...]) -> Console:
    """Return a console, perhaps on a PCI card in one of the segments."""
    kind = draw(st.sampled_from(["MrmConsoleNone", "MrmConsoleUart16550Io", "MrmConsoleUart16550Memory"]))
    last = 0xFFF8 if kind == "MrmConsoleUart16550Io" else (1 << 64) - 8
    base = draw(st.integers(0, last))
    baud = draw(st.sampled_from([9600, 19200, 38400, 57600, 115200, 921600]))
    segments = [bus.segment for bus in owned if bus.segment <= 255]
    if not segments or draw(st.booleans()):
        return Console(kind, base, baud)
    bus, word = st.integers(0, 255), st.integers(0, 0xFFFF)
    place = (draw(st.sampled_from(segments)), draw(bus), draw(st.integers(0, 31)), draw(st.integers(0, 7)))
    return Console(kind, base, baud, (*place, draw(word), draw(word)))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Return facts that agree with each other, with a DSDT that has all kinds of patches."""
    ids = draw(
        st.lists(st.integers(0, 300) | st.integers(0, 0xFFFFFFFE), min_size=2, max_size=20, unique=True)
    )
    segments = draw(st.lists(st.integers(1, 0xFFFF), max_size=16, unique=True))
    owned = tuple(draw(buses(segment)) for segment in segments)
    patches: list[Patch] = []
    for index in range(len(owned)):
        for kind in KINDS:
            if draw(st.booleans()):
                patches.append(Patch(36 + 8 * len(patches), 8, index, kind))
    return Facts(
        processors=tuple(ids[1:]),
        bsp=ids[0],
        local_apic=draw(st.sampled_from([0xFEE00000, 0xFEC00000000])),
        buses=owned,
        pm_timer=draw(st.sampled_from([0, 0x408, 0x608, 0xB008])),
        pm_timer_32_bit=draw(st.booleans()),
        headless=draw(st.booleans()),
        console=draw(consoles(owned)),
        watchdog=draw(st.integers(0, 1 << 50)) * 4,
        shared=tuple(draw(st.lists(_shared, max_size=16))),
        dsdt=table(b"DSDT", draw(st.binary(min_size=1, max_size=40)) * (1 + 8 * len(patches)), 2),
        patches=tuple(patches),
    )


KINDS = (
    "MrmPatchBusFirst",
    "MrmPatchBusLast",
    "MrmPatchBusCount",
    "MrmPatchEcamBase",
    "MrmPatchEcamLast",
    "MrmPatchEcamLength",
    "MrmPatchMemoryFirst",
    "MrmPatchMemoryLast",
    "MrmPatchMemoryLength",
    "MrmPatchPrefetchableFirst",
    "MrmPatchPrefetchableLast",
    "MrmPatchPrefetchableLength",
    "MrmPatchIoFirst",
    "MrmPatchIoLast",
    "MrmPatchIoLength",
)


def patch_value(bus: Bus, kind: str | int) -> int:
    """Return what a patch is to write."""

    def window(span: Range) -> tuple[int, int, int]:
        return (span[0], span[0] + span[1] - 1, span[1]) if span[1] else (0, 0, 0)

    count = bus.last - bus.first + 1
    base = bus.ecam + bus.first * MIB
    values = (
        bus.first,
        bus.last,
        count,
        base,
        base + count * MIB - 1,
        count * MIB,
        *window(bus.memory),
        *window(bus.prefetchable),
        *window(bus.io),
    )
    return values[KINDS.index(str(kind))]
