# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A running machine: QEMU with private files, every console read, every failure noticed, nothing left.

    async with Machine(description, Boot(variables=…, esp=…), folder) as machine:
        await machine.console("COM1").wait_for("MRM: version", 60, since=machine.console("COM1").start())

Afterwards `folder` has one log per console (`COM1.log`), QEMU's own messages (`qemu.log`), and its command
line (`command.txt`). After a failure it also has `failure.txt`, with the end of every console and the
registers of every processor.
"""

import asyncio
import atexit
import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from qemu.qmp import EventListener, QMPClient, QMPError

from ci.qemu.command import Boot, Channels, MachineDescription, command_line
from ci.qemu.console import Console
from ci.qemu.drain import Drain, enlarge
from ci.qemu.errors import LaunchError, MachineEndedError, QemuError, StalledError, WaitTimeoutError
from ci.qemu.timing import scaled
from ci.qemu.usage import Usage, current_test, note, processor_seconds

Result = TypeVar("Result")

STALL_SECONDS = 90.0
"""Silence of all consoles after which a machine counts as dead (multiplied by MRM_TIME_SCALE)."""

LAUNCH_SECONDS = 30.0
_QUIT_SECONDS = 5.0
_COALESCE_SECONDS = 0.01

_running: set[int] = set()


def log_name(console: str) -> str:
    """Return the name of a console's log without its extension: a serial card's has slashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", console).strip("-")


@atexit.register
def _end_all() -> None:
    """Last resort: end the process groups of machines whose context was never left."""
    for group in _running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


class Machine:
    """One QEMU process and its consoles; use it as an asynchronous context manager."""

    def __init__(
        self, description: MachineDescription, boot: Boot, folder: Path, stall_seconds: float = STALL_SECONDS
    ) -> None:
        """Prepare the machine; `folder` receives its logs and is created. Nothing runs yet."""
        self.description = description
        self.boot = boot
        self.folder = folder
        self.started_at = 0.0
        self._launched_at = 0.0
        self._noted = False
        self._test = current_test()
        self._stall_seconds = stall_seconds
        self._changed = asyncio.Event()
        self._last_sign = time.monotonic()
        self._end: str | None = None
        self._may_end = False
        self._resetting = False
        self._qmp = QMPClient(description.name)
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: dict[str, socket.socket] = {}
        self._drain: Drain | None = None
        self._consoles = {
            name: Console(name, self, partial(self._write, name)) for name in description.consoles
        }

    @property
    def consoles(self) -> Mapping[str, Console]:
        """All consoles by name."""
        return self._consoles

    @property
    def end(self) -> str | None:
        """Why the whole machine ended (`guest-reset`, `guest-shutdown`, …), None while it runs."""
        return self._end

    def console(self, name: str) -> Console:
        """Return the console called `name`, such as `COM1`."""
        return self._consoles[name]

    async def __aenter__(self) -> Self:
        """Start QEMU; raises LaunchError when it does not come up."""
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End QEMU and everything that belongs to it, whatever happened."""
        await self.close()

    async def _start(self) -> None:
        self._launched_at = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        binary = shutil.which(self.description.binary)
        if not binary:
            raise LaunchError(f"{self.description.binary} not found; run `make setup`")
        for file in (self.description.firmware_code, self.boot.variables):
            if not file.is_file():
                raise LaunchError(f"{file}: no such firmware file; run `make setup`")
        theirs = {}
        for name in ("qmp", *self._consoles):
            self._sockets[name], theirs[name] = socket.socketpair()
            enlarge(theirs[name])
        descriptors = {name: theirs[name].fileno() for name in self._consoles}
        channels = Channels(theirs["qmp"].fileno(), descriptors)
        self._drain = Drain(self._received)
        for name in self._consoles:
            self._drain.add(name, self._sockets[name], self.folder / f"{log_name(name)}.log")
        arguments = command_line(self.description, self.boot, channels)
        (self.folder / "command.txt").write_text(shlex.join(arguments) + "\n")
        with (self.folder / "qemu.log").open("wb") as log_file:
            # setpriv: QEMU dies with the thread that started it, even if that is killed without a word.
            self._process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", "--", binary, *arguments[1:]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                pass_fds=[end.fileno() for end in theirs.values()],
                start_new_session=True,
            )
        _running.add(self._process.pid)
        for end in theirs.values():
            end.close()
        self._tasks.append(asyncio.create_task(self._watch_process(self._process)))
        self._drain.start()
        listener = EventListener(names=("SHUTDOWN", "RESET", "GUEST_PANICKED"))
        self._qmp.register_listener(listener)
        self._tasks.append(asyncio.create_task(self._watch_events(listener)))
        try:
            await asyncio.wait_for(self._qmp.connect(self._sockets["qmp"]), scaled(LAUNCH_SECONDS))
            await self.execute("cont")
        except (QMPError, OSError, EOFError, TimeoutError) as error:
            raise LaunchError(f"QEMU did not start: {self._qemu_log() or error}") from error
        self.started_at = self._last_sign = time.monotonic()

    async def cut_power(self) -> None:
        """End QEMU in the middle of whatever it does; what its disks hold stays as it is then."""
        self._may_end = True
        self._note_usage()
        if self._process and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def close(self) -> None:
        """End QEMU and all tasks; may be called more than once."""
        self._may_end = True
        self._note_usage()
        process = self._process
        if process and process.returncode is None:
            try:
                await asyncio.wait_for(self.execute("quit"), _QUIT_SECONDS)
            except (QMPError, OSError, EOFError, TimeoutError):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _QUIT_SECONDS)
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process:
            _running.discard(process.pid)
        with contextlib.suppress(Exception):
            await self._qmp.disconnect()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._drain:
            self._drain.close()
            self._drain = None
        for end in self._sockets.values():
            end.close()

    def _note_usage(self) -> None:
        """Note once what the machine cost, while its process can still be asked."""
        if self._process and not self._noted:
            self._noted = True
            seconds = time.monotonic() - self._launched_at
            note(Usage(self.description.name, self._test, seconds, processor_seconds(self._process.pid)))

    def _received(self, name: str, data: bytes) -> None:
        self._consoles[name].received(data)
        self._sign_of_life()

    async def _watch_process(self, process: asyncio.subprocess.Process) -> None:
        status = await process.wait()
        self._ended(f"QEMU ended with status {status}: {self._qemu_log()}")

    async def _watch_events(self, listener: EventListener) -> None:
        async for event in listener:
            data = event.get("data")
            if event["event"] == "SHUTDOWN" and isinstance(data, dict):
                self._ended(str(data.get("reason", "shutdown")))
            elif event["event"] == "RESET":
                if self._resetting:
                    self._resetting = False
                    self._changed.set()
                else:
                    self._ended("guest-reset")

    def _ended(self, reason: str) -> None:
        if self._end is None:
            self._end = reason
        self._changed.set()

    def _sign_of_life(self) -> None:
        self._last_sign = time.monotonic()
        self._changed.set()

    def _write(self, name: str, data: bytes) -> None:
        if not self._drain:
            raise QemuError(f"console {name} is not open")
        self._sockets[name].sendall(data)

    def _qemu_log(self) -> str:
        log = self.folder / "qemu.log"
        return log.read_text(errors="replace").strip() if log.exists() else ""

    async def execute(self, command: str, **arguments: object) -> Any:
        """Execute a QMP command and return its result; raises qemu.qmp.QMPError."""
        return await self._qmp.execute(command, arguments or None)

    async def monitor(self, command: str) -> str:
        """Execute a command of the human monitor and return its output."""
        return str(await self.execute("human-monitor-command", **{"command-line": command}))

    async def pause(self) -> None:
        """Stop processors and clocks, which the machine does not notice; raises qemu.qmp.QMPError."""
        await self.execute("stop")

    async def resume(self) -> None:
        """Let a paused machine go on; that its consoles were silent meanwhile means nothing."""
        await self.execute("cont")
        self._sign_of_life()

    async def press_reset(self) -> None:
        """Press the PC's reset button: its firmware starts anew, and the machine goes on.

        Raises QMPError, or what `until` raises.
        """
        self._resetting = True
        await self.execute("set-action", reboot="reset")
        await self.execute("system_reset")
        await self.until(lambda: None if self._resetting else True, LAUNCH_SECONDS, "the machine's reset")
        await self.execute("set-action", reboot="shutdown")
        self._sign_of_life()

    async def processor_seconds(self) -> dict[int, float]:
        """Return how many seconds of a host's processor each processor of the machine has taken so far.

        Raises QMPError or OSError when the machine has gone.
        """
        taken = {}
        for processor in await self.execute("query-cpus-fast"):
            assert self._process
            thread = Path(f"/proc/{self._process.pid}/task/{processor['thread-id']}/stat").read_text()
            # proc(5): utime and stime, counted after the name in parentheses.
            user, system = thread.rpartition(")")[2].split()[11:13]
            taken[processor["cpu-index"]] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return taken

    async def screenshot(self, path: Path) -> None:
        """Write what the graphics adapter shows to `path` (PPM); raises QMPError when there is no adapter."""
        await self.execute("screendump", filename=str(path))

    async def until(self, look: Callable[[], Result | None], timeout: float, what: str) -> Result:
        """Call `look` whenever something happened until it returns something else than None, and return that.

        timeout: seconds, multiplied by MRM_TIME_SCALE; what: named in the message of a failure.
        Raises WaitTimeoutError, StalledError (nothing from any console for too long) or MachineEndedError,
        each with the end of every console in its message; more is then in `failure.txt` in the run folder.
        """
        deadline = time.monotonic() + scaled(timeout)
        while True:
            self._changed.clear()
            result = look()
            if result is not None:
                return result
            if self._end is not None and not self._may_end:
                raise MachineEndedError(
                    await self._failure(f"the machine ended ({self._end}) during the wait for {what}")
                )
            now = time.monotonic()
            stalled = self._last_sign + scaled(self._stall_seconds)
            if now >= deadline:
                raise WaitTimeoutError(
                    await self._failure(f"{what}: not seen within {scaled(timeout):.0f} s")
                )
            if now >= stalled:
                silence = f"all consoles silent for {now - self._last_sign:.0f} s"
                raise StalledError(await self._failure(f"{silence} during the wait for {what}"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(deadline, stalled) - now)
                await asyncio.sleep(_COALESCE_SECONDS)

    async def wait_end(self, timeout: float) -> str:
        """Wait until the whole machine powers off or resets and return the reason QEMU gives."""
        self._may_end = True
        try:
            return await self.until(lambda: self._end, timeout, "the end of the machine")
        finally:
            self._may_end = False

    async def _failure(self, message: str) -> str:
        """Save everything that helps to understand a failure; return `message` with the consoles' ends."""
        tails = "\n".join(
            f"--- {console.name}\n{console.tail()}" for console in self._consoles.values() if console.text
        )
        try:
            registers = await asyncio.wait_for(self.monitor("info registers -a"), _QUIT_SECONDS)
        except (QMPError, TimeoutError, OSError) as error:
            registers = f"(registers not available: {error!r})"
        text = f"{message}\n{tails}\n"
        with (self.folder / "failure.txt").open("a") as file:
            file.write(f"{text}--- registers\n{registers}\n")
        return f"{text}--- more in {self.folder}"
