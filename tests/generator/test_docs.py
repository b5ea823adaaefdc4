# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The documentation says what the code does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from generator.keys_page import MACHINE_TABLES, PARTITION_TABLES, with_tables
from generator.load import (
    later,
    machine_bridge,
    machine_features,
    machine_firmware,
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


@pytest.mark.parametrize(
    ("page", "tables"), [("partition-file.md", PARTITION_TABLES), ("machine-file.md", MACHINE_TABLES)]
)
def test_the_tables_of_keys_are_up_to_date(page: str, tables: Mapping[str, list[str]]) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert re.findall(r"^<!-- keys: (\w+) -->$", text, re.MULTILINE) == list(tables)
    assert text == with_tables(text), f"run: python -m generator.keys_page docs/{page}"


def section(page: str, heading: str) -> str:
    """A section of a page, without those below it."""
    text = (DOCS / page).read_text("utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"{page} has no section {heading}"
    return found[1]


def words(text: str) -> set[str]:
    """All that is set as code in a text, taken apart into words."""
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[\w-]+", code)}


@pytest.mark.parametrize(
    ("page", "heading", "named"),
    [
        ("partition-file.md", "The file", {*partition_file.ALL_OFF, *partition_file.POWER_BUTTON}),
        ("partition-file.md", "The file", set(partition_file.DEFAULTS_KEYS.names)),
        ("partition-file.md", "PCI", {*partition_pci.KEYS.names, *partition_pci.CLASSES}),
        (
            "partition-file.md",
            "A partition",
            {*partition_console.CONSOLE_KEYS.names, *partition_file.ISOLATION, *partition_file.DMA},
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
        ("machine-file.md", "Firmware", set(machine_firmware.INTERFACES)),
        ("machine-file.md", "PCI", {*machine_bridge.BRIDGE_KINDS, *machine_bridge.BAR_SPACES}),
        ("machine-file.md", "PCI", {*machine_bridge.WINDOW_KEYS.names, *machine_pci.RESET_METHODS}),
        ("machine-file.md", "ACPI", {*machine_firmware.TIMER_KEYS.names, *machine_firmware.IOMMU_KINDS}),
        (
            "machine-file.md",
            "Features",
            {*machine_features.X2APIC_STATES, *machine_features.VIRTUALIZATION_KINDS},
        ),
        (
            "machine-file.md",
            "QEMU",
            {*machine_features.CODE_KEYS.names, *machine_features.ESP_KEYS.names},
        ),
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


PAGES = [*DOCS.glob("*.md"), *PROJECT.glob("*.md")]


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings have on GitHub."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text("utf-8"))
    for name, anchor in links:
        target = (page.parent / name) if name else page
        assert target.exists(), f"{page.name}: {name}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {name}#{anchor}"


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)\)", index))
    pages = {page.name for page in DOCS.glob("*.md")} - {"README.md"}
    assert pages - linked == set()
