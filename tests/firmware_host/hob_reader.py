# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reads a HOB list from bytes, knowing only the PI specification (1.8, volume 3, section 5)."""

import struct
from dataclasses import dataclass, field
from uuid import UUID

HANDOFF, ALLOCATION, RESOURCE, GUID, FV, CPU, END = 1, 2, 3, 4, 5, 6, 0xFFFF


@dataclass(frozen=True)
class Allocation:
    """One memory allocation; for the DXE core also its module name and entry point."""

    name: UUID
    base: int
    size: int
    kind: int
    module: UUID | None = None
    entry: int | None = None


@dataclass(frozen=True)
class Resource:
    """One resource descriptor."""

    kind: int
    attributes: int
    base: int
    size: int


@dataclass
class HobList:
    """A whole list."""

    version: int = 0
    boot_mode: int = 0
    memory_top: int = 0
    memory_bottom: int = 0
    free_top: int = 0
    free_bottom: int = 0
    end: int = 0
    size: int = 0
    cpu: tuple[int, int] | None = None
    resources: list[Resource] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    volumes: list[tuple[int, int]] = field(default_factory=list)
    guids: dict[UUID, bytes] = field(default_factory=dict)


def _guid(raw: bytes) -> UUID:
    return UUID(bytes_le=raw)


def _allocation(body: bytes) -> Allocation:
    base, size, kind = struct.unpack_from("<QQI", body, 16)
    if len(body) == 64:
        return Allocation(
            _guid(body[:16]), base, size, kind, _guid(body[40:56]), struct.unpack_from("<Q", body, 56)[0]
        )
    assert len(body) == 40
    return Allocation(_guid(body[:16]), base, size, kind)


def read(data: bytes) -> HobList:
    """Read a list that fills `data` exactly.

    Raises:
        AssertionError: The list is malformed.
    """
    found = HobList()
    offset = 0
    while True:
        assert offset % 8 == 0
        kind, length, reserved = struct.unpack_from("<HHI", data, offset)
        assert length >= 8 and length % 8 == 0 and offset + length <= len(data) and reserved == 0
        body = data[offset + 8 : offset + length]
        assert (offset == 0) == (kind == HANDOFF)
        if kind == HANDOFF:
            (
                found.version,
                found.boot_mode,
                found.memory_top,
                found.memory_bottom,
                found.free_top,
                found.free_bottom,
                found.end,
            ) = struct.unpack("<IIQQQQQ", body)
        elif kind == CPU:
            assert found.cpu is None
            found.cpu = (body[0], body[1])
        elif kind == RESOURCE:
            resource, attributes, base, size = struct.unpack_from("<IIQQ", body, 16)
            found.resources.append(Resource(resource, attributes, base, size))
        elif kind == ALLOCATION:
            found.allocations.append(_allocation(body))
        elif kind == FV:
            found.volumes.append(struct.unpack("<QQ", body))
        elif kind == GUID:
            found.guids[_guid(body[:16])] = body[16:]
        else:
            assert kind == END and length == 8
            found.size = offset + length
            assert found.size == len(data)
            return found
        offset += length
