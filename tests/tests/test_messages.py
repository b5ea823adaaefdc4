# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The boot tests' eyes: where message interrupts go, and what is on a screen."""

import asyncio
import struct
from pathlib import Path
from typing import cast

import pytest

from ci.qemu.machine import Machine
from tests.boot.messages import message_targets
from tests.boot.screen import lit

ENABLE_MSI, ENABLE_MSIX = 1, 1 << 15


class Memory:
    """A machine whose memory is one MSI-X table at 0x1_0000_2000."""

    def __init__(self, *entries: tuple[int, int]) -> None:
        """Take address and vector control of each entry."""
        self.words = [word for address, control in entries for word in (address, 0, 0x21, control)]

    async def monitor(self, command: str) -> str:
        """Show the words asked for as QEMU does."""
        assert command == f"xp /{len(self.words)}wx 0x100002000"
        lines = (self.words[i : i + 4] for i in range(0, len(self.words), 4))
        return "\n".join(f"0000000100002000: {' '.join(f'{word:#010x}' for word in line)}" for line in lines)


def config(*capabilities: bytes) -> bytes:
    """Return configuration space with a 64-bit BAR 0 at 4 GiB and a chain of capabilities."""
    data = bytearray(256)
    struct.pack_into("<II", data, 0x10, 0x4, 0x1)
    place = 0x34
    for index, capability in enumerate(capabilities):
        data[place] = 0x40 + 0x10 * index
        place = data[place] + 1
        data[place - 1 : place - 1 + len(capability)] = capability
    return bytes(data)


def msi(control: int, address: int) -> bytes:
    return struct.pack("<BBHI", 0x05, 0, control, address)


def msix(control: int) -> bytes:
    return struct.pack("<BBHI", 0x11, 0, control, 0x2000)


POWER = struct.pack("<BBH", 0x01, 0, 3)


@pytest.mark.parametrize(
    ("capabilities", "entries", "targets"),
    [
        ((), (), []),
        ((POWER, msi(ENABLE_MSI, 0xFEE04000)), (), [4]),
        ((POWER, msi(0, 0xFEE04000)), (), []),
        ((msix(ENABLE_MSIX | 1),), ((0xFEE01000, 0), (0xFEE02000, 0)), [1, 2]),
        ((msix(ENABLE_MSIX | 1),), ((0xFEE01000, 0), (0xFEE00000, 1)), [1]),
        ((msix(1),), ((0xFEE01000, 0), (0xFEE02000, 0)), []),
    ],
    ids=["no message", "MSI", "MSI off", "MSI-X", "one masked", "MSI-X off"],
)
def test_targets_of_messages(
    capabilities: tuple[bytes, ...], entries: tuple[tuple[int, int], ...], targets: list[int]
) -> None:
    machine = cast("Machine", Memory(*entries))
    assert asyncio.run(message_targets(machine, config(*capabilities))) == targets


def test_a_message_that_is_no_interrupt_is_found() -> None:
    with pytest.raises(AssertionError, match="0x1000"):
        asyncio.run(message_targets(cast("Machine", Memory()), config(msi(ENABLE_MSI, 0x1000))))


def test_lit_pixels_are_counted(tmp_path: Path) -> None:
    picture = tmp_path / "screen.ppm"
    picture.write_bytes(b"P6\n2 2\n255\n" + bytes([0, 0, 0, 0, 0, 1, 255, 255, 255, 0, 0, 0]))
    assert lit(picture) == 2
