# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An NVMe drive in the hands of a hostile system: its DMA goes wherever that wants.

The drive is driven by hand, one register at a time, with the words of `hostile.c`. Names are those of the
NVMe specification. It has one queue, and one command: Identify, which writes 4 KiB to an address.
"""

from dataclasses import dataclass

from tests.boot.hostile import Hostile

PAGE = 0x1000
MASTER, COMMAND, FIRST_BAR = 6, 0x04, 0x10
CC, CSTS, AQA, ASQ, ACQ, DOORBELL = 0x14, 0x1C, 0x24, 0x28, 0x30, 0x1000
ENABLE = 1 | 6 << 16 | 4 << 20
"""CC: enabled, entries of 64 and 16 bytes."""
READY, FATAL = 1, 2
IDENTIFY, CONTROLLER = 6, 1
LOOKS = 100


@dataclass
class Drive:
    """The drive of a hostile partition.

    Attributes:
        hostile: The partition.
        bus: The bus it is on; device 0, function 0.
        registers: Where its registers are.
        pages: Memory of the partition: submission queue, completion queue, a buffer.
    """

    hostile: Hostile
    bus: int
    registers: int
    pages: int

    @property
    def buffer(self) -> int:
        """Address of the partition's own buffer."""
        return self.pages + 2 * PAGE

    @classmethod
    async def find(cls, hostile: Hostile) -> "Drive":
        """Find the only function that the partition has, and let it decode addresses and master the bus."""
        for bus in range(1, 32):
            await hostile.do(f"o cf8 4 {1 << 31 | bus << 16:x}")
            if (await hostile.do("i cfc 4")).value != 0xFFFFFFFF:
                break
        drive = cls(hostile, bus, 0, (await hostile.do("b")).value)
        drive.registers = await drive.config(FIRST_BAR) & ~0xF
        await drive.config(COMMAND, MASTER)
        return drive

    async def config(self, register: int, value: int | None = None) -> int:
        """Write two bytes of configuration space; or read four, if there is no value."""
        await self.hostile.do(f"o cf8 4 {1 << 31 | self.bus << 16 | register & ~3:x}")
        if value is not None:
            await self.hostile.do(f"o {0xCFC + register % 4:x} 2 {value:x}")
            return value
        return (await self.hostile.do("i cfc 4")).value

    async def read(self, register: int) -> int:
        """Read a register of four bytes."""
        return (await self.hostile.do(f"r {self.registers + register:x} 4")).value

    async def write(self, register: int, *values: int) -> None:
        """Write registers of four bytes, one after the other."""
        await self.put(self.registers + register, *values)

    async def put(self, address: int, *values: int) -> None:
        """Write memory, four bytes each."""
        for index, value in enumerate(values):
            await self.hostile.do(f"w {address + 4 * index:x} 4 {value:x}")

    async def start(self, queue: int) -> None:
        """Start it anew, with its submission queue at an address."""
        await self.write(CC, 0)
        for _ in range(LOOKS):
            if not await self.read(CSTS) & READY:
                break
        await self.write(AQA, 1 << 16 | 1)
        await self.write(ASQ, queue & 0xFFFFFFFF, queue >> 32)
        completions = self.pages + PAGE
        await self.write(ACQ, completions, 0)
        await self.put(completions + 12, 0)
        await self.write(CC, ENABLE)
        for _ in range(LOOKS):
            if await self.read(CSTS) & READY:
                return
        raise AssertionError("the drive does not start")

    async def identify(self, target: int) -> int | None:
        """Have it write to an address what it is; return the status, None if it does not complete that."""
        await self.start(self.pages)
        await self.put(
            self.pages, IDENTIFY, 0, 0, 0, 0, 0, target & 0xFFFFFFFF, target >> 32, 0, 0, CONTROLLER
        )
        return await self.go()

    async def go(self) -> int | None:
        """Have it take a command; return the status, None if it does not complete one."""
        await self.write(DOORBELL, 1)
        for _ in range(LOOKS):
            done = (await self.hostile.do(f"r {self.pages + PAGE + 12:x} 4")).value
            if done & 1 << 16:
                return done >> 17
            if await self.read(CSTS) & FATAL:
                return None
        return None
