# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What takes long to build is built first, in one process, while host tests run in the other one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.boot.builds import TARGETS
from tests.boot.conftest import Builder

pytestmark = [pytest.mark.boot(440), pytest.mark.timeout(1800)]

_TARGETS = [pytest.param(name, marks=[pytest.mark.long] if name == "DEBUG" else []) for name in TARGETS]
"""Only `test_debug.py` boots the DEBUG build."""


@pytest.mark.parametrize("target", _TARGETS)
def test_mrm_without_a_plan_is_built(images: Callable[[str], Path], target: str) -> None:
    folder = images(target)
    assert {path.name for path in folder.iterdir()} >= {"Mrm.efi", "Shell.efi"}


def test_mrm_with_a_plan_is_built(built: Builder) -> None:
    result = built("two-kernels", by_stuart=True)
    assert (result.esp / "EFI" / "BOOT" / "BOOTX64.EFI").is_file()
    assert result.plan.partitions
