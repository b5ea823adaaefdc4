# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The web server of a guest's network: one process for each connection, on its standard input and output."""

import shlex
import socket
import subprocess
from http.client import HTTPResponse
from pathlib import Path

from ci.qemu import web


def test_one_connection_is_served_and_logged(tmp_path: Path) -> None:
    (tmp_path / "a.efi").write_bytes(b"MZ" * 5000)
    log = tmp_path / "requests.log"
    ours, theirs = socket.socketpair()
    command, end = shlex.split(web.command(tmp_path, log)), theirs.fileno()
    with ours, subprocess.Popen(command, stdin=end, stdout=end, stderr=end) as server:
        theirs.close()
        for method, path, status, length in (
            ("HEAD", "/a.efi", 200, 0),
            ("GET", "/a.efi", 200, 10000),
            ("GET", "/b", 404, None),
        ):
            ours.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            response = HTTPResponse(ours, method=method)
            response.begin()
            body = response.read()
            assert response.status == status and length in (None, len(body))
        ours.shutdown(socket.SHUT_WR)
        assert server.wait(30) == 0
    lines = log.read_text().splitlines()
    assert lines[:2] == ['"HEAD /a.efi HTTP/1.1" 200 -', '"GET /a.efi HTTP/1.1" 200 -']
    assert '"GET /b HTTP/1.1" 404 -' in lines
