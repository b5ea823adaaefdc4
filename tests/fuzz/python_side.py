# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A pytest plug-in: tests by hypothesis of parsers of foreign bytes, with as many examples as asked for."""

import os

import pytest

from tests.examples import give

EXAMPLES = "MRM_FUZZ_EXAMPLES"
"""Environment variable: how many examples each test tries."""

FOLDERS = (
    "tests/generator/load/test_boot_files.py",
    "tests/generator/test_foreign_words.py",
    "tests/generator/load/test_load.py",
    "tests/generator/acpi",
    "tests/generator/hardware",
    "tests/generator/pci",
    "tests/generator/scan",
    "tests/ci/qemu",
    "tests/ci/run",
    "tests/ci/images",
)
"""Where the command line and the parsers of YAML, PE, ACPI tables, sysfs and streams are tested."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests by hypothesis, and give them their number of examples, whatever they say themselves."""
    number = int(os.environ[EXAMPLES])
    items[:] = [item for item in items if give(item, lambda _: number)]
