# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The partition file as JSON Schema (draft 2020-12), so that editors complete, explain and check it.

It is made from the declarations of the keys (generator/load/keys.py), and covers what can be said about one
file without a machine.  The rules say the rest.
"""

from __future__ import annotations

from generator.load.keys import Schema
from generator.load.layers import EXTENDS
from generator.load.partition_boot import BOOT
from generator.load.partition_file import FILE_KEYS, NAME, PARTITIONS


def partition_file_schema() -> Schema:
    """The schema of a partition file."""
    required = [key.name for key in FILE_KEYS.keys if key.required]
    # What a file that extends another one leaves out may stand in that one.
    partition = {"items": {"required": [NAME.name, BOOT.name]}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "MRM partition file",
        "description": "What each partition of a machine is promised. See docs/partition-file.md.",
        **FILE_KEYS.schema,
        "if": {"not": {"required": [EXTENDS]}},
        "then": {"required": required, "properties": {PARTITIONS.name: partition}},
    }
