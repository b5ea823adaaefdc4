# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MRM_SMBIOS_FACTS in Python, handed to MrmSmbiosLib in guarded memory."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

MIB = 1 << 20
Range = tuple[int, int]
MACHINE = UUID("01234567-89ab-cdef-0123-456789abcdef")


@dataclass(frozen=True)
class Facts:
    """MRM_SMBIOS_FACTS."""

    name: str | None = "steady"
    version: str | None = "0.1"
    date: str | None = "11/23/2026"
    machine: UUID = MACHINE
    processors: int = 2
    signature: int = 0x00000663
    features: int = 0x178BFBFD
    vendor: str | None = "AuthenticAMD"
    processor: str | None = "  QEMU TCG CPU version 2.5+"
    tsc: int = 2_999_600_000
    memory: tuple[Range, ...] = ((0x80000, 0x10000), (0x10000000, 639 * MIB), (1 << 32, 0xF0000))


def _native(decide: Decide, facts: Facts, stack: ExitStack) -> Any:
    native = decide.ffi.new("MRM_SMBIOS_FACTS *")
    strings = {
        "PartitionName": facts.name,
        "Version": facts.version,
        "ReleaseDate": facts.date,
        "ProcessorVendor": facts.vendor,
        "ProcessorName": facts.processor,
    }
    for field, text in strings.items():
        if text is not None:
            memory = stack.enter_context(Guarded(decide.ffi, text.encode("latin-1") + b"\0"))
            setattr(native, field, decide.ffi.cast("CHAR8 *", memory))
    decide.ffi.buffer(decide.ffi.addressof(native, "MachineUuid"))[:] = facts.machine.bytes_le
    native.ProcessorCount = facts.processors
    native.ProcessorSignature = facts.signature
    native.ProcessorFeatures = facts.features
    native.TscFrequency = facts.tsc
    memory = stack.enter_context(Guarded.array(decide.ffi, "MRM_RANGE", facts.memory))
    native.MemoryCount, native.Memory = len(facts.memory), decide.ffi.cast("MRM_RANGE *", memory)
    return native


def size(decide: Decide, facts: Facts) -> int:
    """Return what MrmSmbiosSize says."""
    with ExitStack() as stack:
        return int(decide.call("MrmSmbiosSize", _native(decide, facts, stack)))


def build(decide: Decide, facts: Facts, address: int = 0, room: int | None = None) -> tuple[int, bytes]:
    """Return status and contents of a buffer of `room` bytes, or as many as MrmSmbiosSize says."""
    with ExitStack() as stack:
        native = _native(decide, facts, stack)
        count = size(decide, facts) if room is None else room
        output = Guarded(decide.ffi, b"\xa5" * count)
        buffer = stack.enter_context(output)
        status = int(decide.call("MrmSmbiosBuild", native, address, buffer, count))
        return status, output.contents()
