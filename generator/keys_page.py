# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The tables of keys in the docs, made from the declarations of the keys.

`python -m generator.keys_page docs/partition-file.md docs/machine-file.md` writes them anew; a test holds
both together.  In a page a comment, `<!-- keys: NAME -->`, stands before each of the tables.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from generator.load import (
    disks,
    machine_bridge,
    machine_features,
    machine_file,
    machine_firmware,
    machine_identity,
    machine_parts,
    machine_pci,
    partition_boot,
    partition_memory,
    partition_policy,
    partition_processors,
)
from generator.load.channels import CHANNELS_KEYS
from generator.load.keys import Keys
from generator.load.partition_file import CONTROLLER_KEYS, FILE_KEYS, PARTITION_KEYS

_LIFE = partition_policy.KEYS
_OTHERS = Keys(tuple(key for key in PARTITION_KEYS.keys if key not in _LIFE.keys))


def _table(keys: Keys, head: str = "key", default: bool = True) -> list[str]:
    """A table with a head."""
    titles = [head, "value", *(["default"] if default else [])]
    return [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|", *keys.rows(default)]


def _partition() -> list[str]:
    """The keys of a partition; how it lives has a table of its own."""
    life = ", ".join(f"`{name}`" for name in _LIFE.names)
    return [*_table(_OTHERS), f"| {life} | how it lives, below | see there |"]


PARTITION_TABLES: Mapping[str, list[str]] = {
    "file": _table(FILE_KEYS),
    "controller": _table(CONTROLLER_KEYS, "key of `controller`"),
    "channels": _table(CHANNELS_KEYS, "key of `channels`"),
    "partition": _partition(),
    "disk": _table(disks.DISK_KEYS, "key of `disk`"),
    "processors": _table(partition_processors.KEYS, default=False),
    "memory": _table(partition_memory.MEMORY_KEYS),
    "boot": _table(partition_boot.KEYS),
    "life": _table(_LIFE),
}
"""The tables of docs/partition-file.md by the names that stand in the page."""
MACHINE_TABLES: Mapping[str, list[str]] = {
    "machine": _table(machine_file.FILE_KEYS),
    "machine_identity": _table(machine_identity.IDENTITY_KEYS),
    "machine_firmware": _table(machine_firmware.FIRMWARE_KEYS),
    "machine_holds": _table(machine_firmware.HELD_KEYS, "key of `holds`"),
    "machine_processors": _table(machine_parts.PROCESSOR_KEYS, "key of `processors`"),
    "machine_memory": _table(machine_parts.MEMORY_KEYS, "key of `memory`"),
    "machine_uarts": _table(machine_parts.UART_KEYS, "key of `uarts`"),
    "machine_ecam": _table(machine_pci.ECAM_KEYS, "key of `ecam`"),
    "machine_roots": _table(machine_pci.ROOT_KEYS, "key of `roots`"),
    "machine_functions": _table(machine_pci.FUNCTION_KEYS, "key of a function"),
    "machine_bridge": _table(machine_bridge.BRIDGE_KEYS, "key of `bridge`"),
    "machine_bars": _table(machine_bridge.BAR_KEYS, "key of `bars`"),
    "machine_acpi": _table(machine_firmware.ACPI_KEYS),
    "machine_features": _table(machine_features.FEATURE_KEYS, default=False),
    "machine_qemu": _table(machine_features.QEMU_KEYS, default=False),
}
"""The same of docs/machine-file.md."""
TABLES = {**PARTITION_TABLES, **MACHINE_TABLES}
"""All of them."""


def with_tables(page: str) -> str:
    """The page with all tables as they have to be."""

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}\n" + "\n".join(TABLES[found[2]]) + "\n"

    return re.sub(r"^(<!-- keys: (\w+) -->)\n(?:\|.*\n)*", table, page, flags=re.MULTILINE)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(with_tables(Path(name).read_text("utf-8")), "utf-8")
