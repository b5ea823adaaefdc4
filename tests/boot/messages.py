# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where a function's message interrupts go, by its MSI and MSI-X structures.

PCI Local Bus 3.0 sections 6.8.1 and 6.8.2; addresses: Intel SDM volume 3, section 11.11.
"""

import base64
import re
import struct
from collections.abc import Iterator, Mapping

from ci.qemu.guest import Guest
from ci.qemu.machine import Machine

_DUMP = (
    "for f in /sys/bus/pci/devices/*; do "
    "echo CONFIG=${f##*/}=$(head -c 256 $f/config | base64 | tr -d '\\n')=END; done"
)
_CONFIG = re.compile(r"CONFIG=([0-9a-f:.]+)=([A-Za-z0-9+/\s]+={0,2}\s*)=END")
_CAPABILITIES, _FIRST_BAR = 0x34, 0x10
_MSI, _MSIX = 0x05, 0x11
_ENTRY_WORDS, _MASKED = 4, 1


async def config_spaces(guest: Guest) -> Mapping[str, bytes]:
    """Return the first 256 bytes of configuration space of each function a guest sees, by address."""
    done = await guest.run(_DUMP, 120)
    return {match[1]: base64.b64decode(match[2]) for match in _CONFIG.finditer(done.output)}


def capabilities(config: bytes) -> Iterator[tuple[int, int]]:
    """Yield identifier and place of each capability."""
    place, left = config[_CAPABILITIES], 48
    while place and left:
        yield config[place], place
        place, left = config[place + 1], left - 1


def bar(config: bytes, index: int) -> int:
    """Return the address in a memory BAR."""
    place = _FIRST_BAR + 4 * index
    low, high = (
        struct.unpack_from("<II", config, place)
        if index < 5
        else (*struct.unpack_from("<I", config, place), 0)
    )
    return int(low & ~0xF) | (int(high) << 32 if low & 0x4 else 0)


async def message_targets(machine: Machine, config: bytes) -> list[int]:
    """Return the APIC IDs to which a function's enabled and unmasked messages go.

    The table of MSI-X is in the function's memory, which the emulator shows as the bus sees it.
    """
    addresses: list[int] = []
    for identifier, place in capabilities(config):
        (control,) = struct.unpack_from("<H", config, place + 2)
        if identifier == _MSI and control & 1:
            addresses += struct.unpack_from("<I", config, place + 4)
        elif identifier == _MSIX and control & 1 << 15:
            (table,) = struct.unpack_from("<I", config, place + 4)
            base = bar(config, table & 7) + (table & ~7)
            count = (control & 0x7FF) + 1
            shown = await machine.monitor(f"xp /{count * _ENTRY_WORDS}wx {base:#x}")
            words = [int(word, 16) for word in re.findall(r"\b0x[0-9a-f]{8}\b", shown)]
            assert len(words) == count * _ENTRY_WORDS, shown
            entries = [words[i : i + _ENTRY_WORDS] for i in range(0, len(words), _ENTRY_WORDS)]
            addresses += [entry[0] for entry in entries if not entry[3] & _MASKED]
    assert all(address >> 20 == 0xFEE for address in addresses), [hex(address) for address in addresses]
    return [address >> 12 & 0xFF for address in addresses]
