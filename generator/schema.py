# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Partition and machine files as JSON Schema (draft 2020-12): editors complete, explain and check them.

They are made from the declarations of the keys (generator/load/keys.py), and cover what can be said about one
file by itself.  The rules say the rest.
"""

from __future__ import annotations

from generator.load import machine_file
from generator.load.keys import Schema
from generator.load.layers import EXTENDS
from generator.load.machine_pci import FUNCTION_DEFINITION, FUNCTION_KEYS
from generator.load.partition_boot import BOOT
from generator.load.partition_file import FILE_KEYS, NAME, PARTITIONS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def partition_file_schema() -> Schema:
    """The schema of a partition file."""
    required = [key.name for key in FILE_KEYS.keys if key.required]
    # A file that extends another one may leave out what that one has.
    partition = {"items": {"required": [NAME.name, BOOT.name]}}
    return {
        "$schema": _DRAFT,
        "title": "MRM partition file",
        "description": "What each partition of a machine is promised. See docs/partition-file.md.",
        **FILE_KEYS.schema,
        "if": {"not": {"required": [EXTENDS]}},
        "then": {"required": required, "properties": {PARTITIONS.name: partition}},
    }


def machine_file_schema() -> Schema:
    """The schema of a machine file."""
    return {
        "$schema": _DRAFT,
        "title": "MRM machine file",
        "description": "Facts of one machine. See docs/machine-file.md.",
        **machine_file.FILE_KEYS.whole,
        "$defs": {FUNCTION_DEFINITION: FUNCTION_KEYS.whole},
    }
