# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The key `name` of what stands at the top of the file, and partitions then have: networks, shared memory."""

from __future__ import annotations

from generator.load.keys import Form, Key, Schema
from generator.load.partition_policy import parse_name

NAME_SCHEMA: Schema = {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"}

NAME = Key(
    "name",
    Form("a text", parse_name, NAME_SCHEMA),
    "A lower-case letter, then up to 30 of a–z, 0–9 and hyphens.",
    "a lower-case letter, then up to 30 of `a`–`z`, `0`–`9`, `-`",
    "required",
    required=True,
)
