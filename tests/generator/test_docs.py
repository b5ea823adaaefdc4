# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from generator.keys_page import TABLES, with_tables
from generator.load import (
    later,
    machine_file,
    machine_pci,
    partition_console,
    partition_file,
    partition_pci,
    partition_policy,
)
from generator.load.partition_file import load_partition_file
from generator.resolve.kernel_parameters import HARMFUL, KERNEL_PARAMETERS
from generator.rules_page import render_rules_page
from tests.generator.support import PROJECT

DOCS = PROJECT / "docs"


def test_the_page_of_rules_is_up_to_date() -> None:
    assert (DOCS / "rules.md").read_text("utf-8") == render_rules_page(), (
        "run: python -m generator rules > docs/rules.md"
    )


def test_the_tables_of_the_partition_files_keys_are_up_to_date() -> None:
    text = (DOCS / "partition-file.md").read_text("utf-8")
    assert re.findall(r"^<!-- keys: (\w+) -->$", text, re.MULTILINE) == list(TABLES)
    assert text == with_tables(text), "run: python -m generator.keys_page docs/partition-file.md"


def section(page: str, heading: str) -> str:
    """A section of a page, without those below it."""
    text = (DOCS / page).read_text("utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"{page} has no section {heading}"
    return found[1]


def table(page: str, heading: str, first: str) -> list[list[str]]:
    """The rows of a section's table whose head begins with `first`; an empty first cell is the one above."""
    text = section(page, heading)
    found = re.search(rf"^\| {re.escape(first)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found is not None, f"{page}, {heading}: no table of {first}"
    rows: list[list[str]] = []
    for line in found[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows.append([cells[0] or rows[-1][0], *cells[1:]])
    return rows


def words(text: str) -> set[str]:
    """All that is set as code in a text, taken apart into words."""
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[\w-]+", code)}


@pytest.mark.parametrize(
    ("page", "heading", "first", "keys"),
    [
        ("machine-file.md", "The machine file", "key", machine_file.FILE_KEYS),
        ("machine-file.md", "Firmware", "key", machine_file.FIRMWARE_KEYS),
        ("machine-file.md", "PCI", "key", machine_pci.FUNCTION_KEYS),
        ("machine-file.md", "Features", "key", machine_file.FEATURE_KEYS),
    ],
)
def test_every_key_of_the_machine_file_has_a_row_and_every_row_a_key(
    page: str, heading: str, first: str, keys: tuple[str, ...]
) -> None:
    assert {key for row in table(page, heading, first) for key in words(row[0])} == set(keys)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("processors", machine_file.PROCESSOR_KEYS),
        ("memory", machine_file.MEMORY_KEYS),
        ("uarts", machine_file.UART_KEYS),
    ],
)
def test_every_key_of_a_list_of_the_machine_file_has_a_row(name: str, keys: tuple[str, ...]) -> None:
    rows = table("machine-file.md", "Processors, memory, UARTs", "list")
    assert {key for row in rows if row[0] == f"`{name}`" for key in words(row[1])} == set(keys)


@pytest.mark.parametrize(
    ("page", "heading", "named"),
    [
        ("partition-file.md", "The file", {*partition_file.ALL_OFF, *partition_file.POWER_BUTTON}),
        ("partition-file.md", "The file", set(partition_file.DEFAULTS_KEYS.names)),
        ("partition-file.md", "PCI", {*partition_pci.KEYS.names, *partition_pci.CLASSES}),
        (
            "partition-file.md",
            "A partition",
            {*partition_console.CONSOLE_KEYS.names, *partition_file.ISOLATION},
        ),
        ("partition-file.md", "Life", {*partition_policy.RESTART_KEYS.names, *partition_policy.RESTARTS}),
        (
            "partition-file.md",
            "Life",
            {*partition_policy.WATCHDOG_KEYS.names, *partition_policy.VARIABLES_KEYS.names},
        ),
        (
            "partition-file.md",
            "Life",
            {*partition_policy.PERMISSION_KEYS.names, *partition_policy.PC_REQUESTS},
        ),
        ("machine-file.md", "Firmware", {*machine_file.HELD_KEYS, *machine_file.INTERFACES}),
        ("machine-file.md", "PCI", {*machine_file.ECAM_KEYS, *machine_pci.ROOT_KEYS, *machine_pci.BAR_KEYS}),
        ("machine-file.md", "PCI", {*machine_pci.BRIDGE_KEYS, *machine_pci.WINDOW_KEYS}),
        ("machine-file.md", "PCI", set(machine_pci.RESET_METHODS)),
        ("machine-file.md", "ACPI", {*machine_file.ACPI_KEYS, *machine_file.IOMMU_KINDS}),
        ("machine-file.md", "Features", {*machine_file.X2APIC_STATES, *machine_file.VIRTUALIZATION_KINDS}),
        ("machine-file.md", "QEMU", set(machine_file.QEMU_KEYS)),
    ],
)
def test_every_key_and_word_without_a_table_is_told_in_its_section(
    page: str, heading: str, named: set[str]
) -> None:
    assert named - words(section(page, heading)) == set()


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
