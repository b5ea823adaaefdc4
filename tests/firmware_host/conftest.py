# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Fixtures of the host tests of MrmPkg's decide libraries."""

import fcntl
import os

import pytest

from tests.firmware_host.decide import Decide, build


@pytest.fixture(scope="session")
def decide(tmp_path_factory: pytest.TempPathFactory) -> Decide:
    """Return the decide libraries, compiled once in a test run, whichever of its processes comes first."""
    base = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder of its own in that of the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "decide"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build(folder)
