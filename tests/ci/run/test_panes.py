# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Panes: their titles, their layout in a real tmux, and a terminal that reaches its console."""

import asyncio
import os
import pty
import signal
import socket
import sys
import uuid
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.console import Console
from ci.run.attach import Repainter
from ci.run.panes import PaneServer, partition_title, uptime
from ci.run.tmux import SESSION, Tmux, configuration, controller_rows, layout
from tests.ci.qemu.test_console import Impatient


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (67.9, "1:07"), (3723, "1:02:03")])
def test_uptime(seconds: float, text: str) -> None:
    assert uptime(seconds) == text


def test_only_a_running_partition_has_a_clock() -> None:
    assert partition_title("steady", "running", "", "6.1", 61.0) == "steady · running · 6.1 · up 1:01"
    assert partition_title("steady", "restarting", "", "6.1", 61.0) == "steady · restarting"
    assert partition_title("steady", "running", "", "", None) == "steady · running"
    assert partition_title("steady", "off", "shutdown", "6.1", 61.0) == "steady · off: shutdown"


def test_layout_follows_the_terminal() -> None:
    assert layout(80, 25, 3) == ("even-vertical", {})
    assert layout(200, 50, 3) == ("main-horizontal", {"main-pane-height": 14})
    assert layout(200, 50, 1) == ("even-vertical", {})
    assert 3 <= controller_rows(25, 3) <= 8


async def panes(tmux: Tmux, count: int, columns: int, rows: int) -> list[tuple[int, int]]:
    """Return width and height of each pane of a session with `count` panes."""
    try:
        await tmux.create([["cat"]] * count, columns, rows)
        listing = await tmux.must("list-panes", "-t", SESSION, "-F", "#{pane_width} #{pane_height}")
    finally:
        await tmux.close()
    sizes = [tuple(map(int, line.split())) for line in listing.splitlines()]
    return [(width, height) for width, height in sizes]


@pytest.mark.parametrize(
    ("count", "columns", "rows"),
    [(3, 80, 25), (5, 80, 25), (2, 80, 24), (3, 200, 50), (5, 250, 60), (1, 80, 25)],
)
def test_every_pane_is_usable(tmp_path: Path, count: int, columns: int, rows: int) -> None:
    file = tmp_path / "tmux.conf"
    file.write_text(configuration(count))
    sizes = asyncio.run(panes(Tmux(f"mrm-test-{uuid.uuid4().hex[:8]}", file), count, columns, rows))
    assert len(sizes) == count
    assert all(height >= 3 for _, height in sizes)
    if count > 1:
        assert sizes[0][0] == columns  # the controller has the whole width
        assert all(width >= min(columns, 40) for width, _ in sizes[1:])
        # Partitions have equal shares, the remainder of a division apart.
        assert max(h for _, h in sizes[1:]) - min(h for _, h in sizes[1:]) < count


def test_the_configuration_has_no_mistake(tmp_path: Path) -> None:
    """Tmux starts in spite of mistakes in its configuration, so ask it."""
    file = tmp_path / "tmux.conf"
    file.write_text(configuration(3))
    tmux = Tmux(f"mrm-test-{uuid.uuid4().hex[:8]}", file)

    async def source() -> str:
        try:
            await tmux.create([["cat"]], 80, 25)
            return await tmux.must("source-file", str(file))
        finally:
            await tmux.close()

    assert asyncio.run(source()) == ""


def test_a_terminal_reaches_its_console(tmp_path: Path) -> None:
    """What the console said and says appears on a real terminal, what is typed there arrives unchanged."""
    typed = bytearray()
    line = Console("COM2", Impatient(), typed.extend)
    title = ["steady · starting"]
    server = PaneServer(line, lambda: title[0])
    line.received(b"before\r\n")

    async def converse() -> bytes:
        path = tmp_path / "COM2"
        await server.open(path)
        server.refresh()
        master, slave = pty.openpty()
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ci.run.attach", str(path), stdin=slave, stdout=slave, cwd=PROJECT
        )
        os.close(slave)
        os.set_blocking(master, False)
        seen = b""

        async def until(text: bytes) -> None:
            nonlocal seen
            async with asyncio.timeout(30):
                while text not in seen:
                    try:
                        seen += os.read(master, 65536)
                    except BlockingIOError:
                        await asyncio.sleep(0.01)

        await until(b"before\r\n")
        await until("\x1b]2;steady · starting\x1b\\".encode())
        line.received(b"after \x1b]5380;MRM-TICK {}\x07\xff")
        title[0] = "steady · running"
        server.refresh()
        await until(b"running")
        os.write(master, b"ls\r\x03\x1b[A")
        async with asyncio.timeout(30):
            while len(typed) < 7:
                await asyncio.sleep(0.01)
        await server.close()
        assert await asyncio.wait_for(client.wait(), 30) == 0
        os.close(master)
        return seen

    seen = asyncio.run(converse())
    assert typed == b"ls\r\x03\x1b[A"
    assert b"after \xff" in seen  # without the report


def test_a_whole_screen_is_told_of_a_new_size() -> None:
    """A new size of the terminal arrives as Ctrl-L while the cursor is hidden, else nothing does."""
    before = signal.getsignal(signal.SIGWINCH)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        repainter = Repainter(ours)
        told = []
        try:
            for text in (
                b"a line",
                b"a screen \x1b[?2",
                b"5l",
                b"text",
                b"lines \x1b[?25",
                b"h again \x1b[?25",
            ):
                repainter.said(text)
                signal.raise_signal(signal.SIGWINCH)
                try:
                    told.append(theirs.recv(10))
                except BlockingIOError:
                    told.append(b"")
        finally:
            signal.signal(signal.SIGWINCH, before)
    assert told == [b"", b"", b"\x0c", b"\x0c", b"\x0c", b""]
