# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The counter in a running emulator: built when it is needed, asked through a socket."""

import asyncio
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.counter.record import Record, read_records
from ci.progress import PROJECT, SetupError
from ci.qemu.command import MachineDescription
from ci.qemu.devices import option
from ci.qemu.timing import scaled

_SOURCES = Path(__file__).parent
_BUILT = PROJECT / "Build" / "bench" / "counter.so"
_FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden")
_LOOK_SECONDS = 2.0
_FOUR_GIB = 4 << 30
_LOW_BECOMES_LESS, _LOW_AT_MOST = 0xB0000000, 0x80000000


def build(output: Path = _BUILT) -> Path:
    """Compile the plugin if its sources are newer, and return it; raises SetupError."""
    sources = sorted(_SOURCES.glob("*.[ch]"))
    if output.is_file() and output.stat().st_mtime > max(path.stat().st_mtime for path in sources):
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_suffix(f".{os.getpid()}")
    programs = [path for path in sources if path.suffix == ".c"]
    done = subprocess.run(["gcc", *_FLAGS, *programs, "-o", partial], capture_output=True, text=True)
    if done.returncode != 0:
        raise SetupError(f"the counter cannot be compiled:\n{done.stderr}")
    partial.rename(output)
    return output


def ends_of_memory(machine: MachineDescription) -> tuple[int, int]:
    """Return the addresses behind RAM below and above 4 GiB, as QEMU's q35 divides it (hw/i386/pc_q35.c)."""
    low = _LOW_AT_MOST if machine.memory >= _LOW_BECOMES_LESS else machine.memory
    return low, _FOUR_GIB + machine.memory - low


class Counter:
    """The counter of one run of a machine; a context manager, for its socket has a folder of its own."""

    def __init__(self, folder: Path, machine: MachineDescription) -> None:
        """Prepare; records go to `counts.txt` in `folder`, which must exist."""
        self.file = folder / "counts.txt"
        # The path of a socket is short: a run's folder may lie deep.
        self._private = tempfile.TemporaryDirectory(prefix="mrm-count-")
        self._socket = Path(self._private.name) / "control"
        words = [option(build()), f"out={option(self.file)}", f"control={self._socket}"]
        low, top = ends_of_memory(machine)
        words += [f"low={low:#x}", f"top={top:#x}"]
        self.arguments = ",".join(words)

    def __enter__(self) -> Self:
        """Nothing happens before the machine starts."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the socket."""
        self._private.cleanup()

    async def ask(self, request: str) -> None:
        """Send a request and wait until it is done; raises OSError when the machine has gone."""
        reader, writer = await asyncio.open_unix_connection(self._socket)
        try:
            writer.write(f"{request}\n".encode())
            if await reader.readline() != b"done\n":
                raise ConnectionResetError("the counter has gone")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def snapshot(self, name: str) -> Record:
        """Have a record written and return it."""
        await self.ask(f"snapshot {name}")
        return next(record for record in reversed(list(self.records())) if record.name == name)

    async def phases(self, name: str, count: int, seconds: float) -> None:
        """Wait until so many partitions have come to a phase; raises TimeoutError."""
        async with asyncio.timeout(scaled(seconds)):
            while sum(record.name == name for record in self.records()) < count:
                await asyncio.sleep(_LOOK_SECONDS)

    def records(self) -> Iterator[Record]:
        """Yield all records so far; raises RecordError.

        A line may be written at this moment: the last one has no end then.
        """
        with self.file.open() as lines:
            yield from read_records(line for line in lines if line.endswith("\n"))
