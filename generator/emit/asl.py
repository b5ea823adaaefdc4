# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The DSDT of one partition as ASL; what is known only at boot is a placeholder (`emit.placeholders`)."""

from __future__ import annotations

from generator.emit.placeholders import CONSOLE_IO, CONSOLE_MEMORY, PANIC, THERMAL, placeholders
from generator.emit.templating import environment
from generator.model.plan import PartitionPlan

FIRST_PROCESSOR_UID = 1
"""UID 0 is the entry of the machine's real BSP in the MADT, which no partition owns."""


def on_card(partition: PartitionPlan) -> bool:
    """Whether the console is on a PCI serial card: where it is, only the live machine knows."""
    return partition.console is not None and partition.console.path is not None


def render_asl(partition: PartitionPlan) -> str:
    """The ASL source."""
    table_id = "".join(c for c in partition.name.value.upper() if c.isalnum())[:8]
    return (
        environment()
        .get_template("dsdt.asl.j2")
        .render(
            partition=partition,
            table_id=table_id,
            first_uid=FIRST_PROCESSOR_UID,
            card={"io": CONSOLE_IO, "memory": CONSOLE_MEMORY} if on_card(partition) else None,
            panic=PANIC,
            thermal=THERMAL if partition.policy.shutdown.value else None,
            buses=[(grant, placeholders(index)) for index, grant in enumerate(partition.pci)],
        )
    )
