# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Fixtures of the host tests of MrmPkg's decide libraries."""

import pytest

from tests.firmware_host.decide import Decide, build


@pytest.fixture(scope="session")
def decide(tmp_path_factory: pytest.TempPathFactory) -> Decide:
    """Return the decide libraries, compiled once for all tests."""
    return build(tmp_path_factory.mktemp("decide"))
