# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from generator.load import later, machine_file, machine_pci, partition_file, partition_pci, partition_policy
from generator.load.layers import EXTENDS
from generator.load.partition_file import load_partition_file
from generator.resolve.kernel_parameters import HARMFUL, KERNEL_PARAMETERS
from generator.rules_page import render_rules_page
from tests.generator.support import PROJECT

DOCS = PROJECT / "docs"


def test_the_page_of_rules_is_up_to_date() -> None:
    assert (DOCS / "rules.md").read_text("utf-8") == render_rules_page(), (
        "run: python -m generator rules > docs/rules.md"
    )


@pytest.mark.parametrize(
    ("page", "keys"),
    [
        (
            "partition-file.md",
            {
                *partition_file.FILE_KEYS,
                *partition_file.PARTITION_KEYS,
                *partition_file.MEMORY_KEYS,
                *partition_file.BOOT_KEYS,
                *partition_file.PROCESSORS_KEYS,
                *partition_file.CONTROLLER_KEYS,
                *partition_file.ALL_OFF,
                *partition_file.POWER_BUTTON,
                *partition_policy.RESTART_KEYS,
                *partition_policy.RESTARTS,
                *partition_policy.WATCHDOG_KEYS,
                *partition_policy.PERMISSION_KEYS,
                *partition_policy.PC_REQUESTS,
                *partition_pci.KEYS,
                *partition_pci.CLASSES,
                EXTENDS,
            },
        ),
        (
            "machine-file.md",
            {
                *machine_file.FILE_KEYS,
                *machine_file.PROCESSOR_KEYS,
                *machine_file.MEMORY_KEYS,
                *machine_file.ECAM_KEYS,
                *machine_file.UART_KEYS,
                *machine_file.FIRMWARE_KEYS,
                *machine_file.ACPI_KEYS,
                *machine_file.FEATURE_KEYS,
                *machine_file.QEMU_KEYS,
                *machine_pci.ROOT_KEYS,
                *machine_pci.FUNCTION_KEYS,
                *machine_pci.BRIDGE_KEYS,
                *machine_pci.WINDOW_KEYS,
                *machine_pci.BAR_KEYS,
                *machine_pci.RESET_METHODS,
            },
        ),
    ],
)
def test_every_key_is_documented(page: str, keys: set[str]) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


def test_every_planned_key_is_documented() -> None:
    text = (DOCS / "partition-file.md").read_text("utf-8")
    tables = (
        ("controller: ", later.CONTROLLER),
        ("", later.PARTITION),
        ("isolation: ", later.ISOLATION),
        ("boot: ", later.BOOT),
    )
    for prefix, table in tables:
        for key, planned in table.items():
            assert f"| `{prefix}{key}` | {planned.today} | `{planned.form}` |" in text


def test_every_kernel_parameter_is_documented() -> None:
    text = (DOCS / "partition-file.md").read_text("utf-8")
    for parameter in KERNEL_PARAMETERS:
        needed = "needed" if parameter.needed else "good"
        line = f"| `{parameter.text}` | {parameter.condition} | {needed} | {parameter.why} |"
        assert line in text, f"docs/partition-file.md lacks the line: {line}"
    for word, _ in HARMFUL:
        assert f"`{word}`" in text


def test_the_examples_of_the_page_are_valid(tmp_path: Path) -> None:
    text = (DOCS / "partition-file.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(format: .*?)```", text, re.DOTALL)
    assert examples
    for example in examples:
        path = tmp_path / "example.yaml"
        path.write_text(example, "utf-8")
        problems: list[object] = []
        assert load_partition_file(path, problems) is not None  # type: ignore[arg-type]
        assert problems == []


def test_the_machine_file_is_plain_yaml() -> None:
    assert yaml.safe_load((PROJECT / "platforms" / "q35.yaml").read_text("utf-8"))["name"] == "q35"
