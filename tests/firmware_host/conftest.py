# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Fixtures of the host tests of MrmPkg's decide libraries."""

import pytest
from hypothesis import settings

from tests.firmware_host.decide import Decide, build

# How long an example takes depends on what else the machine does; a failure says how to repeat it.
settings.register_profile("firmware_host", deadline=None, print_blob=True)
settings.load_profile("firmware_host")


@pytest.fixture(scope="session")
def decide(tmp_path_factory: pytest.TempPathFactory) -> Decide:
    """Return the decide libraries, compiled once for all tests."""
    return build(tmp_path_factory.mktemp("decide"))
