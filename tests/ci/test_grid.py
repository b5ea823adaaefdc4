# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The head of a grid, unpacked and not installed, does what it is for."""

import subprocess
import time
from pathlib import Path

from ci.grid import ADMIN, CLIENT, SERVER, ensure, tool
from ci.run.media import FIRST_SSH_PORT, free_ports

SECONDS = 60


def test_what_is_unpacked_has_a_job_done(tmp_path: Path) -> None:
    ensure()
    (port,) = free_ports(1, FIRST_SSH_PORT + 70)
    place = ["-h", "127.0.0.1", "-p", f"{port}"]
    listen = [tool(SERVER), "--listen=127.0.0.1", f"--port={port}", "-l", "stderr"]
    work = [tool(CLIENT), *place, "-w", "-f", "loud", "--", "tr", "a-z", "A-Z"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(listen, stderr=log) as server:
        try:
            until = time.monotonic() + SECONDS
            look = [tool(ADMIN), *place, "--status"]
            while subprocess.run(look, capture_output=True, check=False).returncode:
                assert time.monotonic() < until and server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.1)
            with subprocess.Popen(work) as worker:
                job = [tool(CLIENT), *place, "-f", "loud"]
                try:
                    done = subprocess.run(
                        job, input=b"work", capture_output=True, timeout=SECONDS, check=True
                    )
                finally:
                    worker.kill()
        finally:
            server.kill()
    assert done.stdout == b"WORK"
