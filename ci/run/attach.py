# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A pane's side of a console: `python -m ci.run.attach SOCKET` connects this terminal until one side closes.

What is typed goes to the socket as it is, what comes from the socket to the terminal as it is.
"""

import os
import select
import signal
import socket
import sys
import termios
import tty

_CHUNK = 65536


def _copy(connection: socket.socket) -> None:
    """Copy both ways until the other side closes or this terminal goes away."""
    terminal = sys.stdin.fileno()
    while True:
        ready, _, _ = select.select([connection, terminal], [], [])
        if connection in ready:
            data = connection.recv(_CHUNK)
            if not data:
                return
            _write_all(sys.stdout.fileno(), data)
        if terminal in ready:
            typed = os.read(terminal, _CHUNK)
            if not typed:
                return
            connection.sendall(typed)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def attach(path: str) -> None:
    """Connect this terminal with the UNIX socket at `path` until one of them closes; raises OSError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        settings = termios.tcgetattr(sys.stdin)
        tty.setraw(sys.stdin)
        try:
            _copy(connection)
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        attach(sys.argv[1])
    except ConnectionError:
        sys.exit("the machine has ended")
