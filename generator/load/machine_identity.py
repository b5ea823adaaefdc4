# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a machine file says of which PC it is."""

from __future__ import annotations

from generator.load.keys import TEXT_SCHEMA, Form, Key, Keys, mapping_of
from generator.load.reader import Fields, value_or_none
from generator.model.identity import LONGEST_SYSTEM, parse_system, parse_uuid
from generator.model.machine import Identity

UUID = Key(
    "uuid",
    Form("a UUID, such as 4c4c4544-0035-5910-8052-b4c04f4d3233", parse_uuid, TEXT_SCHEMA),
    "System UUID, as SMBIOS tells it.",
    "system UUID, as SMBIOS tells it",
    "none",
)
SYSTEM = Key(
    "system",
    Form(
        f"at most {LONGEST_SYSTEM} characters of printable ASCII, single spaces between words",
        parse_system,
        TEXT_SCHEMA,
    ),
    "Maker and product, as SMBIOS tells them.",
    f"maker and product, as SMBIOS tells them, in one line of at most {LONGEST_SYSTEM} characters",
    "none",
)
IDENTITY_KEYS = Keys((UUID, SYSTEM))
IDENTITY = Key(
    "identity",
    mapping_of(IDENTITY_KEYS),
    "How the controller knows this PC.",
    "how the controller knows this PC, below",
    "plans for this machine are taken on any PC",
)


def read_identity(fields: Fields) -> Identity:
    """How the controller knows the machine; nothing: it takes a plan for this machine on any PC."""
    identity = fields.inside(IDENTITY, IDENTITY_KEYS)
    if identity is None:
        return Identity()
    return Identity(value_or_none(identity.read(UUID)), value_or_none(identity.read(SYSTEM)))
