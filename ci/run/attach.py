# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A pane's side of a console: `python -m ci.run.attach SOCKET` connects this terminal until one side closes.

What is typed goes to the socket as it is, what comes from the socket to the terminal as it is. With `repaint`
after the socket, a program over there that has the whole screen is told with Ctrl-L when the terminal changes
its size.
"""

import os
import select
import signal
import socket
import sys
import termios
import tty
from collections.abc import Callable
from types import FrameType

_CHUNK = 65536
_WHOLE_SCREEN, _LINES = b"\x1b[?25l", b"\x1b[?25h"
"""What hides and shows the cursor: so does a program that takes and leaves the whole screen."""


class Repainter:
    """Tells the other side when the terminal has a new size, if it has the whole screen."""

    def __init__(self, connection: socket.socket) -> None:
        """Begin to listen to the terminal."""
        self._connection = connection
        self._end = b""
        self._whole = False
        signal.signal(signal.SIGWINCH, self._resized)

    def said(self, data: bytes) -> None:
        """Take notice of what the other side says."""
        text = self._end + data
        hidden, shown = text.rfind(_WHOLE_SCREEN), text.rfind(_LINES)
        if hidden != shown:  # one of them is there
            self._whole = hidden > shown
        self._end = text[-len(_LINES) + 1 :]

    def _resized(self, _number: int, _frame: FrameType | None) -> None:
        if self._whole:
            self._connection.sendall(b"\x0c")


def _copy(connection: socket.socket, said: Callable[[bytes], None]) -> None:
    """Copy both ways until the other side closes or this terminal goes away; call `said` with what comes."""
    terminal = sys.stdin.fileno()
    while True:
        ready, _, _ = select.select([connection, terminal], [], [])
        if connection in ready:
            data = connection.recv(_CHUNK)
            if not data:
                return
            _write_all(sys.stdout.fileno(), data)
            said(data)
        if terminal in ready:
            typed = os.read(terminal, _CHUNK)
            if not typed:
                return
            connection.sendall(typed)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _ignore(_data: bytes) -> None:
    pass


def attach(path: str, *, repaint: bool = False) -> None:
    """Connect this terminal with the UNIX socket at `path` until one of them closes; raises OSError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        settings = termios.tcgetattr(sys.stdin)
        tty.setraw(sys.stdin)
        try:
            _copy(connection, Repainter(connection).said if repaint else _ignore)
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        attach(sys.argv[1], repaint=sys.argv[2:] == ["repaint"])
    except ConnectionError:
        sys.exit("the machine has ended")
