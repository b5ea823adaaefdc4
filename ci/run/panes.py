# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`make run` on a terminal: one pane per console, each that partition's terminal, until the user quits.

The machine's process serves each console on a UNIX socket in a private folder; in each tmux pane runs the
small client `ci.run.attach`. Titles (name, state, uptime) travel in the same stream as terminal titles.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ci.qemu.command import MachineDescription
from ci.qemu.console import Console
from ci.qemu.machine import Machine
from ci.qemu.stream import Report
from ci.run.batch import CONTROLLER, console_names
from ci.run.media import Media
from ci.run.session import Session
from ci.run.tmux import Tmux, configuration

_HISTORY_BYTES = 256 * 1024
_TITLE_SECONDS = 0.5


def uptime(seconds: float) -> str:
    """Return a clock's text for a number of seconds, such as 0:07 or 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def partition_title(name: str, state: str, detail: str, kernel: str, up: float | None) -> str:
    """Return the title of a partition's pane; only a running one has a clock."""
    parts = [name, f"{state}: {detail}" if detail else state]
    if state == "running" and kernel:
        parts.append(kernel)
    if state == "running" and up is not None:
        parts.append(f"up {uptime(up)}")
    return " · ".join(parts)


class PaneServer:
    """Serves one console on a socket, to any number of terminals, with its title."""

    def __init__(self, console: Console, title: Callable[[], str]) -> None:
        """`title` returns the title of the moment."""
        self._console = console
        self._title = title
        self._shown = ""
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        console.listen(self._said)

    async def open(self, path: Path) -> None:
        """Begin to accept terminals at `path`."""
        self._server = await asyncio.start_unix_server(self._terminal, path)

    async def close(self) -> None:
        """Disconnect all terminals."""
        if self._server:
            self._server.close()
        for writer in self._writers:
            writer.close()

    def refresh(self) -> None:
        """Send the title if it has changed."""
        title = self._title()
        if title != self._shown:
            self._shown = title
            self._send(self._title_sequence())

    def _title_sequence(self) -> bytes:
        return f"\x1b]2;{self._shown}\x1b\\".encode()

    def _said(self, terminal: bytes, _text: str, _reports: list[Report]) -> None:
        self._send(terminal)

    def _send(self, data: bytes) -> None:
        for writer in self._writers:
            writer.write(data)

    async def _terminal(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(self._console.terminal[-_HISTORY_BYTES:]) + self._title_sequence())
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                while typed := await reader.read(4096):
                    self._console.send_bytes(typed)
        finally:
            self._writers.discard(writer)
            writer.close()


def _title(session: Session, media: Media, name: str) -> str:
    """Return the present title of a console's pane."""
    machine = session.machine
    if machine.end is not None:
        return f"{name} · the machine has ended: {machine.end}"
    if name == CONTROLLER:
        return f"{name} · {session.plan.source} · Enter: status screen"
    guest = session.guests[name]
    state = session.states.get(name)
    # What was said before the last change of state is of an earlier boot.
    since = session.named_at.get(name, 0.0)
    tick, report = guest.console.latest("MRM-TICK"), guest.console.latest("MRM-GUEST")
    kernel = str(report.data["kernel"]) if report and report.at > since else ""
    up = float(tick.data["up"]) if tick and tick.at > since else None
    named = (state.state, state.detail) if state else ("not started", "")
    title = partition_title(name, *named, kernel, up)
    way_in = media.ways_in.get(name)
    return f"{title} · {way_in}" if way_in and kernel else title


async def _keep_titles(servers: list[PaneServer]) -> None:
    while True:
        for server in servers:
            server.refresh()
        await asyncio.sleep(_TITLE_SECONDS)


def _attach_command(path: Path, name: str) -> list[str]:
    # The user may be in any folder.
    project = Path(__file__).resolve().parents[2]
    command = ["env", f"PYTHONPATH={project}", sys.executable, "-m", "ci.run.attach", str(path)]
    return [*command, "repaint"] if name == CONTROLLER else command


async def run_panes(description: MachineDescription, media: Media, folder: Path) -> None:
    """Run the machine in panes on this terminal until the user quits; ends everything then.

    Raises:
        ci.qemu.errors.LaunchError: QEMU did not start.
        RuntimeError: tmux did not start.
    """
    machine = Machine(description, media.boot, folder)
    session = Session(machine, media.plan)
    names = console_names(media.plan)
    servers = [
        PaneServer(machine.console(console), partial(_title, session, media, name))
        for console, name in names.items()
    ]
    size = shutil.get_terminal_size()
    # Short: the path of a UNIX socket has 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="mrm-") as sockets:
        paths = [Path(sockets) / console for console in names]
        configuration_file = Path(sockets) / "tmux.conf"
        configuration_file.write_text(configuration(len(names)))
        tmux = Tmux(f"mrm-{os.getpid()}", configuration_file)
        for server, path in zip(servers, paths, strict=True):
            await server.open(path)
        titles = asyncio.create_task(_keep_titles(servers))
        try:
            commands = [_attach_command(path, name) for path, name in zip(paths, names.values(), strict=True)]
            await tmux.create(commands, size.columns, size.lines)
            async with machine:
                await tmux.show()
        finally:
            titles.cancel()
            await tmux.close()
            for server in servers:
                await server.close()
