# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Everything that boot tests boot is built first, in one process, while host tests run in the other one."""

import pytest

from tests.boot.builds import BUILDS
from tests.boot.conftest import Builder

pytestmark = [pytest.mark.boot(240), pytest.mark.timeout(1800)]


@pytest.mark.parametrize(("name", "target"), BUILDS)
def test_it_builds(built: Builder, name: str, target: str) -> None:
    result = built(name, target)
    assert (result.esp / "EFI" / "BOOT" / "BOOTX64.EFI").is_file()
    assert result.plan.partitions
