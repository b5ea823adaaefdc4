# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A connection of a guest that leads to a port of this host."""

import shlex
import socket
import subprocess

from ci.qemu import relay


def test_bytes_and_ends_are_passed_on_both_ways() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours, theirs = socket.socketpair()
        command = shlex.split(relay.command(server.getsockname()[1]))
        with subprocess.Popen(command, stdin=theirs.fileno()) as process, ours:
            theirs.close()
            with server.accept()[0] as end:
                ours.sendall(b"question")
                assert end.recv(100) == b"question"
                end.sendall(b"answer")
                assert ours.recv(100) == b"answer"
                ours.shutdown(socket.SHUT_WR)
                assert end.recv(100) == b"", "the guest has ended"
            assert ours.recv(100) == b"", "the server has ended"
            assert process.wait(timeout=60) == 0
