# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A pytest plug-in: tests by hypothesis of parsers of foreign bytes, with as many examples as asked for."""

import os
from typing import Any

import pytest
from hypothesis import settings

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
    kept = []
    for item in items:
        function: Any = getattr(item, "obj", None)
        if hasattr(function, "hypothesis"):
            known = getattr(function, "_hypothesis_internal_use_settings", None) or settings.default
            function = getattr(function, "__func__", function)  # of a method
            function._hypothesis_internal_use_settings = settings(
                known, max_examples=int(os.environ[EXAMPLES]), deadline=None
            )
            kept.append(item)
    items[:] = kept
