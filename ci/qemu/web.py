# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An HTTP server for one connection, its standard input and output: `python web.py FOLDER LOG`.

QEMU starts one for each connection that a guest makes to a server of its network (`ci.qemu.devices.Network`);
no port of this host is opened. FOLDER is what it serves, LOG the file that each request adds a line to.
"""

import shlex
import socket
import sys
from http.server import SimpleHTTPRequestHandler
from pathlib import Path


def command(folder: Path, log: Path) -> str:
    """Return the command that serves `folder`, for `Network.servers`."""
    return shlex.join([sys.executable, str(Path(__file__)), str(folder), str(log)])


class _Handler(SimpleHTTPRequestHandler):
    """Answers until the connection ends; as standard error is the connection, too, it tells a file."""

    protocol_version = "HTTP/1.1"
    log = Path()

    def log_message(self, form: str, *args: object) -> None:
        """Add a line to the log."""
        with self.log.open("a") as file:
            file.write(f"{form % args}\n")


def _main() -> None:
    folder, log = sys.argv[1:]
    _Handler.log = Path(log)
    with socket.socket(fileno=0) as connection:
        _Handler(connection, ("the guest", 0), None, directory=folder)  # type: ignore[arg-type]


if __name__ == "__main__":
    _main()
