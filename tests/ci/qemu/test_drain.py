# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A busy event loop costs no byte of a serial line."""

import asyncio
import socket
import time
from pathlib import Path

from ci.qemu.drain import Drain

BYTES = 3000


def send_without_waiting(end: socket.socket) -> int:
    """Send as QEMU does, byte by byte at 115200 baud, without waiting for room; count them."""
    end.setblocking(False)
    sent = 0
    for index in range(BYTES):
        if index % 100 == 0:
            time.sleep(0.0087)
        try:
            sent += end.send(bytes([index % 256]))
        except BlockingIOError:
            time.sleep(0.001)
            sent += end.send(bytes([index % 256]))
    return sent


def test_a_busy_loop_loses_nothing(tmp_path: Path) -> None:
    received = bytearray()
    ours, theirs = socket.socketpair()

    async def run() -> None:
        drain = Drain(lambda name, data: received.extend(data if name == "COM1" else b"?"))
        drain.add("COM1", ours, tmp_path / "COM1.log")
        drain.start()
        assert send_without_waiting(theirs) == BYTES  # the loop does nothing meanwhile
        assert not received
        while len(received) < BYTES:
            await asyncio.sleep(0.01)
        drain.close()

    with ours, theirs:
        asyncio.run(asyncio.wait_for(run(), 30))
    expected = bytes(index % 256 for index in range(BYTES))
    assert bytes(received) == expected == (tmp_path / "COM1.log").read_bytes()


def test_what_came_last_is_delivered(tmp_path: Path) -> None:
    received: list[tuple[str, bytes]] = []
    ours, theirs = socket.socketpair()

    async def run() -> None:
        drain = Drain(lambda name, data: received.append((name, data)))
        drain.add("COM2", ours, tmp_path / "COM2.log")
        drain.start()
        theirs.sendall(b"last words")
        while not (tmp_path / "COM2.log").read_bytes():
            time.sleep(0.01)
        drain.close()

    with ours, theirs:
        asyncio.run(asyncio.wait_for(run(), 30))
    assert received == [("COM2", b"last words")]
