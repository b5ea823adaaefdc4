# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Leads one connection, its standard input, to a port of this host: `python relay.py PORT`.

QEMU starts one for each connection that a guest makes to a server of its network (`ci.qemu.devices.Network`).
So a guest reaches that port of 127.0.0.1 and no other.
"""

import shlex
import socket
import sys
import threading
from pathlib import Path


def command(port: int) -> str:
    """Return the command that leads to a port of this host, for `Network.servers`."""
    return shlex.join([sys.executable, str(Path(__file__)), str(port)])


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on until the source ends; then the target is told."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _main() -> None:
    with (
        socket.socket(fileno=0) as guest,
        socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server,
    ):
        back = threading.Thread(target=_copy, args=(server, guest))
        back.start()
        _copy(guest, server)
        back.join()


if __name__ == "__main__":
    _main()
