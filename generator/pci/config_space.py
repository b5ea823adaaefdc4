# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The configuration space of one function (PCI Local Bus 3.0, chapter 6; PCI Express Base 5.0, chapter 7).

Linux gives an ordinary user the first 64 bytes only, which end before the capabilities; `complete` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

HEADER_SIZE = 64
LEGACY_SIZE = 256
"""Bytes without the extended capabilities of PCI Express."""

MSI, PCI_EXPRESS, MSIX, ADVANCED_FEATURES, POWER = 0x05, 0x10, 0x11, 0x13, 0x01
"""Capability identifiers used here."""

ENDPOINT, LEGACY_ENDPOINT, ROOT_PORT, UPSTREAM_PORT, DOWNSTREAM_PORT, TO_PCI, FROM_PCI = 0, 1, 4, 5, 6, 7, 8
"""Kinds of PCI Express functions."""

_ABSENT = 0xFFFF
_MOST_CAPABILITIES = 48
"""More do not fit between byte 64 and 256."""
_MOST_EXTENDED = 960
_FUNCTION_LEVEL_RESET = 1 << 28
_NO_SOFT_RESET = 1 << 3


@dataclass(frozen=True, slots=True)
class BridgeWindow:
    """Addresses a bridge forwards, first and last."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BridgeRegisters:
    """What a PCI-to-PCI bridge forwards; a window is None if it is closed."""

    primary: int
    secondary: int
    subordinate: int
    io: BridgeWindow | None
    memory: BridgeWindow | None
    prefetchable: BridgeWindow | None


@dataclass(frozen=True, slots=True)
class BaseAddress:
    """A base address register as it stands; its size is not to be seen without writing to it."""

    index: int
    io: bool
    bits: int
    prefetchable: bool
    base: int


@dataclass(frozen=True, slots=True)
class ConfigSpace:
    """One function; `express_kind` is None for a conventional PCI function.

    Whether it has MSI, MSI-X or a way to reset it is known only if `complete`: capabilities were readable.
    """

    vendor: int
    device: int
    class_code: int
    header_type: int
    interrupt_pin: int
    bars: tuple[BaseAddress, ...]
    bridge: BridgeRegisters | None
    capabilities: tuple[int, ...]
    extended_capabilities: tuple[int, ...]
    express_kind: int | None
    function_level_reset: bool
    advanced_features_reset: bool
    power_reset: bool
    complete: bool
    findings: tuple[str, ...]

    @property
    def msi(self) -> bool:
        """Whether it has message-signaled interrupts."""
        return MSI in self.capabilities

    @property
    def msix(self) -> bool:
        """Whether it has MSI-X."""
        return MSIX in self.capabilities


def parse_config_space(data: bytes) -> ConfigSpace | None:
    """Read the configuration space of a function; None if there is no function or no whole header."""
    if len(data) < HEADER_SIZE or _integer(data, 0, 2) == _ABSENT:
        return None
    findings: list[str] = []
    header_type = data[14] & 0x7F
    complete = len(data) >= LEGACY_SIZE
    places = _capabilities(data, header_type, findings) if complete else {}
    express = places.get(PCI_EXPRESS)
    express_kind = None if express is None else _integer(data, express + 2, 2) >> 4 & 0xF
    device_capabilities = 0 if express is None else _integer(data, express + 4, 4)
    advanced = places.get(ADVANCED_FEATURES)
    power = places.get(POWER)
    if header_type > 2:
        findings.append(f"unknown header type {header_type}")
    return ConfigSpace(
        vendor=_integer(data, 0, 2),
        device=_integer(data, 2, 2),
        class_code=_integer(data, 9, 3),
        header_type=header_type,
        interrupt_pin=data[61],
        bars=_bars(data, {0: 6, 1: 2}.get(header_type, 0)),
        bridge=_bridge(data) if header_type == 1 else None,
        capabilities=tuple(places),
        extended_capabilities=_extended(data, findings) if express is not None else (),
        express_kind=express_kind,
        function_level_reset=bool(device_capabilities & _FUNCTION_LEVEL_RESET),
        advanced_features_reset=advanced is not None and _integer(data, advanced + 3, 1) & 3 == 3,
        power_reset=power is not None and not _integer(data, power + 4, 2) & _NO_SOFT_RESET,
        complete=complete,
        findings=tuple(findings),
    )


def _integer(data: bytes, offset: int, size: int) -> int:
    """A little-endian integer; bytes behind the end read as zero."""
    return int.from_bytes(data[offset : offset + size], "little")


def _capabilities(data: bytes, header_type: int, findings: list[str]) -> dict[int, int]:
    """Where each capability is; of several with one identifier, the first."""
    places: dict[int, int] = {}
    if not _integer(data, 6, 2) & 0x10:
        return places
    offset = data[0x14 if header_type == 2 else 0x34] & 0xFC
    seen: set[int] = set()
    while offset:
        if offset < HEADER_SIZE:
            findings.append(f"the list of capabilities leads to byte {offset:#x}")
            break
        if offset in seen or len(seen) == _MOST_CAPABILITIES:
            findings.append("the list of capabilities runs in a circle")
            break
        seen.add(offset)
        identifier, following = data[offset], data[offset + 1] & 0xFC
        if identifier == 0xFF:
            findings.append(f"the capability at byte {offset:#x} does not answer")
            break
        places.setdefault(identifier, offset)
        offset = following
    return places


def _extended(data: bytes, findings: list[str]) -> tuple[int, ...]:
    """Identifiers of the extended capabilities, as far as the space could be read."""
    found: list[int] = []
    seen: set[int] = set()
    offset = LEGACY_SIZE
    while offset and offset + 4 <= len(data):
        head = _integer(data, offset, 4)
        if head in (0, 0xFFFFFFFF):
            break
        if offset < LEGACY_SIZE or offset in seen or len(seen) == _MOST_EXTENDED:
            findings.append("the list of extended capabilities runs in a circle")
            break
        seen.add(offset)
        found.append(head & 0xFFFF)
        offset = head >> 20 & 0xFFC
    return tuple(found)


def _bars(data: bytes, count: int) -> tuple[BaseAddress, ...]:
    """The base address registers that have any bit set; an unassigned one of a function may look unused."""
    found: list[BaseAddress] = []
    index = 0
    while index < count:
        low = _integer(data, 16 + 4 * index, 4)
        wide = low & 7 == 4 and index + 1 < count
        if low & 1:
            found.append(BaseAddress(index, True, 32, False, low & ~3))
        elif low or wide:
            high = _integer(data, 20 + 4 * index, 4) if wide else 0
            base = high << 32 | low & ~0xF
            found.append(BaseAddress(index, False, 64 if wide else 32, bool(low & 8), base))
        index += 2 if wide else 1
    return tuple(found)


def _bridge(data: bytes) -> BridgeRegisters:
    """The buses and windows of a bridge."""
    wide_io = data[28] & 0xF == 1
    io_first = (data[28] & 0xF0) << 8 | (_integer(data, 48, 2) << 16 if wide_io else 0)
    io_last = (data[29] & 0xF0) << 8 | 0xFFF | (_integer(data, 50, 2) << 16 if wide_io else 0)
    memory_first = (_integer(data, 32, 2) & 0xFFF0) << 16
    memory_last = (_integer(data, 34, 2) & 0xFFF0) << 16 | 0xFFFFF
    wide = _integer(data, 36, 2) & 0xF == 1
    first = (_integer(data, 36, 2) & 0xFFF0) << 16 | (_integer(data, 40, 4) << 32 if wide else 0)
    last = (_integer(data, 38, 2) & 0xFFF0) << 16 | 0xFFFFF | (_integer(data, 44, 4) << 32 if wide else 0)
    return BridgeRegisters(
        primary=data[24],
        secondary=data[25],
        subordinate=data[26],
        io=_window(io_first, io_last),
        memory=_window(memory_first, memory_last),
        prefetchable=_window(first, last),
    )


def _window(first: int, last: int) -> BridgeWindow | None:
    """A window; None if closed: by running backwards, or as after reset, never set up and at zero."""
    return BridgeWindow(first, last) if 0 < first < last else None
