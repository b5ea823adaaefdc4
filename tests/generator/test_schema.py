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
from generator.schema import partition_file_schema
from tests.generator.support import EXAMPLES, PROJECT, marks

SCHEMA = partition_file_schema()

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


def is_valid(content: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(content))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


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
        {"isolation": "guarded"},
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


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
