# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Reads serial lines at once, whatever the rest of the program is doing.

QEMU sends a serial line byte by byte, and a socket holds only some hundred such pieces. When it is full,
QEMU drops bytes, or its guest waits for the UART and gives up: a busy event loop would show as damaged
text. So a thread reads, writes the log, and hands over what has come whenever the loop gets to it.
"""

import asyncio
import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_PIECE = 65536
_SEND_BUFFER = 4 << 20
_SO_SNDBUFFORCE = 32
"""socket(7); Python has no name for it. For root only."""


def enlarge(end: socket.socket) -> None:
    """Give the sending end of a line as large a buffer as it may have."""
    with contextlib.suppress(PermissionError):
        end.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _SEND_BUFFER)


class Drain:
    """A thread that reads several lines; what it read arrives in the event loop that made it."""

    def __init__(self, received: Callable[[str, bytes], None]) -> None:
        """Call `received(name, data)` in the running event loop for everything that arrives."""
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._selector = selectors.DefaultSelector()
        self._logs: dict[str, BinaryIO] = {}
        self._lock = threading.Lock()
        self._pending: list[tuple[str, bytes]] = []
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    def add(self, name: str, line: socket.socket, log: Path) -> None:
        """Read `line` as `name` and write what comes to `log`, which is made anew; before `start`."""
        self._logs[name] = log.open("wb", buffering=0)
        self._selector.register(line, selectors.EVENT_READ, name)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop reading, deliver the rest, close the logs; the lines stay open."""
        if self._thread.is_alive():
            self._wake.send(b"x")
            self._thread.join()
        self._deliver()
        for log in self._logs.values():
            log.close()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._woken:
                    return
                self._read(key)

    def _read(self, key: selectors.SelectorKey) -> None:
        line, name = key.fileobj, key.data
        assert isinstance(line, socket.socket)
        try:
            data = line.recv(_PIECE)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(line)
            return
        self._logs[name].write(data)
        with self._lock:
            first = not self._pending
            self._pending.append((name, data))
        if first:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens any more
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, []
        together: dict[str, bytearray] = {}
        for name, data in pending:
            together.setdefault(name, bytearray()).extend(data)
        for name, collected in together.items():
            self._received(name, bytes(collected))
