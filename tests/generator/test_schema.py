# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The JSON Schema says of files what the generator says of them without a machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from generator.__main__ import main
from generator.load.machine_file import load_machine_file
from generator.schema import machine_file_schema, partition_file_schema
from tests.generator.support import EXAMPLES, PROJECT, marks

SCHEMA = partition_file_schema()
MACHINE_SCHEMA = machine_file_schema()

_SHAPE = {"yaml-type", "yaml-unknown-key", "yaml-later-key", "yaml-missing-key"}
"""Rules that a schema can judge."""
_NOT_YAML = {"yaml-syntax", "yaml-duplicate-key", "yaml-alias", "yaml-encoding"}


class Loader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `off` is a word."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def load(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=Loader)


def is_valid(content: Any, schema: Any = SCHEMA) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(content))


@pytest.mark.parametrize("schema", [SCHEMA, MACHINE_SCHEMA], ids=["partition", "machine"])
def test_the_schema_is_one(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", sorted((PROJECT / "partitions").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_projects_own_files_are_valid(path: Path) -> None:
    jsonschema.validate(load(path), SCHEMA)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_examples_are_judged_like_the_generator_does(path: Path) -> None:
    rules = {mark.rule for mark in marks(path)}
    if not rules & _NOT_YAML:
        assert is_valid(load(path)) == (not rules & _SHAPE)


def test_examples_of_the_page_are_valid() -> None:
    text = (PROJECT / "docs" / "partition-file.md").read_text("utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(examples) >= 2
    for example in examples:
        jsonschema.validate(yaml.load(example, Loader=Loader), SCHEMA)


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All keys of all mappings in a schema, each with its path and its own schema."""
    if isinstance(schema, list):
        for inner in schema:
            yield from properties(inner, path)
    elif isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            yield f"{path}/{name}", inner
            yield from properties(inner, f"{path}/{name}")
        for word in ("anyOf", "items"):
            yield from properties(schema.get(word), path)


def test_the_schema_explains_every_key() -> None:
    found = dict(properties(SCHEMA))
    assert {"/format", "/defaults/scrub", "/partitions/boot/order/uri", "/partitions/permissions/pc"} <= set(
        found
    )
    assert [path for path, schema in found.items() if not schema.get("description", "").strip()] == []


def test_a_key_may_stand_in_defaults_just_as_in_a_partition() -> None:
    found = dict(properties(SCHEMA))
    defaults = {path: schema for path, schema in found.items() if path.startswith("/defaults/")}
    assert "/defaults/name" not in defaults
    assert all(found[path.replace("/defaults/", "/partitions/")] == defaults[path] for path in defaults)


@pytest.mark.parametrize(
    "change",
    [
        {"memory": "640 MB"},
        {"processors": 0},
        {"processors": {"apic_ids": "1-"}},
        {"pci": "PciRoot(0x0)"},
        {"pci": {"bus": 256}},
        {"isolation": "total"},
        {"dma": "confined"},
        {"boot": {"initrd": 3, "disk": 1}},
        {"boot": {"file": "x", "order": ["disk"]}},
        {"boot": {"timeout": 3, "file": "x"}},
        {"boot": [{"memory": "x"}]},
        {"restart": "sometimes"},
        {"restart": {"backoff": "1 second"}},
        {"permissions": {"pc": "explode"}},
        {"display": "yes"},
        {"console": {"pci": []}},
        {"watchdog": 10},
        {"shutdown": "soon"},
        {"name": "no blanks"},
    ],
)
def test_wrong_values_are_found(change: dict[str, Any]) -> None:
    partition = {"name": "one", "processors": 1, "memory": "64 MiB", "boot": "x", **change}
    good = {**partition, **dict.fromkeys(change, None)}
    for key in change:
        del good[key]
    assert not is_valid({"format": 1, "machine": "q35", "partitions": [partition]})


@pytest.mark.parametrize(
    ("arguments", "schema"), [([], SCHEMA), (["partition"], SCHEMA), (["machine"], MACHINE_SCHEMA)]
)
def test_the_command_prints_it(capsys: pytest.CaptureFixture[str], arguments: list[str], schema: Any) -> None:
    assert main(["schema", *arguments]) == 0
    assert json.loads(capsys.readouterr().out) == schema


MACHINES = [
    *(path for path in (PROJECT / "platforms").glob("*.yaml")),
    *(PROJECT / "tests" / "generator").rglob("machines/*.yaml"),
    *(PROJECT / "tests" / "generator" / "hardware" / "real").glob("*.yaml"),
]


@pytest.mark.parametrize("path", sorted(MACHINES), ids=lambda path: path.stem)
def test_machine_files_are_valid(path: Path) -> None:
    jsonschema.validate(load(path), MACHINE_SCHEMA)


def test_the_schema_of_machine_files_explains_every_key() -> None:
    found = {**dict(properties(MACHINE_SCHEMA)), **dict(properties(MACHINE_SCHEMA["$defs"]["function"]))}
    assert {"/firmware/holds/what", "/pci/roots/uid", "/bars/index", "/qemu/esp/bus"} <= set(found)
    assert [path for path, schema in found.items() if not schema.get("description", "").strip()] == []


SMALL = """
format: 1
name: small
physical_address_bits: 40
firmware: {memory: 64 MiB}
processors: [{apic_id: 0, bsp: true}]
memory: [{base: 1 MiB, size: 64 MiB}]
acpi: {pm_timer: {port: 0x608}}
pci:
  ecam: [{base: 0xB0000000}]
  roots:
    - uid: 0
      functions:
        - {at: "03.0", vendor: 0x8086, device: 0xA000, class: 0x060400, bridge: {kind: pci, buses: 1-2}}
uarts: [{name: COM1, io_base: 0x3F8}]
features: {x2apic: available}
"""
WRONG = {
    "no name": ("name: small\n", ""),
    "bits": ("_bits: 40", "_bits: 53"),
    "unknown key": ("name: small", "nam: small"),
    "no firmware memory": ("{memory: 64 MiB}", "{vendor: x}"),
    "unit": ("size: 64 MiB", "size: 64 MB"),
    "no size": (", size: 64 MiB}]", "}]"),
    "no APIC ID": ("apic_id: 0, ", ""),
    "APIC ID": ("apic_id: 0", "apic_id: 0xFFFFFFFFF"),
    "processors as a mapping": ("[{apic_id: 0, bsp: true}]", "{apic_id: 0}"),
    "truth": ("bsp: true", "bsp: yes"),
    "no port": ("port: 0x608", "bits: 24"),
    "no roots": ("roots:", "root:"),
    "no class": ("class: 0x060400, ", ""),
    "kind of bridge": ("kind: pci", "kind: isa"),
    "key of a bridge": ("buses: 1-2", "bus: 1-2"),
    "baud": ("io_base: 0x3F8", "io_base: 0x3F8, baud: 10"),
    "state": ("x2apic: available", "x2apic: perhaps"),
}


@pytest.mark.parametrize("name", ["right", *WRONG])
def test_reader_and_schema_of_machine_files_agree(tmp_path: Path, name: str) -> None:
    old, new = WRONG.get(name, ("", ""))
    assert old in SMALL
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.replace(old, new, 1) if old else SMALL, "utf-8")
    problems: list[Any] = []
    assert (load_machine_file(path, problems) is not None) == (not problems) == (name == "right")
    if name != "APIC ID":  # The schema leaves the range of hexadecimal numbers to the reader.
        assert is_valid(load(path), MACHINE_SCHEMA) == (name == "right")
