# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Fixtures of the generator's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generator.support import make_project


@pytest.fixture(scope="session")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that tests only read."""
    return make_project(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that a test may change."""
    return make_project(tmp_path)


@pytest.fixture
def write(project: Path) -> Callable[[str], Path]:
    """Writes a partition file into the project and returns its path."""

    def write_file(text: str) -> Path:
        path = project / "partitions" / "test.yaml"
        path.write_text(text, "utf-8")
        return path

    return write_file
